"""The server of the ``transfers`` benchmark: built from ``sink.c``, started, asked what came, ended.

It stores nothing and is cheaper than any client, so that clients are measured and not it. What it serves and what it
expects is one pattern, again and again; the pattern's length divides no part size, so that a byte in the wrong place
is a wrong byte.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request
from functools import cache
from pathlib import Path

from awscrt import checksums

SOURCE = Path(__file__).with_name("sink.c")
PATTERN_BYTES = (1 << 20) - 3
#: above this an object is served as one that came in parts: its ETag is no MD5
LARGE_BYTES = 64 << 20
#: the bucket whose object number 1 has a wrong byte, and that number's name
FLIPPED, FLIPPED_NAME = "flipped", "000001.bin"


class SinkMissing(Exception):
    """The server cannot be had on this computer; the text says why and what to do."""


@cache
def pattern() -> bytes:
    """What all content is made of."""
    return random.Random(1).randbytes(PATTERN_BYTES)


def pieces(size_bytes: int) -> list[memoryview]:
    """A body of this size, as views of the pattern."""
    whole, rest = divmod(size_bytes, PATTERN_BYTES)
    view = memoryview(pattern())
    return [view] * whole + ([view[:rest]] if rest else [])


@cache
def crc32c(size_bytes: int) -> str:
    """Of a body of this size, as S3 writes it."""
    value = 0
    for piece in pieces(size_bytes):
        value = checksums.crc32c(piece, value)
    return base64.b64encode(value.to_bytes(4, "big")).decode()


@cache
def md5(size_bytes: int) -> str:
    """Of a body of this size, as an ETag writes it; of large ones nobody asks."""
    digest = hashlib.md5(usedforsecurity=False)
    for piece in pieces(size_bytes) if size_bytes <= LARGE_BYTES else ():
        digest.update(piece)
    return digest.hexdigest()


def folder_of(count: int, size_bytes: int) -> str:
    """The prefix below which so many objects of that size exist, in every bucket."""
    return f"made-{count}-{size_bytes}/"


class Sink:
    """Use it in a ``with`` block.

    :param folder: where it is built
    :param sizes: the object sizes whose checksums it has to know
    :raises SinkMissing: not Linux, or no C compiler
    """

    def __init__(self, folder: Path, sizes: set[int]) -> None:
        program = build(folder)
        (folder / "pattern").write_bytes(pattern())
        known = [f"{size}:{md5(size)}:{crc32c(size)}" for size in sorted(sizes)]
        self._process = subprocess.Popen(
            [program, folder / "pattern", *known], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        port = self._process.stdout.readline().strip()
        if not port:
            raise SinkMissing("The benchmark's server did not start.")
        self.endpoint = f"http://127.0.0.1:{port}"

    def counts(self, prefix: str) -> dict[str, int]:
        """What was taken below ``prefix`` (of BUCKET/KEY): ``right``, ``wrong`` (objects), ``bytes``, ``unfinished``."""
        query = urllib.parse.urlencode({"prefix": prefix}, quote_via=urllib.parse.quote)
        with urllib.request.urlopen(f"{self.endpoint}/-/counts?{query}", timeout=10) as answer:
            found: dict[str, int] = json.load(answer)
            return found

    def __enter__(self) -> Sink:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()


def build(folder: Path, source: Path = SOURCE) -> Path:
    """Compile it, or another of the benchmarks' small servers. :raises SinkMissing:"""
    if not sys.platform.startswith("linux"):
        raise SinkMissing("The benchmark's own server runs on Linux only. Name another: --endpoint URL.")
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise SinkMissing(
            "The benchmark's own server is a small C program, and there is no C compiler here (Debian: apt install gcc "
            "libc6-dev). Or name another server: --endpoint URL."
        )
    program = folder / source.stem
    done = subprocess.run(
        [compiler, "-O2", "-pthread", "-o", program, source], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SinkMissing(f"The benchmark's own server could not be built: {done.stderr.strip()[-500:]}")
    return program
