"""Markdown from strangers as plain records: paragraphs, headings, lists, code and tables, with their bold, code and links.

Nothing in the records is HTML or Markdown any more, and nothing in them names a file to load: HTML is text, pictures are
their names, and links are ``http``, ``https`` and ``mailto`` addresses in ASCII (hosts in punycode, odd characters percent
encoded), everything else is text. Runs in a worker, where hostile bytes hurt nobody: the parser stops at a number of blocks
and after a number of seconds, and then the text is shown as it is.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING
from unicodedata import combining

from artifact_browser.workers.packed import packed

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

MAX_BLOCKS, MAX_RUNS, MAX_LETTERS = 4000, 20_000, 300_000
#: One block is laid out in one go: heavier ones (letters, and what they cost) become several.
MAX_BLOCK_WEIGHT = 3000
_RUN_WEIGHT, _STACKED_WEIGHT, _FOREIGN_WEIGHT = 30, 4, 2
#: Larger tables are shown as text, line by line.
MAX_TABLE_ROWS, MAX_TABLE_COLUMNS, MAX_TABLE_LETTERS = 40, 8, 6000
MAX_HREF = 2000
PARSE_S = 3.0
_MAX_INDENT = 8
_MAX_NESTING = 20
#: The rules whose lines are looked at one by one.
_ENDS = ["paragraph", "reference", "blockquote", "list", "table"]
_SCHEMES = ("http://", "https://", "mailto:")


class BlockKind(StrEnum):
    """What a block is."""

    PARAGRAPH = "paragraph"
    HEADING = "heading"
    CODE = "code"
    RULE = "rule"
    TABLE = "table"


@packed
@dataclass(frozen=True, slots=True)
class Run:
    """Letters of one look. ``href``: where they lead; empty: nowhere."""

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False
    struck: bool = False
    href: str = ""


@packed
@dataclass(frozen=True, slots=True)
class Block:
    """One block, top to bottom.

    :ivar level: of a heading, 1 to 6
    :ivar indent: how deep it is in lists; :ivar quote: in quotations; :ivar marker: of a list's item, else empty
    :ivar rows: of a table: rows of cells of runs, the first is its head
    :ivar goes_on: it continues the block before: no space between
    """

    kind: BlockKind
    runs: tuple[Run, ...] = ()
    level: int = 0
    indent: int = 0
    quote: int = 0
    marker: str = ""
    rows: tuple[tuple[tuple[Run, ...], ...], ...] = ()
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class MarkdownText:
    """``cut``: there is more; ``plain``: it was too tangled to be read as Markdown, and is shown as it is."""

    blocks: tuple[Block, ...]
    cut: bool = False
    plain: bool = False


def parse_markdown(text: str, seconds: float = PARSE_S) -> MarkdownText:
    """``text`` as blocks, bounded in number, length and time."""
    cut = False
    text = text.replace("\0", "\ufffd")
    for _ in range(2):
        try:
            tokens = _parser(time.monotonic() + seconds).parse(text)
        except _EnoughError as enough:
            text, cut = "\n".join(text.split("\n")[: enough.line]), True
            continue
        except (_TooLongError, RecursionError):
            return parse_plain(text)
        writer = _Writer()
        writer.take(tokens)
        if not writer.blocks and text.strip():
            return parse_plain(text)  # nested deeper than is read, or definitions only
        return MarkdownText(tuple(writer.blocks), cut or writer.full)
    return parse_plain(text)


def parse_plain(text: str) -> MarkdownText:
    """``text`` as it is, line by line."""
    writer = _Writer()
    for line in text.split("\n", MAX_BLOCKS + 1):
        if writer.full:
            break
        writer.put(Block(BlockKind.PARAGRAPH, (Run(line),), goes_on=True))
    return MarkdownText(tuple(writer.blocks), writer.full, plain=True)


class _EnoughError(Exception):
    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class _TooLongError(Exception):
    """The parser took too long."""


def _parser(deadline: float) -> MarkdownIt:
    from markdown_it import MarkdownIt  # in the worker only

    def stop_block(state, line: int, _end: int, _silent: bool) -> bool:  # type: ignore[no-untyped-def]
        if len(state.tokens) > 4 * MAX_BLOCKS:
            raise _EnoughError(max(1, line))
        return stop_inline(state, _silent)

    def stop_inline(_state: object, _silent: bool) -> bool:
        if time.monotonic() > deadline:
            raise _TooLongError
        return False

    made = MarkdownIt("commonmark", {"html": False, "maxNesting": _MAX_NESTING}).enable(["table", "strikethrough"])
    made.block.ruler.before("table", "stop", stop_block, {"alt": _ENDS})
    made.inline.ruler.before("text", "stop", stop_inline)
    return made


@dataclass(slots=True)
class _Writer:
    """Takes a parser's tokens, gives blocks, and is full at some point."""

    blocks: list[Block] = field(default_factory=list)
    full: bool = False
    _runs: int = 0
    _letters: int = 0
    #: the markers of the lists around; and those that wait for the first block of their item
    _lists: list[int | None] = field(default_factory=list)
    _marker: str = ""
    _quote: int = 0

    def put(self, block: Block) -> None:
        """Take a block, in pieces that can be laid out each in one go."""
        pieces = [[]] if not block.runs else _pieces(block.runs)
        for at, piece in enumerate(pieces):
            letters = sum(len(run.text) for run in piece) + sum(
                len(run.text) for row in block.rows for cell in row for run in cell
            )
            self._letters += letters
            self._runs += len(piece) + sum(len(cell) for row in block.rows for cell in row)
            if len(self.blocks) >= MAX_BLOCKS or self._runs > MAX_RUNS or self._letters > MAX_LETTERS:
                self.full = True
                return
            goes_on = block.goes_on or at > 0
            self.blocks.append(replace(block, runs=tuple(piece), goes_on=goes_on, marker="" if at else block.marker))

    def take(self, tokens: Sequence[Token]) -> None:
        at = 0
        while at < len(tokens) and not self.full:
            token = tokens[at]
            if token.type == "table_open":
                end = next(after for after in range(at, len(tokens)) if tokens[after].type == "table_close")
                self._table(tokens[at:end])
                at = end
            elif token.type == "inline":
                opener = tokens[at - 1]
                heading = opener.type == "heading_open"
                kind = BlockKind.HEADING if heading else BlockKind.PARAGRAPH
                level = int(opener.tag[1:]) if heading else 0
                self.put(self._block(kind, tuple(_runs(token.children or [])), level=level))
            elif token.type in {"fence", "code_block"}:
                for number, line in enumerate(token.content.rstrip("\n").split("\n", MAX_BLOCKS + 1)):
                    self.put(self._block(BlockKind.CODE, (Run(line, code=True),), goes_on=number > 0))
            elif token.type == "hr":
                self.put(self._block(BlockKind.RULE))
            else:
                self._nest(token)
            at += 1

    def _nest(self, token: Token) -> None:
        if token.type == "blockquote_open":
            self._quote += 1
        elif token.type == "blockquote_close":
            self._quote -= 1
        elif token.type == "bullet_list_open":
            self._lists.append(None)
        elif token.type == "ordered_list_open":
            start = token.attrGet("start")
            self._lists.append(1 if start is None else int(start))
        elif token.type in {"bullet_list_close", "ordered_list_close"}:
            self._lists.pop()
        elif token.type == "list_item_open":
            number = self._lists[-1]
            self._marker = "\u2022" if number is None else f"{number}."
            self._lists[-1] = None if number is None else number + 1

    def _block(self, kind: BlockKind, runs: tuple[Run, ...] = (), *, level: int = 0, goes_on: bool = False) -> Block:
        marker, self._marker = self._marker, ""
        indent, quote = min(len(self._lists), _MAX_INDENT), min(self._quote, _MAX_INDENT)
        return Block(kind, runs, level, indent, quote, marker, goes_on=goes_on)

    def _table(self, tokens: Sequence[Token]) -> None:
        rows: list[tuple[tuple[Run, ...], ...]] = []
        cells: list[tuple[Run, ...]] = []
        for token in tokens:
            if token.type == "inline":
                cells.append(tuple(_runs(token.children or [])))
            elif token.type == "tr_close":
                rows.append(tuple(cells))
                cells = []
            if len(rows) > MAX_BLOCKS:
                break
        if not rows or not rows[0]:
            return
        letters = sum(len(run.text) for row in rows for cell in row for run in cell)
        if len(rows) <= MAX_TABLE_ROWS and len(rows[0]) <= MAX_TABLE_COLUMNS and letters <= MAX_TABLE_LETTERS:
            self.put(replace(self._block(BlockKind.TABLE), rows=tuple(rows)))
            return
        for number, row in enumerate(rows):  # too large to be laid out as a table: its lines
            words = " | ".join("".join(run.text for run in cell) for cell in row)
            self.put(self._block(BlockKind.CODE, (Run(words, code=True),), goes_on=number > 0))


