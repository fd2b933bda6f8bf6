"""Every commit leaves one immutable record, in an unbroken chain, whoever committed, and whatever happened."""

from __future__ import annotations

import multiprocessing
from typing import Any

import pytest
import yaml

from artifact_browser.catalog.aliases import LATEST, read_alias
from artifact_browser.catalog.commit import Committed, commit
from artifact_browser.catalog.head import find_head
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.manifest import read_manifest
from artifact_browser.catalog.records import (
    OTHER_PROGRAM,
    CommitNote,
    VersionRecord,
    check_label,
    read_record,
    record_key,
)
from artifact_browser.catalog.staging import edit_fields, read_artifact, register_uploaded, remove_files
from artifact_browser.errors import BlobNotFound, CommitConflict, InputError, ManifestUnreadable, NotSupported
from artifact_browser.storage.driver import Driver
from tests.catalog.making import exists, plain, put, stage, stage_and_commit
from tests.storage.conformance.stores import Store


def test_a_commit_leaves_a_record_of_manifest_files_and_who(driver: Driver, zoo: Place) -> None:
    place = stage(driver, zoo, "lion", {"a b%.csv": b"1,2"})
    first = commit(driver, place, note=CommitNote(author="ada", message="the\nbeginning\x07"))
    edit_fields(driver, place, {"name": "Lion 2"})
    second = commit(driver, place, note=CommitNote(version="v 1.0/ä", author="bob"))
    one, two = record_of(driver, place, first.version), record_of(driver, place, second.version)
    assert (one.sequence, one.parent, one.author, one.message) == (1, "", "ada", "the\nbeginning")
    assert (two.sequence, two.parent, two.parent_commit, two.version) == (2, one.version, one.commit_id, "v 1.0/ä")
    assert one.version == one.commit_id
    assert yaml.safe_load(two.manifest_text)["name"] == "Lion 2"
    blob = driver.head(place.bucket, place.file_key("a b%.csv"))
    assert [(file.path, file.size_bytes, file.etag) for file in one.files] == [("a b%.csv", 3, blob.etag)]
    seen = plain(driver, place.bucket, place.committed_key)
    assert (seen["_version"], seen["_commit"]) == (two.version, two.commit_id)
    latest = read_alias(driver, place, LATEST)
    assert latest is not None
    assert (latest.now.version, latest.now.by) == (two.version, "bob")
    assert [move.version for move in latest.before] == [one.version]


def test_names_of_versions_are_checked_and_taken_ones_told_before_anything_is_written(
    driver: Driver, zoo: Place
) -> None:
    for bad in ("", " a", "a\n", "a\u202eb", "x" * 201, "ä" * 40):
        with pytest.raises(InputError):
            check_label(bad)
    place = stage(driver, zoo, "lion")
    commit(driver, place, note=CommitNote(version="v1"))
    edit_fields(driver, place, {"name": "Lion 2"})
    before = keys_below(driver, place)
    with pytest.raises(InputError, match="version of this name"):
        commit(driver, place, note=CommitNote(version="v1"))
    assert keys_below(driver, place) == before
    commit(driver, place, note=CommitNote(version="v2"))
    assert [record.version for record in chain(driver, place)] == ["v1", "v2"]


def test_a_commit_that_lost_leaves_no_record(driver: Driver, zoo: Place) -> None:
    place = stage_and_commit(driver, zoo, "lion")
    edit_fields(driver, place, {"name": "mine"})

    def theirs() -> None:
        edit_fields(driver, place, {"name": "theirs"})
        commit(driver, place, note=CommitNote(version="theirs"))

    meanwhile: Any = Meanwhile(driver, place.committed_key, theirs)
    with pytest.raises(CommitConflict):
        commit(meanwhile, place, note=CommitNote(version="mine"))
    assert [record.version for record in chain(driver, place)][1:] == ["theirs"]
    assert not exists(driver, place.bucket, record_key(place, "mine"))


