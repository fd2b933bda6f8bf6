"""The quick reader of listings says what expat says, of any page, or leaves it to expat."""

from __future__ import annotations

from collections.abc import Callable
from unittest import mock
from urllib.parse import quote, unquote
from xml.sax.saxutils import escape

import numpy  # noqa: F401 - where it is loaded, times are read all at once
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from artifact_browser.errors import UnexpectedAnswer
from artifact_browser.storage.driver import Support
from artifact_browser.storage.drivers.s3 import list_scanner
from artifact_browser.storage.drivers.s3.blob_heads import listed_time_us
from artifact_browser.storage.drivers.s3.list_parser import PageParser, RawPage
from artifact_browser.storage.drivers.s3.list_scanner import read_page, scan_page
from artifact_browser.storage.drivers.s3.listed_keys import KeyDecoder
from artifact_browser.storage.drivers.s3.listed_times import listed_times_us
from artifact_browser.storage.drivers.s3.remembered import Facts, Remembered
from artifact_browser.storage.texts import Texts

HEAD = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    b"<Name>b</Name><Prefix>a&amp;b</Prefix><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>"
)
TAIL = b"<CommonPrefixes><Prefix>z/</Prefix></CommonPrefixes></ListBucketResult>\n"
#: What a page may have where nobody expects it.
ODD = [
    b"<", b">", b"&", b"&amp;", b"&#65;", b"&lt;", b"<![CDATA[x<y]]>", b"<!--", b"-->", b"<!-- <Contents> -->", b"<Contents>",
    b"</Contents>", b"<Key>", b"</Key>", b"<Key>k</Key>", b"<Contents/>", b"\r\n", b"\r", b"\t", b" ", b"\x00", b"\x7f", b"\xff",
    b"\xef\xbf\xbf", b"\xef\xbf\xbe", b"\xed\xa0\x80", b"\xc3\xa9", b"%2F", b"+", b"]]>", b"<?x?>", b"<cut-rows/>", b"<cut-rows>",
    b' a="', b"<Owner><Key>x</Key></Owner>", b"<Owner><ID>i</ID></Owner>", b"<IsTruncated>true</IsTruncated>", b"<Size>7</Size>",
    b"<Type>Normal</Type>", b"<a/>", b"</ListBucketResult>", b"<?xml version='1.0' encoding='latin-1'?>", b"<s3:Key>x</s3:Key>",
    b"-", b"_1", b"9" * 20, b'"', b"&quot;", b"<CommonPrefixes><Prefix>", b"<!DOCTYPE x>", b"\xef\xbb\xbf", b"\x85", b"\xe2\x80\xa8",
]  # fmt: skip
TIMES = st.one_of(
    st.datetimes().map(lambda moment: moment.isoformat(timespec="milliseconds") + "Z"),
    st.sampled_from(
        ["2026-02-30T00:00:00.000Z", "0000-01-01T00:00:00.000Z", "2026-11-21 04:00:00.000Z", "2026-11-21T24:00:00.000Z",
         "2026-11-21T04:00:60.000Z", "2026-11-21T04:00:00Z", "2026-11-21T04:00:00.123456Z", "", "NaT", "2026-11-21",
         "2026-W47-6T04:00:00.000Z", "２026-11-21T04:00:00.000Z", "2026-11-21T04:00:00.00OZ", "9999-12-31T23:59:59.999Z"]
    ),
)  # fmt: skip
KEYS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff"), max_size=12)


def by_expat(data: bytes) -> RawPage:
    parser = PageParser()
    parser.feed(data)
    return parser.finish()


def by_expression(data: bytes) -> RawPage:
    """As read where numpy is not loaded."""
    with mock.patch.object(list_scanner, "rows_at_once", return_value=None):
        return read_page(data)


def told(read: Callable[[bytes], RawPage], data: bytes) -> object:
    """Everything a page says, or that it is none."""
    try:
        page = read(data)
    except UnexpectedAnswer:
        return UnexpectedAnswer
    columns = (page.keys, page.sizes, page.modified_us, page.etags, page.classes, page.prefixes)
    return [list(column) for column in columns], page.encoded, page.truncated, page.token


def row(
    key: str, size: int = 1, time: str = "2026-11-21T04:00:00.000Z", more: str = "", kind: str = "STANDARD"
) -> bytes:
    storage = f"<StorageClass>{kind}</StorageClass>" if kind else ""
    return (
        f"<Contents><Key>{key}</Key><LastModified>{time}</LastModified><ETag>&quot;e-{size}&quot;</ETag>{more}"
        f"<Size>{size}</Size>{storage}</Contents>"
    ).encode()


rows = st.lists(
    st.builds(
        row,
        KEYS.map(escape) | KEYS.map(lambda key: quote(key, safe="/")),
        st.integers(0, 10**18 - 1),
        TIMES,
        st.sampled_from(
            ["", "<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType>"]
        ),
        st.sampled_from(["STANDARD", "GLACIER", ""]),
    ),
    max_size=6,
)


