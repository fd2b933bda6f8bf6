"""Files by the version ids that a bucket gives them: which one stands there now, and whether a named one is still there.

One answer tells of 1,000 versions and marks of deletions, the latest of each key first; stretches that hold nothing wanted
are jumped over. A bucket that does not list versions is one without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from artifact_browser.catalog.files import Present, locate
from artifact_browser.catalog.layout import Place
from artifact_browser.errors import AccessDenied, BlobNotFound, NotSupported
from artifact_browser.storage.driver import NULL_VERSION, Driver, Version, VersionPage

_READERS = 8
#: finds what stands at paths now
Find = Callable[[Driver, Place, Iterable[str]], dict[str, Present]]


def named(version_id: str) -> str:
    """A version id as a record names it: empty for the one that may be written over."""
    return "" if version_id == NULL_VERSION else version_id


def finder(any_named: object) -> Find:
    """How to look for files: with their versions where the bucket is known to have given some."""
    return locate_named if any_named else locate


def locate_named(driver: Driver, place: Place, paths: Iterable[str]) -> dict[str, Present]:
    """As :func:`~files.locate`, with version ids; without where the bucket does not tell them."""
    wanted = list(paths)
    found: dict[str, Present] = {}
    try:
        for path, versions, whole in _walk(driver, place, wanted):
            latest = next((one for one in versions if one.latest), None)
            if latest is not None and not latest.mark:
                found[path] = Present(latest.size_bytes, latest.etag, named(latest.version_id))
            elif latest is None and not whole and (blob := _head(driver, place, path, "")) is not None:
                found[path] = blob
    except (AccessDenied, NotSupported):
        return locate(driver, place, wanted)
    return found


def find_versions(driver: Driver, place: Place, wanted: Mapping[str, str]) -> dict[str, Present]:
    """Which of these versions (ids by path) are still there."""
    found: dict[str, Present] = {}
    try:
        for path, versions, whole in _walk(driver, place, wanted):
            one = next((one for one in versions if one.version_id == wanted[path] and not one.mark), None)
            if one is not None:
                found[path] = Present(one.size_bytes, one.etag, one.version_id)
            elif not whole and (blob := _head(driver, place, path, wanted[path])) is not None:
                found[path] = blob
    except NotSupported:
        return {}
    except AccessDenied:  # listing them is a right of its own
        with ThreadPoolExecutor(_READERS, thread_name_prefix="versions") as readers:
            blobs = readers.map(lambda path: _head(driver, place, path, wanted[path]), wanted)
            return {path: blob for path, blob in zip(wanted, blobs, strict=True) if blob is not None}
    return found


class _Found(NamedTuple):
    """``whole``: there are no more versions of it than these."""

    path: str
    versions: Sequence[Version]
    whole: bool


def _walk(driver: Driver, place: Place, paths: Iterable[str]) -> Iterator[_Found]:
    """The versions of each path, the latest first. :raises NotSupported: :raises AccessDenied:"""
    wanted = sorted((place.file_key(path), path) for path in set(paths))
    at = 0
    while at < len(wanted):
        before = at
        pages = driver.list_versions(place.bucket, place.prefix, start_after=wanted[at][0][:-1])
        page = next(iter(pages), VersionPage(()))
        of_key: dict[str, list[Version]] = {}
        for one in page.versions:
            of_key.setdefault(one.key, []).append(one)
        last = max(of_key, default="") if page.more else None
        while at < len(wanted) and (last is None or wanted[at][0] <= last):
            key, path = wanted[at]
            yield _Found(path, of_key.get(key, ()), key != last)
            at += 1
        if at == before:  # a page full of others that sort between
            yield _Found(wanted[at][1], (), whole=False)
            at += 1


def _head(driver: Driver, place: Place, path: str, version_id: str) -> Present | None:
    try:
        info = driver.head(place.bucket, place.file_key(path), version_id=version_id)
    except BlobNotFound:
        return None
    return Present(info.size_bytes, info.etag, named(info.version_id))
