"""What stands at a place, as cards: from the collection's index at once, then checked against the bucket.

The scan yields, in this order: :class:`Opened` (what the place is), :class:`CardsFound` batches, and while it checks
more batches that replace cards by prefix; it returns a :class:`ScanSummary`. A broken child is a red card.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from artifact_browser.catalog.card import ENTRY_ETAG, Card, Status, broken_card, card_of, entry_of
from artifact_browser.catalog.children import Child, scan_children
from artifact_browser.catalog.collection_text import ENTRY_ID, flow_mapping
from artifact_browser.catalog.index import READERS, summary_fields_of
from artifact_browser.catalog.layout import PLAIN_SUMMARY_FIELDS, Place
from artifact_browser.catalog.manifest import Manifest, read_manifest
from artifact_browser.catalog.opening import Opened, PlaceKind, open_place, status_of
from artifact_browser.errors import ArtifactBrowserError, JobCancelled
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.location import DELIMITER

#: Cards in one event: what the window takes in without a hitch.
BATCH = 250
#: Index entries without an ETag (another program's) are compared by reading, at most so many.
_MAX_COMPARED = 1000
#: Folders that are looked into for collections below a place that is none.
_MAX_FOLDERS = 50


@dataclass(frozen=True, slots=True)
class CardsFound:
    """Cards to add, or to put in the place of those with the same prefix; ``gone``: prefixes no longer there."""

    cards: tuple[Card, ...]
    gone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScanSummary:
    """How the index compares to the bucket.

    :ivar missing: committed children the index does not list; :ivar changed: whose entry is out of date
    :ivar vanished: entries without a child; :ivar unchecked: entries that could not be compared cheaply
    """

    kind: PlaceKind
    children: int = 0
    missing: int = 0
    changed: int = 0
    vanished: int = 0
    broken: int = 0
    unchecked: int = 0

    @property
    def up_to_date(self) -> bool:
        return not (self.missing or self.changed or self.vanished)


@dataclass(slots=True)
class _Check:
    """The running comparison of an index with the children. ``fields``: what an entry may hold, by who wrote it."""

    fields: list[list[str]]
    entries: dict[str, dict[str, Any]]
    missing: int = 0
    changed: int = 0
    broken: int = 0
    unchecked: int = 0
    to_read: list[Child] = field(default_factory=list)


Scan = Generator[Opened | CardsFound, None, ScanSummary]


def scan_place(driver: Driver, place: Place, check: Callable[[], None] = lambda: None) -> Scan:
    """Look at ``place``; see the module's text for what is yielded.

    :param check: called before requests; may raise to stop
    """
    opened, collection = open_place(driver, place)
    yield opened
    if opened.kind is PlaceKind.ARTIFACT and not opened.error:
        return ScanSummary(PlaceKind.ARTIFACT)
    if opened.kind is PlaceKind.PLAIN:
        return (yield from find_collections(driver, place, check))
    entries = _entries(collection) if collection else {}
    if collection is not None:
        collection.text.lines.clear()  # nothing is written here, and of 10,000 children they are megabytes
    yield from _batches(_entry_card(place, name, entry) for name, entry in entries.items())
    check()
    children = scan_children(driver, place, check)
    work = _Check(_field_choices(collection) if collection else [], entries)
    yield from _batches(_compare(place, children, work))
    for cards in _read_cards(driver, place, work.to_read, work, check):
        yield CardsFound(cards)
    vanished = [name for name in entries if name not in children]
    if vanished:
        yield CardsFound((), tuple(f"{place.prefix}{name}{DELIMITER}" for name in vanished))
    return ScanSummary(
        opened.kind, len(children), work.missing, work.changed, len(vanished), work.broken, work.unchecked
    )


def find_collections(driver: Driver, place: Place, check: Callable[[], None] = lambda: None) -> Scan:
    """Collections and artifacts in the folders below a place that is neither, two levels deep."""
    found = scan_children(driver, place, check)
    work = _Check([], {})
    for cards in _read_cards(driver, place, list(found.values()), work, check):
        yield CardsFound(cards)
    folders = _folders(driver, place)
    deeper = [name for name in folders if name not in found][:_MAX_FOLDERS]
    total = len(found)
    for name in deeper:
        below = Place(place.bucket, f"{place.prefix}{name}{DELIMITER}")
        check()
        children = scan_children(driver, below, check)
        total += len(children)
        for cards in _read_cards(driver, below, list(children.values()), work, check):
            yield CardsFound(cards)
    return ScanSummary(PlaceKind.PLAIN, total, broken=work.broken)


def _folders(driver: Driver, place: Place) -> list[str]:
    page = next(iter(driver.list_pages(place.bucket, place.prefix)))
    names = [prefix[len(place.prefix) :].removesuffix(DELIMITER) for prefix in page.prefixes]
    return [name for name in names if name and not name.startswith(".")]


def _compare(place: Place, children: dict[str, Child], work: _Check) -> Iterable[Card]:
    """Cards whose status the LIST settles; what must be read goes to ``work.to_read``."""
    for name, child in children.items():
        entry = work.entries.get(name)
        if not child.committed_etag or entry is None:
            work.to_read.append(child)
        elif ENTRY_ETAG not in entry:
            if len(work.to_read) < _MAX_COMPARED:
                work.to_read.append(child)
            else:
                work.unchecked += 1
        elif entry[ENTRY_ETAG] != child.committed_etag:
            work.to_read.append(child)
        else:
            yield card_of(
                Place(place.bucket, f"{place.prefix}{name}{DELIMITER}"),
                entry,
                status_of(True, bool(child.staged_etag)),
                child.modified_us,
            )


def _read_cards(
    driver: Driver, place: Place, children: list[Child], work: _Check, check: Callable[[], None]
) -> Generator[tuple[Card, ...], None, None]:
    """Read children's manifests, several at once; entries that say something else are counted as changed."""
    if not children:
        return
    with ThreadPoolExecutor(READERS, thread_name_prefix="manifests") as readers:
        for at in range(0, len(children), BATCH // 4):
            check()
            part = children[at : at + BATCH // 4]
            yield tuple(readers.map(lambda child: _read_card(driver, place, child, work), part))


def _read_card(driver: Driver, place: Place, child: Child, work: _Check) -> Card:
    below = Place(place.bucket, f"{place.prefix}{child.name}{DELIMITER}")
    key = below.committed_key if child.committed_etag else below.staged_key
    try:
        manifest = read_manifest(driver, place.bucket, key)
    except JobCancelled:
        raise
    except ArtifactBrowserError as error:
        work.broken += 1
        name = key.rpartition(DELIMITER)[2]
        return broken_card(below, f"{name}: {error.detail or error.title}", child.modified_us)
    if manifest is None:
        return broken_card(below, "The manifest is gone.", child.modified_us)
    entry = work.entries.get(child.name)
    if entry is None:
        work.missing += bool(child.committed_etag)
    elif child.committed_etag:
        work.changed += not any(_says(entry, child.name, manifest, fields) for fields in work.fields)
    status = status_of(bool(child.committed_etag), bool(child.staged_etag))
    return card_of(below, manifest.fields, status, child.modified_us)


def _field_choices(collection: Manifest) -> list[list[str]]:
    """What we keep of a child; where the collection does not say it, an index by Hypha's own default is as true."""
    said = "summary_fields" in collection.fields
    return [summary_fields_of(collection.fields), *([] if said else [list(PLAIN_SUMMARY_FIELDS)])]


def _says(entry: dict[str, Any], name: str, manifest: Manifest, fields: list[str]) -> bool:
    """Whether an entry is what an index with these fields says of a manifest."""
    now, then = entry_of(name, manifest.fields, fields, ""), dict(entry)
    then.pop(ENTRY_ETAG, None)
    return flow_mapping(dict(sorted(now.items()))) == flow_mapping(dict(sorted(then.items())))


def _entries(collection: Manifest) -> dict[str, dict[str, Any]]:
    found = {}
    for entry in collection.text.entries:
        name = entry.get(ENTRY_ID)
        if isinstance(name, str) and name and DELIMITER not in name:
            found[name] = entry
    return found


def _entry_card(place: Place, name: str, entry: dict[str, Any]) -> Card:
    return card_of(Place(place.bucket, f"{place.prefix}{name}{DELIMITER}"), entry, Status.COMMITTED)


def _batches(cards: Iterable[Card]) -> Generator[CardsFound, None, None]:
    batch: list[Card] = []
    for card in cards:
        batch.append(card)
        if len(batch) == BATCH:
            yield CardsFound(tuple(batch))
            batch.clear()
    if batch:
        yield CardsFound(tuple(batch))
