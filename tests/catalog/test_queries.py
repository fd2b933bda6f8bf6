"""Questions to the index: what is found, and with how many requests, counted at the driver."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from artifact_browser.catalog import version_search
from artifact_browser.catalog.artifact_name import ArtifactName
from artifact_browser.catalog.artifact_uri import parse_artifact_uri
from artifact_browser.catalog.index_keys import BY_PARTITIONS, VersionFacts, entry_name, partitions_folder
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.name_registry import register_name
from artifact_browser.catalog.partitions import UNPARTITIONED, DeclaredKeys, Partitions, parse_time, read_partitions
from artifact_browser.catalog.queries import Answer, ask, latest, version_of
from artifact_browser.catalog.version_index import index_version
from artifact_browser.catalog.version_search import Match, Rows, Search, facets, search, search_of
from artifact_browser.errors import BlobNotFound, InputError
from artifact_browser.storage.driver import Driver
from tests.catalog.counting import SOURCES, CountingDriver, commit_version, set_alias

NAME = ArtifactName("zoo", "development", "cats/lion")
DECLARED = DeclaredKeys(("region",), "date")
US, EU = ({"partitions": {"region": region}} for region in ("us", "eu"))


@pytest.fixture
def lion(driver: Driver, bucket: str) -> Place:
    """Versions of many kinds, some of them not as declared."""
    place = Place(bucket, "zoo/lion/")
    versions: list[tuple[str, dict[str, Any]]] = [
        ("v1", {}),
        ("v2", US),
        ("v3", US | {"time_partition": "2026-08-01"}),
        ("v4", EU | {"time_partition": "2026-08-01"}),
        ("v5", US | {"time_partition": "2026-08-02"}),
        ("v6", US | {"time_partition": "2026-08-01"}),
        ("v7", {}),
        ("v8", {"partitions": {"region": "us", "model": "m"}}),
        ("v9", {"time_partition": "2026-09-15"}),
    ]
    for sequence, (version, fields) in enumerate(versions, 1):
        commit_version(driver, place, version, sequence, **fields)
    commit_version(driver, Place(bucket, "zoo/lion2/"), "other", 100)
    set_alias(driver, place, "latest", "v9")
    set_alias(driver, place, "production", "v2")
    register_name(driver, place, NAME, DECLARED)
    return place


def _names(rows: Rows) -> list[str]:
    return [row.version for row in rows.rows]


def _uri(rest: str) -> str:
    return f"flyte://av0.1/{NAME}{rest}"


@pytest.mark.parametrize(
    ("fields", "version"),
    [
        ({}, "v7"), (US, "v2"), (EU, None), (US | {"time_partition": "2026-08-01"}, "v6"),
        ({"time_partition": "2026-09-15"}, "v9"), ({"time_partition": "2026-08-01"}, None),
    ],
)  # fmt: skip
def test_the_latest_of_exactly_these_partitions(
    driver: Driver, lion: Place, fields: dict[str, Any], version: str | None
) -> None:
    counting = CountingDriver(driver)
    answer = latest(counting, lion, read_partitions(fields), SOURCES)  # type: ignore[arg-type]
    assert (answer.found.version if answer.found else None) == version
    assert answer.requests == counting.requests == (2 if version else 1)


@pytest.mark.parametrize(
    ("rest", "version", "requests"),
    [
        ("", "v7", 3), ("?region=us", "v2", 3), ("?date=2026-08-01&region=us", "v6", 3), ("@latest?region=us", "v2", 3),
        ("@latest", "v9", 3), ("@v4", "v4", 2), ("@v4?region=eu&date=2026-08-01", "v4", 2), ("@production", "v2", 4),
    ],
)  # fmt: skip
def test_addresses_and_their_requests(driver: Driver, lion: Place, rest: str, version: str, requests: int) -> None:
    counting = CountingDriver(driver)
    answer = ask(counting, lion.bucket, parse_artifact_uri(_uri(rest)), SOURCES)  # type: ignore[arg-type]
    assert answer.found is not None
    assert (answer.found.version, answer.found.place) == (version, lion)
    assert answer.requests == counting.requests == requests
    assert bool(answer.flag) == (version not in {"v3", "v4", "v5", "v6"})


@pytest.mark.parametrize("rest", ["?region=fr", "@v4?region=us", "@nothing", "?region=us&date=2026-08-03", "?model=m"])
def test_addresses_that_nothing_fits(driver: Driver, lion: Place, rest: str) -> None:
    with pytest.raises(BlobNotFound) as refused:
        ask(driver, lion.bucket, parse_artifact_uri(_uri(rest)), SOURCES)
    assert "region, date" in refused.value.todo


def test_addresses_that_cannot_be_asked(driver: Driver, lion: Place) -> None:
    with pytest.raises(BlobNotFound, match="registered"):
        ask(driver, lion.bucket, parse_artifact_uri("flyte://av0.1/zoo/production/lion"), SOURCES)
    with pytest.raises(InputError, match="no time"):
        ask(driver, lion.bucket, parse_artifact_uri(_uri("?date=soon")), SOURCES)


def test_a_version_or_an_alias(driver: Driver, lion: Place) -> None:
    def named(name: str) -> tuple[str | None, int]:
        counting = CountingDriver(driver)
        answer: Answer = version_of(counting, lion, name, SOURCES)  # type: ignore[arg-type]
        assert answer.requests == counting.requests
        return answer.found.version if answer.found else None, answer.requests

    assert [named(name) for name in ("v3", "production", "latest", "none")] == [
        ("v3", 1), ("v2", 3), ("v9", 2), (None, 2),
    ]  # fmt: skip


def test_hostile_entries_are_passed_over(driver: Driver, lion: Place) -> None:
    folder = partitions_folder(lion, UNPARTITIONED)
    for rest in ("0", "00000000000000-", "!", "%", "zz", "1ffffffffffff0-%zz", "1ffffffffffff0/deep/er"):
        driver.put(lion.bucket, folder + rest, b"")
    for sequence, version in (
        (50, "never"),
        (49, "v1"),
        (48, "v3"),
    ):  # no such record, another number, other partitions
        driver.put(lion.bucket, folder + entry_name(sequence, version), b"")
    counting = CountingDriver(driver)
    answer = latest(counting, lion, UNPARTITIONED, SOURCES)  # type: ignore[arg-type]
    assert answer.found is not None
    assert answer.found.version == "v7"
    assert answer.requests == counting.requests == 5
    for sequence in range(60, 160):
        driver.put(lion.bucket, folder + entry_name(sequence, "never"), b"")
    counting = CountingDriver(driver)
    answer = latest(counting, lion, UNPARTITIONED, SOURCES)  # type: ignore[arg-type]
    assert (answer.found, answer.requests, counting.requests) == (None, 6, 6)
    assert search(driver, lion, Search(match=Match.EXACT)).strange == 7


@pytest.mark.parametrize(
    ("wanted", "versions"),
    [
        (Search(), {"v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9"}),
        (Search(match=Match.EXACT), {"v7", "v1"}),
        (Search((("region", "us"),), Match.EXACT), {"v2"}),
        (Search((("region", "us"),), Match.CONTAINS), {"v2", "v3", "v5", "v6", "v8"}),
        (Search((("region", "us"), ("model", "m")), Match.CONTAINS), {"v8"}),
        (Search(match=Match.CONTAINS), {"v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9"}),
        (Search((("region", "u"),), Match.CONTAINS), set()),
        (Search(latest_per_partition=True), {"v7", "v2", "v6", "v4", "v5", "v8", "v9"}),
        (Search((("region", "us"),), Match.CONTAINS, latest_per_partition=True), {"v2", "v6", "v5", "v8"}),
        (Search((("region", "us"),), Match.EXACT, latest_per_partition=True), {"v2"}),
    ],
)  # fmt: skip
def test_versions_by_partitions(driver: Driver, lion: Place, wanted: Search, versions: set[str]) -> None:
    rows = search(driver, lion, wanted, DECLARED)
    assert set(_names(rows)) == versions
    assert len(rows.rows) == len(versions)
    assert (rows.requests, rows.more, rows.strange) == (1, "", 0)


@pytest.mark.parametrize(
    ("since", "until", "more", "versions"),
    [
        ("2026-08-01", "2026-08-01", {}, ["v4", "v6", "v3"]),
        ("2026-08-01", "2026-08-02", {"latest_per_partition": True}, ["v4", "v6", "v5"]),
        ("2026-08-01T00:01", "2026-09-14", {}, ["v5"]),
        ("2026-08-02", None, {}, ["v5", "v9"]),
        (None, "2026-08-02", {"texts": (("region", "us"),), "match": Match.EXACT}, ["v6", "v3", "v5"]),
        (None, "2027-01", {"match": Match.EXACT}, ["v9"]),
        ("2026-08", "2026-12", {"texts": (("region", "eu"),), "match": Match.CONTAINS}, ["v4"]),
        ("2027-01", None, {}, []),
    ],
)
def test_versions_in_a_range_of_time(
    driver: Driver, lion: Place, since: str | None, until: str | None, more: dict[str, Any], versions: list[str]
) -> None:
    wanted = Search(since=parse_time(since) if since else None, until=parse_time(until) if until else None, **more)
    rows = search(driver, lion, wanted, DECLARED)
    assert _names(rows) == versions
    assert {row.time.key for row in rows.rows if row.time} <= {"date"}
    assert (rows.requests, rows.more) == (1, "")


def test_an_address_may_be_a_search() -> None:
    def found(rest: str) -> Search:
        return search_of(parse_artifact_uri(_uri(rest)), DECLARED)

    assert found("") == Search()
    assert found("?region=us") == Search((("region", "us"),), Match.CONTAINS)
    august, first = parse_time("2026-08"), parse_time("2026-08-01")
    assert found("?date=2026-08-01") == Search(since=first, until=first)
    assert found("?date=2026-08..2026-08-31&region=us") == Search(
        (("region", "us"),), Match.CONTAINS, august, parse_time("2026-08-31")
    )
    assert found("?date=2026-08-01T13:00..") == Search(since=first)
    assert found("?date=..2026-08") == Search(until=parse_time("2026-08-31"))
    for wrong in ("..", "2026-08..2026-07", "a..b", "a"):
        with pytest.raises(InputError):
            found(f"?date={wrong}")


def _fill(driver: Driver, place: Place, regions: int, each: int) -> None:
    facts: Iterable[VersionFacts] = (
        VersionFacts(place, f"v{sequence}", sequence, Partitions((("region", f"r{sequence % regions:02}"),)))
        for sequence in range(1, regions * each + 1)
    )
    for one in facts:
        index_version(driver, one)


def test_pages_are_bounded_and_together_everything(
    driver: Driver, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """20 versions in each of six partitions, seven keys to a page: other partitions are jumped over."""
    place = Place(bucket, "big/")
    _fill(driver, place, 6, 20)
    monkeypatch.setattr(version_search, "_PAGE_KEYS", 7)
    every, pages, more = [], 0, ""
    while pages == 0 or more:
        rows = search(driver, place, Search(), limit=50, more=more)
        assert rows.requests <= 8
        every += _names(rows)
        pages, more = pages + 1, rows.more
    assert (len(every), len(set(every)), pages) == (120, 120, 3)

    counting = CountingDriver(driver)
    newest = search(counting, place, Search(latest_per_partition=True))  # type: ignore[arg-type]
    assert [row.sequence for row in newest.rows] == [120, 115, 116, 117, 118, 119]
    assert newest.requests == counting.requests == 7  # one for each set of partitions, and the end
    two = search(driver, place, Search(latest_per_partition=True), limit=2)
    rest = search(driver, place, Search(latest_per_partition=True), more=two.more)
    assert two.rows + rest.rows == newest.rows

    monkeypatch.setattr(version_search, "MAX_LISTS", 2)
    few = search(driver, place, Search((("region", "r05"),), Match.CONTAINS))
    assert (few.rows, few.requests) == ((), 2)
    assert few.more  # nothing found so far is not the end
    for wrong in ("", "elsewhere", f"big/{BY_PARTITIONS}region=r00/"):
        with pytest.raises(InputError):
            search(driver, place, Search(since=parse_time("2026-08")), more=wrong, limit=1 if wrong else 0)


def test_facets_cost_one_list_whatever_the_versions(driver: Driver, bucket: str, lion: Place) -> None:
    place = Place(bucket, "big/")
    _fill(driver, place, 3, 30)
    driver.put(bucket, f"big/{BY_PARTITIONS}hostile/x", b"")
    index_version(driver, VersionFacts(place, "long", 999, Partitions(tuple((f"k{at}", "x" * 40) for at in range(9)))))
    counting = CountingDriver(driver)
    found = facets(counting, place)  # type: ignore[arg-type]
    assert found.values == {"region": {"r00": 1, "r01": 1, "r02": 1}}
    assert (found.sets, found.hidden, found.requests, counting.requests, found.complete) == (4, 1, 1, 1, True)
    both = facets(driver, lion)
    assert both.values == {"model": {"m": 1}, "region": {"eu": 1, "us": 4}}
    assert both.times == {"date": ("2026-08-01", "2026-08-02", "2026-09-15")}


def test_many_long_partitions_are_found_exactly_and_told_otherwise(driver: Driver, bucket: str) -> None:
    place = Place(bucket, "long/")
    texts = tuple((f"k{at}", "ä" * 30) for at in range(9))
    commit_version(driver, place, "v1", 1, partitions=dict(texts))
    answer = latest(driver, place, Partitions(texts), SOURCES)
    assert answer.found is not None
    assert answer.found.partitions.values == texts
    assert _names(search(driver, place, Search(texts, Match.EXACT))) == ["v1"]
    assert _names(search(driver, place, Search())) == ["v1"]
    contained = search(driver, place, Search(texts[:1], Match.CONTAINS))
    assert (contained.rows, contained.unread) == ((), 1)
