"""What a place is: a collection, an artifact, or neither, told from its two manifests."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from artifact_browser.catalog.card import Card, Status, broken_card, card_of
from artifact_browser.catalog.collection_text import flow_mapping
from artifact_browser.catalog.files import FILES_KEY, StagedFile, recorded_files
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.manifest import OWN_KEYS, Manifest, read_manifest
from artifact_browser.errors import ManifestUnreadable
from artifact_browser.storage.driver import NOTHING_KNOWN, ConditionalWrites, Driver

_NOT_SHOWN = OWN_KEYS | {FILES_KEY}
_MAX_SHOWN = 200
_MAX_SHOWN_NAME = 128
_MAX_SHOWN_TEXT = 4000


class PlaceKind(StrEnum):
    COLLECTION = "collection"
    ARTIFACT = "artifact"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Opened:
    """What a place is, from its two manifests.

    :ivar committed: fields to show; ``None`` where there is no such manifest
    :ivar error: the manifest is broken: why, with its place in the text
    :ivar writes: whether the store is known to keep two commits apart
    """

    kind: PlaceKind
    card: Card | None = None
    committed: dict[str, str] | None = None
    staged: dict[str, str] | None = None
    committed_files: tuple[StagedFile, ...] = ()
    staged_files: tuple[StagedFile, ...] = ()
    staged_etag: str = ""
    error: str = ""
    broken_key: str = ""
    writes: ConditionalWrites = NOTHING_KNOWN


def open_place(driver: Driver, place: Place) -> tuple[Opened, Manifest | None]:
    """What ``place`` is: two GETs. A broken manifest is told, not raised."""
    found: dict[str, Manifest | None] = {}
    error = broken_key = ""
    for key in (place.committed_key, place.staged_key):
        try:
            found[key] = read_manifest(driver, place.bucket, key)
        except ManifestUnreadable as unreadable:
            found[key], error, broken_key = None, unreadable.detail, key
    committed, staged = found[place.committed_key], found[place.staged_key]
    shown = committed or staged
    if broken_key == place.committed_key:
        kind = PlaceKind.COLLECTION  # it may be one: then its children can still be seen
        card: Card | None = broken_card(place, error)
    elif shown is None:
        kind = PlaceKind.ARTIFACT if error else PlaceKind.PLAIN
        card = broken_card(place, error) if error else None
    else:
        kind = PlaceKind.COLLECTION if shown.is_collection else PlaceKind.ARTIFACT
        card = card_of(place, shown.fields, status_of(committed is not None, staged is not None), shown.modified_us)
    opened = Opened(
        kind,
        card,
        shown_fields(committed),
        shown_fields(staged),
        tuple(recorded_files(committed.fields)) if committed else (),
        tuple(recorded_files(staged.fields)) if staged else (),
        staged.etag if staged else "",
        error,
        broken_key,
        driver.conditional_writes(place.bucket),
    )
    return opened, committed if committed is not None and committed.is_collection else None


def status_of(committed: bool, staged: bool) -> Status:
    """The status of an artifact that has these manifests."""
    if committed:
        return Status.STAGED_EDIT if staged else Status.COMMITTED
    return Status.STAGED


def shown_fields(manifest: Manifest | None) -> dict[str, str] | None:
    """Fields for the window, as short texts: the catalog's own and the lists of files left out."""
    if manifest is None:
        return None
    fields = {str(name): value for name, value in manifest.fields.items() if name not in _NOT_SHOWN}
    return {name[:_MAX_SHOWN_NAME]: _as_text(value) for name, value in list(fields.items())[:_MAX_SHOWN]}


def _as_text(value: object) -> str:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        value = ", ".join(value)
    text = flow_mapping({"": value})[5:-1] if isinstance(value, dict | list) else str(value)
    return text if len(text) <= _MAX_SHOWN_TEXT else text[: _MAX_SHOWN_TEXT - 1] + "\u2026"
