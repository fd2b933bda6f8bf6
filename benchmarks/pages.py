"""The server of the ``listing`` benchmark (``pages.c``): built, started, ended; and what its rows are, in Python.

Its buckets ``keys-N`` hold N keys below any prefix. It makes 1,000 rows in a tenth of the time the fastest client
needs to read them.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import urllib.request
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from benchmarks.sink import SinkMissing, build
from benchmarks.stub_server import key_of, size_of

SOURCE = Path(__file__).with_name("pages.c")
PREFIX = "data/"


def bucket_of(count: int) -> str:
    return f"keys-{count}"


def modified_us_of(number: int) -> int:
    """When a row says it was written."""
    moment = datetime(
        2025, number // 28 % 12 + 1, number % 28 + 1, number % 24, number % 60, number % 59, tzinfo=UTC
    )  # fmt: skip
    return round(moment.timestamp()) * 1_000_000


def digest(rows: Iterable[tuple[bytes, int]]) -> str:
    """Of keys and sizes in their order."""
    found = hashlib.sha256()
    for key, size in rows:
        found.update(b"%s %d\n" % (key, size))
    return found.hexdigest()


def real_size_of(number: int) -> int:
    """The size of a row on a real server, whose blobs have to be written."""
    return number % 64


@cache
def digest_of(count: int, *, real: bool = False) -> str:
    """Of everything a bucket holds."""
    size = real_size_of if real else size_of
    return digest((key_of(PREFIX, number).encode(), size(number)) for number in range(count))


class Pages:
    """Use it in a ``with`` block.

    :param folder: where it is built; :param nice: how far it steps back, as a machine that is elsewhere would
    :raises SinkMissing: not Linux, or no C compiler
    """

    def __init__(self, folder: Path, nice: int = 0) -> None:
        self._process = subprocess.Popen(
            ["nice", "-n", str(nice), build(folder, SOURCE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        port = self._process.stdout.readline().strip()
        if not port:
            raise SinkMissing("The benchmark's server did not start.")
        self.endpoint = f"http://127.0.0.1:{port}"

    @property
    def pid(self) -> int:
        return self._process.pid

    def counts(self) -> dict[str, int]:
        """``pages`` sent so far; ``first_ns``: when the first byte of the last first page left (monotonic)."""
        return counts_of(self.endpoint)

    def __enter__(self) -> Pages:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()


def counts_of(endpoint: str) -> dict[str, int]:
    """See :meth:`Pages.counts`."""
    with urllib.request.urlopen(f"{endpoint}/-/counts", timeout=10) as answer:
        found: dict[str, int] = json.load(answer)
        return found
