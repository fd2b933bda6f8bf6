"""The index as it is written, healed and cleared of what is stale, and the registry of names."""

from __future__ import annotations

import pytest

from artifact_browser.catalog.artifact_name import ArtifactName
from artifact_browser.catalog.index_keys import BY_PARTITIONS, FOLDER, VersionFacts, keys_of
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.name_registry import NameEntry, name_key, register_name, resolve_name
from artifact_browser.catalog.partitions import DeclaredKeys, Granularity, Partitions
from artifact_browser.catalog.version_index import declared_by, facts_of, index_version, rebuild_version_index
from artifact_browser.errors import InputError, ManifestUnreadable, NotSupported
from artifact_browser.storage.driver import Condition, Driver, WriteOptions, Written
from tests.catalog.counting import commit_version, read_version

LION = ArtifactName("zoo", "development", "cats/lion")


def _keys(driver: Driver, place: Place) -> list[str]:
    return [key for page in driver.list_pages(place.bucket, place.prefix, delimiter="") for key in page.keys]


def _facts(place: Place) -> list[VersionFacts]:
    return [
        facts_of(place, "v1", 1, {"partitions": {"region": "us"}, "time_partition": "2026-08-01"}),
        facts_of(place, "50% ü/2", 2, {"partitions": {"region": "a,b=c"}}),
        facts_of(place, "v3", 3, {}),
    ]


def test_a_version_is_indexed_once_however_often(driver: Driver, bucket: str) -> None:
    place = Place(bucket, "zoo/lion/")
    facts = _facts(place)
    assert [index_version(driver, one) for one in facts + facts] == [2, 1, 1] * 2
    assert _keys(driver, place) == sorted(
        [
            "zoo/lion/.artifact/idx/p/-/1ffffffffffffd-v3",
            "zoo/lion/.artifact/idx/p/date=@20260801T0000Z-day,region=us/1fffffffffffff-v1",
            "zoo/lion/.artifact/idx/p/region=a%2Cb%3Dc/1ffffffffffffe-50%25%20%C3%BC%2F2",
            "zoo/lion/.artifact/idx/t/20260801T0000Z-day/region=us/1fffffffffffff-v1",
        ]
    )
    assert driver.head(bucket, _keys(driver, place)[0]).size_bytes == 0


def test_a_rebuild_writes_what_is_missing_and_removes_what_is_stale(driver: Driver, bucket: str) -> None:
    place = Place(bucket, "zoo/lion/")
    facts = _facts(place)
    index_version(driver, facts[0])
    index_version(driver, facts_of(place, "v3", 3, {"partitions": {"region": "old"}}))
    index_version(driver, VersionFacts(place, "swept", 2))
    newer = commit_version(driver, place, "v4", 4)  # by somebody else, while the records were read
    index_version(driver, VersionFacts(place, "claimed", 5))
    index_version(driver, VersionFacts(place, "v4", 6))
    for strange in ("p/-/readme.txt", "notes"):
        driver.put(bucket, place.prefix + FOLDER + strange, b"mine")
    other = Place(bucket, "zoo/lion2/")
    index_version(driver, VersionFacts(other, "v1", 1))
    done = rebuild_version_index(driver, place, [*facts, VersionFacts(place, "a\nb", 3)], read_version)
    assert (done.written, done.removed, done.skipped, done.strange, done.complete) == (2, 4, ("a\nb",), 2, True)
    expected = {key for one in [*facts, newer] for key in keys_of(one)}
    expected |= {place.prefix + FOLDER + strange for strange in ("p/-/readme.txt", "notes")}
    assert {key for key in _keys(driver, place) if "/v/" not in key} == expected
    assert _keys(driver, other) == list(keys_of(VersionFacts(other, "v1", 1)))
    again = rebuild_version_index(driver, place, facts, read_version)
    assert (again.written, again.removed) == (0, 0)


