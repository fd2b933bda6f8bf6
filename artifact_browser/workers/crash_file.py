"""What a dying worker leaves behind: its stderr and faulthandler's report, in a file of its own in the log folder."""

from __future__ import annotations

import faulthandler
import os
import sys
from pathlib import Path

from artifact_browser.log import RedactingStream, redact

KEPT_FILES = 10
TAIL_BYTES = 64 * 1024
TAIL_CHARS = 3000


def open_crash_file(path: Path) -> None:
    """Send this process's stderr and crash reports to ``path`` (private). In the worker, first thing.

    A windowed process on Windows has no stderr at all; this gives it one.
    """
    _prune(path.parent)
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.dup2(number, 2)
    except OSError:
        pass  # a windowed process: C code has nowhere to write, Python has
    stream = open(number, "w", encoding="utf-8", errors="backslashreplace", buffering=1)  # noqa: SIM115, PTH123
    faulthandler.enable(stream)
    sys.stderr = RedactingStream(stream)


def keep_no_core() -> None:
    """A crash must not write this process's memory, keys included, to the disk. Windows writes none unasked."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def remove_if_empty(path: Path) -> None:
    """A clean exit leaves no file."""
    try:
        if path.stat().st_size == 0:
            path.unlink()
    except OSError:
        pass  # gone already, or Windows still holds it: the next start prunes it


def crash_tail(path: Path) -> str:
    """The end of what the process said (from the fatal error on, if one was reported), redacted; empty when it said nothing."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL_BYTES))
            text = redact(file.read().decode("utf-8", "replace")).strip()
            return text[max(0, text.rfind("Fatal Python error")) :][:TAIL_CHARS]
    except OSError:
        return ""


def _prune(folder: Path) -> None:
    def age(path: Path) -> float:
        try:
            return path.stat().st_mtime
        except OSError:
            return 0.0

    for path in sorted(folder.glob("*.crash"), key=age)[:-KEPT_FILES]:
        remove_if_ended(path)


def remove_if_ended(path: Path) -> None:
    """Remove an old file; Windows refuses while its process lives."""
    try:
        path.unlink()
    except OSError:
        pass
