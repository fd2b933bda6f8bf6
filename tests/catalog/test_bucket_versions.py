"""Where the bucket has versions, its version ids are the place of bytes; what has none is kept by copying, as elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from artifact_browser.catalog import commit as committing
from artifact_browser.catalog.commit import Committed
from artifact_browser.catalog.kept import kept_place
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.records import NO_NOTE, CommitNote, record_key
from artifact_browser.catalog.replacing import keep_replaced
from artifact_browser.catalog.restoring import restore
from artifact_browser.catalog.staging import discard, read_artifact, register_uploaded, remove_files
from artifact_browser.catalog.versions import FileAt, Where, version_of, where_files
from artifact_browser.errors import AccessDenied, FilesMissing, NotSupported
from artifact_browser.storage.driver import Driver
from tests.catalog.making import exists, make_collection, put, stage
from tests.catalog.watched_driver import WatchedDriver
from tests.storage.conformance.stores import Store, content
from tests.storage.conformance.test_versions import set_versioning

STORES = pytest.mark.parametrize("store", ["moto", pytest.param("ceph", marks=pytest.mark.ceph)], indirect=True)
pytestmark = STORES


def commit(driver: Driver, place: Place, note: CommitNote = NO_NOTE) -> Committed:
    """Without the second in which somebody may write over it: Ceph honours no conditions where versions are on."""
    return committing.commit(driver, place, pause=lambda _seconds: None, note=note)


@pytest.fixture
def versioned(store: Store, bucket: str) -> str:
    set_versioning(store, bucket, "Enabled")
    return bucket


@pytest.fixture
def lion(driver: Driver, versioned: str) -> Place:
    """Two versions: ``a`` changed, ``b`` went, ``d/c`` stayed."""
    zoo = make_collection(driver, Place(versioned, "zoo/"))
    place = stage(driver, zoo, "lion", {"a": b"one", "b": b"22", "d/c": b"same"})
    commit(driver, place, note=CommitNote("v1"))
    replace_and_remove(driver, place)
    commit(driver, place, note=CommitNote("v2"))
    return place


def replace_and_remove(driver: Driver, place: Place) -> None:
    upload(driver, place, "a", b"three")
    remove_files(driver, place, ["b"])


def upload(driver: Driver, place: Place, path: str, body: bytes) -> None:
    keep_replaced(driver, place, [path])
    driver.put(place.bucket, place.file_key(path), body)
    register_uploaded(driver, place, [path])


def kept_keys(driver: Driver, place: Place) -> list[str]:
    pages = driver.list_pages(place.bucket, kept_place(place).prefix, delimiter="")
    return [key for page in pages for key in page.keys]


def where(driver: Driver, place: Place, version: str) -> dict[str, FileAt]:
    return {at.file.path: at for at in where_files(driver, place, version_of(driver, place, version).files)}


def read(driver: Driver, place: Place, at: FileAt) -> bytes:
    return content(driver, place.bucket, at.key, **({"version_id": at.version_id} if at.version_id else {}))


def test_records_name_versions_and_nothing_is_copied(driver: Driver, lion: Place) -> None:
    with driver.get(lion.bucket, record_key(lion, "v1")) as reader:
        files = json.loads(reader.read())["files"]
    assert all(file["version_id"] for file in files)
    assert kept_keys(driver, lion) == []
    found = where(driver, lion, "v1")
    assert {path: at.where for path, at in found.items()} == {
        "a": Where.VERSION, "b": Where.VERSION, "d/c": Where.CURRENT,
    }  # fmt: skip
    assert {path: read(driver, lion, at) for path, at in found.items()} == {"a": b"one", "b": b"22", "d/c": b"same"}
    assert not exists(driver, lion.bucket, lion.file_key("b"))


def test_a_version_is_restored_from_the_buckets_versions(driver: Driver, lion: Place) -> None:
    done = restore(driver, lion, "v1")
    assert (done.file_count, done.put_back) == (3, 2)
    commit(driver, lion, note=CommitNote("v3"))
    assert content(driver, lion.bucket, lion.file_key("a")) == b"one"
    assert content(driver, lion.bucket, lion.file_key("b")) == b"22"
    assert read(driver, lion, where(driver, lion, "v2")["a"]) == b"three"
    assert kept_keys(driver, lion) == []


def test_a_dropped_edit_gets_the_committed_bytes_back(driver: Driver, lion: Place) -> None:
    upload(driver, lion, "a", b"half a thought")
    staged = read_artifact(driver, lion).staged
    assert staged is not None
    discard(driver, lion, staged.etag)
    assert content(driver, lion.bucket, lion.file_key("a")) == b"three"
    assert kept_keys(driver, lion) == []


def test_a_version_that_is_gone_is_told_with_what_to_do(driver: Driver, lion: Place) -> None:
    at = where(driver, lion, "v1")["b"]
    driver.delete_versions(lion.bucket, [(at.key, at.version_id)])  # as a lifecycle rule would
    found = where(driver, lion, "v1")
    assert (found["a"].where, found["b"].where) == (Where.VERSION, Where.GONE)
    with pytest.raises(FilesMissing) as told:
        restore(driver, lion, "v1")
    assert told.value.subject == "b"
    assert "lifecycle rule" in told.value.todo


def test_suspended_versions_count_as_none(store: Store, driver: Driver, lion: Place) -> None:
    set_versioning(store, lion.bucket, "Suspended")
    with store.opened() as later:
        upload(later, lion, "a", b"null")
        assert len(kept_keys(later, lion)) == 1
        upload(later, lion, "a", b"null again")
        commit(later, lion, note=CommitNote("v3"))
        assert version_of(later, lion, "v3").files[0].version_id == ""
        upload(later, lion, "a", b"later")
        commit(later, lion, note=CommitNote("v4"))
        for version, body in (("v2", b"three"), ("v3", b"null again"), ("v4", b"later")):
            assert read(later, lion, where(later, lion, version)["a"]) == body


def test_versions_from_before_the_bucket_had_any_stay_readable(store: Store, driver: Driver, bucket: str) -> None:
    zoo = make_collection(driver, Place(bucket, "zoo/"))
    place = stage(driver, zoo, "lion", {"a": b"one", "b": b"22"})
    commit(driver, place, note=CommitNote("v1"))
    upload(driver, place, "a", b"three")
    commit(driver, place, note=CommitNote("v2"))
    assert len(kept_keys(driver, place)) == 1
    set_versioning(store, bucket, "Enabled")
    with store.opened() as later:
        replace_and_remove(later, place)  # both have no version of their own: copied, as before
        upload(later, place, "a", b"four")
        commit(later, place, note=CommitNote("v3"))
        upload(later, place, "a", b"five")
        commit(later, place, note=CommitNote("v4"))
        for version, body, at in (
            ("v1", b"one", Where.KEPT), ("v2", b"three", Where.KEPT), ("v3", b"four", Where.VERSION),
        ):  # fmt: skip
            found = where(later, place, version)["a"]
            assert (read(later, place, found), found.where) == (body, at)
        assert read(later, place, where(later, place, "v1")["b"]) == b"22"


def test_the_same_bytes_uploaded_again_are_a_version_no_record_names(driver: Driver, lion: Place) -> None:
    """The one that a record names may be removed as an old one, so that the new one is kept by copying."""
    put(driver, lion.bucket, lion.file_key("a"), b"three")
    upload(driver, lion, "a", b"four")
    assert len(kept_keys(driver, lion)) == 1


class _Refusing(WatchedDriver):
    """An account that may not, or a store that cannot, tell of versions."""

    def __init__(self, driver: Driver, error: Exception, *methods: str) -> None:
        super().__init__(driver)
        self._error, self._methods = error, methods

    def __getattr__(self, name: str) -> Any:
        if name in self._methods:

            def refuse(*_: object, **__: object) -> Any:
                raise self._error

            return refuse
        return super().__getattr__(name)


@pytest.mark.parametrize("error", [AccessDenied("No."), NotSupported("What?")])
def test_where_versions_are_not_told_bytes_are_copied(driver: Driver, versioned: str, error: Exception) -> None:
    refusing: Any = _Refusing(driver, error, "list_versions")
    zoo = make_collection(driver, Place(versioned, "zoo/"))
    place = stage(refusing, zoo, "lion", {"a": b"one"})
    commit(refusing, place, note=CommitNote("v1"))
    assert version_of(driver, place, "v1").files[0].version_id == ""
    upload(refusing, place, "a", b"two")
    commit(refusing, place, note=CommitNote("v2"))
    assert read(driver, place, where(driver, place, "v1")["a"]) == b"one"
    assert len(kept_keys(driver, place)) == 1


def test_who_may_not_list_versions_still_reads_them(driver: Driver, lion: Place) -> None:
    refusing: Any = _Refusing(driver, AccessDenied("No."), "list_versions")
    assert read(driver, lion, where(refusing, lion, "v1")["a"]) == b"one"


def test_a_commit_stays_within_its_requests(store: Store, driver: Driver, lion: Place) -> None:
    upload(driver, lion, "d/c", b"other")
    counted: Any = WatchedDriver(driver)
    commit(counted, lion)
    if store.name == "ceph":  # which honours no conditions in a bucket with versions: twice as many reads
        assert len(counted.named("put")) == 8  # each tried with its condition first
    else:
        # moto tells a manifest that was deleted before as deleted: then it is looked at once more
        assert len(counted.calls) in {10, 11}, counted.calls
    assert [name for name, _ in counted.calls].count("list_versions") == 1
    assert not counted.named("versioning", "list_pages")


def test_many_versions_of_one_file_are_jumped_over(
    driver: Driver, lion: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages of three: what wants to be known is found all the same, by name where a page holds others only."""
    for number in range(4):
        put(driver, lion.bucket, lion.file_key("a"), f"{number}".encode())
    original = type(driver._versions).list_versions  # type: ignore[attr-defined]

    def in_threes(self: Any, bucket: str, prefix: str = "", *, start_after: str = "") -> Any:
        from artifact_browser.storage.driver import VersionPage

        every = [one for page in original(self, bucket, prefix, start_after=start_after) for one in page.versions]
        every.sort(key=lambda one: one.key)
        for at in range(0, len(every) or 1, 3):
            yield VersionPage(every[at : at + 3], at + 3 < len(every))

    monkeypatch.setattr(type(driver._versions), "list_versions", in_threes)  # type: ignore[attr-defined]
    found = where(driver, lion, "v1")
    assert {path: at.where for path, at in found.items()} == {
        "a": Where.VERSION, "b": Where.VERSION, "d/c": Where.CURRENT,
    }  # fmt: skip
    assert read(driver, lion, found["a"]) == b"one"


def test_a_hostile_record_cannot_pass_other_bytes_off_as_a_files(driver: Driver, lion: Place, tmp_path: Path) -> None:
    """A version id is looked for among the file's own versions, and its size and ETag must be the record's."""
    with driver.get(lion.bucket, record_key(lion, "v1")) as reader:
        record = json.loads(reader.read())
    other = driver.head(lion.bucket, lion.file_key("d/c")).version_id
    of_a = driver.head(lion.bucket, lion.file_key("a")).version_id
    for version_id in (other, of_a, "no such", "x" * 5000, "a\nb"):
        record["files"][0]["version_id"] = version_id
        put(driver, lion.bucket, record_key(lion, "v1"), json.dumps(record))
        assert where(driver, lion, "v1")["a"].where is Where.GONE
