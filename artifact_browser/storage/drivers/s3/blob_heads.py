"""What HEAD and GET answers say about a blob, read from their headers; ranges as headers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from artifact_browser.errors import ChecksumMismatch, DiskError, NotSupported, UnexpectedAnswer
from artifact_browser.storage.driver import BlobInfo
from artifact_browser.storage.drivers.s3.bodies import Source
from artifact_browser.storage.etag import is_md5

#: Headers that are shown in Details; the rest is the connection's business.
_SHOWN = ("cache-control", "content-disposition", "content-encoding", "content-language", "expires",
          "x-amz-server-side-encryption", "x-amz-expiration", "x-amz-restore", "x-amz-replication-status",
          "x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date", "x-amz-tagging-count",
          "x-amz-website-redirect-location", "x-amz-missing-meta")  # fmt: skip
_EPOCH = datetime.fromtimestamp(0, UTC)
_MICROSECOND = timedelta(microseconds=1)
#: as HTTP writes times; the email package takes ten times as long to read them
_HTTP_DATE = re.compile(r"[A-Z][a-z]{2}, ([0-9]{2}) ([A-Z][a-z]{2}) ([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT")
_MONTHS = {"Jan": 1, "Feb": 2, "Mar": 3, "Apr": 4, "May": 5, "Jun": 6, "Jul": 7, "Aug": 8, "Sep": 9, "Oct": 10, "Nov": 11,
           "Dec": 12}  # fmt: skip
_META = "x-amz-meta-"
_CHECKSUM = "x-amz-checksum-"
_OF_PARTS = re.compile(r'-[0-9]+"?$')
_RANGED, _NUMBER = re.compile(r"bytes [0-9]+-[0-9]+/([0-9]{1,19})"), re.compile(r"[0-9]{1,19}")
_CHECKSUM_TYPE, _WHOLE = f"{_CHECKSUM}type", "FULL_OBJECT"


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
        checksums=_checksums(headers),
        tag_count=_count(headers.get("x-amz-tagging-count", "")),
    )


def _checksums(headers: Mapping[str, str]) -> dict[str, str]:
    """The stored checksums of the whole blob. One that came in parts may have a checksum of its parts' checksums, and
    not every store marks it as AWS does, so that it counts only where it is said to be the whole's.
    """
    came_in_parts = _OF_PARTS.search(headers.get("etag", "")) is not None
    if headers.get(_CHECKSUM_TYPE, "" if came_in_parts else _WHOLE).upper() != _WHOLE:
        return {}
    return {
        name[len(_CHECKSUM) :].upper(): value
        for name, value in headers.items()
        if name.startswith(_CHECKSUM) and name != _CHECKSUM_TYPE
    }


def text(value: str) -> str:
    """A header value as text: HTTP reads Latin-1, stores that allow more send UTF-8."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value


def _size(headers: Mapping[str, str]) -> int:
    ranged = _RANGED.fullmatch(headers.get("content-range", ""))
    length = ranged.group(1) if ranged else headers.get("content-length", "")
    if not _NUMBER.fullmatch(length):
        raise UnexpectedAnswer("The store does not say how large the blob is.")
    return int(length)


def _count(value: str) -> int:
    return int(value) if re.fullmatch(r"[0-9]{1,4}", value) else 0


def _time_us(value: str) -> int:
    usual = _HTTP_DATE.fullmatch(value)
    try:
        if usual is not None:
            day, month, year, hour, minute, second = usual.groups()
            moment = datetime(int(year), _MONTHS[month], int(day), int(hour), int(minute), int(second), tzinfo=UTC)
            return (moment - _EPOCH) // _MICROSECOND
        moment = parsedate_to_datetime(value)
    except (KeyError, TypeError, ValueError):
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


def check_written(
    source: Source, sent: str, echoed: str, etag: str, version_id: str, headers: Mapping[str, str], subject: str
) -> str:
    """How the store's answer proves that it has the bytes that were sent: ``crc32c`` where it echoes that, else ``md5``
    where its ETag is one; "" where nothing does.

    :raises ChecksumMismatch: it has other bytes; :raises SourceChanged: the file has others by now
    """
    try:
        how = _how_written(source, sent, echoed, etag, headers, subject)
    except (ChecksumMismatch, DiskError) as trouble:
        source.check_unchanged(etag, version_id, proven=False)  # else that is why
        if isinstance(trouble, ChecksumMismatch):
            trouble.stored, trouble.version_id = etag, version_id
            raise
        error = source.changed()
        error.stored, error.version_id, error.proven = etag, version_id, False
        raise error from trouble
    source.check_unchanged(etag, version_id, proven=True if how else None)
    return how


def _how_written(source: Source, sent: str, echoed: str, etag: str, headers: Mapping[str, str], subject: str) -> str:
    if echoed:
        how, same = "crc32c", echoed == sent
    elif is_md5(etag, headers):
        how, same = "md5", etag == source.md5().hex()
    else:
        return ""
    if not same:
        raise ChecksumMismatch("The store received other bytes than were sent.", subject=subject)
    return how


class EmptyReader:
    """A GET of no bytes, which no range can ask for."""

    def __init__(self, info: BlobInfo) -> None:
        self.info = info

    def readinto(self, buffer: memoryview) -> int:
        return 0

    def read(self, size_bytes: int = -1) -> bytes:
        return b""
