"""What one look of a watch finds, on each store: each new version once, with few requests, and artifacts made anew."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from artifact_browser.catalog import artifacts
from artifact_browser.catalog.artifact_name import ArtifactName
from artifact_browser.catalog.commit import commit
from artifact_browser.catalog.index_keys import FOLDER, VersionFacts, keys_of
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.manifest import read_manifest
from artifact_browser.catalog.partitions import DeclaredKeys, Partitions
from artifact_browser.catalog.records import CommitNote
from artifact_browser.catalog.staging import edit_fields
from artifact_browser.catalog.versions import list_versions
from artifact_browser.catalog.watch import Looked, Seen, Watch
from artifact_browser.catalog.watch_look import NO_ARTIFACT, NO_NAME, NO_VERSION, look
from artifact_browser.errors import JobCancelled
from artifact_browser.storage.driver import Driver
from tests.catalog.counting import CountingDriver
from tests.catalog.making import plain, put, stage

US, EU = {"region": "us"}, {"region": "eu"}


class Watcher:
    """A watch that remembers what it saw, as the book does."""

    def __init__(self, driver: Driver, place: Place, **what: Any) -> None:
        self.driver = driver
        self.watch = Watch("w", "account", place.bucket, **({"prefix": place.prefix} | what))
        self.seen = Seen()
        self.requests = 0
        self.last: Looked

    def look(self) -> list[str]:
        """The versions that are told, the oldest first."""
        counting = CountingDriver(self.driver)
        self.last = look(counting, self.watch, self.seen)  # type: ignore[arg-type]
        self.seen = self.last.seen
        self.requests = counting.requests
        assert counting.requests <= self.last.requests
        return [one.version for one in self.last.news]


def publish(driver: Driver, zoo: Place, name: str, **partitions: str) -> Place:
    """An artifact with a first version, ``v1``."""
    place = stage(driver, zoo, name, partitions=partitions or None)
    commit(driver, place, note=CommitNote(version="v1"))
    return place


def again(driver: Driver, place: Place, version: str, **partitions: str) -> str:
    edit_fields(driver, place, {"description": version, "partitions": partitions or None})
    return commit(driver, place, note=CommitNote(version=version)).version


def remove(driver: Driver, place: Place) -> None:
    artifacts.delete(driver, artifacts.plan_delete(driver, place))


def _wait_for_the_next_second(driver: Driver, place: Place) -> None:
    """Until the store says so of a blob: times of S3 have no fractions."""

    def now() -> int:
        put(driver, place.bucket, "clock", b"")
        return driver.head(place.bucket, "clock").modified_us // 1_000_000

    began = now()
    while now() == began:
        pass


def test_each_new_version_is_told_once_and_a_quiet_look_is_one_request(driver: Driver, zoo: Place) -> None:
    lion = publish(driver, zoo, "lion")
    watcher = Watcher(driver, lion)
    assert watcher.look() == []  # what is there is not new
    assert watcher.look() == []
    assert watcher.requests == 1
    again(driver, lion, "v2")
    assert watcher.look() == ["v2"]
    assert watcher.requests == 2
    assert watcher.look() == []
    assert watcher.requests == 1
    for version in ("v3", "v4", "v5"):
        again(driver, lion, version)
    assert watcher.look() == ["v3", "v4", "v5"]
    assert watcher.requests == 4
    told = watcher.last.news[-1]
    assert (told.sequence, told.place) == (5, lion)
    assert watcher.look() == []


def test_of_exactly_these_partitions_only_the_index_is_asked(driver: Driver, zoo: Place) -> None:
    counts = publish(driver, zoo, "counts", **US)
    watcher = Watcher(driver, counts, partitions=(("region", "us"),), exact=True)
    assert watcher.look() == []
    again(driver, counts, "v2", **EU)
    assert watcher.look() == []
    assert watcher.requests == 1
    again(driver, counts, "v3", **US)
    again(driver, counts, "v4", region="us", model="m")
    assert watcher.look() == ["v3"]
    assert watcher.requests == 2
    assert watcher.last.news[0].partitions == (("region", "us"),)
    assert watcher.look() == []
    assert watcher.requests == 1


def test_given_values_are_watched_whatever_else_a_version_has(driver: Driver, zoo: Place) -> None:
    counts = publish(driver, zoo, "counts", **US)
    watcher = Watcher(driver, counts, partitions=(("region", "us"),))
    assert watcher.look() == []
    again(driver, counts, "v2", region="us", model="m")
    again(driver, counts, "v3", **EU)
    again(driver, counts, "v4")
    again(driver, counts, "v5", **US)
    assert watcher.look() == ["v2", "v5"]
    assert watcher.look() == []


def test_a_time_is_a_value_like_others(driver: Driver, zoo: Place) -> None:
    def day(version: str, value: str) -> None:
        edit_fields(driver, counts, {"time_partition": {"value": value, "granularity": "DAY", "key": "date"}})
        commit(driver, counts, note=CommitNote(version=version))

    counts = publish(driver, zoo, "counts", **US)
    what: dict[str, Any] = {"declared": DeclaredKeys(("region",), "date"), "partitions": (("date", "2026-08-01"),)}
    any_region = Watcher(driver, counts, **what)
    what["partitions"] += (("region", "us"),)
    exact = Watcher(driver, counts, exact=True, **what)
    assert (any_region.look(), exact.look()) == ([], [])
    day("v2", "2026-08-01")
    day("v3", "2026-08-02")
    assert (any_region.look(), exact.look()) == (["v2"], ["v2"])


@pytest.mark.parametrize("exact", [False, True])
def test_the_newest_is_told_at_the_beginning_if_asked(driver: Driver, zoo: Place, exact: bool) -> None:
    counts = publish(driver, zoo, "counts", **US)
    again(driver, counts, "v2", **US)
    if not exact:
        again(driver, counts, "v3", **EU)
    watcher = Watcher(driver, counts, partitions=(("region", "us"),), exact=exact, from_now=False)
    assert watcher.look() == ["v2"]
    assert watcher.look() == []
    again(driver, counts, "v4", **US)
    assert watcher.look() == ["v4"]


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("versions", [["v1"], ["v1", "v2"], ["v1", "v2", "v3"]], ids=["behind", "level", "ahead"])
def test_an_artifact_made_anew_is_another_one(driver: Driver, zoo: Place, versions: list[str], exact: bool) -> None:
    """Under the same names, whatever number it has reached when it is looked at."""
    counts = publish(driver, zoo, "counts", **US)
    again(driver, counts, "v2", **US)
    watcher = Watcher(driver, counts, partitions=(("region", "us"),) if exact else (), exact=exact)
    assert watcher.look() == []
    remove(driver, counts)
    _wait_for_the_next_second(driver, zoo)
    if len(versions) == 1:
        assert watcher.look() == []
        assert watcher.last.note == (NO_VERSION if exact else NO_ARTIFACT)
        assert watcher.requests == 1
    publish(driver, zoo, "counts", **US)
    for version in versions[1:]:
        again(driver, counts, version, **US)
    assert watcher.look() == versions
    assert watcher.last.restarted
    assert {one.era for one in watcher.last.news} == {1}
    assert watcher.look() == []
    again(driver, counts, "v9", **US)
    assert watcher.look() == ["v9"]
    assert not watcher.last.restarted


def test_what_another_program_commits_is_told_as_well(driver: Driver, zoo: Place) -> None:
    lion = publish(driver, zoo, "lion")
    watcher = Watcher(driver, lion)
    watcher.look()
    for text in ("one", "two"):
        put(driver, lion.bucket, lion.committed_key, f"name: Lion\ntype: dataset\ndescription: {text}\n")
        (told,) = watcher.look()
        assert watcher.look() == []
    again(driver, lion, "v3")  # which gives it its record, under the name it was told by
    assert watcher.look() == ["v3"]
    assert told in {line.version for line in list_versions(driver, lion).lines}


def test_an_older_manifest_put_back_is_one_new_version_and_no_new_artifact(driver: Driver, zoo: Place) -> None:
    lion = publish(driver, zoo, "lion")
    with driver.get(lion.bucket, lion.committed_key) as reader:
        first = reader.read()
    again(driver, lion, "v2")
    watcher = Watcher(driver, lion)
    watcher.look()
    put(driver, lion.bucket, lion.committed_key, first)
    assert len(watcher.look()) == 1
    assert not watcher.last.restarted
    assert watcher.look() == []


def test_an_edited_list_of_a_collection_is_no_version(driver: Driver, zoo: Place) -> None:
    watcher = Watcher(driver, zoo)
    watcher.look()
    before = read_manifest(driver, zoo.bucket, zoo.committed_key)
    publish(driver, zoo, "lion")
    assert read_manifest(driver, zoo.bucket, zoo.committed_key) != before
    assert watcher.look() == []


def test_an_index_that_is_late_or_made_anew_repeats_nothing(driver: Driver, zoo: Place) -> None:
    counts = publish(driver, zoo, "counts", **US)
    watcher = Watcher(driver, counts, partitions=(("region", "us"),), exact=True)
    watcher.look()
    for version in ("v2", "v3"):
        again(driver, counts, version, **US)
    keys = {
        one: keys_of(VersionFacts(counts, one, at, Partitions((("region", "us"),))))[0]
        for at, one in enumerate(("v1", "v2", "v3"), 1)
    }
    driver.delete_many(counts.bucket, [keys["v2"]])
    assert watcher.look() == ["v3"]
    put(driver, counts.bucket, keys["v2"], b"")  # healed
    assert watcher.look() == ["v2"]
    driver.delete_many(counts.bucket, list(keys.values()))
    assert watcher.look() == []
    put(driver, counts.bucket, keys["v1"], b"")  # a rebuild on its way
    assert watcher.look() == []
    for key in keys.values():
        put(driver, counts.bucket, key, b"")
    assert watcher.look() == []
    assert not watcher.last.restarted


def test_entries_that_no_record_bears_out_are_nobodys(driver: Driver, zoo: Place) -> None:
    counts = publish(driver, zoo, "counts", **US)
    watcher = Watcher(driver, counts, partitions=(("region", "us"),), exact=True)
    watcher.look()
    us = Partitions((("region", "us"),))
    (claimed,) = keys_of(VersionFacts(counts, "v9", 9, us))
    (other,) = keys_of(VersionFacts(counts, "v1", 8, us))
    for key in (claimed, other, f"{counts.prefix}{FOLDER}p/region=us/..%2F..%2Fetc"):
        put(driver, counts.bucket, key, b"")
    assert watcher.look() == []
    again(driver, counts, "v2", **US)
    assert watcher.look() == ["v2"]


def test_a_name_is_found_and_may_be_taken_later(driver: Driver, zoo: Place) -> None:
    name = ArtifactName("zoo", "production", "cats/lion")
    watcher = Watcher(driver, zoo, name=name, prefix="")
    assert watcher.look() == []
    assert (watcher.last.note, watcher.requests) == (NO_NAME, 1)
    lion = stage(driver, zoo, "lion", artifact_id={"project": "zoo", "domain": "production", "name": "cats/lion"})
    commit(driver, lion, note=CommitNote(version="v1"))
    assert watcher.look() == ["v1"]
    assert watcher.requests <= 3
    assert watcher.last.news[0].place == lion
    again(driver, lion, "v2")
    assert watcher.look() == ["v2"]
    assert watcher.requests == 2


def test_many_versions_between_two_looks_are_told_in_portions(
    driver: Driver, zoo: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("artifact_browser.catalog.watch_look._MAX_ENTRIES", 2)
    counts = publish(driver, zoo, "counts", **US)
    watcher = Watcher(driver, counts, partitions=(("region", "us"),), exact=True)
    watcher.look()
    for number in range(2, 7):
        again(driver, counts, f"v{number}", **US)
    assert watcher.look() == ["v2", "v3"]
    assert watcher.last.more
    assert watcher.look() == ["v4", "v5"]
    assert watcher.look() == ["v6"]
    assert not watcher.last.more
    assert watcher.look() == []


def test_a_look_can_be_stopped(driver: Driver, zoo: Place) -> None:
    def stop() -> None:
        raise JobCancelled

    lion = publish(driver, zoo, "lion")
    with pytest.raises(JobCancelled):
        look(driver, Watch("w", "a", lion.bucket, lion.prefix), Seen(), stop)


def test_nothing_read_from_the_bucket_is_a_part_of_a_watch(driver: Driver, zoo: Place) -> None:
    """Whatever a manifest says of folders and actions: it comes back as a version's name, number and partitions."""
    lion = publish(driver, zoo, "lion")
    watcher = Watcher(driver, lion)
    watcher.look()
    before = watcher.watch
    edit_fields(driver, lion, {"folder": "/etc", "action": "download", "watch": {"action": "download", "folder": "/"}})
    commit(driver, lion)
    (told,) = (watcher.look(), watcher.last.news)[1]
    assert plain(driver, lion.bucket, lion.committed_key)["folder"] == "/etc"
    assert watcher.watch == before
    assert replace(told, version="", time_us=0) == replace(told, version="", time_us=0, place=lion, partitions=())
