"""The jobs that have ended, as the history shows them: in pages, newest first, with their items and as a report.

INTERACTIVE jobs over the journal, read only. A query that takes long (words are looked for in a million names) ends with
its job: a cancel interrupts it.
"""

from __future__ import annotations

import csv
import io
import logging
import sqlite3
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.errors import InternalError, JobCancelled
from artifact_browser.transfers import journal_file
from artifact_browser.transfers.history import ItemsKept, JobKept, bring_back
from artifact_browser.transfers.journal_rows import NUMBER, fetch, items_of, read_moved_items, read_rows
from artifact_browser.transfers.state import Item, ItemSnapshot, ItemState, JobSnapshot, JobState, Verb
from artifact_browser.workers.job import JobContext

_log = logging.getLogger(__name__)
_ENDED = tuple(state for state in JobState if state.ended)
#: a report of more items is cut: it goes through the clipboard
REPORT_ITEMS = 10_000
#: what a spreadsheet would take for a formula
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

#: so many rows are asked for at a time
PAGE = 100
#: above every job: when it ended, and its key
_NEWEST = (2**63 - 1, 2**63 - 1)


@dataclass(frozen=True, slots=True)
class PastJob:
    """An ended job. Times in microseconds UTC; ``key``: for the jobs below."""

    key: int
    begun_us: int
    ended_us: int
    snapshot: JobSnapshot

    @property
    def can_retry(self) -> bool:
        """Whether something of it was left undone, and may be done without asking anew."""
        return self.snapshot.state is not JobState.DONE and self.snapshot.verb is not Verb.DELETE


@dataclass(frozen=True, slots=True)
class PastQuery:
    """Which of them. ``words``: each must be in the title, the target, the verb or an item's name; no state: all."""

    words: str = ""
    states: tuple[JobState, ...] = ()


class ReportForm(StrEnum):
    TEXT = "text"
    CSV = "CSV"


def list_past_jobs(
    context: JobContext, query: PastQuery, below: PastJob | None, count: int
) -> Generator[tuple[PastJob, ...], None, None]:
    """The next ``count`` behind ``below`` (``None``: the first), in one event; fewer at the end.

    :raises JournalNewer: a newer version wrote the journal
    """
    states = query.states or _ENDED
    where = [f"state IN ({', '.join('?' * len(states))})", f"hidden < {journal_file.FORGOTTEN}"]
    values: list[object] = [*states]
    for word in query.words.lower().split():
        where.append(
            "(instr(lower(verb || ' ' || title || ' ' || target), ?) OR EXISTS"
            " (SELECT 1 FROM item WHERE job = key AND instr(lower(CAST(name AS TEXT)), ?)))"
        )
        values += [word, word]
    text = (
        f"SELECT begun_us, changed_us, {journal_file.JOB_COLUMNS} FROM job WHERE {' AND '.join(where)}"  # noqa: S608 - question marks
        " AND (changed_us, key) < (?, ?) ORDER BY changed_us DESC, key DESC LIMIT ?"
    )
    last = _NEWEST if below is None else (below.ended_us, below.key)
    page: list[PastJob] = []
    with _reading(context) as base:
        while base is not None and (rows := fetch(base, text, [*values, *last, count - len(page)])):
            last = rows[-1][1:3]
            page += (
                PastJob(kept.key, begun, ended, kept.snapshot)
                for begun, ended, *row in rows
                if (kept := journal_file.job_of(tuple(row))) is not None
            )
    yield tuple(page)


def list_past_items(
    context: JobContext, key: int, after: ItemSnapshot | None, count: int
) -> Generator[tuple[ItemSnapshot, ...], None, None]:
    """The next ``count`` items of a job, failures first, behind ``after``, in one event; fewer at the end."""
    with _reading(context) as base:
        yield () if base is None else tuple(_items(base, key, after, count))


def list_job_items(
    context: JobContext, job_id: str, after: ItemSnapshot | None, count: int
) -> Generator[tuple[ItemSnapshot, ...], None, None]:
    """The next ``count`` items of a job that may be under way, failures first, behind ``after``; in one event."""
    with _reading(context) as base:
        row = None if base is None else base.execute("SELECT key FROM job WHERE id = ?", (job_id,)).fetchone()
        yield () if base is None or row is None else tuple(_items(base, row[0], after, count))


def list_known_jobs(context: JobContext, job_ids: tuple[str, ...]) -> Generator[None, None, frozenset[str]]:
    """Which of these jobs stand in the journal, however they ended. :raises InternalError: it cannot be read"""
    yield from ()
    known = set()
    with _reading(context) as base:
        for job_id in job_ids if base is not None else ():
            assert base is not None
            if base.execute("SELECT 1 FROM job WHERE id = ?", (job_id,)).fetchone() is not None:
                known.add(job_id)
    return frozenset(known)


def list_done_targets(context: JobContext, job_id: str) -> Generator[tuple[str, ...], None, None]:
    """Where a job has put its files, folders not counted, in batches."""
    for batch in _done_items(context, job_id):
        yield tuple(item.target for item in batch)


