"""Partitions: what a manifest may say, how times are rounded, and the keys that the index makes of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from artifact_browser.catalog.index_keys import (
    FOLDER,
    MAX_SEQUENCE,
    VersionFacts,
    decode_key,
    decode_partitions,
    decode_time,
    encode_partitions,
    encode_time,
    keys_of,
)
from artifact_browser.catalog.layout import MAX_KEY_BYTES, Place
from artifact_browser.catalog.partitions import (
    DeclaredKeys,
    Granularity,
    Partitions,
    TimePartition,
    of_values,
    parse_time,
    partition_fields,
    read_partitions,
)
from artifact_browser.errors import InputError

PLACE = Place("b", "zoo/lion/")
_TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cf", "Zl", "Zp", "Cs"]), min_size=1, max_size=16)
_MOMENTS = st.datetimes(timezones=st.just(UTC))
_TIMES = st.builds(TimePartition, _MOMENTS, st.sampled_from(Granularity), _TEXTS)
_LABELS = _TEXTS.filter(lambda text: text == text.strip() and text not in {".", ".."})


@st.composite
def partition_sets(draw: st.DrawFn) -> Partitions:
    values = draw(st.dictionaries(_TEXTS, _TEXTS, max_size=4))
    time = draw(st.none() | _TIMES.filter(lambda found: found.key not in values))
    return Partitions(tuple(values.items()), time)


def test_times_are_rounded_down_in_utc() -> None:
    moment = datetime(2026, 8, 1, 0, 30, 59, 7, tzinfo=timezone(timedelta(hours=2)))  # 31 July, a Friday, in UTC
    days = {granularity: TimePartition(moment, granularity) for granularity in Granularity}
    assert {granularity: found.text for granularity, found in days.items()} == {
        "MINUTE": "2026-07-31T22:30Z", "HOUR": "2026-07-31T22:00Z", "DAY": "2026-07-31", "WEEK": "2026-07-27", "MONTH": "2026-07",
    }  # fmt: skip
    assert days[Granularity.WEEK].value.weekday() == 0
    assert {found.key for found in days.values()} == {"minute", "hour", "date", "week", "month"}
    assert TimePartition(datetime.min, Granularity.WEEK).value.year == 1


def test_plain_values_become_partitions() -> None:
    found = of_values({"when": date(2026, 8, 1), "n": 3, "ok": True, "region": "us"})
    assert found == Partitions((("n", "3"), ("ok", "True"), ("region", "us")), TimePartition(parse_time("2026-08-01"), key="when"))  # fmt: skip
    hourly = of_values({"at": datetime(2026, 8, 1, 12, 40)}).time
    assert hourly == TimePartition(datetime(2026, 8, 1, 12, tzinfo=UTC), Granularity.HOUR, "at")
    declared = DeclaredKeys(("region",), "hour", Granularity.HOUR)
    assert of_values({"hour": "2026-08-01T12:40", "region": "us"}, declared).shown == {
        "hour": "2026-08-01T12:00Z", "region": "us",
    }  # fmt: skip


@pytest.mark.parametrize(
    "fields",
    [
        {"partitions": {"a": None}}, {"partitions": {"a": ""}}, {"partitions": {"": "a"}}, {"partitions": {1: "a"}},
        {"partitions": {"a": ["b"]}}, {"partitions": ["a"]}, {"partitions": "a"}, {"partitions": {"a": "b\nc"}},
        {"partitions": {"a": "\u202e"}}, {"partitions": {"a": "b" * 256}}, {"partitions": {"a" * 65: "b"}},
        {"partitions": {f"k{at}": "v" for at in range(11)}}, {"partitions": {"a": 10**5000}},
        {"partitions": {"a": date(2026, 8, 1), "b": date(2026, 8, 1)}},
        {"partitions": {"a": date(2026, 8, 1)}, "time_partition": "2026-08-01"},
        {"partitions": {"date": "x"}, "time_partition": "2026-08-01"},
        {"time_partition": ""}, {"time_partition": "yesterday"}, {"time_partition": "2026-13-01"}, {"time_partition": 5},
        {"time_partition": "0001-01-01T00:00+09:00"}, {"time_partition": "2026-08-01T00:00+99:99", "partitions": []},
        {"time_partition": {"value": "2026-08-01", "granularity": "YEAR"}}, {"time_partition": {"value": "2026-08-01", "key": 3}},
        {"time_partition": {"value": "\u0662\u0660\u0662\u0666-08-01"}}, {"time_partition": {"granularity": ["DAY"], "value": "2026-08"}},
        {"time_partition": datetime.max.replace(tzinfo=timezone(-timedelta(hours=5)))},
    ],
)  # fmt: skip
def test_manifests_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(InputError) as refused:
        read_partitions(fields)
    assert refused.value.detail


def test_manifests_as_people_write_them() -> None:
    text = "partitions: {region: us, size: 5}\ntime_partition: 2026-08-05\n"
    assert read_partitions(yaml.safe_load(text)).shown == {"region": "us", "size": "5", "date": "2026-08-05"}
    weekly = {"time_partition": {"value": "2026-08-05", "granularity": "week", "key": "batch"}}
    assert read_partitions(weekly).shown == {"batch": "2026-08-03"}
    assert read_partitions({"partitions": None, "time_partition": None, "other": 1}) == Partitions()
    assert read_partitions({"partitions": {f"k{at}": "v" for at in range(10)}, "time_partition": "2026-08"}).time


@given(partition_sets())
def test_what_a_manifest_is_told_it_says_again(partitions: Partitions) -> None:
    fields = yaml.safe_load(yaml.safe_dump(partition_fields(partitions), allow_unicode=True))
    assert read_partitions(fields) == partitions
    if partitions.time:
        time = partitions.time
        assert TimePartition(parse_time(time.text), time.granularity, time.key) == time


def test_declared_keys() -> None:
    first = read_partitions({"partitions": {"region": "us"}, "time_partition": "2026-08-01"})
    declared = DeclaredKeys.of(first)
    assert declared.mismatch(first) == ""
    hourly = Partitions((("region", "us"),), TimePartition(parse_time("2026-08-01"), Granularity.HOUR, "date"))
    assert declared.mismatch(hourly) == "Declared: region, date (day). This version: region, date (hour)."
    assert declared.mismatch(Partitions()) == "Declared: region, date (day). This version: no partitions."


@given(partition_sets(), _LABELS, st.integers(1, MAX_SEQUENCE))
def test_index_keys_tell_what_went_into_them(partitions: Partitions, version: str, sequence: int) -> None:
    keys = keys_of(VersionFacts(PLACE, version, sequence, partitions))
    assert len(keys) == (2 if partitions.time else 1)
    declared = DeclaredKeys.of(partitions)
    for key in keys:
        assert all(0 < len(part) <= 255 for part in key.split("/"))
        entry = decode_key(key, PLACE, declared)
        assert entry is not None
        assert (entry.version, entry.sequence) == (version, sequence)
        assert entry.partitions in {None, partitions}
        assert entry.partitions is not None or "~" in key
    component = encode_partitions(partitions)
    assert decode_partitions(component) == (None if component.startswith("~") else partitions)


@given(st.lists(_TIMES, min_size=2, max_size=2), st.integers(1, MAX_SEQUENCE - 1))
def test_keys_are_in_the_order_of_time_and_the_latest_first(times: list[TimePartition], sequence: int) -> None:
    first, second = sorted(times, key=lambda time: (time.value, time.granularity.lower()))
    assert encode_time(first) <= encode_time(second)
    assert decode_time(encode_time(first), first.key) == first
    (older,), (newer,) = (keys_of(VersionFacts(PLACE, "v", sequence + by)) for by in (0, 1))
    assert newer < older


@given(st.text(st.sampled_from("pt/-=,@~%0123456789abcdefTZ2026day\u00e4"), max_size=60) | st.text(max_size=30))
def test_keys_of_others_are_no_entries(rest: str) -> None:
    key = PLACE.prefix + FOLDER + rest
    entry = decode_key(key, PLACE)
    if entry is not None and entry.partitions is not None:
        time = entry.time or entry.partitions.time
        facts = VersionFacts(PLACE, entry.version, entry.sequence, Partitions(entry.partitions.values, time))
        assert key in keys_of(facts)


_V1 = f"{MAX_SEQUENCE - 1:014x}-v1"


@pytest.mark.parametrize(
    "rest",
    ["", "p", "p/-", f"p/-/{_V1}/", f"p/-/x/{_V1}", f"p//{_V1}", f"p/a/{_V1}", f"p/b=1,a=1/{_V1}", f"p/a=1,a=1/{_V1}",
     f"p/a=/{_V1}", f"p/a=%2f/{_V1}", f"p/a=%/{_V1}", f"p/a=%FF/{_V1}", f"p/../{_V1}", f"p/~00/{_V1}", f"x/-/{_V1}",
     "p/-/00000000000000-", "p/-/zz-v1", "p/-/ffffffffffffff-v1", f"p/-/{MAX_SEQUENCE:014x}-v1", f"p/-/{_V1.upper()}%0A",
     f"p/-/{_V1[:15]}..", f"p/a=@20260802T0000Z-week/{_V1}", f"p/a=@20260801T0000Z-day,b=@20260801T0000Z-day/{_V1}",
     f"t/20260801T0000Z/-/{_V1}", f"t/20261301T0000Z-day/-/{_V1}", f"t/20260801T0001Z-day/-/{_V1}",
     f"t/20260801T0000Z-day/d=@20260801T0000Z-day/{_V1}", "p/" + ",".join(f"k{at}=1" for at in range(20)) + f"/{_V1}"],
)  # fmt: skip
def test_hostile_keys_are_no_entries(rest: str) -> None:
    assert decode_key(PLACE.prefix + FOLDER + rest, PLACE) is None
    assert decode_key("zoo/wolf/" + FOLDER + f"p/-/{_V1}", PLACE) is None


def test_versions_that_cannot_stand_in_the_index() -> None:
    for version, sequence in (("", 1), ("a\nb", 1), ("v", 0), ("v", MAX_SEQUENCE + 1), ("ä" * 200, 1), ("..", 1)):
        with pytest.raises(InputError):
            keys_of(VersionFacts(PLACE, version, sequence))
    with pytest.raises(InputError):
        keys_of(VersionFacts(Place("b", "x" * (MAX_KEY_BYTES - 20) + "/"), "v", 1))
    many = Partitions(tuple((f"key-{at}", "wert" * 20) for at in range(10)))
    (key,) = keys_of(VersionFacts(PLACE, "v1", 1, many))
    entry = decode_key(key, PLACE)
    assert entry is not None
    assert entry.partitions is None
