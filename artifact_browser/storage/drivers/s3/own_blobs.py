"""The hot operations over our own HTTP, signer and parser (design decision 2): list, head, get, put, parts, links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from types import TracebackType

from artifact_browser.errors import (
    AccessDenied,
    ArtifactBrowserError,
    ChecksumMismatch,
    UnexpectedAnswer,
)
from artifact_browser.storage.driver import (
    BlobInfo,
    Body,
    Condition,
    Link,
    LinkOptions,
    ListPage,
    Part,
    Reader,
    Support,
    WriteOptions,
    Written,
)
from artifact_browser.storage.drivers.s3 import links
from artifact_browser.storage.drivers.s3.account import Access, BucketRepairs
from artifact_browser.storage.drivers.s3.blob_heads import (
    EmptyReader,
    check_range,
    check_written,
    info_of,
    range_header,
)
from artifact_browser.storage.drivers.s3.bodies import Source
from artifact_browser.storage.drivers.s3.conditions import Conditions
from artifact_browser.storage.drivers.s3.endpoint import encode_key
from artifact_browser.storage.drivers.s3.errors import region_named
from artifact_browser.storage.drivers.s3.exchange import Answer, Exchange, Request
from artifact_browser.storage.drivers.s3.list_course import ListCourse
from artifact_browser.storage.drivers.s3.list_parser import MAX_PAGE_BYTES, RawPage
from artifact_browser.storage.drivers.s3.list_scanner import read_page
from artifact_browser.storage.drivers.s3.listed_keys import KeyDecoder
from artifact_browser.storage.drivers.s3.retries import attempt
from artifact_browser.storage.drivers.s3.signer import Signer
from artifact_browser.storage.drivers.s3.uploads import speaking_of_upload
from artifact_browser.storage.drivers.s3.write_options import checked_header, refuses_checksum, write_headers

_CHECKSUM = "x-amz-checksum-crc32c"
_NAMED = {"x-amz-sdk-checksum-algorithm": "CRC32C"}
#: AWS tells a blob's stored checksum only to those who ask; of a range it knows none
_TELL_CHECKSUM = {"x-amz-checksum-mode": "ENABLED"}
_MD5 = "content-md5"
_READ_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class _Sent:
    """A body that was written: its length, the checksum the server echoed, how the bytes were checked."""

    length: int
    echoed: str
    verified: str


class OwnBlobs:
    """One job's hot operations."""

    def __init__(self, access: Access, conditions: Conditions) -> None:
        self._access = access
        self._conditions = conditions
        self._account = access.account
        self._exchange = Exchange(access)

    # -- listing ------------------------------------------------------------------------------------------------
    def list_pages(
        self, bucket: str, prefix: str = "", *, delimiter: str = "/", start_after: str = "", page_size: int = 1000
    ) -> Iterator[ListPage]:
        decoder = KeyDecoder(self._account.remembered, lambda text: bool(self._page(bucket, _query(text, size=1)).keys))
        wanted, course = _query(prefix, delimiter, page_size), ListCourse(f"{bucket}/{prefix}")
        going = ("start-after", start_after) if start_after else None
        while True:
            raw = self._page(bucket, (*wanted, going) if going else wanted)
            keys, prefixes = decoder.decode_page(raw.keys, raw.prefixes) if raw.encoded else (raw.keys, raw.prefixes)
            going = course.after(truncated=raw.truncated, token=raw.token, keys=keys, prefixes=prefixes)
            yield ListPage(
                keys, raw.sizes, raw.modified_us, raw.etags, raw.classes, prefixes, going[1] if going else None
            )
            if going is None:
                return

    def _page(self, bucket: str, query: tuple[tuple[str, str], ...]) -> RawPage:
        request = Request("GET", bucket, query=query)

        def read() -> RawPage:
            with self._exchange.send(request) as answer:
                body = _whole(answer, MAX_PAGE_BYTES)
            try:
                return read_page(body)
            except UnexpectedAnswer as error:
                error.subject = bucket
                raise

        return attempt(read, BucketRepairs(self._access, bucket), self._access.cancel)

    # -- reading ------------------------------------------------------------------------------------------------
    def head(self, bucket: str, key: str, *, version_id: str = "") -> BlobInfo:
        try:
            return self._head(bucket, key, _of_version(version_id))
        except (AccessDenied, UnexpectedAnswer):
            # a refused HEAD has no body to say why (ExpiredToken is a bare 400): a GET of one byte tells
            with self.get(bucket, key, length=1, version_id=version_id) as reader:
                return reader.info

    def _head(self, bucket: str, key: str, query: tuple[tuple[str, str], ...]) -> BlobInfo:
        with self._open(Request("HEAD", bucket, key, query, headers=_TELL_CHECKSUM)) as answer:
            answer.drain()
            return info_of(key, answer.headers)

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
        headers = {"if-match": f'"{if_match}"'} if if_match else {}
        headers |= {"if-none-match": f'"{if_none_match}"'} if if_none_match else {}
        ranged = range_header(start, length)
        headers |= {"range": ranged} if ranged else _TELL_CHECKSUM
        return _Reading(self, Request("GET", bucket, key, _of_version(version_id), headers=headers), start, length)

    def read(self, request: Request, start: int, length: int | None) -> tuple[Reader, Answer | None]:
        """Begin a GET: its reader, and what to close in the end."""
        ranged = "range" in request.headers
        if length == 0:
            return EmptyReader(self._head(request.bucket, request.key, request.query)), None
        try:
            answer = self._open(request)
        except UnexpectedAnswer as error:
            if not ranged or "HTTP 416" not in error.technical:
                raise
            return EmptyReader(self._head(request.bucket, request.key, request.query)), None
        try:
            if ranged:
                check_range(answer.status, answer.headers, start, request.subject)
            return _OwnReader(info_of(request.key, answer.headers), answer, length), answer
        except BaseException:
            answer.close()
            raise

    def _open(self, request: Request) -> Answer:
        return attempt(
            lambda: self._exchange.send(request),
            BucketRepairs(self._access, request.bucket),
            self._access.cancel,
            once=request.once,
        )

    # -- writing ------------------------------------------------------------------------------------------------
    def put(
        self, bucket: str, key: str, body: Body, options: WriteOptions | None = None, condition: Condition | None = None
    ) -> Written:
        conditional = self._conditions.headers(condition, bucket, f"{bucket}/{key}")
        headers = write_headers(options) | conditional
        given, sent = self._write(bucket, key, (), headers, body, once=bool(conditional))
        return Written(given.get("etag", "").strip('"'), given.get("x-amz-version-id", ""), sent.verified)

    def upload_part(self, bucket: str, key: str, upload_id: str, number: int, body: Body) -> Part:
        query = (("partNumber", str(number)), ("uploadId", upload_id))
        with speaking_of_upload():
            given, sent = self._write(bucket, key, query, {}, body, once=False)
        return Part(number, given.get("etag", "").strip('"'), sent.length, sent.echoed)

    def _write(
        self,
        bucket: str,
        key: str,
        query: tuple[tuple[str, str], ...],
        headers: Mapping[str, str],
        body: Body,
        *,
        once: bool,
    ) -> tuple[Mapping[str, str], _Sent]:
        """Send a body with a CRC32C where the server checks it, else with its MD5; its answer's headers, what was sent.

        Whether it does is learnt from its first answer: a refusal is answered by sending once more without, an
        answer that does not echo the checksum means that nobody looked at it.
        """
        remembered = self._account.remembered
        with Source(body) as source:
            facts = remembered.facts()
            named = _NAMED if facts.named_checksum is Support.YES else {}
            checksum = source.crc32c() if facts.checksum is not Support.NO else ""
            try:
                proof = {_CHECKSUM: checksum, **named} if checksum else {_MD5: source.content_md5()}
                given = self._send_body(Request("PUT", bucket, key, query, {**headers, **proof}, source, once))
            except ArtifactBrowserError as error:
                if not checksum or not refuses_checksum(error):
                    raise
                proof = {_MD5: source.content_md5()}
                given = self._send_body(Request("PUT", bucket, key, query, {**headers, **proof}, source, once))
                if remembered.facts().checksum is Support.UNKNOWN:
                    remembered.learn(checksum=Support.NO)
                checksum = ""
            etag, version_id = given.get("etag", "").strip('"'), given.get("x-amz-version-id", "")
            echoed = given.get(_CHECKSUM, "") if checksum else ""
            verified = check_written(source, checksum, echoed, etag, version_id, given, f"{bucket}/{key}")
            if checksum and remembered.facts().checksum is Support.UNKNOWN:
                remembered.learn(checksum=Support.YES if echoed else Support.NO)
            return given, _Sent(source.length, echoed, verified)

    def _send_body(self, request: Request) -> Mapping[str, str]:
        if request.source is not None:
            request.source.check_unchanged()  # its proof is of one state of the file: a mixture replaces nothing
        try:
            answer = self._open(request)
        except ChecksumMismatch:
            if request.source is not None:  # between checksum and sending: then that is what was wrong
                request.source.check_unchanged()
            raise
        with answer:
            # the answer is there, so the write happened; a connection lost now costs only the connection
            with suppress(ArtifactBrowserError):
                answer.drain()
            return answer.headers

    # -- links --------------------------------------------------------------------------------------------------
    def presign(self, bucket: str, keys: Sequence[str], options: LinkOptions) -> list[Link]:
        lease = self._access.lease()
        now = self._access.now
        life = links.life_of(options, lease, now)
        overrides = links.response_overrides(options)
        if lease is not None and self._account.endpoint.aws and not self._account.knows_region_of(bucket):
            self._find_region(bucket)
        endpoint = self._account.link_endpoint_of(bucket)
        place = endpoint.place(bucket)
        folder = place.path if place.path.endswith("/") else f"{place.path}/"
        paths = [f"{folder}{encode_key(key)}" for key in keys]
        queries = [""] * len(keys)
        if lease is not None:
            headers = {"host": place.netloc}
            if options.method == "PUT" and options.content_type:
                headers["content-type"] = checked_header(options.content_type)
            signer = Signer(lease, self._account.region_of(bucket))
            sign = signer.presigner(options.method, overrides.items(), headers, life.seconds, now)
            queries = [f"?{sign(path)}" for path in paths]
        server = f"{endpoint.scheme}://{place.netloc}"
        return [
            Link(key, f"{server}{path}{query}", life.ends_at, life.limited_by)
            for key, path, query in zip(keys, paths, queries, strict=True)
        ]

    def _find_region(self, bucket: str) -> None:
        """Ask AWS where a bucket lives: a link signed for another region does not work, and cannot be redirected."""
        with suppress(ArtifactBrowserError), self._open(Request("HEAD", bucket)) as answer:
            answer.drain()
            region = region_named(answer.headers.get("x-amz-bucket-region", ""))
            self._account.learn_region(bucket, region or self._account.region_of(bucket))


