"""What the usage window says: names of parts, shares, how far the count is, and what it leaves out."""

from __future__ import annotations

from datetime import datetime

from artifact_browser.gui.common.format import count, duration, elided, exact_size, natural_time, printable, size
from artifact_browser.gui.usage.usage_count import CountState, CountStatus
from artifact_browser.storage.usage import UploadsCounted
from artifact_browser.storage.usage_view import Slice, SliceKind, UsageView

_KEY_LETTERS = 60


def part_name(part: Slice, view: UsageView) -> str:
    """``train``, ``model.bin``, ``99,700 other prefixes``; where deeper prefixes count as blobs here, it says so."""
    if part.kind is SliceKind.OTHER_PREFIXES:
        return count(part.members, "other prefix", "other prefixes")
    if part.kind is SliceKind.OTHER_BLOBS:
        others = any(one.kind is SliceKind.BLOB for one in view.slices)
        words = count(part.members, "other blob") if others else f"{count(part.members, 'blob')} here"
        return f"{words} and deeper" if view.cut else words
    name = part.name.removesuffix("/") if part.kind is SliceKind.PREFIX else part.name
    return printable(name) if name else "(empty name)"


def share(amount: int, whole: int) -> str:
    """``34.5 %``; what is there but too small to be said is ``< 0.1 %``."""
    if amount <= 0 or whole <= 0:
        return "0 %"
    percent = 100 * amount / whole
    return "< 0.1 %" if percent < 0.05 else f"{percent:.1f} %"


def part_tooltip(part: Slice, view: UsageView) -> str:
    """Exact figures and the share of the level."""
    name = elided(part_name(part, view), 200)
    lines = [name, f"{exact_size(part.size_bytes)} \u00b7 {share(part.size_bytes, view.size_bytes)} of the bytes here"]
    if part.kind is not SliceKind.BLOB:
        lines.append(f"{count(part.blobs, 'blob')} \u00b7 {share(part.blobs, view.blobs)} of the blobs here")
    return "\n".join(lines)


def clock(time_us: int) -> str:
    """``14:02``, with the day when that is not today."""
    local = datetime.fromtimestamp(time_us / 1e6).astimezone()
    day = "" if local.date() == datetime.now().astimezone().date() else f"{local:%Y-%m-%d} "
    return f"{day}{local:%H:%M}"


def status_chip(state: CountState) -> str:
    """How far it is, in a word or two."""
    if state.status is CountStatus.COUNTING:
        return "counting\u2026"
    if state.status is CountStatus.COMPLETE:
        return f"complete as of {clock(state.ended_us)}"
    return "stopped" if state.status is CountStatus.STOPPED else "broken off"


def whole_figure(state: CountState) -> str:
    """The one number."""
    return size(state.counted.size_bytes)


def whole_facts(state: CountState) -> str:
    """``in 1,204,113 blobs and 1,310 prefixes, counted so far``."""
    counted = state.counted
    words = f"in {count(counted.blobs, 'blob')}"
    if counted.prefixes:
        words += f" and {count(counted.prefixes, 'prefix', 'prefixes')}"
    return words if state.status is CountStatus.COMPLETE else f"{words}, counted so far"


def level_facts(view: UsageView) -> str:
    """``168.0 GiB in 420 blobs, 12.7 % of the whole``: a level below the whole."""
    part = share(view.size_bytes, view.counted.size_bytes)
    return f"{size(view.size_bytes)} in {count(view.blobs, 'blob')}, {part} of the whole"


def how_facts(state: CountState) -> str:
    """What it took, and up to where a count that is not complete is true."""
    counted = state.counted
    took = duration(counted.seconds) if counted.seconds >= 1 else "less than a second"
    words = f"{count(counted.requests, 'request')} in {took}"
    if state.status in {CountStatus.STOPPED, CountStatus.FAILED} and counted.last_key:
        words += f" \u00b7 everything up to \u201c{elided(printable(counted.last_key), _KEY_LETTERS)}\u201d is counted"
    return words


def uploads_words(found: UploadsCounted | None, trouble: str = "") -> str:
    """Unfinished multipart uploads: apart, since no listing shows them."""
    if trouble:
        return f"Incomplete uploads could not be looked for: {printable(trouble)}"
    if found is None:
        return "Looking for incomplete uploads\u2026"
    if found.refused and not found.uploads:
        return f"The store does not tell of incomplete uploads: {printable(found.refused)}"
    if not found.uploads:
        return "No incomplete uploads."
    words = f"{count(found.uploads, 'incomplete upload')}"
    if found.asked:
        held = "hold" if found.asked != 1 else "holds"
        which = "" if found.asked == found.uploads else f"; {found.asked:,} of them"
        words += f"{which} {held} {size(found.size_bytes)} in {count(found.parts, 'part')}"
    else:
        words += " of unknown size"
    if found.oldest_us > 0:
        words += f", the oldest begun {natural_time(found.oldest_us)}"
    return f"{words}. Not in the figures above."
