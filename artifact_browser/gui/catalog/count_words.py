"""Downloads and views in words, and what they mean."""

from __future__ import annotations

from artifact_browser.catalog.stats import Counts, Statistics
from artifact_browser.gui.common.format import count

#: What every number of downloads is explained with.
EXPLAINED = (
    "Downloads: the weight of each file, times its completed downloads. Files without a weight count nothing, and silent "
    "downloads are not counted. Everybody who downloads with this app counts for themselves; this is the sum."
)


def number_words(number: float) -> str:
    """``1,234``, or with one decimal where it is fractional: ``1.5``."""
    if 0 < number < 0.05:
        return "under 0.1"
    rounded = round(number, 1)
    return f"{rounded:,.0f}" if rounded == round(rounded) else f"{rounded:,.1f}"


def downloads_words(counts: Counts) -> str:
    """``1.5 downloads``."""
    return _many(counts.downloads, "download")


def counts_words(counts: Counts) -> str:
    """``1.5 downloads · 1 view``."""
    return f"{_many(counts.downloads, 'download')} \u00b7 {_many(counts.views, 'view')}"


def statistics_tooltip(found: Statistics) -> str:
    """What was summed, and what was not."""
    parts = [EXPLAINED]
    if found.clients:
        parts.append(f"Counted by {count(found.clients, 'installation')}.")
    if not found.complete:
        parts.append("There are more counters than are read: it is at least this.")
    if found.skipped:
        parts.append(f"{count(found.skipped, 'object')} beside them could not be read as counters.")
    return "\n".join(parts)


def _many(number: float, word: str) -> str:
    words = number_words(number)
    return f"{words} {word}" if words == "1" else f"{words} {word}s"
