"""Earlier versions: listed, looked into, found again, restored; and aliases that point to them."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from artifact_browser.catalog import jobs, kept, records
from artifact_browser.catalog.aliases import LATEST, delete_alias, list_aliases, move_alias, read_alias
from artifact_browser.catalog.commit import commit
from artifact_browser.catalog.files import locate
from artifact_browser.catalog.kept import find_kept, keep
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.opening import PlaceKind
from artifact_browser.catalog.records import OTHER_PROGRAM, CommitNote, record_key
from artifact_browser.catalog.replacing import keep_replaced, targets_of
from artifact_browser.catalog.restoring import restore
from artifact_browser.catalog.staging import (
    create_artifact,
    discard,
    edit_fields,
    read_artifact,
    register_uploaded,
    remove_files,
)
from artifact_browser.catalog.versions import Where, list_versions, version_of, where_files
from artifact_browser.errors import (
    BlobNotFound,
    CommitConflict,
    ConnectionFailed,
    FilesMissing,
    InputError,
    ManifestUnreadable,
    NotSupported,
)
from artifact_browser.settings import AUTHOR, Settings
from artifact_browser.storage.driver import Driver
from tests.catalog.making import exists, plain, put, scanned, stage, stage_and_commit
from tests.catalog.test_records import CountingDriver, Meanwhile, keys_below
from tests.storage.conformance.stores import Store


@pytest.fixture
def lion(driver: Driver, zoo: Place) -> Place:
    """Three versions: ``a`` changed in v2, ``b`` removed in v3."""
    place = stage(driver, zoo, "lion", {"a": b"one", "b": b"22"})
    commit(driver, place, note=CommitNote("v1", "the first", "ada"))
    upload(driver, place, "a", b"two")
    commit(driver, place, note=CommitNote("v2", author="bob"))
    remove_files(driver, place, ["b"])
    edit_fields(driver, place, {"name": "Lion 3"})
    commit(driver, place, note=CommitNote("v3"))
    return place


def upload(driver: Driver, place: Place, path: str, body: bytes) -> None:
    """As the window does it: keep, upload, register."""
    keep_replaced(driver, place, [path])
    driver.put(place.bucket, place.file_key(path), body)
    register_uploaded(driver, place, [path])


def bytes_of(driver: Driver, place: Place, version: str) -> dict[str, bytes]:
    found = {}
    for at in where_files(driver, place, version_of(driver, place, version).files):
        with driver.get(place.bucket, at.key) as reader:
            found[at.file.path] = reader.read()
    return found


def test_versions_are_listed_latest_first_with_few_requests(driver: Driver, lion: Place) -> None:
    counted: Any = CountingDriver(driver)
    found = list_versions(counted, lion)
    assert [(line.sequence, line.version, line.author or "?", line.message) for line in found.lines[1:]] == [
        (2, "v2", "bob", ""), (1, "v1", "ada", "the first"),
    ]  # fmt: skip
    assert found.lines[0].sequence == 3
    assert found.lines[0].author  # who works here
    assert [(line.file_count, line.size_bytes) for line in found.lines] == [(1, 3), (2, 5), (2, 5)]
    assert [line.committed for line in found.lines] == [True, False, False]
    assert (found.more, found.broken) == ("", "")
    assert counted.requests <= 3 + 2 + 3 + 1, counted.names


def test_more_versions_than_a_page(driver: Driver, zoo: Place) -> None:
    place = stage_and_commit(driver, zoo, "lion")
    for number in range(2, 8):
        edit_fields(driver, place, {"name": f"Lion {number}"})
        commit(driver, place)
    found, after = [], ""
    for _ in range(4):
        page = list_versions(driver, place, after, page=2)
        found += [line.sequence for line in page.lines]
        after = page.more
        if not after:
            break
    assert found == [7, 6, 5, 4, 3, 2, 1]


def test_nothing_committed_or_before_there_were_records_or_another_programs(driver: Driver, zoo: Place) -> None:
    place = stage(driver, zoo, "lion", {"f": b"1"})
    assert list_versions(driver, place).lines == ()
    put(driver, place.bucket, place.committed_key, "type: dataset\nname: Old\nfiles: [{path: f}]\n")
    before = keys_below(driver, place)
    (line,) = list_versions(driver, place).lines
    assert (line.sequence, line.author, line.recorded, line.aliases) == (1, OTHER_PROGRAM, False, (LATEST,))
    assert [at.where for at in where_files(driver, place, version_of(driver, place, line.version).files)] == [
        Where.CURRENT
    ]
    assert keys_below(driver, place) == before  # reading writes nothing
    with pytest.raises(BlobNotFound):
        version_of(driver, place, "nothing")


def test_a_history_with_a_hole_or_a_circle_ends_there_and_says_so(driver: Driver, lion: Place) -> None:
    with driver.get(lion.bucket, record_key(lion, "v2")) as reader:
        body = reader.read()
    driver.put(lion.bucket, record_key(lion, "v2"), body.replace(b'"sequence": 2', b'"sequence": 3'))
    found = list_versions(driver, lion)
    assert ([line.version for line in found.lines], found.broken) == (["v3"], "v2")
    driver.put(lion.bucket, record_key(lion, "v2"), b"{")
    found = list_versions(driver, lion)
    assert ([line.version for line in found.lines], found.broken) == (["v3"], "v2")


def test_every_version_keeps_its_bytes(driver: Driver, lion: Place) -> None:
    assert bytes_of(driver, lion, "v1") == {"a": b"one", "b": b"22"}
    assert bytes_of(driver, lion, "v2") == {"a": b"two", "b": b"22"}
    assert bytes_of(driver, lion, "v3") == {"a": b"two"}
    wheres = [at.where for at in where_files(driver, lion, version_of(driver, lion, "v2").files)]
    assert wheres == [Where.CURRENT, Where.KEPT]


def test_restore_stages_a_version_with_its_files_and_the_present_ones_stay_kept(driver: Driver, lion: Place) -> None:
    done = restore(driver, lion, "v1")
    assert (done.file_count, done.put_back) == (2, 2)
    assert plain(driver, lion.bucket, lion.committed_key)["name"] == "Lion 3"
    commit(driver, lion, note=CommitNote("v4"))
    assert bytes_of(driver, lion, "v4") == {"a": b"one", "b": b"22"}
    assert bytes_of(driver, lion, "v3") == {"a": b"two"}
    assert plain(driver, lion.bucket, lion.committed_key)["name"] == "Lion"
    assert [line.version for line in list_versions(driver, lion).lines] == ["v4", "v3", "v2", "v1"]
    restore(driver, lion, "v3")
    commit(driver, lion, note=CommitNote("v5"))
    assert not exists(driver, lion.bucket, lion.file_key("b"))
    assert bytes_of(driver, lion, "v5") == {"a": b"two"}


def test_restore_tells_all_that_is_gone_and_changes_nothing_then(driver: Driver, lion: Place) -> None:
    pages = driver.list_pages(lion.bucket, f"{lion.prefix}.artifact/kept/", delimiter="")
    driver.delete_many(lion.bucket, [key for page in pages for key in page.keys])
    before = keys_below(driver, lion)
    with pytest.raises(FilesMissing) as caught:
        restore(driver, lion, "v1")
    assert caught.value.subject == "a\nb"
    assert keys_below(driver, lion) == before
    edit_fields(driver, lion, {"name": "mine"})
    with pytest.raises(InputError, match="staged changes"):
        restore(driver, lion, "v3")


def test_discard_brings_back_what_was_written_over(driver: Driver, lion: Place) -> None:
    upload(driver, lion, "a", b"three!")
    upload(driver, lion, "a", b"four!!!")
    upload(driver, lion, "new", b"5")
    staged = read_artifact(driver, lion).staged
    assert staged is not None
    assert discard(driver, lion, staged.etag, delete_files=True) == 1
    assert bytes_of(driver, lion, "v3") == {"a": b"two"}
    assert exists(driver, lion.bucket, f"{lion.prefix}.artifact/v/v3.json")
    kept_keys = [key for key in keys_below(driver, lion) if "/kept/" in key]
    assert len(kept_keys) == 3  # of v1's a, v1's b and v3's a: what was only ever staged is not kept


def test_bytes_of_another_programs_manifest_are_known_before_they_are_written_over(driver: Driver, zoo: Place) -> None:
    place = zoo.child("old")
    put(driver, place.bucket, place.file_key("f"), "old")
    put(driver, place.bucket, place.committed_key, "type: dataset\nname: Old\nfiles: [{path: f}]\n")
    upload(driver, place, "f", b"newer")
    commit(driver, place, note=CommitNote("v2"))
    first = list_versions(driver, place).lines[1]
    assert first.author == OTHER_PROGRAM
    assert bytes_of(driver, place, first.version) == {"f": b"old"}


def test_bytes_that_change_while_they_are_kept_are_told(driver: Driver, lion: Place) -> None:
    present = locate(driver, lion, ["a"])

    class Racing:
        def __getattr__(self, name: str) -> Any:
            return getattr(driver, name)

        def copy(self, *args: Any, **options: Any) -> Any:
            driver.put(lion.bucket, lion.file_key("a"), b"raced")
            return driver.copy(*args, **options)

    racing: Any = Racing()
    with pytest.raises(CommitConflict):
        keep(racing, lion, present)


@pytest.mark.parametrize("store", ["local", "moto"], indirect=True)
def test_large_files_are_copied_in_parts(driver: Driver, zoo: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    body = bytes(range(256)) * (24 * 1024)
    place = stage_and_commit(driver, zoo, "lion", {"big": body, "50%25": body})
    small: Any = LimitedCopies(driver, 5 * 1024**2)
    monkeypatch.setattr(kept, "_PART_BYTES", 5 * 1024**2)
    present = locate(driver, place, ["big", "50%25"])
    keep(small, place, {"big": present["big"]})
    (etag,) = find_kept(driver, place, [present["big"].etag])
    with driver.get(place.bucket, f"{place.prefix}.artifact/kept/{etag}") as reader:
        assert reader.read() == body
    driver.delete(place.bucket, f"{place.prefix}.artifact/kept/{etag}")
    with pytest.raises(NotSupported, match="percent sign"):
        keep(small, place, {"50%25": present["50%25"]})
    assert not driver.list_uploads(place.bucket)


@pytest.mark.parametrize("store", ["local", "moto"], indirect=True)
def test_what_a_killed_copy_left_is_dropped_by_the_next_once_it_is_old(
    driver: Driver, zoo: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = stage_and_commit(driver, zoo, "lion", {"big": b"bytes" * 1000})
    small: Any = LimitedCopies(driver, 1)
    (blob,) = locate(driver, place, ["big"]).values()
    key = kept.kept_place(place).file_key(kept.kept_name(blob.etag))
    left = {driver.create_upload(place.bucket, key), driver.create_upload(place.bucket, f"{key}0")}
    keep(small, place, {"big": blob})  # somebody may be copying it just now
    assert {one.upload_id for one in driver.list_uploads(place.bucket)} == left
    driver.delete(place.bucket, key)
    monkeypatch.setattr(kept, "_STALE_US", 0)
    keep(small, place, {"big": blob})
    assert [one.key for one in driver.list_uploads(place.bucket)] == [f"{key}0"]
    assert find_kept(driver, place, [blob.etag])


class LimitedCopies:
    def __init__(self, driver: Driver, most: int) -> None:
        self._driver = driver
        self.capabilities = replace(driver.capabilities, max_copy_bytes=most)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)


def test_which_committed_files_an_upload_writes_over(driver: Driver, zoo: Place, tmp_path: Path) -> None:
    place = stage_and_commit(driver, zoo, "lion", {"a": b"1", "d/x": b"2", "d/y": b"3", "d/é": b"4", "e/z": b"5"})
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "x").write_text("new")
    assert targets_of(driver, place, [str(tmp_path / "a"), str(tmp_path / "d")]) == ["a", "d/x", "d/é"]
    assert targets_of(driver, zoo.child("none"), [str(tmp_path / "a")]) == []


def test_aliases_are_moved_with_their_history(driver: Driver, lion: Place) -> None:
    move_alias(driver, lion, "production", "v1", "ada")
    move_alias(driver, lion, "production", "v2", "bob", expected="v1")
    move_alias(driver, lion, "to test/ä", "v2")
    with pytest.raises(CommitConflict, match="moved by somebody else"):
        move_alias(driver, lion, "production", "v3", expected="v1")
    for name, version, error in (("latest", "v1", InputError), ("x", "v9", BlobNotFound), ("", "v1", InputError)):
        with pytest.raises(error):
            move_alias(driver, lion, name, version)
    found = read_alias(driver, lion, "production")
    assert found is not None
    assert (found.now.version, found.now.by, [move.version for move in found.before]) == ("v2", "bob", ["v1"])
    assert sorted(alias.name for alias in list_aliases(driver, lion)) == ["latest", "production", "to test/ä"]
    lines = list_versions(driver, lion).lines
    assert [line.aliases for line in lines] == [("latest",), ("production", "to test/ä"), ()]


def test_an_alias_is_deleted_as_the_person_saw_it_or_not_at_all(driver: Driver, lion: Place) -> None:
    move_alias(driver, lion, "production", "v1")
    move_alias(driver, lion, "production", "v2")
    with pytest.raises(CommitConflict, match="moved by somebody else"):
        delete_alias(driver, lion, "production", "v1")
    assert delete_alias(driver, lion, "production", "v2")
    assert not delete_alias(driver, lion, "production", "v2")
    with pytest.raises(InputError):
        delete_alias(driver, lion, LATEST, "v3")
    assert [alias.name for alias in list_aliases(driver, lion)] == [LATEST]
    move_alias(driver, lion, "production", "v1", expected="")
    found = read_alias(driver, lion, "production")
    assert found is not None
    assert found.before == ()


@pytest.mark.parametrize("store", ["local", "moto"], indirect=True)
def test_an_alias_that_is_moved_while_it_is_deleted_stays(driver: Driver, lion: Place) -> None:
    """Ceph 16.2 has no condition on DELETE: there it is compared right before, and no more can be had."""
    move_alias(driver, lion, "production", "v2")
    key = f"{lion.prefix}.artifact/alias/production.json"
    meanwhile: Any = Meanwhile(driver, key, lambda: move_alias(driver, lion, "production", "v3"))
    with pytest.raises(CommitConflict, match="moved by somebody else"):
        delete_alias(meanwhile, lion, "production", "v2")
    found = read_alias(driver, lion, "production")
    assert found is not None
    assert found.now.version == "v3"


def test_two_who_move_an_alias_at_once_both_stay_in_its_history(driver: Driver, lion: Place) -> None:
    move_alias(driver, lion, "production", "v1")
    key = f"{lion.prefix}.artifact/alias/production.json"
    meanwhile: Any = Meanwhile(driver, key, lambda: move_alias(driver, lion, "production", "v2"))
    move_alias(meanwhile, lion, "production", "v3")
    found = read_alias(driver, lion, "production")
    assert found is not None
    assert [found.now.version, *(move.version for move in found.before)] == ["v3", "v2", "v1"]


def test_what_is_made_committed_at_once_has_a_record_too(driver: Driver, zoo: Place) -> None:
    place = zoo.child("lion")
    create_artifact(driver, place, {"name": "Lion"}, stage=False)
    for made in (zoo, place):
        (line,) = list_versions(driver, made).lines
        assert (line.sequence, line.recorded, line.adopted) == (1, True, False)
    edit_fields(driver, zoo, {"description": "better"})
    commit(driver, zoo, note=CommitNote("v2"))
    (second, _) = list_versions(driver, zoo).lines
    assert (second.version, second.sequence) == ("v2", 2)
    assert "_id" not in version_of(driver, zoo, "v2").manifest_text


def test_what_lies_in_the_derived_folder_is_no_child_and_no_file(driver: Driver, lion: Place, zoo: Place) -> None:
    put(driver, zoo.bucket, f"{zoo.prefix}.artifact/manifest.yaml", "type: dataset\nname: Hidden\n")
    opened, cards, _ = scanned(driver, zoo)
    assert opened.kind is PlaceKind.COLLECTION
    assert list(cards) == ["lion"]
    with pytest.raises(InputError):
        register_uploaded(driver, lion, [".artifact/v/v1.json"])
    assert "_version" not in (scanned(driver, lion)[0].committed or {})


def test_a_store_that_ignores_conditions_is_read_before_and_after_each_write(driver: Driver, zoo: Place) -> None:
    plain_store: Any = WithoutConditions(driver)
    place = stage(plain_store, zoo, "lion", {"a": b"1", "b": b"22"})
    assert not commit(plain_store, place, note=CommitNote("v1"), pause=no_wait).atomic
    upload(plain_store, place, "a", b"333")
    remove_files(plain_store, place, ["b"])
    commit(plain_store, place, note=CommitNote("v2"), pause=no_wait)
    move_alias(plain_store, place, "production", "v1")
    assert [(line.version, line.aliases) for line in list_versions(plain_store, place).lines] == [
        ("v2", ("latest",)), ("v1", ("production",)),
    ]  # fmt: skip
    restore(plain_store, place, "v1")
    commit(plain_store, place, note=CommitNote("v3"), pause=no_wait)
    assert bytes_of(driver, place, "v3") == bytes_of(driver, place, "v1") == {"a": b"1", "b": b"22"}


def no_wait(_seconds: float) -> None:
    """The time in which somebody may write over a commit has passed."""


class WithoutConditions:
    """A store that knows no conditions, and says so."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)

    def put(self, bucket: str, key: str, body: Any, options: Any = None, condition: Any = None) -> Any:
        self._refuse(condition)
        return self._driver.put(bucket, key, body, options)

    def copy(self, *args: Any, condition: Any = None) -> Any:
        self._refuse(condition)
        return self._driver.copy(*args)

    def delete(self, bucket: str, key: str, *, if_match: str = "") -> None:
        self._refuse(if_match)
        self._driver.delete(bucket, key)

    @staticmethod
    def _refuse(condition: Any) -> None:
        if condition:
            raise NotSupported("no conditions here")


