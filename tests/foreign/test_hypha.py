"""A real Hypha server on the same bucket: each lists, reads and commits what the other made, and nobody's work is lost.

It keeps no conditions, no versions and no counts: what it writes over is told, what it does not know it leaves alone.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from artifact_browser.catalog import artifacts
from artifact_browser.catalog.card import Status
from artifact_browser.catalog.commit import commit, plan_commit
from artifact_browser.catalog.index import IndexOutcome, rebuild_index
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.partitions import Partitions, partition_fields
from artifact_browser.catalog.records import OTHER_PROGRAM, CommitNote, read_record
from artifact_browser.catalog.restoring import restore
from artifact_browser.catalog.stats import new_client, read_statistics
from artifact_browser.catalog.version_search import Search, search
from artifact_browser.catalog.versions import VersionLine, Where, list_versions, where_files
from artifact_browser.errors import CommitConflict, FilesMissing
from artifact_browser.paths import in_home
from artifact_browser.storage.driver import Driver
from tests.catalog.making import exists, names_in_index, plain, scanned
from tests.parts.hypha import BUCKET, WORKSPACE, Hypha, HyphaError
from tests.storage.conformance.stores import Store, all_keys, content

#: The first run makes the server's environment.
pytestmark = pytest.mark.timeout(600)
ODD_NAMES = ["a b+c.csv", "100%.txt", "a%20b", "data/日本語 é.bin", "q?x=1#h"]


@dataclass(frozen=True)
class Both:
    """One collection's folder, as we and as the server see it."""

    driver: Driver
    hypha: Hypha
    zoo: Place
    name: str

    def theirs(self, method: str, child: str = "", **arguments: Any) -> Any:
        """Call the server about the collection, or a child of it."""
        return self.hypha.call(method, prefix=f"{self.name}/{child}".rstrip("/"), **arguments)

    def their_upload(self, child: str, path: str, body: bytes) -> None:
        url = self.theirs("put_file", child, file_path=path)
        with urlopen(Request(url, body, {"Content-Type": "text/plain"}, method="PUT"), timeout=30) as answer:
            assert answer.status == 200

    def their_download(self, child: str, path: str) -> bytes:
        with urlopen(self.theirs("get_file", child, path=path), timeout=30) as answer:
            return bytes(answer.read())

    def lines(self, child: str) -> tuple[VersionLine, ...]:
        return list_versions(self.driver, self.zoo.child(child)).lines

    def titles(self) -> dict[str, tuple[str, Status]]:
        return {name: (card.title, card.status) for name, card in scanned(self.driver, self.zoo)[1].items()}


@pytest.fixture(scope="module")
def house(hypha: Hypha, tmp_path_factory: pytest.TempPathFactory) -> Store:
    paths = in_home(tmp_path_factory.mktemp("home")).make()
    return Store("moto", hypha.store.record, paths, secret=hypha.store.secret)


@pytest.fixture
def both(house: Store, hypha: Hypha) -> Iterator[Both]:
    name = f"zoo-{uuid.uuid4().hex[:8]}"
    with house.opened() as driver:
        yield Both(driver, hypha, Place(BUCKET, f"{WORKSPACE}/{name}/"), name)


def ours(both: Both, name: str, files: dict[str, bytes], *, committed: bool = True, **fields: Any) -> Place:
    place = both.zoo.child(name)
    artifacts.create(both.driver, place, {"id": name, "name": name.title(), "type": "dataset", **fields}, stage=True)
    for path, body in files.items():
        artifacts.put_file(both.driver, place, path, body, download_weight=1)
    if committed:
        commit(both.driver, place)
    return place


def our_collection(both: Both, **fields: Any) -> None:
    artifacts.create(both.driver, both.zoo, {"id": both.name, "name": "Zoo", "type": "collection", **fields})


def their_collection(both: Both) -> None:
    manifest = {"id": both.name, "name": "Zoo", "description": "d", "type": "collection"}
    both.theirs("create", manifest=manifest)


def test_it_lists_and_serves_what_we_wrote(both: Both, tmp_path: Path) -> None:
    our_collection(both)
    lion = ours(
        both, "lion", {name: name.encode() for name in ODD_NAMES}, tags=["cat", "no"], description="a: b\n# é\n"
    )
    ours(both, "cub", {"f": b"1"}, committed=False)
    artifacts.get_file(both.driver, lion, ODD_NAMES[0], tmp_path / "copy", client=new_client())

    assert both.theirs("list") == ["lion"]
    assert both.theirs("list", stage=True) == ["cub"]
    assert both.theirs("read", "lion") == plain(both.driver, BUCKET, lion.committed_key)
    assert both.theirs("read", "lion")["tags"] == ["cat", "no"]
    assert both.theirs("read", "cub", stage=True)["name"] == "Cub"
    listed = both.theirs("read")["collection"]
    assert [(entry["_id"], entry["name"]) for entry in listed] == [("lion", "Lion")]
    for name in ODD_NAMES:
        assert both.their_download("lion", name) == name.encode()
    both.theirs("index")
    assert both.theirs("list") == ["lion"], "statistics and versions are no children"
    assert read_statistics(both.driver, lion).counts.downloads == 1


