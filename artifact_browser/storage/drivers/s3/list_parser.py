"""Reading a page of ListObjectsV2 by expat, straight into columns: 14 times cheaper than through boto3.

Most pages do not come here: :mod:`list_scanner` reads the plain ones, and leaves only what is around their rows.

What a server sends is not trusted: no document types (so no entities), bounded size, depth and rows, numbers
checked.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from artifact_browser.errors import UnexpectedAnswer
from artifact_browser.storage.drivers.s3.blob_heads import listed_time_us

MAX_PAGE_BYTES = 64 * 1024**2
MAX_ROWS = 100_000
_MAX_DEPTH = 8


@dataclass(slots=True)
class RawPage:
    """A page with its names still encoded as the server sent them."""

    keys: Sequence[str] = field(default_factory=list)
    sizes: array[int] = field(default_factory=lambda: array("q"))
    modified_us: array[int] = field(default_factory=lambda: array("q"))
    etags: Sequence[str] = field(default_factory=list)
    classes: Sequence[str] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    encoded: bool = False
    truncated: bool = False
    token: str = ""


class PageParser:
    """Feed it an answer, then :meth:`finish`. :raises UnexpectedAnswer: it is no listing

    :param mark: an element to count where rows would stand (``marks``)
    """

    def __init__(self, mark: str = "") -> None:
        self._keys: list[str] = []
        self._etags: list[str] = []
        self._classes: list[str] = []
        self._page = RawPage(self._keys, etags=self._etags, classes=self._classes)
        self._mark = mark
        self.marks = 0
        self._depth = 0
        self._root = ""
        self._row: dict[str, str] = {}
        self._top: dict[str, str] = {}
        self._text: list[str] = []
        self._bytes = 0
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text.append
        self._parser.StartDoctypeDeclHandler = self._refuse

    def feed(self, data: bytes | memoryview, *, last: bool = False) -> None:
        self._bytes += len(data)
        if self._bytes > MAX_PAGE_BYTES:
            raise UnexpectedAnswer("The listing's page is larger than any page may be.")
        try:
            self._parser.Parse(bytes(data), last)
        except (expat.ExpatError, ValueError, OverflowError, LookupError) as error:
            raise UnexpectedAnswer(
                "The listing cannot be read.", technical=f"{type(error).__name__}: {error}"
            ) from error

    def finish(self) -> RawPage:
        self.feed(b"", last=True)
        if self._root != "ListBucketResult":
            raise UnexpectedAnswer("Something answered that is not a listing.", technical=self._root[:100])
        self._page.encoded = self._top.get("EncodingType", "").lower() == "url"
        self._page.truncated = self._top.get("IsTruncated", "") == "true"
        self._page.token = self._top.get("NextContinuationToken", "")
        return self._page

    def _start(self, name: str, _attributes: Any) -> None:
        depth = self._depth = self._depth + 1
        if depth == 1:
            self._root = name
        elif depth > _MAX_DEPTH:
            raise ValueError("nested too deeply")
        if self._text:
            self._text.clear()

    def _end(self, name: str) -> None:
        depth = self._depth = self._depth - 1
        text = self._text
        if depth == 2:
            self._row[name] = text[0] if len(text) == 1 else "".join(text)
        elif depth == 1:
            if name == "Contents":
                self._add_row(self._row)
                self._row = {}
            elif name == "CommonPrefixes":
                self._page.prefixes.append(self._row["Prefix"])
                self._row = {}
            else:
                self._top[name] = "".join(text)
                self.marks += name == self._mark
        if text:
            text.clear()

    def _add_row(self, row: dict[str, str]) -> None:
        page = self._page
        self._keys.append(row["Key"])
        page.sizes.append(int(row.get("Size") or 0))
        page.modified_us.append(listed_time_us(row.get("LastModified", "")))
        self._etags.append(row.get("ETag", "").strip('"'))
        self._classes.append(row.get("StorageClass", ""))
        if len(self._keys) > MAX_ROWS:
            raise ValueError("too many rows")

    def _refuse(self, *_arguments: Any) -> None:
        raise ValueError("document types are not read")
