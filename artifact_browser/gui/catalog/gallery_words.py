"""The sentence under a gallery's title: how many, how many staged, and whether the index can be trusted."""

from __future__ import annotations

from artifact_browser.catalog.opening import Opened, PlaceKind
from artifact_browser.catalog.scan import ScanSummary
from artifact_browser.gui.catalog.gallery_model import GalleryModel
from artifact_browser.gui.common.format import count


def header_words(model: GalleryModel, opened: Opened | None, summary: ScanSummary | None, *, scanning: bool) -> str:
    """``8 artifacts · 1 staged edit · index up to date``."""
    if opened is None:
        return "Looking\u2026" if scanning else ""
    parts = []
    if opened.kind is PlaceKind.COLLECTION:
        parts.append(count(model.total, "artifact"))
    elif model.total:
        parts.append(f"{count(model.total, 'collection or artifact', 'collections and artifacts')} below")
    if opened.kind is PlaceKind.COLLECTION and opened.staged_etag and opened.committed is not None:
        parts.append("an edit of the collection is staged")
    if model.is_filtered and model.rowCount() != model.total:
        parts.append(f"{model.rowCount():,} shown")
    if model.staged:
        parts.append(f"{model.staged:,} staged")
    if model.broken:
        parts.append(f"{model.broken:,} broken")
    if opened.error:
        parts.append(f"manifest cannot be read ({opened.error})")
    elif opened.kind is PlaceKind.COLLECTION:
        parts.append(_index_words(summary, scanning))
    elif scanning:
        parts.append("looking\u2026")
    return " \u00b7 ".join(part for part in parts if part)


def _index_words(summary: ScanSummary | None, scanning: bool) -> str:
    if summary is None:
        return "comparing the index with the bucket\u2026" if scanning else ""
    if summary.up_to_date:
        return f"index not compared for {summary.unchecked:,}" if summary.unchecked else "index up to date"
    wrong = [
        f"{number:,} {word}"
        for number, word in ((summary.missing, "missing"), (summary.changed, "changed"), (summary.vanished, "gone"))
        if number
    ]
    return f"index out of date: {', '.join(wrong)}"
