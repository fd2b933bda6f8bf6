"""A commit looks once at all that concerns its files: what others do before, behind and beside that look is told or kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from artifact_browser.catalog.commit import commit
from artifact_browser.catalog.files import StagedFile
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.staging import edit_fields, register_files, remove_files
from artifact_browser.errors import CommitConflict
from artifact_browser.storage.driver import Driver
from tests.catalog.making import exists, plain, put, stage, stage_and_commit
from tests.catalog.test_records import chain, keys_below
from tests.catalog.watched_driver import WatchedDriver


def once(method: str, ending: str, do: Callable[[], object]) -> Callable[[str, str], None]:
    """Does it the first time that ``method`` is called of a key that ends so."""
    left = [do]

    def happen(called: str, key: str) -> None:
        if left and called == method and key.endswith(ending):
            left.pop()()

    return happen


def test_an_edit_before_the_look_is_a_conflict_and_nothing_is_written(driver: Driver, zoo: Place) -> None:
    place = stage_and_commit(driver, zoo, "lion", {"a": b"1"})
    edit_fields(driver, place, {"description": "mine"})
    theirs = once("list_pages", "", lambda: edit_fields(driver, place, {"description": "theirs"}))
    before = keys_below(driver, place)
    with pytest.raises(CommitConflict, match="changed by somebody else"):
        commit(WatchedDriver(driver, before=theirs), place)  # type: ignore[arg-type]
    changed = keys_below(driver, place).items() ^ before.items()
    assert {key for key, _ in changed} == {place.staged_key}
    assert plain(driver, zoo.bucket, place.staged_key)["description"] == "theirs"


def test_an_edit_behind_the_look_is_told_and_stays_staged(driver: Driver, zoo: Place) -> None:
    place = stage_and_commit(driver, zoo, "lion", {"a": b"1"})
    edit_fields(driver, place, {"description": "mine"})
    theirs = once("put", ".json", lambda: edit_fields(driver, place, {"description": "theirs"}))
    done = commit(WatchedDriver(driver, before=theirs), place)  # type: ignore[arg-type]
    assert done.staged_left
    assert plain(driver, zoo.bucket, place.committed_key)["description"] == "mine"
    assert plain(driver, zoo.bucket, place.staged_key)["description"] == "theirs"
    assert not commit(driver, place).staged_left
    assert [record.sequence for record in chain(driver, place)] == [1, 2, 3]


def test_what_is_uploaded_to_the_path_of_a_removed_file_meanwhile_stays(driver: Driver, zoo: Place) -> None:
    place = stage_and_commit(driver, zoo, "lion", {"a": b"1", "old": b"22"})
    etag = driver.head(place.bucket, place.file_key("old")).etag
    remove_files(driver, place, ["old"])
    watched: Any = WatchedDriver(driver)
    watched.behind = once("copy", "", lambda: put(driver, place.bucket, place.file_key("old"), "somebody's"))
    assert not commit(watched, place).late
    with driver.get(place.bucket, place.file_key("old")) as reader:
        assert reader.read() == b"somebody's"
    with driver.get(place.bucket, f"{place.prefix}.artifact/kept/{etag}") as reader:
        assert reader.read() == b"22"


def test_a_removed_file_whose_manifest_says_another_etag_goes_by_its_record(driver: Driver, zoo: Place) -> None:
    """Uploaded again and not recorded: the record tells what lay there when it was committed."""
    place = stage(driver, zoo, "lion", {"a": b"1", "old": b"22"})
    put(driver, place.bucket, place.file_key("old"), "33")
    commit(driver, place)
    remove_files(driver, place, ["old"])
    assert not commit(driver, place).late
    assert not exists(driver, place.bucket, place.file_key("old"))
    assert len([key for key in keys_below(driver, place) if "/kept/" in key]) == 1


def test_an_artifact_that_was_copied_does_not_take_the_name_along(driver: Driver, zoo: Place) -> None:
    place = stage(driver, zoo, "lion", {"a": b"1"}, artifact_id={"project": "p", "domain": "d", "name": "n"})
    assert not commit(driver, place).unpublished
    for key in keys_below(driver, place):
        driver.copy(place.bucket, key, place.bucket, key.replace("/lion/", "/copy/"))
    copied = zoo.child("copy")
    register_files(driver, copied, [StagedFile("a", 1)])
    assert "stands for zoo/lion/ already" in commit(driver, copied).unpublished
