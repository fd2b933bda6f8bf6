"""The promise every provider keeps: one protocol, one record of capabilities, plain data in and out.

Drivers are synchronous and live in worker processes. A driver object belongs to one job (it carries the job's
cancel token) and is cheap; connections are shared per process behind it. It may be used by several threads at
once. It raises only errors of :mod:`artifact_browser.errors`. It never retries a conditional write; everything
else it retries itself on connection loss, throttling and 5xx (at most 4 attempts, jittered back-off).

Keys are opaque ``str``: never normalised, split or joined here (design decision 3). Times are microseconds since
the epoch, UTC. Sizes are bytes.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol


class Support(StrEnum):
    YES = "yes"
    NO = "no"
    #: not probed yet on this endpoint
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What this endpoint can do: data, not ``isinstance``. Probed values are remembered per endpoint."""

    provider: str
    create_bucket: bool = True
    metadata: bool = True
    #: metadata may hold any text, of any length (headers carry 2 KB of ASCII)
    free_metadata: bool = False
    tags: bool = True
    #: of :data:`KEPT_HEADERS`, those that are kept with a blob
    kept_headers: tuple[str, ...] = ()
    #: folders stay without blobs: :meth:`Driver.remove_folders`
    folders: bool = False
    #: buckets may hold versions: :meth:`Driver.list_versions`
    versions: bool = False
    storage_classes: tuple[str, ...] = ()
    #: PUT ``If-None-Match: *`` is honoured
    conditional_create: Support = Support.UNKNOWN
    #: PUT ``If-Match`` is honoured
    conditional_replace: Support = Support.UNKNOWN
    conditional_delete: Support = Support.UNKNOWN
    conditional_copy: Support = Support.UNKNOWN
    #: whether ``If-Match`` wants ``"etag"`` or ``etag`` (Ceph 16.2)
    etag_quoted: bool = True
    presign: bool = True
    #: links work only while the app runs (This computer)
    presign_local: bool = False
    max_presign_s: int = 7 * 24 * 3600
    max_key_bytes: int = 1024
    min_part_bytes: int = 5 * 1024**2
    max_part_bytes: int = 5 * 1024**3
    max_parts: int = 10_000
    max_put_bytes: int = 5 * 1024**3
    #: of a blob that :meth:`Driver.copy` copies; larger ones go in parts (:meth:`Driver.copy_part`)
    max_copy_bytes: int = 5 * 1024**3
    checksums: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConditionalWrites:
    """Whether commits to one bucket are safe against others, as far as known; nothing is tried out for it.

    :ivar create: PUT ``If-None-Match: *``; :ivar replace: PUT ``If-Match``
    :ivar known: it is known without asking (AWS, This computer)
    :ivar asked_us: when it was tried out; 0: never. :ivar server: what it called itself then. :ivar bucket: and where
    """

    create: Support = Support.UNKNOWN
    replace: Support = Support.UNKNOWN
    known: bool = False
    asked_us: int = 0
    server: str = ""
    bucket: str = ""

    @property
    def held(self) -> Support:
        """Both are; NO where one is not."""
        if Support.NO in (self.create, self.replace):
            return Support.NO
        return Support.YES if self.create is self.replace is Support.YES else Support.UNKNOWN


#: Never tried out.
NOTHING_KNOWN = ConditionalWrites()