def test_a_record_of_a_killed_commit_is_gone_on_with_or_counts_for_nothing(driver: Driver, zoo: Place) -> None:
    place = stage_and_commit(driver, zoo, "lion")
    for name, at in (("Lion 2", "v2"), ("Lion 3", "v3")):
        edit_fields(driver, place, {"name": name})
        stopped: Any = Meanwhile(driver, place.committed_key, _stop)
        with pytest.raises(_Stopped):
            commit(stopped, place, note=CommitNote(version=at))
        assert exists(driver, place.bucket, record_key(place, at))
        if at == "v2":
            assert commit(driver, place, note=CommitNote(version="v2")).version == "v2"
    edit_fields(driver, place, {"name": "Lion 4"})
    with pytest.raises(InputError):  # v3 may still be under way: another edit cannot have its name
        commit(driver, place, note=CommitNote(version="v3"))
    commit(driver, place, note=CommitNote(version="v4"))
    assert [(record.sequence, record.version) for record in chain(driver, place)[1:]] == [(2, "v2"), (3, "v4")]
    edit_fields(driver, place, {"name": "Lion 5"})
    assert commit(driver, place, note=CommitNote(version="v3")).version == "v3"  # overtaken, so it is free again
    assert chain(driver, place)[-1].sequence == 4


def test_what_another_program_committed_is_adopted_as_the_next_version(driver: Driver, zoo: Place) -> None:
    place = zoo.child("old")
    put(driver, place.bucket, place.file_key("f"), "123")
    put(driver, place.bucket, place.committed_key, "type: dataset\nname: Old\nfiles: [{path: f}]\n")
    edit_fields(driver, place, {"name": "Ours"})
    commit(driver, place)
    body = plain(driver, place.bucket, place.committed_key)
    put(driver, place.bucket, place.committed_key, yaml.dump({**body, "name": "Theirs"}))  # it keeps our keys
    edit_fields(driver, place, {"description": "x"})
    commit(driver, place)
    found = chain(driver, place)
    assert [(record.sequence, record.author == OTHER_PROGRAM, record.adopted) for record in found] == [
        (1, True, True), (2, False, False), (3, True, True), (4, False, False),
    ]  # fmt: skip
    assert [yaml.safe_load(record.manifest_text)["name"] for record in found] == ["Old", "Ours", "Theirs", "Theirs"]
    assert found[0].files[0].etag == driver.head(place.bucket, place.file_key("f")).etag


def test_a_program_that_puts_an_old_manifest_back_takes_no_version_out_of_the_history(
    driver: Driver, zoo: Place
) -> None:
    place = stage_and_commit(driver, zoo, "lion")
    with driver.get(place.bucket, place.committed_key) as reader:
        old = reader.read()
    edit_fields(driver, place, {"name": "Lion 2"})
    commit(driver, place, note=CommitNote(version="v2"))
    put(driver, place.bucket, place.committed_key, old)
    edit_fields(driver, place, {"name": "Lion 4"})
    commit(driver, place, note=CommitNote(version="v4"))
    found = chain(driver, place)
    assert [record.sequence for record in found] == [1, 2, 3, 4]
    assert (found[1].version, found[2].author, found[3].version) == ("v2", OTHER_PROGRAM, "v4")
    assert found[2].content == found[0].content


def test_damaged_records_and_aliases_block_nobody(driver: Driver, zoo: Place) -> None:
    place = stage_and_commit(driver, zoo, "lion")
    version = plain(driver, place.bucket, place.committed_key)["_version"]
    for junk in (b"[" * 100_000, b"{}", b'{"sequence": 9e999}', b"\xff", b'{"version": 5}'):
        driver.put(place.bucket, record_key(place, version), junk)
        driver.put(place.bucket, f"{place.prefix}.artifact/alias/latest.json", junk)
        with pytest.raises(ManifestUnreadable):
            read_record(driver, place, version)
    edit_fields(driver, place, {"name": "Lion 2"})
    done = commit(driver, place, note=CommitNote(version="v2"))
    assert not done.late
    latest = read_alias(driver, place, LATEST)
    assert latest is not None
    assert latest.now.version == "v2"


