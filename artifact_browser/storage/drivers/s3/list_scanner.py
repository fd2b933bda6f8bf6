"""Reading the plain shape of a listing's page many times faster than by expat, or not at all.

Nearly every page is the same 1,000 times: ``<Contents>`` with Key, LastModified, ETag, Size and StorageClass in this
order, without attributes, comments, CDATA, white space between elements or entities (but for the quotes of an ETag). Such a
run of rows is read by one expression that must cover every byte of it, or column by column (:mod:`list_columns`); whatever
is before and after it goes through expat, with a mark in the run's place. A page with anything else in it is read by expat as a whole: this reader never
guesses, it says that it is not sure. A test holds both readers to the same answer.
"""

from __future__ import annotations

import re
from array import array
from contextlib import suppress

from artifact_browser.errors import UnexpectedAnswer
from artifact_browser.storage.drivers.s3.list_columns import PlainRows, rows_at_once
from artifact_browser.storage.drivers.s3.list_parser import MAX_PAGE_BYTES, MAX_ROWS, PageParser, RawPage
from artifact_browser.storage.drivers.s3.listed_times import listed_times_us
from artifact_browser.storage.loaded import loaded_numpy
from artifact_browser.storage.texts import Texts

_BEGIN, _END = b"<Contents>", b"</Contents>"
#: Stands for the rows that were cut out; no server has such an element.
_MARK = "cut-rows"
_CUT = f"<{_MARK}/>".encode()
#: Text that means what it says: expat turns white space around and resolves entities, so none of that is in it.
_TEXT = rb"[^<>&\x00-\x1f]*"
#: Further elements of a row, which nobody here asks for.
_MORE = (
    b"((?:"
    + b"".join(b"<%b>%b</%b>|" % (name, _TEXT, name) for name in (b"ChecksumAlgorithm", b"ChecksumType", b"Type"))
    + b"<Owner>(?:<ID>%b</ID>)?(?:<DisplayName>%b</DisplayName>)?</Owner>)*)" % (_TEXT, _TEXT)
)


def _row(more: bytes) -> re.Pattern[bytes]:
    return re.compile(
        rb"<Contents><Key>(" + _TEXT + rb")</Key><LastModified>(" + _TEXT + rb")</LastModified>"
        rb"<ETag>((?:&quot;)?" + _TEXT + rb"(?:&quot;)?)</ETag>" + more + rb"<Size>([0-9]{1,18})</Size>"
        + more + rb"(?:<StorageClass>(" + _TEXT + rb")</StorageClass>)?" + more
        + rb"</Contents>(?=<Contents>|\Z)"
    )  # fmt: skip


_PLAIN_ROW, _LONG_ROW = _row(b""), _row(_MORE)
_PROLOG = re.compile(rb"""<\?xml version=["']1\.[0-9]["'](?: encoding=["'][Uu][Tt][Ff]-8["'])? ?\?>""")
#: Characters that are UTF-8 and yet none of XML.
_NO_XML = (b"\xef\xbf\xbe", b"\xef\xbf\xbf")


def read_page(data: bytes) -> RawPage:
    """A page, whichever way reads it. :raises UnexpectedAnswer: it is no listing"""
    page = scan_page(data)
    if page is not None:
        return page
    parser = PageParser()
    parser.feed(data)
    return parser.finish()


def scan_page(data: bytes) -> RawPage | None:
    """A page of the plain shape; ``None``: it has another, or is no page at all."""
    begin, end = data.find(_BEGIN), data.rfind(_END) + len(_END)
    if begin < 0 or end <= begin or len(data) > MAX_PAGE_BYTES or not _is_plain(data, begin):
        return None
    rows = _rows(data, begin, end)
    page = _rest(data[:begin], data[end:]) if rows is not None else None
    if rows is None or page is None or page.keys or len(rows.sizes) > MAX_ROWS:
        return None
    page.keys, page.sizes, page.modified_us = rows.keys, rows.sizes, rows.modified_us
    page.etags, page.classes = rows.etags, rows.classes
    return page


def _rows(data: bytes, begin: int, end: int) -> PlainRows | None:
    """By columns only where somebody has loaded numpy already: for one page that does not pay."""
    first = _LONG_ROW.match(data, begin, end)
    if first is None:
        return None
    *_, before_size, _, behind_size, storage_class, at_last = first.groups()
    numpy = loaded_numpy()
    if numpy is not None and storage_class is not None:
        runs = (
            b"<Contents><Key>", b"</Key><LastModified>", b"</LastModified><ETag>", b"</ETag>" + before_size + b"<Size>",
            b"</Size>" + behind_size + b"<StorageClass>", b"</StorageClass>" + at_last + b"</Contents>",
        )  # fmt: skip
        found = rows_at_once(numpy, data, begin, end, runs, _etag)
        if found is not None:
            return found
    # each match ends where the next row begins, so as many matches as beginnings leave no byte unread
    count = data.count(_BEGIN, begin, end)
    rows = _PLAIN_ROW.findall(data, begin, end) if not before_size + behind_size + at_last else []
    if len(rows) == count:
        keys, times, etags, sizes, classes = zip(*rows, strict=True)
    else:
        rows = _LONG_ROW.findall(data, begin, end)
        if len(rows) != count:
            return None
        keys, times, etags, _, sizes, _, classes, _ = zip(*rows, strict=True)
    names = {name: name.decode() for name in set(classes)}
    return PlainRows(
        Texts(keys), array("q", map(int, sizes)), listed_times_us(times), Texts(etags, _etag),
        [names[one] for one in classes],
    )  # fmt: skip


def _is_plain(data: bytes, begin: int) -> bool:
    """Whether the page is UTF-8 text."""
    if data.startswith(b"<?") and not _PROLOG.match(data, 0, begin):
        return False
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return not any(mark in data for mark in _NO_XML)


def _rest(head: bytes, tail: bytes) -> RawPage | None:
    """What is around the rows, read by expat; ``None``: the rows were not where rows are."""
    parser = PageParser(_MARK)
    with suppress(UnexpectedAnswer):
        parser.feed(head + _CUT + tail)
        page = parser.finish()
        if parser.marks == 1:
            return page
    return None


def _etag(raw: bytes) -> str:
    return raw.replace(b"&quot;", b'"').decode().strip('"')
