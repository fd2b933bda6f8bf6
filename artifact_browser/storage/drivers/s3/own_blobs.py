"""The hot operations over our own HTTP, signer and parser (design decision 2): list, head, get, put, parts, links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from artifact_browser.errors import (
    AccessDenied,
    ArtifactBrowserError,
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
    check_echo,
    check_range,
    info_of,
    range_header,
    verified_by,
)
from artifact_browser.storage.drivers.s3.bodies import Source
from artifact_browser.storage.drivers.s3.conditions import Conditions
from artifact_browser.storage.drivers.s3.endpoint import encode_key
from artifact_browser.storage.drivers.s3.errors import region_named
from artifact_browser.storage.drivers.s3.exchange import Answer, Exchange, Request
from artifact_browser.storage.drivers.s3.list_parser import PageParser, RawPage
from artifact_browser.storage.drivers.s3.listed_keys import KeyDecoder
from artifact_browser.storage.drivers.s3.retries import attempt
from artifact_browser.storage.drivers.s3.signer import Signer
from artifact_browser.storage.drivers.s3.uploads import speaking_of_upload
from artifact_browser.storage.drivers.s3.write_options import checked_header, refuses_checksum, write_headers

_CHECKSUM = "x-amz-checksum-crc32c"
_READ_BYTES = 256 * 1024


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
        wanted = _query(prefix, delimiter, start_after, page_size)
        token = ""
        seen: set[str] = set()
        while True:
            raw = self._page(bucket, wanted, token)
            token = raw.token if raw.truncated else ""
            if raw.truncated and (not token or token in seen):
                raise UnexpectedAnswer("The listing would never end.", subject=f"{bucket}/{prefix}")
            names = raw.keys + raw.prefixes
            decoded = decoder.decode(names) if raw.encoded else names
            keys, prefixes = decoded[: len(raw.keys)], decoded[len(raw.keys) :]
            yield ListPage(keys, raw.sizes, raw.modified_us, raw.etags, raw.classes, prefixes, token or None)
            if not token:
                return
            seen.add(token)

    def _page(self, bucket: str, query: tuple[tuple[str, str], ...], token: str = "") -> RawPage:
        if token:
            query = (*(pair for pair in query if pair[0] != "start-after"), ("continuation-token", token))
        request = Request("GET", bucket, query=query)

        def read() -> RawPage:
            parser = PageParser()
            room = memoryview(bytearray(_READ_BYTES))
            with self._exchange.send(request) as answer:
                while got := answer.readinto(room):
                    parser.feed(room[:got])
            try:
                return parser.finish()
            except UnexpectedAnswer as error:
                error.subject = bucket
                raise

        return attempt(read, BucketRepairs(self._access, bucket), self._access.cancel)

    # -- reading ------------------------------------------------------------------------------------------------
    def head(self, bucket: str, key: str) -> BlobInfo:
        try:
            return self._head(bucket, key)
        except (AccessDenied, UnexpectedAnswer):
            # a refused HEAD has no body to say why (ExpiredToken is a bare 400): a GET of one byte tells
            with self.get(bucket, key, length=1) as reader:
                return reader.info

    def _head(self, bucket: str, key: str) -> BlobInfo:
        with self._open(Request("HEAD", bucket, key)) as answer:
            answer.drain()
            return info_of(key, answer.headers)

    @contextmanager
    def get(
        self, bucket: str, key: str, *, start: int = 0, length: int | None = None, if_match: str = ""
    ) -> Iterator[Reader]:
        headers = {"if-match": f'"{if_match}"'} if if_match else {}
        ranged = range_header(start, length)
        if ranged:
            headers["range"] = ranged
        if length == 0:
            yield EmptyReader(self._head(bucket, key))
            return
        try:
            answer = self._open(Request("GET", bucket, key, headers=headers))
        except UnexpectedAnswer as error:
            if not ranged or "HTTP 416" not in error.technical:
                raise
            yield EmptyReader(self._head(bucket, key))
            return
        with answer:
            if ranged:
                check_range(answer.status, answer.headers, start, f"{bucket}/{key}")
            yield _OwnReader(info_of(key, answer.headers), answer, length)

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
        given, _length, checked = self._write(bucket, key, (), headers, body, once=bool(conditional))
        return Written(given.get("etag", "").strip('"'), given.get("x-amz-version-id", ""), verified_by(checked))

    def upload_part(self, bucket: str, key: str, upload_id: str, number: int, body: Body) -> Part:
        query = (("partNumber", str(number)), ("uploadId", upload_id))
        with speaking_of_upload():
            given, length, checked = self._write(bucket, key, query, {}, body, once=False)
        return Part(number, given.get("etag", "").strip('"'), length, checked)

    def _write(
        self,
        bucket: str,
        key: str,
        query: tuple[tuple[str, str], ...],
        headers: Mapping[str, str],
        body: Body,
        *,
        once: bool,
    ) -> tuple[Mapping[str, str], int, str]:
        """Send a body with a checksum where the server checks it; its answer's headers, the length, the checksum.

        Whether it does is learnt from its first answer: a refusal is answered by sending once more without, an
        answer that does not echo the checksum means that nobody looked at it.
        """
        remembered = self._account.remembered
        with Source(body) as source:
            checksum = source.crc32c() if remembered.facts().checksum is not Support.NO else ""
            try:
                given = self._send_body(Request("PUT", bucket, key, query, _with(headers, checksum), source, once))
            except ArtifactBrowserError as error:
                if not checksum or not refuses_checksum(error):
                    raise
                given = self._send_body(Request("PUT", bucket, key, query, headers, source, once))
                if remembered.facts().checksum is Support.UNKNOWN:
                    remembered.learn(checksum=Support.NO)
                checksum = ""
            source.check_unchanged()
            echoed = given.get(_CHECKSUM, "") if checksum else ""
            check_echo(checksum, echoed, f"{bucket}/{key}")
            if checksum and remembered.facts().checksum is Support.UNKNOWN:
                remembered.learn(checksum=Support.YES if echoed else Support.NO)
            return given, source.length, echoed

    def _send_body(self, request: Request) -> Mapping[str, str]:
        with self._open(request) as answer:
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


def _with(headers: Mapping[str, str], checksum: str) -> dict[str, str]:
    return {**headers, _CHECKSUM: checksum} if checksum else dict(headers)


def _query(prefix: str, delimiter: str = "", start_after: str = "", size: int = 1000) -> tuple[tuple[str, str], ...]:
    pairs = (
        ("list-type", "2"),
        ("encoding-type", "url"),
        ("prefix", prefix),
        ("delimiter", delimiter),
        ("start-after", start_after),
        ("max-keys", str(size)),
    )
    return tuple(pair for pair in pairs if pair[1])