def _of_version(version_id: str) -> tuple[tuple[str, str], ...]:
    return (("versionId", version_id),) if version_id else ()


def _whole(answer: Answer, limit_bytes: int) -> bytes:
    """A page's body. Room is taken as bytes arrive, whatever the store says of its length. :raises UnexpectedAnswer:"""
    room = bytearray(min(answer.length or _READ_BYTES, _READ_BYTES) + 1)
    filled = 0
    while got := answer.readinto(memoryview(room)[filled:]):
        filled += got
        if filled > limit_bytes:
            raise UnexpectedAnswer("The listing's page is larger than any page may be.")
        if filled == len(room):
            room += bytes(len(room))
    return bytes(memoryview(room)[:filled])


class _Reading:
    """A GET from ``with`` to the end of its block (a generator would take as long as the request's head)."""

    __slots__ = ("_answer", "_blobs", "_length", "_request", "_start")

    def __init__(self, blobs: OwnBlobs, request: Request, start: int, length: int | None) -> None:
        self._blobs, self._request, self._start, self._length = blobs, request, start, length
        self._answer: Answer | None = None

    def __enter__(self) -> Reader:
        reader, self._answer = self._blobs.read(self._request, self._start, self._length)
        return reader

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._answer is not None:
            self._answer.close()


