"""Reports as files on this computer: written beside their place and then moved there, with cells that stay cells."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from artifact_browser.errors import DiskError

#: what a spreadsheet would take for a formula
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_cell(name: str) -> str:
    """Names are hostile: one that begins like a formula is no formula, and none is more than one line."""
    shown = name.encode("utf-8", "replace").decode().replace("\n", "\\n").replace("\r", "\\r")
    return f"'{shown}" if shown.startswith(_FORMULA) else shown


class Replacing:
    """A text file that takes the place of ``path`` when its block ends well. :raises DiskError: it cannot be written"""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> TextIO:
        try:
            number, self._draft = tempfile.mkstemp(dir=self._path.parent, prefix=".report-", suffix=".tmp")
        except OSError as error:
            raise self._refusal(error) from error
        self._file = os.fdopen(number, "w", encoding="utf-8", newline="")
        return self._file

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        try:
            self._file.close()
            if kind is None:
                Path(self._draft).replace(self._path)
        except OSError as problem:
            error = problem
        if error is not None:
            with suppress(OSError):
                Path(self._draft).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise self._refusal(error) from error

    def _refusal(self, error: OSError) -> DiskError:
        return DiskError("The report could not be written.", subject=str(self._path), technical=str(error))