def test_an_upload_that_was_given_up_is_put_back_from_the_committed_version(driver: Driver, lion: Place) -> None:
    keep_replaced(driver, lion, ["a"])
    driver.put(lion.bucket, lion.file_key("a"), b"half a thought")
    assert [at.where for at in where_files(driver, lion, version_of(driver, lion, "v3").files)] == [Where.KEPT]
    restore(driver, lion, "v3")
    commit(driver, lion)
    assert [line.version for line in list_versions(driver, lion).lines] == ["v3", "v2", "v1"]
    assert bytes_of(driver, lion, "v3") == {"a": b"two"}


def test_a_deleted_manifest_leaves_its_history(driver: Driver, lion: Place) -> None:
    driver.delete(lion.bucket, lion.committed_key)
    assert [(line.version, line.committed) for line in list_versions(driver, lion).lines] == [
        ("v3", False), ("v2", False), ("v1", False),
    ]  # fmt: skip
    restore(driver, lion, "v1")
    commit(driver, lion, note=CommitNote("v4"))
    assert [line.sequence for line in list_versions(driver, lion).lines] == [4, 3, 2, 1]
    assert bytes_of(driver, lion, "v4") == {"a": b"one", "b": b"22"}


def test_a_manifest_too_large_to_be_recorded_is_refused_before_anything_is_written(
    driver: Driver, lion: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "MAX_RECORD_BYTES", 3000)
    edit_fields(driver, lion, {"description": "x" * 4000})
    before = keys_below(driver, lion)
    with pytest.raises(ManifestUnreadable):
        commit(driver, lion)
    assert keys_below(driver, lion) == before