class _OwnReader:
    """An open GET; the bytes go from the socket into the caller's buffer."""

    def __init__(self, info: BlobInfo, answer: Answer, limit: int | None) -> None:
        self.info = info
        self._answer = answer
        #: bytes to give at most: a server may answer a range with more, or with the whole
        self._left = limit

    def readinto(self, buffer: memoryview) -> int:
        if self._left is not None:
            buffer = buffer[: self._left]
        if not len(buffer):
            return 0
        got = self._answer.readinto(buffer)
        if self._left is not None:
            self._left -= got
        return got

    def read(self, size_bytes: int = -1) -> bytes:
        pieces: list[bytes] = []
        room = memoryview(bytearray(min(_READ_BYTES, size_bytes) if size_bytes >= 0 else _READ_BYTES))
        wanted = size_bytes
        while wanted:
            got = self.readinto(room[:wanted] if wanted > 0 else room)
            if not got:
                break
            pieces.append(bytes(room[:got]))
            wanted -= got if wanted > 0 else 0
        return b"".join(pieces)


def _query(prefix: str, delimiter: str = "", size: int = 1000) -> tuple[tuple[str, str], ...]:
    pairs = (
        ("list-type", "2"),
        ("encoding-type", "url"),
        ("prefix", prefix),
        ("delimiter", delimiter),
        ("max-keys", str(size)),
    )
    return tuple(pair for pair in pairs if pair[1])