def list_done_sources(context: JobContext, job_id: str) -> Generator[tuple[str, ...], None, None]:
    """What a job has moved, folders not counted, in batches."""
    for batch in _done_items(context, job_id):
        yield tuple(item.source for item in batch)


def _done_items(context: JobContext, job_id: str) -> Iterator[list[Item]]:
    with _reading(context) as base:
        row = None if base is None else base.execute("SELECT key FROM job WHERE id = ?", (job_id,)).fetchone()
        if base is None or row is None:
            return
        yield from read_moved_items(base, row[0], PAGE)


def past_report(context: JobContext, job: PastJob, form: ReportForm) -> Generator[None, None, str]:
    """The job and its items as a text to paste; of very many items the first, failures before all."""
    yield from ()
    with _reading(context) as base:
        items = [] if base is None else _items(base, job.key, None, REPORT_ITEMS)
    return _as_csv(items) if form is ReportForm.CSV else _as_text(job, items)


def revive_past_job(
    context: JobContext, key: int, records: tuple[AccountRecord, ...]
) -> Generator[JobKept | ItemsKept, None, None]:
    """The job with its items, to be tried again. Nothing when it is not there any more, or its account is not."""
    with _reading(context) as base:
        if base is None:
            return
        row = base.execute(f"SELECT {journal_file.JOB_COLUMNS} FROM job WHERE key = ?", (key,)).fetchone()  # noqa: S608 - our own names
        kept = journal_file.job_of(row) if row else None
        if kept is not None:
            yield from bring_back(base, kept, {record.id: record for record in records})


@contextmanager
def _reading(context: JobContext) -> Iterator[sqlite3.Connection | None]:
    """The journal, ``None`` where there is none yet; what is asked of it ends with the job.

    :raises InternalError: it cannot be read
    """
    path = context.paths.journal_file
    if not path.exists():
        yield None
        return
    try:
        with journal_file.open_for_reading(path) as base, context.cancel.closing(base.interrupt):
            yield base
    except sqlite3.Error as error:
        if context.cancel.cancelled:
            raise JobCancelled from error
        _log.exception("the journal cannot be read")
        raise InternalError("The history cannot be read.", technical=str(error)) from error


def _items(base: sqlite3.Connection, key: int, after: ItemSnapshot | None, count: int) -> list[ItemSnapshot]:
    page: list[ItemSnapshot] = []
    for failed in (True, False):
        if after is not None and failed and after.state is not ItemState.FAILED:
            continue
        which = f"WHERE job = ? AND number > ? AND state {'=' if failed else '!='} ? ORDER BY number LIMIT ?"
        here = after is not None and failed == (after.state is ItemState.FAILED)
        last: object = after.item.number if after is not None and here else -1
        while rows := read_rows(base, which, (key, last, ItemState.FAILED, count - len(page))):
            last = rows[-1][NUMBER]
            page += items_of(rows)  # some may make no sense: others take their places
    return page


def _as_text(job: PastJob, items: Sequence[ItemSnapshot]) -> str:
    head, counts = job.snapshot, job.snapshot.counts
    lines = [
        f"{head.verb}: {head.title}{f' -> {head.target}' if head.target else ''}",
        f"{head.state}, {_moment(job.begun_us)} to {_moment(job.ended_us)}",
        f"{counts.items_done:,} of {counts.items:,} done, {counts.items_failed:,} failed, {counts.items_skipped:,} skipped;"
        f" {counts.bytes_done:,} bytes",
    ]
    if head.error is not None:
        lines.append(f"{head.error.title}. {head.error.detail}")
    lines.append("")
    for one in items:
        facts = [str(one.state), f"{one.item.size_bytes:,} bytes"]
        facts += [f"checked by {one.verified}"] * bool(one.verified) + [one.note] * bool(one.note)
        facts += [f"tried {one.attempts} times"] * (one.attempts > 1)
        error = one.error or one.last_error
        facts += [f"{error.title}. {error.detail}"] if error is not None else []
        lines.append(f"{_shown(one.item.name)}: {', '.join(facts)}")
    if len(items) == REPORT_ITEMS:
        lines.append(f"(cut after {REPORT_ITEMS:,} items)")
    return "\n".join(lines) + "\n"


def _as_csv(items: Sequence[ItemSnapshot]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(
        ("name", "source", "target", "bytes", "state", "checked by", "attempts", "note", "error", "last error")
    )
    for one in items:
        errors = (f"{error.title}. {error.detail}" if error else "" for error in (one.error, one.last_error))
        row = (one.item.name, one.item.source, one.item.target, one.item.size_bytes, one.state, one.verified,
               one.attempts, one.note, *errors)  # fmt: skip
        writer.writerow([_cell(value) for value in row])
    return text.getvalue()


def _cell(value: object) -> object:
    """Names are hostile: one that begins like a formula is no formula."""
    if not isinstance(value, str):
        return value
    shown = _shown(value)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown


def _shown(name: str) -> str:
    """What is no text (a lone surrogate) as a question mark, and one line."""
    plain = name.encode("utf-8", "replace").decode()
    return plain.replace("\n", "\\n").replace("\r", "\\r")


def _moment(time_us: int) -> str:
    return datetime.fromtimestamp(time_us / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
