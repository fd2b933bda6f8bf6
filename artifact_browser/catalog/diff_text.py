"""Texts side by side: values as bounded texts, the lines that differ, and the words that differ within them."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

from artifact_browser.workers.packed import packed

#: Letters of a value that are kept.
MAX_TEXT = 4000
#: A line diff is made of texts of at most so many lines and letters, and is cut behind so many lines.
MAX_LINES, MAX_LINE_LETTERS, MAX_DIFF_LINES = 1000, 64 * 1024, 400
#: Words are compared one by one up to so many.
_MAX_WORDS = 300
_CONTEXT_LINES = 2
_WORD = re.compile(r"\w+|\s+|[^\w\s]")

#: ``(start, end)`` of letters that differ
Span = tuple[int, int]


@packed
@dataclass(frozen=True, slots=True)
class Shown:
    """A value as text.

    :ivar letters: how many the whole has, more than ``text`` where it is cut (of lists and mappings: at least)
    :ivar spans: what of ``text`` differs
    """

    text: str
    letters: int
    spans: tuple[Span, ...] = ()

    @property
    def cut(self) -> bool:
        return self.letters > len(self.text)


def shown(value: object, *, quoted: bool = False) -> Shown:
    """A value as text, cut. :param quoted: a text in quotes, where it must be told from a number or a word"""
    if isinstance(value, str) and not quoted:
        return Shown(value[:MAX_TEXT], len(value))
    parts, length = [], 0
    for part in _pieces(value):
        parts.append(part)
        length += len(part)
        if length > MAX_TEXT:
            break
    text = "".join(parts)
    return Shown(text[:MAX_TEXT], len(text))


def line_diff(before: str, after: str) -> tuple[str, ...]:
    """The lines that differ, each behind ``+``, ``-`` or a space, with two lines around; empty for texts of one line and for
    those too long to be compared.
    """
    if ("\n" not in before and "\n" not in after) or max(len(before), len(after)) > MAX_LINE_LETTERS:
        return ()
    old, new = before.splitlines(), after.splitlines()
    if max(len(old), len(new)) > MAX_LINES:
        return ()
    found = list(difflib.unified_diff(old, new, lineterm="", n=_CONTEXT_LINES))[2:]
    if len(found) > MAX_DIFF_LINES:
        found = [*found[:MAX_DIFF_LINES], f"@@ {len(found) - MAX_DIFF_LINES:,} more lines @@"]
    return tuple(line[:MAX_TEXT] for line in found)


def marked(before: Shown, after: Shown) -> tuple[Shown, Shown]:
    """Both with the words that differ marked; what begins and ends alike is left out first."""
    old, new = _WORD.findall(before.text), _WORD.findall(after.text)
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    middle_old, middle_new = old[head : len(old) - tail], new[head : len(new) - tail]
    if max(len(middle_old), len(middle_new)) > _MAX_WORDS:
        blocks = [("replace", 0, len(middle_old), 0, len(middle_new))]
    else:
        blocks = list(difflib.SequenceMatcher(None, middle_old, middle_new, autojunk=False).get_opcodes())
    differing = [block for block in blocks if block[0] != "equal"]
    return (
        Shown(before.text, before.letters, _spans(old, [(head + block[1], head + block[2]) for block in differing])),
        Shown(after.text, after.letters, _spans(new, [(head + block[3], head + block[4]) for block in differing])),
    )


def _spans(words: list[str], ranges: list[Span]) -> tuple[Span, ...]:
    starts = [0]
    for word in words:
        starts.append(starts[-1] + len(word))
    return tuple((starts[first], starts[last]) for first, last in ranges if first < last)


def _pieces(value: object) -> Iterator[str]:
    """A value as JSON, piece by piece and without recursion: it may nest as deep as it likes, the reader stops."""
    stack: list[object] = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, _Raw):
            yield item
        elif isinstance(item, Mapping):
            yield "{"
            stack.append(_Raw("}"))
            pairs = [(_scalar(key if isinstance(key, str) else str(key)), item[key]) for key in list(item)[:MAX_TEXT]]
            for at, (key, content) in reversed(list(enumerate(pairs))):
                stack += [content, _Raw(f"{', ' if at else ''}{key}: ")]
        elif isinstance(item, list | tuple | Set):
            yield "["
            stack.append(_Raw("]"))
            elements = sorted(item, key=str) if isinstance(item, Set) else item[:MAX_TEXT]
            for at, element in reversed(list(enumerate(elements))):
                stack.append(element)
                if at:
                    stack.append(_Raw(", "))
        else:
            yield _scalar(item)


class _Raw(str):
    """A piece that is written as it is."""

    __slots__ = ()


def _scalar(value: object) -> str:
    if isinstance(value, str):
        return json.dumps(value[: MAX_TEXT + 1], ensure_ascii=False)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    try:
        return str(value)
    except ValueError:  # more digits than Python writes
        return "a number of very many digits"