@settings(max_examples=80, derandomize=True)
@given(rows)
def test_a_page_of_any_keys_and_times(listed: list[bytes]) -> None:
    data = HEAD + b"".join(listed) + TAIL
    assert told(read_page, data) == told(by_expression, data) == told(by_expat, data)


@settings(max_examples=250, derandomize=True, deadline=None)
@given(rows, st.lists(st.tuples(st.floats(0, 1), st.sampled_from(ODD), st.integers(0, 12)), min_size=1, max_size=3))
@example([row("k")], [(0.5, b"<Contents>", 0)])
def test_a_page_with_something_odd_in_it(listed: list[bytes], changes: list[tuple[float, bytes, int]]) -> None:
    data = HEAD + b"".join(listed) + TAIL
    for place, what, instead in changes:
        at = int(place * len(data))
        data = data[:at] + what + data[at + instead :]
    assert told(read_page, data) == told(by_expression, data) == told(by_expat, data)


@pytest.mark.parametrize("what", ODD, ids=repr)
def test_something_odd_at_every_joint(what: bytes) -> None:
    data = HEAD + row("a/b", 12) + row("c%20d", 345) + b"</ListBucketResult>"
    joints = [at for at, sign in enumerate(data) if sign in b"<>"]
    for at in (place for joint in joints for place in (joint, joint + 1)):
        changed = data[:at] + what + data[at:]
        assert told(read_page, changed) == told(by_expression, changed) == told(by_expat, changed), changed


@pytest.mark.parametrize(
    "more",
    ["", "<ChecksumAlgorithm>CRC32</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType>", "<Owner><ID>i</ID></Owner>",
     "<Owner><ID>i</ID><DisplayName>me</DisplayName></Owner><Type>Normal</Type>"],
)  # fmt: skip
def test_what_the_usual_stores_send_is_read_quickly(more: str) -> None:
    data = HEAD + b"".join(row(f"ä/{number}", number, more=more) for number in range(1000)) + TAIL
    page = scan_page(data)
    assert page is not None
    assert (len(page.keys), page.keys[7], page.etags[7], list(page.prefixes)) == (1000, "ä/7", "e-7", ["z/"])
    behind = data.replace(b"</StorageClass>", b"</StorageClass>" + more.encode()) if more else data
    assert scan_page(behind) is not None
    assert scan_page(data + b"\n") is not None
    assert told(read_page, behind) == told(by_expat, behind)


@settings(max_examples=60, derandomize=True)
@given(st.permutations(["Key", "LastModified", "ETag", "Size", "StorageClass"]), st.sampled_from(["", "\n ", "\r\n\t"]))
def test_elements_in_another_order_and_white_space_between_them(order: list[str], between: str) -> None:
    texts = {
        "Key": "a/b",
        "LastModified": "2026-11-21T04:00:00.000Z",
        "ETag": "&quot;e&quot;",
        "Size": "5",
        "StorageClass": "X",
    }
    one = between.join(f"<{name}>{texts[name]}</{name}>" for name in order)
    data = HEAD + f"<Contents>{between}{one}{between}</Contents>{between}".encode() * 3 + TAIL
    assert told(read_page, data) == told(by_expression, data) == told(by_expat, data)
    assert list(read_page(data).keys) == ["a/b"] * 3


def test_a_page_without_rows_is_expats() -> None:
    assert scan_page(HEAD + TAIL) is None
    assert read_page(HEAD + TAIL).prefixes == ["z/"]


@settings(max_examples=80, derandomize=True)
@given(st.lists(TIMES, max_size=5))
def test_times_at_once_are_times_one_by_one(times: list[str]) -> None:
    wanted = [listed_time_us(time) for time in times]
    assert list(listed_times_us([time.encode() for time in times])) == wanted


class Settled(Remembered):
    """What a ``+`` means is known."""

    def __init__(self, raw_plus: Support) -> None:
        self._known = Facts(raw_plus=raw_plus)

    def facts(self) -> Facts:
        return self._known


ENCODED = st.lists(
    st.one_of(
        KEYS.map(lambda key: quote(key, safe="/")), KEYS,
        st.sampled_from(["%", "%zz", "%C3", "%C3%A9", "é%C3", "%3C", "a%3Cb", "+", "%2B", "%20", "%00", "%F0%9F%98%80", "%ED%A0%80"]),
    ).map(lambda name: name.replace("<", "")),
    min_size=1, max_size=5,
)  # fmt: skip


@settings(max_examples=100, derandomize=True)
@given(ENCODED, ENCODED, st.sampled_from([Support.YES, Support.NO]))
def test_encoded_names_as_bytes_are_those_as_text(keys: list[str], prefixes: list[str], raw_plus: Support) -> None:
    decoder = KeyDecoder(Settled(raw_plus), lambda _: False)
    space = "+" if raw_plus is Support.YES else " "
    found_keys, found_prefixes = decoder.decode_page(Texts([key.encode() for key in keys]), prefixes)
    assert list(found_keys) == [unquote(key.replace("+", space)) for key in keys]
    assert list(found_prefixes) == [unquote(prefix.replace("+", space)) for prefix in prefixes]
