"""The operations by their names, as a script uses them; and the page that shows them, run as it stands."""

from __future__ import annotations

import re
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from artifact_browser.catalog import artifacts
from artifact_browser.catalog.counting import count_all
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.removal import forget_child
from artifact_browser.catalog.script import opened_account
from artifact_browser.catalog.staging import edit
from artifact_browser.catalog.stats import Counts, new_client, read_statistics
from artifact_browser.catalog.weights import set_weights
from artifact_browser.errors import (
    AccountNotFound,
    BlobNotFound,
    CommitConflict,
    DiskError,
    FilesMissing,
    InputError,
    ReadOnlyAccount,
)
from artifact_browser.paths import in_home
from artifact_browser.storage.driver import Deleted, Driver
from tests.catalog.making import exists, names_in_index, plain, put, stage, stage_and_commit
from tests.catalog.watched_driver import WatchedDriver
from tests.storage.conformance.stores import Store, all_keys, content

PAGE = Path(__file__).parents[2] / "docs" / "catalog-from-a-script.md"


def test_the_page_on_scripts_runs_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every block, in order, over a home and a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("artifact_browser.catalog.script.of_user", lambda: in_home(tmp_path / "home"))
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 7
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)
    assert names["done"].deleted > 2
    assert {path.name for path in tmp_path.iterdir()} == {"home", "weights.bin", "copy.bin", "README.md", "again.bin"}
    with pytest.raises(AccountNotFound), opened_account("Nobody", tmp_path / "home"):
        pass


def test_weights_live_with_their_files_through_every_edit(driver: Driver, zoo: Place) -> None:
    lion = zoo.child("lion")
    artifacts.create(driver, lion, {"type": "dataset"}, stage=True)
    artifacts.put_file(driver, lion, "a b+%/ü.bin", b"1234", download_weight=0.5)
    artifacts.put_file(driver, lion, "plain", b"1")
    artifacts.commit(driver, lion)
    artifacts.edit(driver, lion, {"name": "Lion"})
    artifacts.put_file(driver, lion, "a b+%/ü.bin", b"12345")
    artifacts.commit(driver, lion)
    files = {entry["path"]: entry for entry in artifacts.read(driver, lion)["files"]}
    assert (files["a b+%/ü.bin"]["download_weight"], files["a b+%/ü.bin"]["size"]) == (0.5, 5)
    assert "download_weight" not in files["plain"]
    for weight in (-1, float("nan"), 1e9):
        with pytest.raises(InputError):
            artifacts.put_file(driver, lion, "f", b"1", download_weight=weight)
    for path in ("../f", "/f", "manifest.yaml", ".artifact/stats/x", "a//b"):
        with pytest.raises(InputError):
            artifacts.put_file(driver, lion, path, b"1")
    with pytest.raises(BlobNotFound):
        artifacts.put_file(driver, zoo.child("nothing"), "f", b"1")


def test_weights_for_all_files_at_once(driver: Driver, zoo: Place) -> None:
    paths = ["model.bin", "deep/data.csv", "README.md", "docs/License.txt", "notes.RST"]
    lion = stage(driver, zoo, "lion", {path: b"1" for path in paths})
    edit(driver, lion, lambda fields: fields["files"].append({"strange": 1}))
    assert set_weights(driver, lion, 2) == 2
    listed = artifacts.read(driver, lion, stage=True)["files"]
    assert {"strange": 1} in listed
    found = {entry["path"]: (entry["download_weight"], entry["size"]) for entry in listed if "path" in entry}
    assert found == {path: (2 if at < 2 else 0, 1) for at, path in enumerate(paths)}
    assert set_weights(driver, lion, 1, documents=0.5) == 5
    for weight in (-1, float("inf"), 1e7):
        with pytest.raises(InputError):
            set_weights(driver, lion, weight)
    with pytest.raises(InputError, match="no files"):
        set_weights(driver, stage(driver, zoo, "wolf"), 1)