@dataclass(frozen=True, slots=True)
class BucketInfo:
    name: str
    created_us: int | None = None
    region: str = ""


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of a listing, as parallel columns in server (byte) order.

    ``prefixes`` are the common prefixes of this page (full, with the delimiter). ``etags`` are without quotes, in
    step with ``keys``; empty strings where unknown. ``next_token`` is ``None`` on the last page.
    """

    keys: Sequence[str]
    sizes: array[int]  # typecode 'q'
    modified_us: array[int]  # typecode 'q'
    etags: Sequence[str]
    classes: Sequence[str]
    prefixes: Sequence[str]
    next_token: str | None = None


@dataclass(frozen=True, slots=True)
class BlobInfo:
    """What HEAD says. ``etag`` is without quotes and opaque. ``checksums`` maps ``CRC32C`` etc. to base64.

    :ivar tag_count: how many tags it has, as far as the store says without being asked for them
    """

    key: str
    size_bytes: int
    modified_us: int
    etag: str
    content_type: str = ""
    storage_class: str = ""
    version_id: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    checksums: Mapping[str, str] = field(default_factory=dict)
    tag_count: int = 0


@dataclass(frozen=True, slots=True)
class FileSlice:
    """A body that lies in a file: the driver maps or sends it from there.

    :ivar offset: first byte; :ivar length: number of bytes
    :ivar sent: told how many of them are sent so far, in the sending thread and often; a new attempt begins at 0 again;
        it may wait, and raise :class:`JobCancelled`
    :ivar stamp: :func:`~.stamps.stamp_of` of the file that is meant; another is not read at all
    :ivar most: asked before each piece: how many of so many bytes to send at once
    """

    path: str | Path
    offset: int
    length: int
    sent: Callable[[int], None] | None = field(default=None, repr=False, compare=False)
    most: Callable[[int], int] | None = field(default=None, repr=False, compare=False)
    stamp: tuple[int, int, int] | None = None


#: What can be sent. Whole bodies only: no stream of unknown length.
Body = bytes | memoryview | FileSlice


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold for a write: ``if_absent`` (create only) or ``if_match`` (ETag without quotes)."""

    if_absent: bool = False
    if_match: str = ""


#: Headers that say how a blob is to be read; lower-case, as in :attr:`BlobInfo.headers`.
KEPT_HEADERS = ("cache-control", "content-disposition", "content-encoding", "content-language")


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """What is said about a blob as it is written. ``headers``: of :data:`KEPT_HEADERS`."""

    content_type: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    storage_class: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Written:
    """``etag`` without quotes; ``verified``: how the bytes were checked ("crc32c", "md5", "bytes" of a copy, "").

    :ivar durable: it is known to survive a power cut already, with no :meth:`Driver.make_durable`
    """

    etag: str
    version_id: str = ""
    verified: str = ""
    durable: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    number: int
    etag: str
    size_bytes: int
    checksum: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """An unfinished multipart upload."""

    key: str
    upload_id: str
    started_us: int
    #: who has begun it, where the store says so
    initiator: str = ""


#: The version id of what was written while the bucket kept no versions; such a one may be written over.
NULL_VERSION = "null"


class Versioning(StrEnum):
    #: there never were any, or nobody says
    NONE = "none"
    ON = "on"
    #: named versions stay; what is written now replaces the null version
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a blob, or the mark that it was deleted. ``version_id`` is :data:`NULL_VERSION` for the one of a
    bucket without versions.

    :ivar etag: without quotes; :ivar latest: the key's own at present; :ivar mark: there is no blob (``size_bytes`` 0)
    """

    key: str
    version_id: str
    size_bytes: int
    etag: str = ""
    latest: bool = False
    mark: bool = False


@dataclass(frozen=True, slots=True)
class VersionPage:
    """One answer's versions and marks: of each key the latest first. ``more``: there is another page."""

    versions: Sequence[Version]
    more: bool = False


@dataclass(frozen=True, slots=True)
class Deleted:
    """One key's outcome of a batch delete: ``error`` is empty when it is gone (404 counts as gone)."""

    key: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class LinkOptions:
    """What a presigned link is for.

    :ivar method: ``GET`` or ``PUT``; :ivar expires_in_s: asked life; the link's real end is in :class:`Link`
    :ivar save_as: file name in ``Content-Disposition: attachment`` (GET); empty leaves the blob's own
    :ivar content_type: forced on GET (response) or required on PUT
    """

    method: str = "GET"
    expires_in_s: int = 3600
    save_as: str = ""
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """``limited_by``: empty, ``maximum`` (7 days) or ``credentials`` (the sign-in ends first)."""

    key: str
    url: str = field(repr=False)
    expires_at: float
    limited_by: str = ""


