"""Settings survive restarts, damage, newer versions and full disks."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from artifact_browser.errors import DiskError
from artifact_browser.settings import DEFAULTS, SCHEMA, Settings


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config" / "settings.json"


def test_defaults_until_something_is_set(file: Path) -> None:
    settings = Settings(file)
    assert {name: settings.get(name) for name in DEFAULTS} == dict(DEFAULTS)
    assert settings.get("window.columns") is None
    assert (settings.theme, settings.last_expiry_s, settings.first_run_done) == ("system", 3600, False)
    assert not file.exists()


def test_what_is_set_is_there_after_a_restart_in_a_private_file(file: Path) -> None:
    Settings(file).set("theme", "dark")
    settings = Settings(file)
    settings.set("window.columns", [300, 900])
    again = Settings(file)
    assert again.theme == "dark"
    assert again.get("window.columns") == [300, 900]
    assert again.set_aside is None
    assert [one.name for one in file.parent.iterdir()] == ["settings.json"]
    if os.name == "posix":
        assert file.stat().st_mode & 0o777 == 0o600


def test_values_are_copies(file: Path) -> None:
    settings = Settings(file)
    pins = ["s3://one/"]
    settings.set("pins", pins)
    pins.append("s3://two/")
    settings.get("pins").append("s3://three/")
    assert settings.pins == ["s3://one/"]


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"[]", b"null", b'{"schema": 1}', b'{"schema": "x", "values": {}}', b"\xff\xfe\x00", b"[" * 99999],
)
def test_a_damaged_file_is_set_aside_and_named(file: Path, damage: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(damage)
    settings = Settings(file)
    assert settings.set_aside is not None
    assert settings.set_aside.name.startswith("settings.damaged-")
    assert settings.set_aside.read_bytes() == damage
    settings.set("theme", "light")
    assert Settings(file).theme == "light"


def test_two_damaged_files_are_both_kept(file: Path) -> None:
    file.parent.mkdir()
    kept = set()
    for damage in (b"one", b"two"):
        file.write_bytes(damage)
        kept.add(Settings(file).set_aside)
    assert len(kept) == 2
    assert {one.read_bytes() for one in kept if one is not None} == {b"one", b"two"}


def test_a_newer_file_is_read_but_never_overwritten(file: Path) -> None:
    file.parent.mkdir()
    text = json.dumps({"schema": SCHEMA + 1, "values": {"theme": "dark"}, "more": 1})
    file.write_text(text)
    settings = Settings(file)
    assert settings.theme == "dark"
    settings.set("theme", "light")
    assert settings.theme == "light"
    assert file.read_text() == text


def test_nonsense_values_fall_back(file: Path) -> None:
    file.parent.mkdir()
    values = {
        "theme": "purple",
        "last_expiry_s": 10**9,
        "pins": "x",
        "show_details": "yes",
        "recent_locations": [1, "a"],
    }
    file.write_text(json.dumps({"schema": SCHEMA, "values": values}))
    settings = Settings(file)
    assert settings.theme == "system"
    assert settings.last_expiry_s == 7 * 86400
    assert settings.pins == []
    assert settings.show_details is True
    assert settings.recent_locations == ["a"]


def test_a_failed_write_is_told_and_keeps_the_old_file(file: Path) -> None:
    settings = Settings(file)
    settings.set("theme", "dark")
    before = file.read_bytes()
    file.rename(file.with_name("kept"))
    file.mkdir()  # the rename onto it fails, as root too
    with pytest.raises(DiskError):
        settings.set("theme", "light")
    assert settings.theme == "light"
    assert file.with_name("kept").read_bytes() == before
    assert sorted(one.name for one in file.parent.iterdir()) == ["kept", "settings.json"]


def test_what_json_cannot_hold_is_refused(file: Path) -> None:
    settings = Settings(file)
    with pytest.raises(TypeError):
        settings.set("theme", object())
    assert settings.theme == "system"


def test_threads_may_set_at_once(file: Path) -> None:
    settings = Settings(file)
    threads = [threading.Thread(target=settings.set, args=(f"window.part{n}", n)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    again = Settings(file)
    assert [again.get(f"window.part{n}") for n in range(20)] == list(range(20))