@pytest.mark.parametrize("store", ["local"], indirect=True)
@pytest.mark.parametrize("step", range(4))
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_restore_that_was_interrupted_is_repeated(driver: Driver, lion: Place, step: int, after: bool) -> None:
    """Its writes: the committed ``a`` is kept, ``a`` and ``b`` are put back, the manifest is staged."""
    before = bytes_of(driver, lion, "v3")
    stopped: Any = StoppedAt(driver, step, after=after)
    with pytest.raises(ConnectionFailed):
        restore(stopped, lion, "v1")
    assert bytes_of(driver, lion, "v3") == before
    if read_artifact(driver, lion).staged is None:
        restore(driver, lion, "v1")
    commit(driver, lion, note=CommitNote("v4"))
    assert bytes_of(driver, lion, "v4") == {"a": b"one", "b": b"22"}
    assert bytes_of(driver, lion, "v3") == before


class StoppedAt:
    """A store that cannot be reached any more from its n-th write on (or right behind it)."""

    def __init__(self, driver: Driver, step: int, *, after: bool) -> None:
        self._driver, self._left, self._after = driver, step, after
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._driver, name)
        if name not in {"put", "copy", "delete", "delete_many"}:
            return found

        def call(*args: Any, **options: Any) -> Any:
            with self._lock:
                self._left -= 1
                if self._left >= 0:
                    return found(*args, **options)
                if self._left == -1 and self._after:
                    found(*args, **options)
                raise ConnectionFailed("gone")

        return call


