"""Which blobs are there: everything below a prefix, or those of a set of keys in as few requests as possible."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from artifact_browser.errors import AccessDenied, BlobNotFound
from artifact_browser.storage.driver import Driver

#: up to this many keys are asked for one by one
_HEADS = 16


@dataclass(frozen=True, slots=True)
class Blob:
    """A line of a listing. Size in bytes, time in microseconds UTC, ETag without quotes."""

    key: str
    size_bytes: int
    modified_us: int
    etag: str


def blobs_below(driver: Driver, bucket: str, prefix: str, *, start_after: str = "") -> Iterator[Blob]:
    """Every blob whose key begins with ``prefix``, in key order, folder markers included."""
    for page in driver.list_pages(bucket, prefix, delimiter="", start_after=start_after):
        for key, size, modified, etag in zip(page.keys, page.sizes, page.modified_us, page.etags, strict=True):
            yield Blob(key, size, modified, etag)


def find_blobs(driver: Driver, bucket: str, keys: Collection[str], tick: Callable[[], None]) -> dict[str, Blob]:
    """Those of ``keys`` that exist. ``tick`` is called between requests and may raise to stop.

    Few keys cost a HEAD each; many are looked for in pages, jumping over what lies between them. Where looking is
    not allowed, nothing is known to exist.
    """
    try:
        return look_for(driver, bucket, keys, tick)
    except AccessDenied:
        return {}


def look_for(driver: Driver, bucket: str, keys: Collection[str], tick: Callable[[], None]) -> dict[str, Blob]:
    """As :func:`find_blobs`. :raises AccessDenied: looking is not allowed"""
    return _by_head(driver, bucket, keys, tick) if len(keys) <= _HEADS else _by_pages(driver, bucket, keys, tick)


def _by_head(driver: Driver, bucket: str, keys: Collection[str], tick: Callable[[], None]) -> dict[str, Blob]:
    found: dict[str, Blob] = {}
    for key in keys:
        tick()
        try:
            info = driver.head(bucket, key)
        except BlobNotFound:
            continue
        found[key] = Blob(key, info.size_bytes, info.modified_us, info.etag)
    return found


def _by_pages(driver: Driver, bucket: str, keys: Collection[str], tick: Callable[[], None]) -> dict[str, Blob]:
    wanted = sorted(keys, key=key_bytes)  # the server's order
    prefix = os.path.commonprefix(wanted)  # noqa: RUF071 - keys are strings, not paths
    found: dict[str, Blob] = {}
    place = 0
    while place < len(wanted):
        tick()
        after = _just_before(wanted[place])
        page = next(iter(driver.list_pages(bucket, prefix, delimiter="", start_after=after)), None)
        if page is None or not page.keys:
            return found
        there = {
            key: Blob(key, size, modified, etag)
            for key, size, modified, etag in zip(page.keys, page.sizes, page.modified_us, page.etags, strict=True)
        }
        last, before = key_bytes(page.keys[-1]), place
        while place < len(wanted) and (wanted[place] in there or key_bytes(wanted[place]) <= last):
            if wanted[place] in there:
                found[wanted[place]] = there[wanted[place]]
            place += 1
        if page.next_token is None:
            return found
        if place == before:  # a whole page lies between: "10" to "1999" before "2"
            found |= _by_head(driver, bucket, wanted[place : place + 1], tick)
            place += 1
    return found


def key_bytes(key: str) -> bytes:
    """What stores sort by; a file of This computer may have a name that is no Unicode."""
    return key.encode("utf-8", "surrogateescape")


def _just_before(key: str) -> str:
    """A string that sorts below ``key``, with little between."""
    last = ord(key[-1]) - 1 if key else 0
    return key[:-1] + (chr(last) if last > 0 and not 0xD800 <= last <= 0xDFFF else "")