def test_we_list_and_read_what_it_wrote(both: Both, tmp_path: Path) -> None:
    their_collection(both)
    theirs = {"id": "n", "name": "Newt", "type": "dataset", "description": "yes: no\n\ttab", "tags": ["no", "1e3"]}
    both.theirs("create", "newt", manifest=theirs, stage=True)
    for name in ODD_NAMES:
        both.their_upload("newt", name, name.encode())
    both.theirs("commit", "newt")
    both.theirs("create", "at-once", manifest={"id": "o", "name": "At once", "type": "model"})
    both.theirs("create", "begun", manifest={"id": "b", "name": "Begun", "type": "dataset"}, stage=True)

    assert b"\n- _id: newt\n" in content(both.driver, BUCKET, both.zoo.committed_key)  # block YAML, not our lines
    _, cards, summary = scanned(both.driver, both.zoo)
    assert {name: (card.title, card.status) for name, card in cards.items()} == {
        "newt": ("Newt", Status.COMMITTED), "at-once": ("At once", Status.COMMITTED), "begun": ("Begun", Status.STAGED),
    }  # fmt: skip
    assert summary.up_to_date
    newt = both.zoo.child("newt")
    manifest = artifacts.read(both.driver, newt)
    assert {name: manifest[name] for name in theirs} == theirs
    for name in ODD_NAMES:
        assert artifacts.get_file(both.driver, newt, name, tmp_path / "file") == len(name.encode())
        assert (tmp_path / "file").read_bytes() == name.encode()
    (line,) = both.lines("newt")
    assert (line.author, line.committed, line.file_count) == (OTHER_PROGRAM, True, len(ODD_NAMES))


@pytest.mark.parametrize("whose", ["our collection", "its collection"])
def test_each_commits_what_the_other_staged(both: Both, whose: str) -> None:
    if whose == "our collection":
        our_collection(both)
    else:
        their_collection(both)
    lion = ours(both, "lion", {"a b": b"1"}, committed=False)
    both.theirs(
        "create", "newt", manifest={"id": "n", "name": "Newt", "type": "dataset", "x": {"y": [None]}}, stage=True
    )
    both.their_upload("newt", "ä+b", b"22")

    both.theirs("commit", "lion")
    done = commit(both.driver, both.zoo.child("newt"), note=CommitNote("v1", "from there", "ada"))
    assert done.index is IndexOutcome.UPDATED
    assert names_in_index(both.driver, both.zoo) == ["lion", "newt"]
    assert sorted(both.theirs("list")) == ["lion", "newt"]
    assert not exists(both.driver, BUCKET, lion.staged_key)
    assert both.titles() == {"lion": ("Lion", Status.COMMITTED), "newt": ("Newt", Status.COMMITTED)}
    assert both.theirs("read", "newt")["x"] == {"y": [None]}
    assert both.their_download("newt", "ä+b") == b"22"
    assert [line.author for line in both.lines("lion")] == [OTHER_PROGRAM]
    assert [(line.version, line.author) for line in both.lines("newt")] == [("v1", "ada")]


def test_versions_kept_bytes_indexes_and_counts_survive_its_edit_and_commit(both: Both, tmp_path: Path) -> None:
    our_collection(both, description="Cats")
    parts = partition_fields(Partitions((("tissue", "lung"),)))
    lion = ours(both, "lion", {"weights": b"one", "old": b"22"}, committed=False, **parts)
    commit(both.driver, lion, note=CommitNote("v1", author="ada"))
    artifacts.get_file(both.driver, lion, "weights", tmp_path / "copy", client=new_client())
    artifacts.put_file(both.driver, lion, "weights", b"two!")
    artifacts.remove_file(both.driver, lion, "old")
    commit(both.driver, lion, note=CommitNote("v2", author="bob"))
    ours(both, "tiger", {})

    both.theirs("edit", "lion", manifest=both.theirs("read", "lion") | {"description": "edited there"})
    both.their_upload("lion", "weights", b"three")
    both.theirs("commit", "lion")

    top, *ours_before = both.lines("lion")
    assert (top.author, top.sequence, top.committed, top.recorded) == (OTHER_PROGRAM, 3, True, False)
    assert [(line.version, line.author, line.sequence) for line in ours_before] == [("v2", "bob", 2), ("v1", "ada", 1)]
    assert read_statistics(both.driver, lion).counts.downloads == 1
    assert names_in_index(both.driver, both.zoo) == ["lion", "tiger"]
    assert scanned(both.driver, both.zoo)[2].up_to_date
    assert artifacts.read(both.driver, both.zoo)["description"] == "Cats"
    found = search(both.driver, lion, Search((("tissue", "lung"),)))
    assert {row.version for row in found.rows} == {"v1", "v2"}

    artifacts.edit(both.driver, lion, {"description": "and here"})
    commit(both.driver, lion, note=CommitNote("v4", author="ada"))
    now = both.lines("lion")
    assert [(line.author, line.adopted) for line in now] == [
        ("ada", False), (OTHER_PROGRAM, True), ("bob", False), ("ada", False),
    ]  # fmt: skip
    assert now[1].version == top.version
    assert both.theirs("read", "lion")["description"] == "and here"
    assert both.their_download("lion", "weights") == b"three"
    assert sorted(both.theirs("list")) == ["lion", "tiger"]

    with pytest.raises(FilesMissing):
        restore(both.driver, lion, "v2")  # it wrote over these bytes: told, and not made up
    first = read_record(both.driver, lion, "v1")  # nothing of this one is lost
    assert first is not None
    assert {at.file.path: at.where for at in where_files(both.driver, lion, first.files)} == {
        "weights": Where.KEPT, "old": Where.KEPT,
    }  # fmt: skip
    assert restore(both.driver, lion, "v1").put_back == 2


