"""A transfer in words: what its row says in each state. No widgets here."""

from __future__ import annotations

from dataclasses import replace

from artifact_browser.errors import ErrorRecord
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
    Verb.SYNC_UP: "arrow-left-right",
    Verb.SYNC_DOWN: "arrow-left-right",
}
#: bytes pass through this computer
GOING_UP, GOING_DOWN = frozenset({Verb.UPLOAD, Verb.SYNC_UP}), frozenset({Verb.DOWNLOAD, Verb.SYNC_DOWN})
_MOVING = GOING_UP | GOING_DOWN | {Verb.COPY, Verb.MOVE}
_HOW = {"size": "size", "etag": "ETag", "bytes": "comparing bytes", "second reading": "a second reading"}
_ENDS = {
    JobState.DONE: ("circle-check", "ok"),
    JobState.DONE_WITH_ERRORS: ("triangle-alert", "warning"),
    JobState.FAILED: ("circle-alert", "bad"),
    JobState.CANCELLED: ("ban", "faint"),
    JobState.WAITING: ("triangle-alert", "warning"),
    JobState.WAITING_NETWORK: ("clock", "warning"),
    JobState.WAITING_CREDENTIALS: ("key-round", "warning"),
    JobState.PAUSED: ("pause", "dim"),
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


def is_bucket(job: JobSnapshot) -> bool:
    """Whether a bucket is deleted with all that is in it: it is in no other place."""
    return job.verb is Verb.DELETE and not job.target


def job_name(job: JobSnapshot) -> str:
    """``raw-scans → speech-corpus/train``; a delete has no target."""
    title = printable(job.title)
    if job.verb is Verb.DELETE:
        return f"Delete bucket {title}" if is_bucket(job) else f"Delete {title} from {printable(job.target)}"
    if job.verb is Verb.NEW_FOLDER:
        return f"New folder {title} in {printable(job.target)}"
    verb = f"{job.verb} " if job.verb in {Verb.COPY, Verb.MOVE} else ""
    return f"{verb}{title} \u2192 {printable(job.target)}"


def job_facts(job: JobSnapshot) -> str:
    """How far it is, or how it ended."""
    if is_bucket(job):  # which is no blob
        itself = replace(job.counts, items=max(0, job.counts.items - 1), items_done=_but_itself(job.counts))
        job = replace(job, counts=itself)
    counts, noun = job.counts, "file" if job.verb in GOING_UP else "blob"
    if job.state is JobState.SCANNING:
        return f"scanning\u2026 {count(counts.items, noun)} \u00b7 {size(counts.bytes)}"
    if job.state is JobState.WAITING_CREDENTIALS:
        why = f" \u00b7 {job.error.title}" if job.error is not None else ""
        return f"waiting for credentials{why}"
    if job.state.waiting:
        return f"waiting for {job.waiting_for}" if job.waiting_for else str(job.state)
    if job.state is JobState.VERIFYING:
        return f"verifying {count(counts.items_left, noun)}"
    if job.error is not None:
        return f"{job.error.title}. {job.error.detail}" if job.error.detail != job.error.title else job.error.title
    if job.state.ended:
        return _outcome(job, noun)
    if not counts.items:
        return "queued"
    so_far = " so far" if job.scanning else ""
    return f"{_of(counts, noun)}{so_far} \u00b7 {_bytes_of(counts)}"


def _but_itself(counts: Counts) -> int:
    """A bucket goes last."""
    return max(0, counts.items_done - (counts.items_done == counts.items))


def job_speed(job: JobSnapshot) -> str:
    """Empty when nothing moves (a delete moves nothing)."""
    return speed(job.speed_bps) if job.speed_bps >= 1 and job.verb in _MOVING else ""


def job_end(job: JobSnapshot) -> str:
    """The time left while that means something, else the state."""
    if job.time_left_s is not None and job.verb is not Verb.DELETE and job.state is JobState.RUNNING:
        return duration(job.time_left_s)
    return "waiting" if job.state.waiting else str(job.state)


def percent(counts: Counts) -> int:
    """0 to 100; by items where there are no bytes."""
    if counts.bytes:
        return min(100, counts.bytes_done * 100 // counts.bytes)
    ended = counts.items - counts.items_left
    return min(100, ended * 100 // counts.items) if counts.items else 0


def item_facts(item: ItemSnapshot) -> str:
    """Size, or what became of it."""
    tried = f" \u00b7 tried {item.attempts:,} times" if item.attempts > 1 else ""
    if item.error is not None:
        return f"{_sentence(item.error)}{tried}"
    if item.state is ItemState.RUNNING and item.bytes_done:
        return f"{size(item.bytes_done)} of {size(item.item.size_bytes)}{tried}"
    facts = "folder" if item.item.folder else size(item.item.size_bytes)
    if item.state is ItemState.DONE and item.verified and not item.item.folder:
        facts += f" \u00b7 checked by {_how(item.verified)}"
    return f"{facts} \u00b7 {item.note}{tried}" if item.note else f"{facts}{tried}"


def item_troubles(item: ItemSnapshot) -> list[str]:
    """What a tooltip says of its attempts and errors, line by line."""
    lines = [f"tried {item.attempts:,} times"] if item.attempts > 1 else []
    error = item.error or item.last_error
    if error is not None:
        lines.append(f"last error: {_sentence(error)}")
    return [*lines, item.error.todo] if item.error is not None and item.error.todo else lines


def time_left(seconds: float) -> str:
    """``about 2 min left``: rough, because that is what is known."""
    if seconds < 60:
        return "less than 1 min left"
    return f"about {duration(round(seconds / 60) * 60)} left"


def _outcome(job: JobSnapshot, noun: str) -> str:
    counts = job.counts
    parts = [f"{_of(counts, noun)} \u00b7 {size(counts.bytes_done)}"]
    if job.state is JobState.DONE:
        parts = [f"{count(counts.items_done, noun)} \u00b7 {size(counts.bytes_done)}", left_out(counts)]
        if job.verb in _MOVING and job.verified:
            parts.append(f"checked by {', '.join(_how(name) for name in job.verified.split(', '))}")
    else:
        parts.append(left_out(counts))
    if job.state is JobState.CANCELLED and job.verb is Verb.DELETE and counts.items_left:
        parts.append(f"{counts.items_left:,} left")
    if counts.items_failed:
        parts.append(f"{counts.items_failed:,} failed")
    if counts.items_skipped:
        parts.append(f"{counts.items_skipped:,} skipped")
    return " \u00b7 ".join(filter(None, parts))


def left_out(counts: Counts) -> str:
    """``312 files and 2 folders left out by .artifactignore``; empty when nothing was."""
    kinds = [(counts.left_out, "file"), (counts.folders_left_out, "folder")]
    told = " and ".join(count(number, noun) for number, noun in kinds if number)
    return f"{told} left out by {' and '.join(counts.left_out_by)}" if told else ""


def _of(counts: Counts, noun: str) -> str:
    return f"{counts.items_done:,} of {count(counts.items, noun)}"


def _bytes_of(counts: Counts) -> str:
    done, planned = size(counts.bytes_done), size(counts.bytes)
    unit = planned.rpartition(" ")[2]
    return f"{done.removesuffix(f' {unit}')} of {planned}" if done.endswith(f" {unit}") else f"{done} of {planned}"


def _sentence(error: ErrorRecord) -> str:
    return f"{error.title}. {error.detail}" if error.detail else error.title


def _how(verified: str) -> str:
    return _HOW.get(verified, verified.upper())