@pytest.mark.parametrize("store", ["moto", pytest.param("ceph", marks=pytest.mark.ceph)], indirect=True)
def test_a_presigned_put_for_somebody_else_is_recorded_when_it_arrived(driver: Driver, zoo: Place) -> None:
    lion = stage(driver, zoo, "lion")
    link = artifacts.put_file_link(driver, lion, "from you/a b.csv")
    with pytest.raises(FilesMissing):
        artifacts.file_arrived(driver, lion, "from you/a b.csv", download_weight=2)
    assert "files" not in artifacts.read(driver, lion, stage=True)
    headers = {"Content-Type": "text/csv"}
    with urllib.request.urlopen(urllib.request.Request(link.url, b"1,2", headers, method="PUT")) as answer:
        assert answer.status == 200
    assert artifacts.file_arrived(driver, lion, "from you/a b.csv", download_weight=2).size_bytes == 3
    artifacts.commit(driver, lion)
    entry = artifacts.read(driver, lion)["files"][0]
    assert (entry["path"], entry["size"], entry["download_weight"]) == ("from you/a b.csv", 3, 2)


def test_a_read_only_account_gives_no_link_to_put(store: Store, driver: Driver, zoo: Place) -> None:
    lion = stage(driver, zoo, "lion")
    with store.opened(read_only=True) as mine, pytest.raises(ReadOnlyAccount):
        artifacts.put_file_link(mine, lion, "f")


def test_a_download_is_whole_or_not_there_and_counts_only_when_whole(
    driver: Driver, zoo: Place, tmp_path: Path
) -> None:
    lion = stage(driver, zoo, "lion", {"f": b"12345"})
    artifacts.file_arrived(driver, lion, "f", download_weight=1)
    artifacts.commit(driver, lion)
    client = new_client()
    assert artifacts.get_file(driver, lion, "f", tmp_path / "f", client=client) == 5
    assert (tmp_path / "f").read_bytes() == b"12345"
    with pytest.raises(BlobNotFound):
        artifacts.get_file(driver, lion, "gone", tmp_path / "f", client=client)
    with pytest.raises(DiskError):
        artifacts.get_file(driver, lion, "f", tmp_path / "no such folder" / "f", client=client)
    artifacts.get_file(driver, lion, "f", tmp_path / "silent")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f", "silent"]
    assert read_statistics(driver, lion).counts == Counts(downloads=1)


def test_missing_and_empty_are_told_apart(driver: Driver, zoo: Place) -> None:
    assert artifacts.list(driver, zoo) == ()
    with pytest.raises(BlobNotFound):
        artifacts.list(driver, Place(zoo.bucket, "nowhere/"))
    wolf = stage(driver, zoo, "wolf")
    assert (artifacts.list(driver, zoo), artifacts.list(driver, zoo, stage=True)) == ((), ("wolf",))
    with pytest.raises(BlobNotFound):
        artifacts.read(driver, wolf)
    artifacts.commit(driver, wolf)
    with pytest.raises(BlobNotFound):
        artifacts.read(driver, wolf, stage=True)
    with pytest.raises(BlobNotFound):
        artifacts.discard(driver, wolf)
    assert [entry["_id"] for entry in artifacts.read(driver, zoo)["collection"]] == ["wolf"]


def test_a_file_that_is_put_over_a_committed_one_costs_no_bytes(driver: Driver, zoo: Place) -> None:
    lion = stage_and_commit(driver, zoo, "lion", {"data": b"committed"})
    artifacts.put_file(driver, lion, "data", b"an edit")
    assert content(driver, zoo.bucket, lion.file_key("data")) == b"an edit"
    artifacts.discard(driver, lion)
    assert content(driver, zoo.bucket, lion.file_key("data")) == b"committed"


