from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artifact_browser.gui.common import format as shown

NOW = datetime(2026, 11, 20, 14, 5, 7)


def ago(**parts: float) -> str:
    return shown.natural_time(us(NOW - timedelta(**parts)), us(NOW))


def us(moment: datetime) -> int:
    return round(moment.timestamp() * 1e6)


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(0, "0 B"), (1, "1 B"), (96, "96 B"), (1024, "1.0 KiB"), (536870912, "512.0 MiB"), (5 * 1024**3, "5.0 GiB")],
)
def test_sizes_are_iec(size_bytes: int, text: str) -> None:
    assert shown.size(size_bytes) == text


def test_exact_sizes_are_grouped() -> None:
    assert shown.exact_size(536870912) == "536,870,912 bytes"
    assert shown.exact_size(1) == "1 byte"


def test_times_are_natural_near_and_dates_far() -> None:
    assert ago(hours=2) == "2 hours ago"
    assert ago(hours=20) == "yesterday"
    assert ago(days=3) == "3 days ago"
    assert ago(days=30) == "21 Oct 2026"


def test_an_iso_time_names_its_zone() -> None:
    assert shown.iso_time(us(NOW)).startswith("2026-11-20 14:05:07")
    assert shown.iso_time(us(NOW))[-6] in "+-"


def test_a_moment_names_its_zone() -> None:
    assert shown.moment(us(NOW)) == f"Fri 20 Nov 2026, 14:05 {NOW.astimezone().tzname()}"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (4, "4 s"), (100, "1 min 40 s"), (7500, "2 h 5 min"), (7200, "2 h")]
)
def test_durations(seconds: float, text: str) -> None:
    assert shown.duration(seconds) == text


def test_what_cannot_be_seen_is_shown() -> None:
    assert shown.printable("a\tb") == "a\u2039tab\u203ab"
    assert shown.printable("evil\u202egnp.exe") == "evil\u2039202e\u203agnp.exe"
    assert shown.printable("Grüße 👩‍🔬") == "Grüße 👩‍🔬"


@given(st.text())
def test_nothing_shown_breaks_a_line_or_turns_the_text_round(text: str) -> None:
    assert not set(shown.printable(text)) & set("\n\r\t\0\u2028\u2029\u202a\u202b\u202d\u202e\u2066\u2067\u200f")


@given(st.text(), st.integers(3, 80))
def test_elided_text_fits_and_keeps_both_ends(text: str, letters: int) -> None:
    cut = shown.elided(text, letters)
    assert len(cut) <= letters
    assert cut[0:1] == text[0:1]
    assert cut[-1:] == text[-1:]
