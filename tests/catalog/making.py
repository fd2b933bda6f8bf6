"""Collections and artifacts made the way a person makes them, and plain readers of what was written."""

from __future__ import annotations

from typing import Any

import yaml

from artifact_browser.catalog import commit as committing
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.opening import Opened
from artifact_browser.catalog.scan import CardsFound, ScanSummary, scan_place
from artifact_browser.catalog.staging import create_artifact, create_collection, register_uploaded
from artifact_browser.storage.driver import Driver


def make_collection(driver: Driver, place: Place, **fields: Any) -> Place:
    create_collection(driver, place, {"name": "Zoo", **fields})
    return place


def stage(driver: Driver, zoo: Place, name: str, files: dict[str, bytes] | None = None, **fields: Any) -> Place:
    """A staged artifact with uploaded files."""
    place = zoo.child(name)
    create_artifact(driver, place, {"name": name.title(), "type": "dataset", **fields})
    for path, body in (files or {}).items():
        driver.put(place.bucket, place.file_key(path), body)
    if files:
        register_uploaded(driver, place, files)
    return place


def stage_and_commit(driver: Driver, zoo: Place, name: str, files: dict[str, bytes] | None = None) -> Place:
    place = stage(driver, zoo, name, files)
    committing.commit(driver, place)
    return place


def put(driver: Driver, bucket: str, key: str, text: str | bytes) -> None:
    """Write as another program does: no conditions."""
    driver.put(bucket, key, text.encode() if isinstance(text, str) else text)


def plain(driver: Driver, bucket: str, key: str) -> Any:
    """What a foreign reader sees: PyYAML's own safe loader."""
    with driver.get(bucket, key) as reader:
        return yaml.safe_load(reader.read())


def names_in_index(driver: Driver, zoo: Place) -> list[str]:
    return sorted(entry["_id"] for entry in plain(driver, zoo.bucket, zoo.committed_key)["collection"])


def exists(driver: Driver, bucket: str, key: str) -> bool:
    page = next(iter(driver.list_pages(bucket, key, delimiter="")))
    return key in page.keys


def scanned(driver: Driver, place: Place) -> tuple[Opened, dict[str, Any], ScanSummary]:
    """A scan's result: what the place is, its cards by name at the end, the summary."""
    cards: dict[str, Any] = {}
    scan = scan_place(driver, place)
    opened = next(scan)
    assert isinstance(opened, Opened)
    while True:
        try:
            event = next(scan)
        except StopIteration as end:
            return opened, {card.id: card for card in cards.values()}, end.value
        assert isinstance(event, CardsFound)
        cards |= {card.prefix: card for card in event.cards}
        for prefix in event.gone:
            del cards[prefix]
