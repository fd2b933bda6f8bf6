"""What HEAD and GET answers say about a blob, read from their headers; ranges as headers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from artifact_browser.errors import ChecksumMismatch, NotSupported, UnexpectedAnswer
from artifact_browser.storage.driver import BlobInfo

#: Headers that are shown in Details; the rest is the connection's business.
_SHOWN = ("cache-control", "content-disposition", "content-encoding", "content-language", "expires",
          "x-amz-server-side-encryption", "x-amz-expiration", "x-amz-restore", "x-amz-replication-status",
          "x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date", "x-amz-tagging-count",
          "x-amz-website-redirect-location", "x-amz-missing-meta")  # fmt: skip
_EPOCH = datetime.fromtimestamp(0, UTC)
_MICROSECOND = timedelta(microseconds=1)
_META = "x-amz-meta-"
_CHECKSUM = "x-amz-checksum-"


def info_of(key: str, headers: Mapping[str, str]) -> BlobInfo:
    """A blob as an answer's headers (lower-case names) describe it.

    :raises UnexpectedAnswer: they do not even say how large it is
    """
    return BlobInfo(
        key=key,
        size_bytes=_size(headers),
        modified_us=_time_us(headers.get("last-modified", "")),
        etag=headers.get("etag", "").strip('"'),
        content_type=headers.get("content-type", ""),
        storage_class=headers.get("x-amz-storage-class", ""),
        version_id=headers.get("x-amz-version-id", ""),
        metadata={name[len(_META) :]: text(value) for name, value in headers.items() if name.startswith(_META)},
        headers={name: headers[name] for name in _SHOWN if name in headers},
        checksums={
            name[len(_CHECKSUM) :].upper(): value
            for name, value in headers.items()
            if name.startswith(_CHECKSUM) and name != "x-amz-checksum-type"
        },
    )


def text(value: str) -> str:
    """A header value as text: HTTP reads Latin-1, stores that allow more send UTF-8."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value


def _size(headers: Mapping[str, str]) -> int:
    ranged = re.fullmatch(r"bytes [0-9]+-[0-9]+/([0-9]{1,19})", headers.get("content-range", ""))
    length = ranged.group(1) if ranged else headers.get("content-length", "")
    if not re.fullmatch(r"[0-9]{1,19}", length):
        raise UnexpectedAnswer("The store does not say how large the blob is.")
    return int(length)


def _time_us(value: str) -> int:
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return 0
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1_000_000)


def microseconds(moment: object) -> int | None:
    """A datetime as microseconds since the epoch."""
    return round(moment.timestamp() * 1_000_000) if isinstance(moment, datetime) else None


def listed_time_us(value: str) -> int:
    """A listing's ISO time; 0 where it is none."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return 0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // _MICROSECOND


def range_header(start: int, length: int | None) -> str:
    """``Range`` for these bytes; empty for all."""
    if length is None:
        return f"bytes={start}-" if start else ""
    return f"bytes={start}-{start + max(length, 1) - 1}"


def check_range(status: int, headers: Mapping[str, str], start: int, subject: str) -> None:
    """Whether an answer to a range request is the part that was asked for: it is written where that belongs.

    :raises NotSupported: it is the whole blob, and not its beginning was wanted
    :raises UnexpectedAnswer: it is another part, or does not say which
    """
    if status != 206:
        if start:
            raise NotSupported("This store cannot send a part of a blob.", subject=subject)
        return
    told = re.fullmatch(r"bytes ([0-9]{1,19})-[0-9]{1,19}/(?:[0-9]{1,19}|\*)", headers.get("content-range", ""))
    if told is None or int(told[1]) != start:
        raise UnexpectedAnswer("The store sent another part of the blob than was asked for.", subject=subject)


def check_echo(sent: str, echoed: str, subject: str) -> None:
    """:raises ChecksumMismatch: the store names another checksum than the one of the bytes that were sent"""
    if sent and echoed and sent != echoed:
        raise ChecksumMismatch("The store received other bytes than were sent.", subject=subject)


def verified_by(checksum: str) -> str:
    """How a write was checked, given the checksum the server echoed."""
    return "crc32c" if checksum else ""


class EmptyReader:
    """A GET of no bytes, which no range can ask for."""

    def __init__(self, info: BlobInfo) -> None:
        self.info = info

    def readinto(self, buffer: memoryview) -> int:
        return 0

    def read(self, size_bytes: int = -1) -> bytes:
        return b""
