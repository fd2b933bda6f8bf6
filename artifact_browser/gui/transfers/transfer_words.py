"""A transfer in words: what its row says in each state. No widgets here."""

from __future__ import annotations

from artifact_browser.gui.common.format import count, duration, printable, size, speed
from artifact_browser.transfers.state import Counts, ItemSnapshot, ItemState, JobSnapshot, JobState, Verb

_ICONS = {
    Verb.UPLOAD: "upload",
    Verb.DOWNLOAD: "download",
    Verb.DELETE: "trash-2",
    Verb.COPY: "copy",
    Verb.MOVE: "folder-open",
    Verb.RENAME: "pencil",
    Verb.NEW_FOLDER: "folder-plus",
}
_ENDS = {
    JobState.DONE: ("circle-check", "ok"),
    JobState.DONE_WITH_ERRORS: ("triangle-alert", "warning"),
    JobState.FAILED: ("circle-alert", "bad"),
    JobState.CANCELLED: ("ban", "faint"),
    JobState.WAITING: ("triangle-alert", "warning"),
}
_ITEM_ICONS = {
    ItemState.QUEUED: ("clock", "faint"),
    ItemState.RUNNING: ("loader-circle", "accent"),
    ItemState.DONE: ("check", "ok"),
    ItemState.SKIPPED: ("ban", "faint"),
    ItemState.FAILED: ("circle-alert", "bad"),
    ItemState.CANCELLED: ("x", "faint"),
}


def job_icon(job: JobSnapshot) -> tuple[str, str]:
    """Icon name and colour role: what it does while it runs, how it went afterwards."""
    return _ENDS.get(job.state, (_ICONS[job.verb], "accent"))


def item_icon(item: ItemSnapshot) -> tuple[str, str]:
    return _ITEM_ICONS[item.state]


def job_name(job: JobSnapshot) -> str:
    """``raw-scans → speech-corpus/train``; a delete has no target."""
    title = printable(job.title)
    if job.verb is Verb.DELETE:
        return f"Delete {title} from {printable(job.target)}"
    if job.verb is Verb.NEW_FOLDER:
        return f"New folder {title} in {printable(job.target)}"
    return f"{title} \u2192 {printable(job.target)}"


def job_facts(job: JobSnapshot) -> str:
    """How far it is, or how it ended."""
    counts, noun = job.counts, "file" if job.verb is Verb.UPLOAD else "blob"
    if job.state is JobState.SCANNING:
        return f"scanning\u2026 {count(counts.items, noun)} \u00b7 {size(counts.bytes)}"
    if job.state is JobState.WAITING:
        return f"waiting for {job.waiting_for}" if job.waiting_for else "waiting"
    if job.state is JobState.VERIFYING:
        return f"verifying {count(counts.items_left, noun)}"
    if job.error is not None:
        return f"{job.error.title}. {job.error.detail}" if job.error.detail != job.error.title else job.error.title
    if job.state.ended:
        return _outcome(job, noun)
    if not counts.items:
        return "queued"
    return f"{_of(counts, noun)} \u00b7 {_bytes_of(counts)}"


def job_speed(job: JobSnapshot) -> str:
    """Empty when nothing moves (a delete moves nothing)."""
    return speed(job.speed_bps) if job.speed_bps >= 1 and job.verb in {Verb.UPLOAD, Verb.DOWNLOAD} else ""


def job_end(job: JobSnapshot) -> str:
    """The time left while that means something, else the state."""
    if job.time_left_s is not None and job.verb is not Verb.DELETE and job.state is JobState.RUNNING:
        return duration(job.time_left_s)
    return str(job.state)


def percent(counts: Counts) -> int:
    """0 to 100; by items where there are no bytes."""
    if counts.bytes:
        return min(100, counts.bytes_done * 100 // counts.bytes)
    ended = counts.items - counts.items_left
    return min(100, ended * 100 // counts.items) if counts.items else 0


def item_facts(item: ItemSnapshot) -> str:
    """Size, or what became of it."""
    if item.error is not None:
        return f"{item.error.title}. {item.error.detail}" if item.error.detail else item.error.title
    if item.state is ItemState.RUNNING and item.bytes_done:
        return f"{size(item.bytes_done)} of {size(item.item.size_bytes)}"
    facts = "folder" if item.item.folder else size(item.item.size_bytes)
    if item.state is ItemState.DONE and item.verified and not item.item.folder:
        facts += f" \u00b7 checked by {_how(item.verified)}"
    return f"{facts} \u00b7 {item.note}" if item.note else facts


def time_left(seconds: float) -> str:
    """``about 2 min left``: rough, because that is what is known."""
    if seconds < 60:
        return "less than 1 min left"
    return f"about {duration(round(seconds / 60) * 60)} left"


def _outcome(job: JobSnapshot, noun: str) -> str:
    counts = job.counts
    parts = [f"{_of(counts, noun)} \u00b7 {size(counts.bytes_done)}"]
    if job.state is JobState.DONE:
        parts = [f"{count(counts.items_done, noun)} \u00b7 {size(counts.bytes_done)}"]
        if job.verb in {Verb.UPLOAD, Verb.DOWNLOAD} and job.verified:
            parts.append(f"checked by {', '.join(_how(name) for name in job.verified.split(', '))}")
    if counts.items_failed:
        parts.append(f"{counts.items_failed:,} failed")
    if counts.items_skipped:
        parts.append(f"{counts.items_skipped:,} skipped")
    return " \u00b7 ".join(parts)


def _of(counts: Counts, noun: str) -> str:
    return f"{counts.items_done:,} of {count(counts.items, noun)}"


def _bytes_of(counts: Counts) -> str:
    done, planned = size(counts.bytes_done), size(counts.bytes)
    unit = planned.rpartition(" ")[2]
    return f"{done.removesuffix(f' {unit}')} of {planned}" if done.endswith(f" {unit}") else f"{done} of {planned}"


def _how(verified: str) -> str:
    return "size" if verified == "size" else verified.upper()