def test_what_it_writes_meanwhile_is_told_and_not_written_over(both: Both) -> None:
    our_collection(both)
    lion = ours(both, "lion", {"f": b"1"})
    artifacts.edit(both.driver, lion, {"name": "Mine"})
    plan = plan_commit(both.driver, lion)
    both.theirs("edit", "lion", manifest=both.theirs("read", "lion") | {"name": "Theirs"})
    with pytest.raises(CommitConflict):
        commit(both.driver, lion, plan)
    assert both.theirs("read", "lion")["name"] == "Lion"
    assert both.theirs("read", "lion", stage=True)["name"] == "Theirs"
    both.theirs("commit", "lion")
    artifacts.edit(both.driver, lion, {"name": "Mine again"})
    plan = plan_commit(both.driver, lion)
    both.theirs("remove_file", "lion", file_path="f")  # deletes the blob at once
    with pytest.raises(CommitConflict):
        commit(both.driver, lion, plan)
    commit(both.driver, lion)
    assert both.theirs("read", "lion") | {"files": []} == plain(both.driver, BUCKET, lion.committed_key)


def test_its_delete_takes_ours_and_ours_takes_its(both: Both) -> None:
    our_collection(both)
    lion = ours(both, "lion", {"f": b"1"})
    ours(both, "tiger", {"f": b"2"})
    both.theirs("create", "newt", manifest={"id": "n", "name": "Newt", "type": "dataset"})
    both.theirs("delete", "lion")
    assert all_keys(both.driver, BUCKET, lion.prefix) == []
    assert both.lines("lion") == ()
    assert set(both.titles()) == {"tiger", "newt"}
    assert scanned(both.driver, both.zoo)[2].up_to_date

    plan = artifacts.plan_delete(both.driver, both.zoo.child("newt"))
    assert not artifacts.delete(both.driver, plan).errors
    assert both.theirs("list") == ["tiger"]
    with pytest.raises(HyphaError, match="does not exist"):
        both.theirs("read", "newt")
    ours(both, "lion", {"f": b"new"})
    assert sorted(both.theirs("list")) == ["lion", "tiger"]
    assert [line.sequence for line in both.lines("lion")] == [1]


def test_commits_of_both_at_once_are_all_there(both: Both, house: Store) -> None:
    """It writes the list without a condition: an entry of ours may go, the artifact never, and a scan tells."""
    our_collection(both)
    each = 6
    for number in range(each):
        manifest = {"id": "n", "name": f"Theirs {number}", "type": "dataset"}
        both.theirs("create", f"theirs-{number}", manifest=manifest, stage=True)

    def we(number: int) -> None:
        with house.opened() as driver:
            ours(Both(driver, both.hypha, both.zoo, both.name), f"ours-{number}", {"f": b"1"})

    with ThreadPoolExecutor(4) as pool:
        work = [pool.submit(both.theirs, "commit", f"theirs-{number}") for number in range(each)]
        work += [pool.submit(we, number) for number in range(each)]
        for one in work:
            one.result()
    wanted = sorted(f"{whose}-{number}" for whose in ("ours", "theirs") for number in range(each))
    _, cards, summary = scanned(both.driver, both.zoo)
    assert sorted(cards) == wanted
    assert {card.status for card in cards.values()} == {Status.COMMITTED}
    assert summary.missing + len(names_in_index(both.driver, both.zoo)) == len(wanted)
    rebuild_index(both.driver, both.zoo)
    assert names_in_index(both.driver, both.zoo) == wanted
    assert both.theirs("list") == wanted
