"""A level of a count as a file: all of its prefixes, classes, ages and types, as CSV or JSON.

Written in one go beside its place and then moved there: no half a report is ever taken for one. It says whether the
count was complete.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from sqlite3 import Connection
from typing import TextIO

from artifact_browser.errors import InputError
from artifact_browser.storage.columns import decode_key
from artifact_browser.storage.report_file import Replacing, csv_cell
from artifact_browser.storage.usage import UploadsCounted
from artifact_browser.storage.usage_file import counted_of, read_state, reading
from artifact_browser.storage.usage_view import Level, find_node, shares
from artifact_browser.workers.job import JobContext

_CHILDREN = "SELECT name, size, blobs FROM node WHERE parent = ? ORDER BY size DESC, name"
Row = tuple[str, str, int, int]


class ReportForm(StrEnum):
    """How a report is written."""

    CSV = "csv"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Report:
    """What to write. :ivar place: the level's URI; :ivar as_of_us: when the count ended, microseconds since the epoch"""

    place: str
    prefix: str
    as_of_us: int
    form: ReportForm
    uploads: UploadsCounted | None = None


def export_usage(context: JobContext, folder: str, report: Report, path: str) -> Generator[None, None, int]:
    """Job: write the level of a count to ``path``. :returns: how many rows

    :raises InputError: nothing is counted there yet; :raises DiskError: it cannot be written
    """
    yield from ()
    with reading(Path(folder)) as base:
        level, state = find_node(base, report.prefix), read_state(base)
        if level is None or state is None:
            raise InputError("Nothing is counted here yet.", subject=report.place)
        with Replacing(Path(path)) as file:
            write = _write_csv if report.form is ReportForm.CSV else _write_json
            return write(file, report, level, complete=counted_of(state).complete, rows=_rows(base, level, report))


def _rows(base: Connection, level: Level, report: Report) -> Iterator[Row]:
    """``(group, name, bytes, blobs)``, the total first."""
    yield "total", report.place, level.size_bytes, level.blobs
    for name, size_bytes, blobs in base.execute(_CHILDREN, (level.number,)):
        yield "prefix", decode_key(name), size_bytes, blobs
    if level.own_blobs:
        yield "directly here", "", level.own_size, level.own_blobs
    classes, ages, types = shares(level)
    for group, found in (("storage class", classes), ("age", ages), ("type", types)):
        for share in found:
            yield group, share.name, share.size_bytes, share.blobs


def _write_csv(file: TextIO, report: Report, level: Level, *, complete: bool, rows: Iterator[Row]) -> int:
    writer, number = csv.writer(file), 0
    writer.writerow(("group", "name", "bytes", "blobs", "share of bytes"))
    for group, name, size_bytes, blobs in rows:
        share = size_bytes / level.size_bytes if level.size_bytes else 0
        writer.writerow((group, csv_cell(name), size_bytes, blobs, f"{share:.6f}"))
        number += 1
    if report.uploads is not None and not report.uploads.refused:
        found = report.uploads
        writer.writerow(("incomplete uploads, not in the total", "", found.size_bytes, found.uploads, ""))
        number += 1
    writer.writerow(("as of", _time(report.as_of_us), "", "", ""))
    writer.writerow(("count", "complete" if complete else "partial: counting was stopped or broken off", "", "", ""))
    return number


def _write_json(file: TextIO, report: Report, level: Level, *, complete: bool, rows: Iterator[Row]) -> int:
    """Row by row: a level may have 100,000."""
    head = {"place": report.place, "as_of": _time(report.as_of_us), "complete": complete, "cut": level.cut}
    if report.uploads is not None:
        found = report.uploads
        head["incomplete_uploads"] = {
            "uploads": found.uploads, "asked_for_parts": found.asked, "parts": found.parts, "bytes": found.size_bytes,
            "refused": found.refused,
        }  # fmt: skip
    file.write(json.dumps(head, indent=1)[:-2] + ',\n "rows": [')
    number = 0
    for number, (group, name, size_bytes, blobs) in enumerate(rows, start=1):
        row = {"group": group, "name": name, "bytes": size_bytes, "blobs": blobs}
        file.write(("," if number > 1 else "") + "\n  " + json.dumps(row))
    file.write("\n ]\n}\n")
    return number


def _time(time_us: int) -> str:
    return datetime.fromtimestamp(time_us / 1e6, UTC).isoformat(timespec="seconds")