def test_overwrite_wipes_what_it_has_shown_and_nothing_else(driver: Driver, zoo: Place) -> None:
    lion = stage_and_commit(driver, zoo, "lion", {"old": b"123", "deep/er": b"1"})
    count_all(driver, {lion: Counts(1)}, new_client(), (), lambda _: None)
    put(driver, zoo.bucket, "zoo/lion-2/manifest.yaml", "type: dataset\n")
    with pytest.raises(InputError, match="already"):
        artifacts.create(driver, lion, {"type": "dataset"})
    plan = artifacts.plan_delete(driver, lion)
    assert (plan.count, plan.artifacts) == (6, ("zoo/lion/",))  # manifest, two files, record, latest, counter
    assert plan.size_bytes == sum(len(content(driver, zoo.bucket, blob.key)) for blob in plan.blobs)
    put(driver, zoo.bucket, lion.file_key("new"), "somebody's")
    with pytest.raises(CommitConflict):
        artifacts.create(driver, lion, {"type": "dataset"}, overwrite=plan)
    assert exists(driver, zoo.bucket, lion.file_key("old"))
    with pytest.raises(InputError):
        artifacts.create(driver, zoo.child("lion-2"), {"type": "dataset"}, overwrite=plan)
    plan = artifacts.plan_delete(driver, lion)
    artifacts.create(driver, lion, {"type": "model", "name": "New"}, stage=True, overwrite=plan)
    assert all_keys(driver, zoo.bucket, "zoo/lion/") == ["zoo/lion/_manifest.yaml"]
    assert names_in_index(driver, zoo) == []  # what is staged is not committed
    assert exists(driver, zoo.bucket, "zoo/lion-2/manifest.yaml")


def test_delete_takes_children_along_and_leaves_the_neighbours(driver: Driver, zoo: Place) -> None:
    inner = Place(zoo.bucket, "zoo/cats/")
    artifacts.create(driver, inner, {"type": "collection"})
    stage_and_commit(driver, inner, "lion", {"f": b"1"})
    stage_and_commit(driver, zoo, "cats-and-dogs")
    plan = artifacts.plan_delete(driver, inner)
    assert plan.artifacts == ("zoo/cats/", "zoo/cats/lion/")
    put(driver, zoo.bucket, "zoo/cats/late", "came since")
    done = artifacts.delete(driver, plan)
    assert (done.deleted, done.errors) == (plan.count, ())
    assert all_keys(driver, zoo.bucket, "zoo/cats/") == ["zoo/cats/late"]
    assert names_in_index(driver, zoo) == ["cats-and-dogs"]
    for place in (inner.child("lion"), Place(zoo.bucket, "")):
        with pytest.raises((BlobNotFound, InputError)):
            artifacts.plan_delete(driver, place)


def test_what_cannot_be_deleted_is_told_by_key_and_the_manifest_stays(driver: Driver, zoo: Place) -> None:
    lion = stage_and_commit(driver, zoo, "lion", {"a": b"1", "b": b"1", "c": b"1"})
    plan = artifacts.plan_delete(driver, lion)
    put(driver, zoo.bucket, lion.file_key("c"), "changed since")

    class Refusing(WatchedDriver):
        def delete_many(self, bucket: str, keys: list[str]) -> list[Deleted]:
            sound = [key for key in keys if not key.endswith("/b")]
            return [*driver.delete_many(bucket, sound), Deleted(lion.file_key("b"), "AccessDenied")]

    refusing: Any = Refusing(driver)
    done = artifacts.delete(refusing, plan)
    assert [(failed.key, failed.error[:3]) for failed in done.errors] == [(lion.file_key("c"), "it ")]
    done = artifacts.delete(refusing, artifacts.plan_delete(driver, lion))
    assert [failed.key for failed in done.errors] == [lion.file_key("b")]
    assert exists(driver, zoo.bucket, lion.committed_key)
    assert names_in_index(driver, zoo) == ["lion"]
    assert not artifacts.delete(driver, artifacts.plan_delete(driver, lion)).errors
    assert names_in_index(driver, zoo) == []


def test_an_index_keeps_what_is_committed_anew_while_it_is_forgotten(driver: Driver, zoo: Place) -> None:
    lion = stage_and_commit(driver, zoo, "lion")
    driver.delete(zoo.bucket, lion.committed_key)
    again: list[str] = []

    def meet(name: str, key: str) -> None:
        if name == "put" and key == zoo.committed_key and not again:
            again.append(key)
            stage_and_commit(driver, zoo, "lion")

    watched: Any = WatchedDriver(driver, before=meet)
    forget_child(watched, lion, lambda _: None)
    assert again
    assert names_in_index(driver, zoo) == ["lion"]
    assert plain(driver, zoo.bucket, lion.committed_key)["name"] == "Lion"
