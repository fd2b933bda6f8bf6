"""An S3 server of a few lines that counts: lists pages of a bucket, waits where a test says so, refuses on demand.

For what no real server does to order: the exact number of requests, a page that does not come yet, a refusal
in the middle of a listing.
"""

from __future__ import annotations

import threading
import urllib.parse
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from artifact_browser.accounts.record import AccountKind, AccountRecord, KeySource
from tests.storage.s3.scripted import Asked, Reply, ScriptedServer, error, serving

WAIT_S = 20.0


@dataclass
class PagedStore:
    """Closes each connection after its answer, so that a client notices when it is gone.

    :ivar keys: what the bucket holds; :ivar open_pages: how many list answers go out before the next one waits
    :ivar refusal: answered to every list request from number ``refuse_from`` on
    """

    keys: list[str]
    page_size: int = 1000
    open_pages: int | None = None
    refusal: Reply | None = None
    refuse_from: int = 0
    buckets_denied: bool = False
    buckets: tuple[str, ...] = ("listed",)
    listed: int = 0
    url: str = ""
    server: ScriptedServer | None = None
    bodies: dict[str, bytes] = field(default_factory=dict)
    _moved: threading.Condition = field(default_factory=threading.Condition)

    @property
    def record(self) -> AccountRecord:
        return AccountRecord("paged", AccountKind.S3, "Paged", key_source=KeySource.NONE, endpoint=self.url)

    @property
    def asked(self) -> list[Asked]:
        assert self.server is not None
        return self.server.asked

    def let_through(self, pages: int | None) -> None:
        """Answer so many list requests in all (``None``: every one)."""
        with self._moved:
            self.open_pages = pages
            self._moved.notify_all()

    def answer(self, asked: Asked, number: int) -> Reply:
        del number
        path, _, query = asked.path.partition("?")
        wanted = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        key = urllib.parse.unquote(path).removeprefix("/").partition("/")[2]
        if "list-type" in wanted:
            return self._list(wanted)
        if path == "/":
            return error("AccessDenied", 403) if self.buckets_denied else _xml(_bucket_list(self.buckets))
        if key in self.bodies and not query.startswith("tagging"):
            return Reply(200, self.bodies[key], {"ETag": '"e"', "Last-Modified": "Sat, 21 Nov 2026 04:00:00 GMT"})
        return error("AccessDenied", 403)

    def _list(self, wanted: dict[str, str]) -> Reply:
        with self._moved:
            number = self.listed
            self.listed += 1
            self._moved.wait_for(lambda: self.open_pages is None or number < self.open_pages, WAIT_S)
        if self.refusal is not None and number >= self.refuse_from:
            return self.refusal
        prefix, delimiter = wanted.get("prefix", ""), wanted.get("delimiter", "")
        after = wanted.get("continuation-token", "") or wanted.get("start-after", "")
        size = min(self.page_size, int(wanted.get("max-keys", "1000")))
        rows: list[tuple[str, bool]] = []
        ordered = sorted(self.keys, key=str.encode)
        for key in ordered[bisect_left(ordered, after.encode(), key=str.encode) :]:
            if len(rows) > size:
                break
            if not key.startswith(prefix):
                continue
            at = key.find(delimiter, len(prefix)) if delimiter else -1
            row = (key[: at + 1], True) if at >= 0 else (key, False)
            if row[0].encode() > after.encode() and not (rows and rows[-1] == row):
                rows.append(row)
        return _page(rows[:size], more=len(rows) > size, encoded=wanted.get("encoding-type") == "url")


def _bucket_list(names: tuple[str, ...]) -> str:
    rows = "".join(f"<Bucket><Name>{name}</Name></Bucket>" for name in names)
    return f"<ListAllMyBucketsResult><Buckets>{rows}</Buckets></ListAllMyBucketsResult>"


def _page(rows: list[tuple[str, bool]], *, more: bool, encoded: bool) -> Reply:
    def shown(key: str) -> str:
        return urllib.parse.quote(key, safe="") if encoded else escape(key)

    body = "".join(
        f"<CommonPrefixes><Prefix>{shown(key)}</Prefix></CommonPrefixes>"
        if rolled
        else f"<Contents><Key>{shown(key)}</Key><Size>{len(key)}</Size><ETag>&quot;e&quot;</ETag>"
        "<LastModified>2026-11-21T04:00:00.000Z</LastModified><StorageClass>STANDARD</StorageClass></Contents>"
        for key, rolled in rows
    )
    kind = "<EncodingType>url</EncodingType>" if encoded else ""
    token = f"<NextContinuationToken>{escape(rows[-1][0])}</NextContinuationToken>" if more else ""
    return _xml(
        f"<ListBucketResult>{kind}<IsTruncated>{str(more).lower()}</IsTruncated>{token}{body}</ListBucketResult>"
    )


def _xml(body: str) -> Reply:
    return Reply(
        200, f"<?xml version='1.0'?>{body}".encode(), {"Content-Type": "application/xml", "Connection": "close"}
    )


@contextmanager
def paged(keys: list[str], **options: object) -> Iterator[PagedStore]:
    """A store that holds ``keys`` in every bucket it is asked about."""
    store = PagedStore(keys, **options)  # type: ignore[arg-type]
    with serving(store.answer) as server:
        store.url, store.server = server.url, server
        try:
            yield store
        finally:
            store.let_through(None)
