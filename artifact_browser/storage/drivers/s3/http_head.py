"""Heads of HTTP/1.1 messages: a request's as bytes, an answer's as a status and a dict.

``http.client`` reads heads with the email package, which took longer than everything else about a small file. These are
stricter: what is not clearly one head is refused, since bytes of a body that pass for a head would be another file's.
"""

from __future__ import annotations

import http.client
import re
from collections.abc import Mapping
from dataclasses import dataclass

_TARGET_CANNOT_HAVE = re.compile(r"[^\x21-\x7e]")
_STATUS = re.compile(r"HTTP/1\.([01]) ([1-9][0-9]{2})(?: .*)?")
_FIELD = re.compile(r"^([!#$%&'*+.^_`|~0-9A-Za-z-]+):(.*)$", re.MULTILINE)
_LENGTH = re.compile(r"[0-9]{1,19}")
#: these say where a message ends: two of them that differ are refused
_FRAMING = ("content-length", "transfer-encoding")


class BadHead(http.client.HTTPException):
    """What came is no head of an answer: nothing on this connection can be trusted any more."""


@dataclass(slots=True)
class Head:
    """An answer's head.

    :ivar headers: names in lower case, values as Latin-1; of several of one name the last one
    :ivar length: bytes of the body; ``None``: until the last chunk, or until the connection ends
    :ivar chunked: the body comes in chunks
    :ivar last: nothing follows this answer on its connection
    """

    status: int
    headers: dict[str, str]
    length: int | None
    chunked: bool
    last: bool


def request_head(method: str, target: str, headers: Mapping[str, str]) -> bytes:
    """What is sent before the body.

    :raises ValueError: a header, or the target, would not stay in its place
    """
    lines = "\r\n".join([f"{name}: {value}" for name, value in headers.items()])
    if _TARGET_CANNOT_HAVE.search(target) or lines.count("\n") != len(headers) - 1 or "\0" in lines:
        raise ValueError("a header or a path has characters that it cannot have")
    if lines.count("\r") != len(headers) - 1:
        raise ValueError("a header has a line break")
    return f"{method} {target} HTTP/1.1\r\n{lines}\r\n\r\n".encode("latin-1")


def head_end(room: bytearray, start: int, searched: int, end: int) -> tuple[int, int]:
    """Where the head that begins at ``start`` of ``room[:end]`` ends, and where its body begins; ``(-1, -1)``: not yet.

    :param searched: up to here nothing was found before
    """
    begin = max(start, searched - 3)
    found = room.find(b"\n\r\n", begin, end)
    bare = room.find(b"\n\n", begin, found if found >= 0 else end)
    if bare >= 0:
        return bare, bare + 2
    return (found, found + 3) if found >= 0 else (-1, -1)


def read_head(raw: bytes, method: str) -> Head:
    """The head of an answer to ``method``, from its first byte to before its last line break.

    :raises http.client.BadStatusLine: it is no HTTP; :raises BadHead: it is no head that can be trusted
    """
    text = raw.decode("latin-1").replace("\r\n", "\n").removesuffix("\r")
    first, _, rest = text.partition("\n")
    status_line = _STATUS.fullmatch(first)
    if status_line is None:
        raise http.client.BadStatusLine(first[:100])
    fields = _FIELD.findall(rest)
    if rest and (len(fields) != rest.count("\n") + 1 or "\r" in rest or "\0" in rest):
        fields = _FIELD.findall(_unfolded(rest))
    headers = {name.lower(): value.strip(" \t") for name, value in fields}
    if len(headers) != len(fields):
        _check_repeated(fields)
    return _framed(int(status_line[2]), status_line[1] == "1", headers, method)


def _unfolded(rest: str) -> str:
    """Header lines that were broken in the old way as single ones. :raises BadHead: it is something else"""
    whole = re.sub(r"\n[ \t]+", " ", rest)
    if "\r" in whole or "\0" in whole or len(_FIELD.findall(whole)) != whole.count("\n") + 1:
        raise BadHead("a line of the head is no header")
    return whole


def _check_repeated(fields: list[tuple[str, str]]) -> None:
    for wanted in _FRAMING:
        if len({value.strip(" \t") for name, value in fields if name.lower() == wanted}) > 1:
            raise BadHead(f"{wanted} is said twice, and not the same")


def _framed(status: int, is_1_1: bool, headers: dict[str, str], method: str) -> Head:
    connection = (
        {token.strip() for token in headers["connection"].lower().split(",")} if "connection" in headers else ()
    )
    last = "close" in connection or (not is_1_1 and "keep-alive" not in connection)
    coding = headers.get("transfer-encoding", "").lower()
    told = headers.get("content-length", "")
    if coding not in {"", "chunked"}:
        raise BadHead("the body is encoded in a way that was not asked for")
    if told and not _LENGTH.fullmatch(told):
        raise BadHead("the length is no number")
    if method == "HEAD" or status in {204, 304} or status < 200:
        return Head(status, headers, 0, False, last)
    if coding:
        return Head(status, headers, None, True, last or bool(told))
    if told:
        return Head(status, headers, int(told), False, last)
    return Head(status, headers, None, False, True)
