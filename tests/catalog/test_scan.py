"""What the gallery is told: from the index at once, then the truth; a broken child is a card, never an abort."""

from __future__ import annotations

import yaml

from artifact_browser.catalog.card import Status
from artifact_browser.catalog.children import scan_children
from artifact_browser.catalog.index import rebuild_index
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.opening import PlaceKind
from artifact_browser.catalog.staging import edit_fields
from artifact_browser.storage.driver import Driver
from tests.catalog.making import make_collection, names_in_index, put, scanned, stage, stage_and_commit


def test_a_collection_as_cards(driver: Driver, zoo: Place) -> None:
    stage_and_commit(driver, zoo, "lion", {"a": b"1"})
    stage_and_commit(driver, zoo, "wolf")
    edit_fields(driver, zoo.child("wolf"), {"description": "new"})
    stage(driver, zoo, "fox", tags=["red"], version="v2", covers=["cover.png"])
    opened, cards, summary = scanned(driver, zoo)
    assert opened.kind is PlaceKind.COLLECTION
    assert opened.card is not None
    assert opened.card.title == "Zoo"
    assert {name: card.status for name, card in cards.items()} == {
        "lion": Status.COMMITTED, "wolf": Status.STAGED_EDIT, "fox": Status.STAGED,
    }  # fmt: skip
    assert (cards["fox"].title, cards["fox"].tags, cards["fox"].version) == ("Fox", ("red",), "v2")
    assert cards["lion"].modified_us > 0
    assert summary.up_to_date
    assert summary.children == 3


def test_what_other_programs_wrote_appears_and_the_index_is_healed(driver: Driver, zoo: Place) -> None:
    stage_and_commit(driver, zoo, "lion")
    stage_and_commit(driver, zoo, "gone")
    put(driver, zoo.bucket, zoo.child("new").committed_key, "type: model\nname: Newcomer\n")
    put(driver, zoo.bucket, zoo.child("lion").committed_key, "type: dataset\nname: Changed\nid: lion\n")
    driver.delete(zoo.bucket, zoo.child("gone").committed_key)
    _, cards, summary = scanned(driver, zoo)
    assert {card.title for card in cards.values()} == {"Newcomer", "Changed"}
    assert (summary.missing, summary.changed, summary.vanished) == (1, 1, 1)
    assert not summary.up_to_date
    rebuild_index(driver, zoo)
    assert names_in_index(driver, zoo) == ["lion", "new"]
    assert scanned(driver, zoo)[2].up_to_date


def test_broken_children_are_red_cards_with_their_place(driver: Driver, zoo: Place) -> None:
    texts = {
        "empty": "",
        "list": "- a\n",
        "broken": "a: 1\nb: [\n",
        "twice": "a: 1\na: 2\n",
        "bomb": "a: &a [*a]\n",
        "big": "a: " + "x" * (5 * 1024**2),
    }
    for name, text in texts.items():
        put(driver, zoo.bucket, zoo.child(name).committed_key, text)
    put(driver, zoo.bucket, zoo.child("windows").committed_key, b"\xef\xbb\xbfname: Fine\r\ntype: model\r\n")
    _, cards, summary = scanned(driver, zoo)
    assert {name for name, card in cards.items() if card.status is Status.BROKEN} == set(texts)
    assert cards["windows"].title == "Fine"
    assert "manifest.yaml: line 3, column 1" in cards["broken"].error
    assert "there twice" in cards["twice"].error
    assert "5.0 MiB" in cards["big"].error
    assert summary.broken == len(texts)
    assert set(rebuild_index(driver, zoo).broken) == set(texts)
    assert names_in_index(driver, zoo) == ["windows"]


def test_a_broken_collection_still_shows_its_children(driver: Driver, zoo: Place) -> None:
    stage_and_commit(driver, zoo, "lion")
    put(driver, zoo.bucket, zoo.committed_key, "type: collection\ncollection: [\n")
    opened, cards, _ = scanned(driver, zoo)
    assert "line 3" in opened.error
    assert opened.broken_key == zoo.committed_key
    assert cards["lion"].title == "Lion"


def test_an_index_hypha_wrote_is_completed_from_the_manifests(driver: Driver, zoo: Place) -> None:
    stage_and_commit(driver, zoo, "lion")
    hypha = {
        "collection": [{"_id": "lion", "description": "", "name": "Lion"}],
        "id": "zoo", "name": "Zoo", "type": "collection", "summary_fields": ["name", "description"],
    }  # fmt: skip
    put(driver, zoo.bucket, zoo.committed_key, yaml.dump(hypha))
    _, cards, summary = scanned(driver, zoo)
    assert cards["lion"].type == "dataset"
    assert summary.up_to_date


def test_an_artifact_and_a_plain_place(driver: Driver, zoo: Place) -> None:
    place = stage_and_commit(driver, zoo, "lion", {"a": b"1"})
    opened, cards, _ = scanned(driver, place)
    assert opened.kind is PlaceKind.ARTIFACT
    assert [file.path for file in opened.committed_files] == ["a"]
    assert opened.committed is not None
    assert opened.committed["name"] == "Lion"
    assert not cards
    make_collection(driver, Place(zoo.bucket, "deep/er/"), name="Deeper")
    opened, cards, summary = scanned(driver, Place(zoo.bucket, ""))
    assert opened.kind is PlaceKind.PLAIN
    assert {card.title for card in cards.values()} == {"Zoo", "Deeper"}
    opened, cards, summary = scanned(driver, Place(zoo.bucket, "nothing/here/"))
    assert (opened.kind, cards, summary.children) == (PlaceKind.PLAIN, {}, 0)


def test_children_with_many_files_cost_few_requests(driver: Driver, bucket: str) -> None:
    place = Place(bucket, "c/")
    for child in ("a", "b0", "c c", ".artifact"):
        for name in ("0", "Z/x", "_manifest.yaml", "b", "manifest.yaml", "z/manifest.yaml"):
            put(driver, bucket, f"c/{child}/{name}", "type: x\n")
    put(driver, bucket, "c/loose", "1")
    put(driver, bucket, "c/only-files/x", "1")
    small = _SmallPages(driver)
    found = scan_children(small, place)  # type: ignore[arg-type]
    assert {name: bool(child.staged_etag and child.committed_etag) for name, child in found.items()} == {
        "a": True, "b0": True, "c c": True,
    }  # fmt: skip
    assert small.pages <= 20


class _SmallPages:
    """Pages of two keys: every jump is taken."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self.pages = 0

    def list_pages(self, *args: str, **options: object) -> object:
        self.pages += 1
        return self._driver.list_pages(*args, **{**options, "page_size": 2})  # type: ignore[arg-type]
