"""Staging and committing on real stores: nothing is lost, nothing is overwritten, and everything is told."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from artifact_browser.catalog.commit import commit, plan_commit
from artifact_browser.catalog.files import StagedFile
from artifact_browser.catalog.index import IndexOutcome
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.manifest import read_manifest, write_manifest
from artifact_browser.catalog.staging import (
    create_artifact,
    create_collection,
    discard,
    edit,
    edit_fields,
    read_artifact,
    register_files,
    register_uploaded,
    remove_files,
)
from artifact_browser.errors import BlobNotFound, CommitConflict, FilesMissing, InputError
from artifact_browser.storage.driver import Driver
from tests.catalog.making import exists, names_in_index, plain, put, stage, stage_and_commit


def test_from_a_new_collection_to_a_committed_artifact(driver: Driver, zoo: Place) -> None:
    place = stage(driver, zoo, "lion", {"data/a b+c%20.csv": b"1,2", "ä.bin": b"x" * 10}, tags=["big", "cat"])
    plan = plan_commit(driver, place)
    assert [(file.path, file.size_bytes) for file in plan.files] == [("data/a b+c%20.csv", 3), ("ä.bin", 10)]
    assert not plan.problems
    done = commit(driver, place, plan)
    assert done.index is IndexOutcome.UPDATED
    assert done.atomic
    assert not exists(driver, zoo.bucket, place.staged_key)
    seen = plain(driver, zoo.bucket, place.committed_key)
    assert (seen["id"], seen["name"], seen["type"], seen["tags"]) == ("lion", "Lion", "dataset", ["big", "cat"])
    assert [(file["path"], file["size"]) for file in seen["files"]] == [("data/a b+c%20.csv", 3), ("ä.bin", 10)]
    entry = plain(driver, zoo.bucket, zoo.committed_key)["collection"]
    assert [(one["_id"], one["name"], one["tags"]) for one in entry] == [("lion", "Lion", ["big", "cat"])]


def test_a_taken_name_is_refused(driver: Driver, zoo: Place) -> None:
    stage(driver, zoo, "lion")
    stage_and_commit(driver, zoo, "wolf")
    for name in ("lion", "wolf"):
        with pytest.raises(InputError, match="already"):
            create_artifact(driver, zoo.child(name), {})
    with pytest.raises(InputError, match="already"):
        create_collection(driver, zoo, {})


def test_all_missing_and_different_files_are_told_at_once_and_nothing_is_committed(driver: Driver, zoo: Place) -> None:
    place = stage(driver, zoo, "lion", {"good": b"1", "other": b"12345"})
    register_files(driver, place, [StagedFile("gone-1", 5), StagedFile("gone-2"), StagedFile("other", 4)])
    before = plain(driver, zoo.bucket, place.staged_key)
    assert {problem.path for problem in plan_commit(driver, place).problems} == {"gone-1", "gone-2", "other"}
    with pytest.raises(FilesMissing) as caught:
        commit(driver, place)
    assert [line.partition(":")[0] for line in caught.value.subject.splitlines()] == ["gone-1", "gone-2", "other"]
    assert plain(driver, zoo.bucket, place.staged_key) == before
    assert not exists(driver, zoo.bucket, place.committed_key)
    remove_files(driver, place, ["gone-1", "gone-2"])
    register_uploaded(driver, place, ["other"])
    commit(driver, place)
    assert [file["path"] for file in plain(driver, zoo.bucket, place.committed_key)["files"]] == ["good", "other"]


def test_files_that_foreign_programs_listed_twice_or_with_a_path_that_leaves(driver: Driver, zoo: Place) -> None:
    place = zoo.child("ext")
    put(driver, zoo.bucket, place.file_key("a"), "1")
    body = {"type": "dataset", "name": "Ext", "files": [{"path": "a"}, {"path": "a", "download_weight": 2}]}
    put(driver, zoo.bucket, place.staged_key, yaml.dump(body))
    commit(driver, place)
    assert plain(driver, zoo.bucket, place.committed_key)["files"] == [{"path": "a", "download_weight": 2}]
    put(driver, zoo.bucket, place.staged_key, yaml.dump({**body, "files": [{"path": "../evil"}]}))
    with pytest.raises(FilesMissing) as caught:
        commit(driver, place)
    assert "../evil" in caught.value.subject


def test_unknown_keys_survive_every_edit(driver: Driver, zoo: Place) -> None:
    place = zoo.child("old")
    strange = {"x-lab": {"nested": [1, None, {"deep": True}]}, 7: "seven", "type": "dataset", "config": {"a": 1}}
    put(driver, zoo.bucket, place.committed_key, yaml.dump(strange))
    put(driver, zoo.bucket, place.file_key("f"), "1")
    edit_fields(driver, place, {"name": "New", "config": None})
    register_uploaded(driver, place, ["f"])
    commit(driver, place)
    seen = plain(driver, zoo.bucket, place.committed_key)
    assert {name: seen[name] for name in ("x-lab", 7, "type", "name")} == {
        "x-lab": strange["x-lab"], 7: "seven", "type": "dataset", "name": "New",
    }  # fmt: skip
    assert "config" not in seen


def test_an_edit_begun_meanwhile_is_a_conflict_and_is_kept(driver: Driver, zoo: Place) -> None:
    place = stage(driver, zoo, "lion")
    plan = plan_commit(driver, place)
    edit_fields(driver, place, {"description": "theirs"})
    with pytest.raises(CommitConflict, match="changed by somebody else"):
        commit(driver, place, plan)
    assert not exists(driver, zoo.bucket, place.committed_key)
    assert plain(driver, zoo.bucket, place.staged_key)["description"] == "theirs"


def test_a_commit_made_meanwhile_is_a_conflict_and_is_not_overwritten(driver: Driver, zoo: Place) -> None:
    place = stage_and_commit(driver, zoo, "lion")
    edit_fields(driver, place, {"description": "mine"})
    plan = plan_commit(driver, place)
    put(driver, zoo.bucket, place.committed_key, "type: dataset\nname: theirs\n")
    with pytest.raises(CommitConflict) as caught:
        commit(driver, place, plan)
    assert "yours is still staged" in caught.value.kept
    assert plain(driver, zoo.bucket, place.committed_key) == {"type": "dataset", "name": "theirs"}
    assert plain(driver, zoo.bucket, place.staged_key)["description"] == "mine"


def test_committing_an_edit_of_a_collection_keeps_the_children_that_came_meanwhile(driver: Driver, zoo: Place) -> None:
    edit_fields(driver, zoo, {"description": "better"})
    plan = plan_commit(driver, zoo)
    stage_and_commit(driver, zoo, "late")
    commit(driver, zoo, plan)
    assert plain(driver, zoo.bucket, zoo.committed_key)["description"] == "better"
    assert names_in_index(driver, zoo) == ["late"]


def test_a_broken_sibling_or_a_broken_collection_never_blocks_a_commit(driver: Driver, zoo: Place) -> None:
    put(driver, zoo.bucket, zoo.child("bad").committed_key, "a: [")
    stage_and_commit(driver, zoo, "good")
    assert names_in_index(driver, zoo) == ["good"]
    put(driver, zoo.bucket, zoo.committed_key, "type: collection\nx: [")
    place = stage(driver, zoo, "next")
    done = commit(driver, place)
    assert done.index is IndexOutcome.PENDING
    assert "line 3" in done.index_reason
    assert plain(driver, zoo.bucket, place.committed_key)["name"] == "Next"


def test_discard_drops_the_edit_and_only_the_files_it_alone_lists(driver: Driver, zoo: Place) -> None:
    place = stage_and_commit(driver, zoo, "lion", {"kept": b"1"})
    put(driver, zoo.bucket, place.file_key("new"), "22")
    register_uploaded(driver, place, ["new"])
    staged = read_artifact(driver, place).staged
    assert staged is not None
    with pytest.raises(CommitConflict):
        discard(driver, place, "other-etag", delete_files=True)
    assert discard(driver, place, staged.etag, delete_files=True) == 1
    assert not exists(driver, zoo.bucket, place.staged_key)
    assert exists(driver, zoo.bucket, place.file_key("kept"))
    assert not exists(driver, zoo.bucket, place.file_key("new"))


def test_discard_never_deletes_another_artifacts_manifest(driver: Driver, zoo: Place) -> None:
    """Whoever may write the staged manifest could list there what a person with more rights then deletes."""
    stage_and_commit(driver, zoo, "lion", {"kept": b"1"})
    other = stage_and_commit(driver, zoo.child("lion"), "cub", {"data": b"1"})
    register_files(driver, zoo.child("lion"), [StagedFile("cub/manifest.yaml")])
    staged = read_artifact(driver, zoo.child("lion")).staged
    assert staged is not None
    assert discard(driver, zoo.child("lion"), staged.etag, delete_files=True) == 0
    assert exists(driver, zoo.bucket, other.committed_key)


def test_a_staged_manifest_that_was_committed_meanwhile_is_a_conflict_and_an_edit_begins_again(
    driver: Driver, zoo: Place
) -> None:
    """S3 answers a replacement of what is gone with "not found", not with "precondition failed"."""
    place = stage(driver, zoo, "lion")
    read = read_manifest(driver, zoo.bucket, place.staged_key)
    assert read is not None
    commit(driver, place)
    with pytest.raises(CommitConflict):
        write_manifest(driver, zoo.bucket, place.staged_key, read.text, read)
    assert not exists(driver, zoo.bucket, place.staged_key)
    edit_fields(driver, place, {"description": "one"})
    calls: list[int] = []

    def change(fields: dict[Any, Any]) -> None:
        if not calls:
            commit(driver, place)
        calls.append(1)
        fields["name"] = "Two"

    edit(driver, place, change)
    staged = read_artifact(driver, place).staged
    assert len(calls) == 2
    assert staged is not None
    assert (staged.fields["name"], staged.fields["description"]) == ("Two", "one")


def test_nothing_staged_and_nothing_there(driver: Driver, zoo: Place) -> None:
    with pytest.raises(BlobNotFound, match="Nothing is staged"):
        commit(driver, zoo.child("none"))
    with pytest.raises(BlobNotFound):
        edit_fields(driver, zoo.child("none"), {"a": 1})
    with pytest.raises(FilesMissing):
        register_uploaded(driver, stage(driver, zoo, "lion"), ["never-uploaded"])


def test_every_write_carries_an_id_of_its_own(driver: Driver, zoo: Place) -> None:
    place = stage(driver, zoo, "lion")
    ids = {_id(driver, zoo.bucket, place.staged_key)}
    edit_fields(driver, place, {"description": "x"})
    ids.add(_id(driver, zoo.bucket, place.staged_key))
    commit(driver, place)
    ids |= {_id(driver, zoo.bucket, place.committed_key), _id(driver, zoo.bucket, zoo.committed_key)}
    assert len(ids) == 4


def test_a_thousand_files_are_checked_with_few_requests(driver: Driver, zoo: Place) -> None:
    place = stage(driver, zoo, "many")
    for number in range(30):
        put(driver, zoo.bucket, place.file_key(f"part-{number:04}"), "1")
    register_uploaded(driver, place, [f"part-{number:04}" for number in range(30)])
    counted: Any = CountingDriver(driver)
    assert not plan_commit(counted, place).problems
    assert counted.requests <= 4  # both manifests, the collection for its schema, one LIST


class CountingDriver:
    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self.requests = 0

    def __getattr__(self, name: str) -> Any:
        if name in {"list_pages", "head", "get", "put"}:
            self.requests += 1
        return getattr(self._driver, name)


def _id(driver: Driver, bucket: str, key: str) -> str:
    found = read_manifest(driver, bucket, key)
    assert found is not None
    assert found.commit_id
    return found.commit_id