def _runs(children: Sequence[Token]) -> Iterator[Run]:
    """The runs of a paragraph's tokens. Links that lead nowhere we go are text; pictures are their names."""
    look, hrefs = Run(""), [""]
    for token in children:
        name, _, turn = token.type.rpartition("_")
        if token.type == "text":
            yield replace(look, text=token.content, href=hrefs[-1])
        elif token.type == "code_inline":
            yield replace(look, text=token.content, code=True, href=hrefs[-1])
        elif token.type in {"softbreak", "hardbreak"}:
            yield replace(look, text="\u2028" if token.type == "hardbreak" else " ")
        elif token.type == "image":
            named = ", ".join(filter(None, (token.content, str(token.attrGet("src") or "")[:200])))
            yield replace(look, text=f"[picture: {named}]", italic=True, href=hrefs[-1])
        elif name == "link" and turn == "open":
            hrefs.append(checked_href(str(token.attrGet("href") or "")))
        elif name == "link" and len(hrefs) > 1:
            hrefs.pop()
        elif name == "strong":
            look = replace(look, bold=turn == "open")
        elif name == "em":
            look = replace(look, italic=turn == "open")
        elif name == "s":
            look = replace(look, struck=turn == "open")


def checked_href(href: str) -> str:
    """``href`` if it is an address that may be opened after it was shown; else empty."""
    plain = href.isascii() and href.isprintable() and " " not in href and len(href) <= MAX_HREF
    return href if plain and href.lower().startswith(_SCHEMES) else ""