@pytest.mark.parametrize("store", ["local"], indirect=True)
def test_clocks_that_differ_change_no_order(driver: Driver, zoo: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each commit and each move of an alias is made by a computer with another clock, a year off either way."""
    day = 86_400_000_000_000
    place = stage(driver, zoo, "lion", {"a": b"1"})
    now = time.time_ns()
    names = [f"v{number}" for number in range(1, 5)]
    for name, days in zip(names, (0, 365, -365, 1), strict=True):
        monkeypatch.setattr(time, "time_ns", lambda days=days: now + days * day)
        edit_fields(driver, place, {"name": name})
        commit(driver, place, note=CommitNote(name))
        move_alias(driver, place, "production", name)
    lines = list_versions(driver, place).lines
    assert [line.version for line in lines] == names[::-1]
    assert [line.sequence for line in lines] == [4, 3, 2, 1]
    assert lines[0].committed
    found, latest = read_alias(driver, place, "production"), read_alias(driver, place, LATEST)
    assert found is not None
    assert latest is not None
    assert [move.version for move in (found.now, *found.before)] == names[::-1]
    assert latest.now.version == "v4"
    assert plain(driver, zoo.bucket, zoo.committed_key)["collection"][0]["name"] == "v4"


@pytest.mark.parametrize("store", ["local"], indirect=True)
def test_who_commits_in_the_window_is_named_as_the_preferences_say(store: Store, driver: Driver, zoo: Place) -> None:
    context, settings = store.context(), Settings(store.paths.settings_file)

    def done(job: Generator[None, None, Any]) -> Any:
        with pytest.raises(StopIteration) as end:
            next(job)
        return end.value.value

    place = stage(driver, zoo, "lion")
    settings.set(AUTHOR, "Ada")
    plan = done(jobs.plan_commit(context, store.record, place))  # type: ignore[arg-type]
    done(jobs.commit(context, store.record, place, plan, CommitNote("v1")))  # type: ignore[arg-type]
    settings.set(AUTHOR, "")
    done(jobs.move_alias(context, store.record, place, "production", "v1", ""))  # type: ignore[arg-type]
    found = read_alias(driver, place, "production")
    assert found is not None
    assert [line.author for line in list_versions(driver, place).lines] == ["Ada"]
    assert found.now.by == records.own_author() != ""
