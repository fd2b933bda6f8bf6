"""The log: rotating private files in the app's log folder, one per process, without secrets.

Every process writes a file of its own (``window.log``, ``interactive.log``, ``mover-0.log``): no locking between
processes, and a worker that dies keeps what it said. Redaction happens in the formatter, after the message and the
traceback have become text, so nothing that reaches a file has escaped it.
"""

from __future__ import annotations

import io
import logging
import os
import re
import sys
import threading
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

from artifact_browser.paths import Paths

MAX_BYTES = 2 * 1024**2
KEPT_FILES = 3
HIDDEN = "***"

# Every repetition is bounded or can end in one place only: a hostile line must not cost quadratic time.
_QUOTED = r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|\\+[\"'][^\"'\r\n]*|[\"'][^\r\n]*"
_BARE = r"[^\s&\"'<>,;)}\]]+"
_TELLTALE = (
    r"(?:(?:secret|passw(?:or)?d|passphrase|passcode|credential|signature|access[_-]?key|api[_-]?key|private[_-]?key|"
    r"customer-key|(?:security|session|access|refresh|id|auth|bearer)[_-]?token)[\w-]{0,24}|"
    r"(?<![a-z])(?:sig|token|mac|hmac))"
)
_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        # headers, to the end of the line: their values have spaces and commas
        (r"(authorization|cookie)(\\?[\"']?\s{0,8}[:=,]\s{0,8})[^\r\n]+", rf"\1\2{HIDDEN}"),
        (r"\b(bearer|basic|aws4-hmac-sha256)\s{1,8}(?=[^\s]{6})[^\r\n\"']+", rf"\1 {HIDDEN}"),
        (r"\beyJ[\w-]{4,}\.[\w-]+(?:\.[\w-]*)*", HIDDEN),
        # https://user:password@host
        (r"(?<=://)[^\s/\"'<>]+@", f"{HIDDEN}@"),
        # links of This computer: /<promise>.<signature>/<name>
        (r"(http://127\.0\.0\.1:\d+/)[^\s/\"'<>]+\.[\w-]{16,}", rf"\1{HIDDEN}"),
        # <SecretAccessKey>...</SecretAccessKey>
        (rf"(<[\w:]{{0,40}}{_TELLTALE}>)[^<]*", rf"\1{HIDDEN}"),
        # name=value, name: value, "name": "value", ('name', b'value'); also percent-encoded "="
        (
            rf"({_TELLTALE})(\\{{0,3}}[\"']?\s{{0,8}}(?:=>|[:=,]|%3D)\s{{0,8}}b?)(?:{_QUOTED}|{_BARE})",
            rf"\1\2{HIDDEN}",
        ),
        (r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}", HIDDEN),
        (r"(-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----)(?:\s*[\w+/=\\]+)*", rf"\1{HIDDEN}"),
    )
)


def redact(text: str) -> str:
    """``text`` without signatures, tokens, keys, passwords and credentials; too much is removed rather than too little."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


class RedactingFormatter(logging.Formatter):
    """Formats, then redacts: message, traceback and stack alike."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


class RedactingStream(io.TextIOBase):
    """A text stream in front of another that removes secrets: a worker's stderr. Thread-safe.

    Passes on whole lines only: ``print("secret =", value)`` writes the name and the value apart.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._line = ""

    def write(self, text: str) -> int:
        with self._lock:
            whole, newline, self._line = (self._line + text).rpartition("\n")
            if newline:
                self._stream.write(redact(whole) + newline)
        return len(text)

    def flush(self) -> None:
        self._stream.flush()

    def fileno(self) -> int:
        return self._stream.fileno()

    def writable(self) -> bool:
        return True


class _PrivateFileHandler(RotatingFileHandler):
    def _open(self) -> io.TextIOWrapper:  # the file is ours alone from its first byte on
        number = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return io.TextIOWrapper(io.FileIO(number, "a"), encoding=self.encoding, errors=self.errors)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """The standard one prints the record with its arguments, unredacted, to where a desktop keeps it in a file."""
        if sys.stderr is not None:
            with suppress(OSError, ValueError):
                sys.stderr.write(redact(f"the log cannot be written: {sys.exc_info()[1]}\n"))


def start_log(paths: Paths, name: str, *, level: int = logging.INFO) -> Path:
    """Log this process to ``<log folder>/<name>.log``; the file. Calling it again moves the log there."""
    paths.log.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = paths.log / f"{name}.log"
    handler = _PrivateFileHandler(
        file, maxBytes=MAX_BYTES, backupCount=KEPT_FILES, encoding="utf-8", errors="backslashreplace", delay=True
    )
    handler.setFormatter(
        RedactingFormatter("%(asctime)s %(levelname)s %(process)d %(threadName)s %(name)s: %(message)s")
    )
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old, _PrivateFileHandler)]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(level)
    logging.captureWarnings(True)
    return file