def test_removed_files_go_at_the_commit_and_stay_kept(driver: Driver, zoo: Place) -> None:
    place = stage_and_commit(driver, zoo, "lion", {"a": b"1", "b/c": b"22"})
    etag = driver.head(place.bucket, place.file_key("b/c")).etag
    remove_files(driver, place, ["b/c"])
    assert exists(driver, place.bucket, place.file_key("b/c"))
    done = commit(driver, place)
    assert not done.late
    assert not exists(driver, place.bucket, place.file_key("b/c"))
    assert exists(driver, place.bucket, place.file_key("a"))
    with driver.get(place.bucket, f"{place.prefix}.artifact/kept/{etag}") as reader:
        assert reader.read() == b"22"


def test_a_removed_file_that_somebody_replaced_or_that_is_another_artifacts_stays(driver: Driver, zoo: Place) -> None:
    place = stage_and_commit(driver, zoo, "lion", {"a": b"1", "new": b"old", "cub/data": b"2"})
    stage_and_commit(driver, zoo.child("lion"), "cub")
    remove_files(driver, place, ["new", "cub/data"])
    put(driver, place.bucket, place.file_key("new"), "somebody's upload")
    commit(driver, place)
    assert exists(driver, place.bucket, place.file_key("new"))
    assert exists(driver, place.bucket, place.file_key("cub/data"))


def test_commits_take_few_requests(driver: Driver, zoo: Place) -> None:
    files = {f"f{number}": b"%d" % number for number in range(20)}
    place = stage_and_commit(driver, zoo, "lion", files)
    commit_again(driver, place)  # what a store can do is known by now
    edit_fields(driver, place, {"name": "Lion 3"})
    assert requests_of(driver, place) == ORDINARY
    driver.put(place.bucket, place.file_key("f1"), b"2")
    register_uploaded(driver, place, ["f1"])
    remove_files(driver, place, ["f2", "f3", "f4"])
    assert requests_of(driver, place) <= ORDINARY + 3 + 2  # copies; a LIST right before the batch of deletes
    assert not any(exists(driver, place.bucket, place.file_key(path)) for path in ("f2", "f3", "f4"))


def test_commits_with_a_name_and_partitions_take_twelve_requests_the_first_one_too(driver: Driver, zoo: Place) -> None:
    stage_and_commit(driver, zoo, "wolf")  # what a store can do is known by now
    said = {
        "artifact_id": {"name": "counts"},
        "partitions": {"region": "us"},
        "time_partition": {"value": "2026-08-01"},
    }
    place = stage(driver, zoo, "counts", {"f": b"1"}, **said)
    first = requests_of(driver, place)
    edit_fields(driver, place, {"partitions": {"region": "eu"}})
    assert (first, requests_of(driver, place)) == (12, 12)
    edit_fields(driver, place, {"artifact_id": {"name": "others"}})  # a name that is not known to be its own
    assert requests_of(driver, place) == 13


#: A look at both manifests, the collection, ``latest`` and the files; record, manifest, index and ``latest`` written; the
#: staged manifest deleted.
ORDINARY = 10


def requests_of(driver: Driver, place: Place) -> int:
    """Of a commit, on a store that honours conditions; where one does not, what it is asked more is not counted."""
    counted: Any = CountingDriver(driver)
    commit(counted, place)
    lacking = driver.capabilities
    assert lacking.conditional_create.value == lacking.conditional_replace.value == "yes"
    # the bucket's versioning was asked for a moment ago; what arrives at a server is counted by the benchmark
    return counted.requests - counted.names.count("versioning") - (lacking.conditional_delete.value == "no")


def test_many_processes_commit_one_artifact_in_an_unbroken_chain(store: Store, driver: Driver, zoo: Place) -> None:
    place = stage_and_commit(driver, zoo, "lion", {"a": b"1"})
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(3), context.SimpleQueue()
    children = [context.Process(target=_commit_often, args=(store, place, at, barrier, results)) for at in range(3)]
    for child in children:
        child.start()
    committed = {version for _ in children for version in results.get()}
    for child in children:
        child.join(30)
        assert child.exitcode == 0
    results.close()
    found = chain(driver, place)
    assert [record.sequence for record in found] == list(range(1, len(found) + 1))
    assert committed <= {record.version for record in found}
    notes = yaml.safe_load(found[-1].manifest_text)
    assert {f"n{at}" for at in range(3)} <= notes.keys()
    assert {notes[f"n{at}"] for at in range(3)} == {1}
    latest = read_alias(driver, place, LATEST)
    assert latest is not None
    assert latest.now.version == found[-1].version
    assert read_artifact(driver, place).staged is None