class Reader(Protocol):
    """An open GET: ``info`` is the answer's head; read once, front to back, then close (context manager)."""

    info: BlobInfo

    def readinto(self, buffer: memoryview) -> int:
        """Fill as much as has arrived; 0 at the end. :raises NetworkError: short body included"""

    def read(self, size_bytes: int = -1) -> bytes: ...


class Driver(Protocol):
    """One account's store, for one job."""

    capabilities: Capabilities

    # -- buckets ------------------------------------------------------------------------------------------------
    def list_buckets(self) -> list[BucketInfo]:
        """:raises AccessDenied: listing buckets is not allowed (open one by name instead)"""

    def create_bucket(self, bucket: str) -> None:
        """:raises BucketExists: also when it is ours; :raises InputError: the name breaks the rules"""

    def delete_bucket(self, bucket: str) -> None:
        """Delete an empty bucket. :raises BucketNotEmpty: blobs or unfinished uploads are in it"""

    def check_bucket(self, bucket: str) -> None:
        """Return if the bucket exists and may be listed. :raises BucketNotFound: :raises AccessDenied:"""

    def conditional_writes(self, bucket: str) -> ConditionalWrites:
        """What is known of conditional writes there; at most one small request, for the bucket's kind. An empty name: of the
        store in general, without any.
        """

    def try_conditions(self, bucket: str, prefix: str = "") -> ConditionalWrites:
        """Find out what is honoured there, by writing and removing a small blob at the top of the bucket or, where that is
        denied, below ``prefix``; remembered. A write with a condition does so by itself where nothing is known yet.

        :raises ReadOnlyAccount: :raises AccessDenied: :raises NotSupported: the person has not allowed it
        """

    # -- listing ------------------------------------------------------------------------------------------------
    def list_pages(
        self, bucket: str, prefix: str = "", *, delimiter: str = "/", start_after: str = "", page_size: int = 1000
    ) -> Iterator[ListPage]:
        """Pages in key byte order, one request each, fetched as the iterator is advanced; an empty prefix yields
        one empty page. ``delimiter=""`` lists recursively.

        :raises UnexpectedAnswer: truncated without a token, or a repeated token (would loop for ever)
        """

    # -- blobs --------------------------------------------------------------------------------------------------
    def head(self, bucket: str, key: str, *, version_id: str = "") -> BlobInfo:
        """:raises BlobNotFound: also where that version is gone, or can be none; :raises BucketNotFound: where the store
        tells them apart
        """

    def get(
        self,
        bucket: str,
        key: str,
        *,
        start: int = 0,
        length: int | None = None,
        if_match: str = "",
        if_none_match: str = "",
        version_id: str = "",
    ) -> AbstractContextManager[Reader]:
        """Open a GET for bytes ``[start, start+length)``; ``length=None`` to the end. ``length`` past the end is cut.

        :param version_id: not what stands there now, but that version
        :param if_none_match: an ETag that is known: without it the bytes come. A store may overlook it, so the reader's
            ``info`` has to be looked at, too
        :raises PreconditionFailed: the blob is not ``if_match`` any more; :raises NotModified: it is ``if_none_match`` still
        :raises BlobNotFound: as :meth:`head`
        """

    def put(
        self, bucket: str, key: str, body: Body, options: WriteOptions | None = None, condition: Condition | None = None
    ) -> Written:
        """Write a whole blob (at most ``max_put_bytes``). With a condition it is sent exactly once.

        :raises PreconditionFailed: the condition did not hold: nothing was written
        :raises OutcomeUnknown: conditional, and the answer was lost, 409 or 5xx: re-read before trying again
        :raises SourceChanged: a FileSlice's file changed while it was sent
        :raises ChecksumMismatch: the store was sent other bytes (with both, ``stored`` says whether it keeps them)
        """

    def delete(self, bucket: str, key: str, *, if_match: str = "") -> None:
        """Delete; a key that is not there is no error. :raises NotSupported: ``if_match`` is not honoured here"""

    def delete_many(self, bucket: str, keys: Sequence[str]) -> list[Deleted]:
        """Delete up to any number of keys (batched inside); one outcome per key, in order."""

    def remove_folders(self, bucket: str, prefix: str) -> None:
        """Remove the folders at and below ``prefix`` (it ends with ``/``) that hold nothing, where the store has such."""

    def versioning(self, bucket: str, *, recently: bool = False) -> Versioning:
        """Whether the bucket keeps what is written over or deleted, now; NONE also where the account may not ask. One request
        the first time this driver is asked.

        :param recently: what this process was told in the last minutes will do
        """

    def list_versions(self, bucket: str, prefix: str = "", *, start_after: str = "") -> Iterator[VersionPage]:
        """Every version of every blob below ``prefix``, and every mark of a deletion, page by page, in key order.

        :param start_after: only of keys behind this one
        :raises NotSupported: there are no versions here; :raises AccessDenied:
        """

    def delete_versions(self, bucket: str, versions: Sequence[tuple[str, str]]) -> list[Deleted]:
        """Delete ``(key, version_id)`` for good; one outcome per version, in order. :raises NotSupported:"""

    def copy(
        self,
        bucket: str,
        key: str,
        to_bucket: str,
        to_key: str,
        *,
        condition: Condition | None = None,
        storage_class: str = "",
        version_id: str = "",
    ) -> Written:
        """Server-side copy with this account's keys, metadata and tags kept (at most ``max_copy_bytes``).

        :param storage_class: the copy's; the store's default when empty
        :param version_id: of the source; what stands there now when empty
        """

    def make_durable(self, bucket: str, key: str) -> None:
        """Return when what stands there would survive a power cut, whoever wrote it. What a server has answered for does;
        This computer may still hold it in memory.

        :raises BlobNotFound: where this computer has nothing there; :raises DiskError: it could not be written
        """

    def get_tags(self, bucket: str, key: str) -> dict[str, str]: ...

    def put_tags(self, bucket: str, key: str, tags: Mapping[str, str]) -> None: ...

    # -- multipart ----------------------------------------------------------------------------------------------
    def create_upload(
        self,
        bucket: str,
        key: str,
        options: WriteOptions | None = None,
        repeated: Callable[[], None] | None = None,
    ) -> str:
        """Begin a multipart upload and return its id.

        :param repeated: called when it is sent again because no answer came: an upload may have been begun before
        """

    def upload_part(self, bucket: str, key: str, upload_id: str, number: int, body: Body) -> Part:
        """Send part ``number`` (from 1). :raises UploadNotFound:"""

    def copy_part(
        self,
        bucket: str,
        key: str,
        to_bucket: str,
        to_key: str,
        upload_id: str,
        number: int,
        start: int,
        length: int,
        *,
        if_match: str = "",
        version_id: str = "",
    ) -> Part:
        """Have the store copy bytes ``[start, start+length)`` of ``key`` as part ``number``. ``if_match``: the source's
        ETag, where the store looks at it.

        :raises UploadNotFound: :raises PreconditionFailed:
        """

    def list_parts(self, bucket: str, key: str, upload_id: str) -> list[Part]:
        """Parts the store has, by number. :raises UploadNotFound:"""

    def complete_upload(
        self, bucket: str, key: str, upload_id: str, parts: Sequence[Part], condition: Condition | None = None
    ) -> Written:
        """Make the parts, in order, the blob. When it fails the upload stays.

        :raises UploadNotFound: :raises PreconditionFailed: :raises OutcomeUnknown: as :meth:`put`
        :raises ChecksumMismatch: parts are not there as they were sent: nothing was written, and :meth:`list_parts` tells of
            the others only
        """

    def abort_upload(self, bucket: str, key: str, upload_id: str) -> None:
        """Drop the upload and its parts; one that is gone is no error."""

    def list_uploads(self, bucket: str, prefix: str = "") -> list[Upload]: ...

    # -- links --------------------------------------------------------------------------------------------------
    def presign(self, bucket: str, keys: Sequence[str], options: LinkOptions) -> list[Link]:
        """A link per key, in order; no request is made. :raises ReadOnlyAccount: PUT on a read-only account"""

    def close(self) -> None:
        """Give back what this job held. Never raises."""