def weight_of(text: str) -> int:
    """What it costs to lay ``text`` out, in plain letters: marks that are stacked and emoji cost most."""
    if text.isascii():
        return len(text)
    return sum(
        1 if letter < "\u0250" else _STACKED_WEIGHT if letter > "\uffff" or combining(letter) else _FOREIGN_WEIGHT
        for letter in text
    )


def _pieces(runs: Sequence[Run]) -> list[list[Run]]:
    """The runs in portions of at most :data:`MAX_BLOCK_WEIGHT`, neighbours of one look as one, parted at spaces where that
    is near.
    """
    found: list[list[Run]] = [[]]
    room = MAX_BLOCK_WEIGHT
    for run in _joined(runs):
        text = run.text
        while text:
            most = text[: max(0, room - _RUN_WEIGHT)]
            weight = weight_of(most) + _RUN_WEIGHT
            if len(most) == len(text) and weight <= room:
                found[-1].append(replace(run, text=text))
                room -= weight
                break
            letters = len(most) if weight <= room else (room - _RUN_WEIGHT) * len(most) // weight
            letters = most.rfind(" ", letters // 2, letters) + 1 or letters
            if letters:
                found[-1].append(replace(run, text=text[:letters]))
                text = text[letters:]
            found.append([])
            room = MAX_BLOCK_WEIGHT
    return found


def _joined(runs: Sequence[Run]) -> Iterator[Run]:
    held: list[Run] = []
    for run in runs:
        if held and replace(run, text="") != replace(held[0], text=""):
            yield replace(held[0], text="".join(one.text for one in held))
            held = []
        held.append(run)
    if held:
        yield replace(held[0], text="".join(one.text for one in held))