def _commit_often(store: Store, place: Place, number: int, barrier: Any, results: Any) -> None:
    done: list[str] = []
    try:
        with store.opened() as driver:
            driver.check_bucket(place.bucket)
            barrier.wait(60)
            for at in range(2):
                edit_fields(driver, place, {f"n{number}": at})
                done.append(_until_committed(driver, place, f"n{number}", at))
    finally:  # whoever waits hears of a failure, too
        results.put(done)


def _until_committed(driver: Driver, place: Place, field: str, value: int) -> str:
    while True:
        try:
            return commit(driver, place).version
        except (BlobNotFound, CommitConflict):
            now = read_manifest(driver, place.bucket, place.committed_key)
            if now is not None and now.fields.get(field) == value and read_artifact(driver, place).staged is None:
                return now.version


def commit_again(driver: Driver, place: Place) -> Committed:
    edit_fields(driver, place, {"name": "again"})
    return commit(driver, place)


def record_of(driver: Driver, place: Place, version: str) -> VersionRecord:
    found = read_record(driver, place, version)
    assert found is not None
    return found


def chain(driver: Driver, place: Place) -> list[VersionRecord]:
    """The history, first version first, as the committed manifest and the records tell it."""
    head = find_head(driver, place, read_manifest(driver, place.bucket, place.committed_key))
    found, at = [], head.record
    while at is not None:
        found.append(at)
        at = read_record(driver, place, at.parent) if at.parent else None
    return found[::-1]


def keys_below(driver: Driver, place: Place) -> dict[str, str]:
    pages = driver.list_pages(place.bucket, place.prefix, delimiter="")
    return {key: etag for page in pages for key, etag in zip(page.keys, page.etags, strict=True)}


class _Stopped(Exception):
    pass


def _stop() -> None:
    raise _Stopped


class Meanwhile:
    """A driver in front of which something happens right before a key is written or deleted for the first time."""

    def __init__(self, driver: Driver, key: str, happen: Any) -> None:
        self._driver, self._key, self._happen = driver, key, happen

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)

    def put(self, bucket: str, key: str, *args: Any, **options: Any) -> Any:
        self._meet(key)
        return self._driver.put(bucket, key, *args, **options)

    def delete(self, bucket: str, key: str, **options: Any) -> None:
        self._meet(key)
        self._driver.delete(bucket, key, **options)

    def _meet(self, key: str) -> None:
        if key == self._key and self._happen is not None:
            happen, self._happen = self._happen, None
            happen()


class CountingDriver:
    """Counts what is asked of the store; ``names`` for looking at it."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self.names: list[str] = []

    @property
    def requests(self) -> int:
        return len(self.names)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._driver, name)
        if name not in {
            "list_pages",
            "head",
            "get",
            "put",
            "delete",
            "copy",
            "delete_many",
            "versioning",
            "list_versions",
        }:
            return found

        def call(*args: Any, **options: Any) -> Any:
            self.names.append(name)
            try:
                return found(*args, **options)
            except NotSupported:  # known without asking
                self.names.pop()
                raise

        return call


def test_a_killed_commits_record_is_not_gone_on_with_when_its_files_are_others(driver: Driver, zoo: Place) -> None:
    place = zoo.child("old")  # another program's manifest: it records no ETags
    put(driver, place.bucket, place.file_key("f"), "123")
    put(driver, place.bucket, place.staged_key, "type: dataset\nname: Old\nfiles: [{path: f}]\n")
    stopped: Any = Meanwhile(driver, place.committed_key, _stop)
    with pytest.raises(_Stopped):
        commit(stopped, place, note=CommitNote(version="v1"))
    put(driver, place.bucket, place.file_key("f"), "456")
    with pytest.raises(InputError):
        commit(driver, place, note=CommitNote(version="v1"))
    commit(driver, place, note=CommitNote(version="v2"))
    (record,) = chain(driver, place)
    assert record.files[0].etag == driver.head(place.bucket, place.file_key("f")).etag
