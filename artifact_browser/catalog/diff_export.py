"""A diff as a file, or as text: readable text, JSON, or its files as CSV. Runs in a worker.

The JSON has a stable shape; keys are only ever added to it::

    {"format": "artifact-browser-diff", "version": 1,
     "before": "Committed", "after": "Staged",          what was compared, in words
     "complete": true,                                   false: more of the metadata differs than is listed
     "files": {"added": 1, "removed": 0, "changed": 2, "moved": 0, "unchanged": 9,
               "changes": [{"change": "changed", "path": "a.bin", "reason": "size",
                            "before": {"path": "a.bin", "size": 5, "etag": "..", "sha256": ".."}, "after": {..}}]},
     "fields": [{"change": "changed", "path": ["config", "training", "lr"], "name": "config.training.lr",
                 "before": {"text": "0.1", "letters": 3}, "after": {"text": "0.2", "letters": 3},
                 "added": [], "removed": [], "lines": []}]}

``before`` and ``after`` are ``null`` where a side has none; ``size`` is ``null``, and ``etag`` and checksums are left out,
where nobody recorded them. A text with more ``letters`` than it shows is cut.
"""

from __future__ import annotations

import csv
import io
import json
import pickle
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TextIO

from artifact_browser.catalog.diff import Diff, FileChange, FileChangeKind
from artifact_browser.catalog.diff_fields import FieldChange
from artifact_browser.catalog.diff_text import Shown
from artifact_browser.catalog.files import StagedFile
from artifact_browser.storage.report_file import Replacing, csv_cell
from artifact_browser.workers.job import JobContext

FORMAT, FORMAT_VERSION = "artifact-browser-diff", 1
#: Letters that are put on the clipboard.
MAX_COPIED = 8 * 1024**2
_MARKS = {
    FileChangeKind.ADDED: "+",
    FileChangeKind.REMOVED: "-",
    FileChangeKind.CHANGED: "~",
    FileChangeKind.MOVED: ">",
}
_HEADS = (
    "change", "path", "path before", "size before", "size after", "etag before", "etag after", "checksum before",
    "checksum after", "reason",
)  # fmt: skip


class DiffForm(StrEnum):
    """How a diff is written."""

    TEXT = "txt"
    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class ComputedDiff:
    """A diff on its way to the window: to be shown, and as the bytes that go back to a worker to be written: the window
    need not take it apart again.
    """

    diff: Diff
    data: bytes

    @classmethod
    def of(cls, diff: Diff) -> ComputedDiff:
        return cls(diff, pickle.dumps(diff, pickle.HIGHEST_PROTOCOL))


@dataclass(frozen=True, slots=True)
class Titles:
    """What is compared, in words ("Committed", "Staged")."""

    before: str
    after: str


def export_diff(
    context: JobContext, data: bytes, titles: Titles, form: DiffForm, path: str
) -> Generator[None, None, None]:
    """Job: write a computed diff to ``path``. :raises DiskError: it cannot be written"""
    yield from ()
    diff: Diff = pickle.loads(data)  # noqa: S301 - our own window's, from our own worker
    with Replacing(Path(path)) as file:
        _WRITERS[form](file, diff, titles)


def copy_diff(context: JobContext, data: bytes, titles: Titles) -> Generator[None, None, str]:
    """Job: a computed diff as text for the clipboard, cut behind :data:`MAX_COPIED` letters and said so."""
    yield from ()
    text = as_text(pickle.loads(data), titles)  # noqa: S301 - see above
    return text if len(text) <= MAX_COPIED else text[:MAX_COPIED] + "\n(cut: export it to have all)\n"


def as_text(diff: Diff, titles: Titles) -> str:
    """Readable, one line a file; in any editor and any mail."""
    file = io.StringIO()
    _write_text(file, diff, titles)
    return file.getvalue()


def as_json(diff: Diff, titles: Titles) -> str:
    """As the module says."""
    file = io.StringIO()
    _write_json(file, diff, titles)
    return file.getvalue()


def as_csv(diff: Diff, titles: Titles) -> str:
    """The files, one a row; cells that look like formulas begin with an apostrophe."""
    file = io.StringIO(newline="")
    _write_csv(file, diff, titles)
    return file.getvalue()