def test_partitions_that_cannot_be_never_stop_a_commit(driver: Driver, bucket: str) -> None:
    place = Place(bucket, "")
    facts = facts_of(place, "v1", 1, {"partitions": {"region": None}})
    assert "no value that is a text" in facts.problem
    index_version(driver, facts)
    assert _keys(driver, place)[0].startswith(f"{BY_PARTITIONS}-/")


def test_the_first_version_declares() -> None:
    place = Place("b", "zoo/lion/")
    assert declared_by(reversed(_facts(place))) == DeclaredKeys(("region",), "date", Granularity.DAY)
    assert declared_by([]) is None


def test_a_name_is_taken_once(driver: Driver, bucket: str) -> None:
    lion, other = Place(bucket, "zoo/lion/"), Place(bucket, "zoo/other/")
    declared = DeclaredKeys(("region",), "date", Granularity.WEEK)
    assert resolve_name(driver, bucket, LION) is None
    assert register_name(driver, lion, LION, declared).ours
    assert name_key(LION) == ".artifacts/zoo/development/cats%2Flion.json"
    assert resolve_name(driver, bucket, LION) == NameEntry(lion, declared)
    again = register_name(driver, lion, LION, DeclaredKeys(("size",)))
    assert (again.ours, again.entry) == (True, NameEntry(lion, declared))  # declared stays as the first version said
    taken = register_name(driver, other, LION)
    assert (taken.ours, taken.entry.place) == (False, lion)
    for prefix in ("no-slash", "/", "a/../b/", "a//", ".artifact/x/"):
        with pytest.raises(InputError):
            register_name(driver, Place(bucket, prefix), ArtifactName("p", "d", "n"))


def test_a_name_in_a_store_without_conditions(driver: Driver, bucket: str) -> None:
    plain = _NoConditions(driver)
    lion, other = Place(bucket, "zoo/lion/"), Place(bucket, "zoo/other/")
    assert register_name(plain, lion, LION).ours  # type: ignore[arg-type]
    assert not register_name(plain, other, LION).ours  # type: ignore[arg-type]
    assert resolve_name(driver, bucket, LION) == NameEntry(lion)


class _NoConditions:
    def __init__(self, driver: Driver) -> None:
        self.get = driver.get
        self._driver = driver

    def put(
        self,
        bucket: str,
        key: str,
        body: bytes,
        options: WriteOptions | None = None,
        condition: Condition | None = None,
    ) -> Written:
        if condition is not None:
            raise NotSupported
        return self._driver.put(bucket, key, body, options)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"prefix": 3}', '{"prefix": "a"}', '{"prefix": "../"}', '{"prefix": "/a/"}', '{"prefix": "a\\u0000/"}',
     '{"prefix": ".artifact/v/"}', '{"prefix": "a/", "declared": 3}', '{"prefix": "a/", "declared": {"keys": [1]}}',
     '{"prefix": "a/", "declared": {"keys": ["\\u202e"]}}', '{"prefix": "a/", "declared": {"keys": [], "time": {"key": "a"}}}',
     '{"prefix": "a/", "declared": {"keys": [], "time": {"key": "a", "granularity": "YEAR"}}}', "[" * 5000, "\xff",
     '{"prefix": "a/", "more": "' + "x" * 70_000 + '"}'],
)  # fmt: skip
def test_entries_of_names_that_cannot_be(driver: Driver, bucket: str, text: str) -> None:
    driver.put(bucket, name_key(LION), text.encode("latin-1"))
    with pytest.raises(ManifestUnreadable) as refused:
        resolve_name(driver, bucket, LION)
    assert "cats%2Flion.json" in refused.value.subject


def test_partitions_of_every_kind_have_a_place_in_a_store(driver: Driver, bucket: str) -> None:
    """The longest keys that are written are names that every store can hold."""
    values = tuple((f"key {at}", "ä" * 60) for at in range(10))
    facts = VersionFacts(Place(bucket, "x/" * 60), "v" * 200, 1, Partitions(values))
    index_version(driver, facts)
    assert _keys(driver, facts.place) == list(keys_of(facts))
