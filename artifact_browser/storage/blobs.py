"""Jobs on single blobs and buckets, for the interactive lane: what the details panel and small actions ask for."""

from __future__ import annotations

import codecs
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.errors import AccessDenied, NotSupported
from artifact_browser.storage.driver import BlobInfo, Link, LinkOptions
from artifact_browser.storage.filetypes import is_text
from artifact_browser.storage.open import opened
from artifact_browser.workers.job import JobContext

#: The most a text preview reads.
PREVIEW_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class BlobFacts:
    """What the details panel shows of a blob. ``tags`` is ``None`` where they may not be read."""

    info: BlobInfo
    tags: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class TextPreview:
    """The beginning of a text. ``truncated``: more bytes exist; ``binary``: it is no text after all."""

    text: str = field(repr=False)
    read_bytes: int
    truncated: bool
    binary: bool = False


def head_blob(context: JobContext, record: AccountRecord, bucket: str, key: str) -> Generator[None, None, BlobFacts]:
    """Job: HEAD and tags of a blob.

    :raises BlobNotFound: it is gone
    """
    yield from ()
    with opened(context, record) as driver:
        info = driver.head(bucket, key)
        tags = None
        if driver.capabilities.tags:
            try:
                tags = driver.get_tags(bucket, key)
            except (AccessDenied, NotSupported):
                tags = None  # a right of its own: the rest is still worth showing
        return BlobFacts(info, tags)


def preview_text(
    context: JobContext, record: AccountRecord, bucket: str, key: str, etag: str = ""
) -> Generator[None, None, TextPreview]:
    """Job: the first :data:`PREVIEW_BYTES` of a blob as plain text, by one ranged read pinned to ``etag``."""
    yield from ()
    with opened(context, record) as driver, driver.get(bucket, key, length=PREVIEW_BYTES, if_match=etag) as reader:
        data = reader.read(PREVIEW_BYTES)
        size_bytes = driver.head(bucket, key).size_bytes if len(data) == PREVIEW_BYTES else len(data)
    truncated = size_bytes > len(data)
    text = _text_of(key, data, cut=truncated)
    return TextPreview(text or "", len(data), truncated, binary=text is None)


def presign_blobs(
    context: JobContext, record: AccountRecord, bucket: str, keys: tuple[str, ...], options: LinkOptions
) -> Generator[None, None, tuple[Link, ...]]:
    """Job: a link per key, in order."""
    yield from ()
    with opened(context, record) as driver:
        return tuple(driver.presign(bucket, keys, options))


def create_bucket(context: JobContext, record: AccountRecord, bucket: str) -> Generator[None, None, None]:
    """Job: :raises BucketExists: :raises InputError: the name breaks the rules"""
    yield from ()
    with opened(context, record) as driver:
        driver.create_bucket(bucket)


def check_bucket(context: JobContext, record: AccountRecord, bucket: str) -> Generator[None, None, None]:
    """Job: return when the bucket may be listed; for *open by name*."""
    yield from ()
    with opened(context, record) as driver:
        driver.check_bucket(bucket)


def _text_of(key: str, data: bytes, *, cut: bool) -> str | None:
    """The bytes as text, without a character that the cap has cut in two; ``None`` when they are no text."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif b"\0" in data:
        return None
    else:
        encoding = "utf-8-sig"
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(data, final=not cut)
    except UnicodeDecodeError:
        return data.decode(encoding, errors="replace") if is_text(key) else None
    return text if is_text(key) or not any(map(_is_control, text)) else None


def _is_control(character: str) -> bool:
    return character < " " and character not in "\t\n\r\f\x1b"