def _write_text(file: TextIO, diff: Diff, titles: Titles) -> None:
    file.write(f"--- {_line(titles.before)}\n+++ {_line(titles.after)}\n\n")
    if diff.empty:
        file.write("Nothing differs.\n")
        return
    counts = ", ".join(f"{diff.count(kind):,} {kind.value}" for kind in FileChangeKind)
    file.write(f"Files: {counts}, {diff.unchanged:,} the same\n")
    for change in diff.files:
        moved = change.kind is FileChangeKind.MOVED and change.before
        where = (
            f"{_line(change.before.path)} -> {_line(change.path)}" if moved and change.before else _line(change.path)
        )
        sizes = [_bytes(side.size_bytes) for side in (change.before, change.after) if side is not None]
        sizes = sizes[:1] if len(set(sizes)) == 1 else sizes
        reason = f", by {change.reason}" if change.reason else ""
        file.write(f"{_MARKS[change.kind]} {where} ({' -> '.join(sizes)}{reason})\n")
    file.write(f"\nMetadata: {len(diff.fields):,} fields{'' if diff.complete else ' and more that are not listed'}\n")
    for field in diff.fields:
        file.writelines(f"{line}\n" for line in _field_lines(field))


def _field_lines(field: FieldChange) -> Iterator[str]:
    yield f"{_line(field.name)}: {field.kind.value}"
    if field.lines:
        yield from (f"    {_line(line)}" for line in field.lines)
        return
    if field.added or field.removed:
        yield from (f"  - {_line(item)}" for item in field.removed)
        yield from (f"  + {_line(item)}" for item in field.added)
        return
    for mark, side in (("-", field.before), ("+", field.after)):
        if side is not None:
            cut = f" (cut: {side.letters:,} letters)" if side.cut else ""
            yield from (f"  {mark} {_line(line)}" for line in side.text.split("\n"))
            if cut:
                yield f"   {cut}"


def _write_json(file: TextIO, diff: Diff, titles: Titles) -> None:
    """File by file: there may be 100,000."""
    head = {
        "format": FORMAT, "version": FORMAT_VERSION, "before": titles.before, "after": titles.after,
        "complete": diff.complete,
    }  # fmt: skip
    counts = {kind.value: diff.count(kind) for kind in FileChangeKind} | {"unchanged": diff.unchanged}
    file.write(json.dumps(head, indent=1)[:-2] + ',\n "files": ' + json.dumps(counts)[:-1] + ', "changes": [')
    for number, change in enumerate(diff.files):
        row = {
            "change": change.kind.value, "path": change.path, "reason": change.reason,
            "before": _file(change.before), "after": _file(change.after),
        }  # fmt: skip
        file.write(("," if number else "") + "\n  " + json.dumps(row))
    file.write(']},\n "fields": [')
    for number, field in enumerate(diff.fields):
        found = {
            "change": field.kind.value, "path": list(field.path), "name": field.name,
            "before": _side(field.before), "after": _side(field.after),
            "added": list(field.added), "removed": list(field.removed), "lines": list(field.lines),
        }  # fmt: skip
        file.write(("," if number else "") + "\n  " + json.dumps(found))
    file.write("]\n}\n")


def _write_csv(file: TextIO, diff: Diff, titles: Titles) -> None:
    del titles
    writer = csv.writer(file)
    writer.writerow(_HEADS)
    for change in diff.files:
        writer.writerow([csv_cell(cell) if isinstance(cell, str) else cell for cell in _cells(change)])


def _cells(change: FileChange) -> tuple[str | int, ...]:
    before, after = change.before or StagedFile(""), change.after or StagedFile("")
    return (
        change.kind.value, change.path, before.path, _number(before), _number(after), before.etag, after.etag,
        _checksums(before), _checksums(after), change.reason,
    )  # fmt: skip


def _number(file: StagedFile) -> str | int:
    return "" if file.size_bytes is None else file.size_bytes


def _checksums(file: StagedFile) -> str:
    return " ".join(f"{name}:{value}" for name, value in file.checksums)


def _file(file: StagedFile | None) -> dict[str, Any] | None:
    if file is None:
        return None
    found: dict[str, Any] = {"path": file.path, "size": file.size_bytes}
    return found | ({"etag": file.etag} if file.etag else {}) | dict(file.checksums)


def _side(side: Shown | None) -> dict[str, Any] | None:
    return None if side is None else {"text": side.text, "letters": side.letters}


def _bytes(size_bytes: int | None) -> str:
    return "size not recorded" if size_bytes is None else f"{size_bytes:,} bytes"


def _line(text: str) -> str:
    """One line that shows what it holds: controls, and marks that reorder what stands beside them, escaped."""
    return "".join(letter if letter.isprintable() or letter == "\t" else ascii(letter)[1:-1] for letter in text)


_WRITERS = {DiffForm.TEXT: _write_text, DiffForm.JSON: _write_json, DiffForm.CSV: _write_csv}
