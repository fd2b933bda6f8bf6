"""Patterns for keys, segment by segment: ``*``, ``?`` and ``[...]`` stay between two slashes, ``**`` goes through them.

A pattern is the key itself with these marks in it: spaces, ``%20`` and brackets that are never closed mean themselves.
``**`` as a whole segment stands for no, one or many segments; at the end for all that lies below. ``a**b`` is ``a*b``.

Patterns come from anybody, keys too: a star, or ``**``, between two others takes the first place where what follows it
fits and never tries another (the first is as good as any), so that no name of 1,024 bytes takes longer than a moment.
"""

from __future__ import annotations

import re

DEEP = "**"
_MAGIC = re.compile(r"[*?\[]")
_FOLDER = r"[^/]*/"


def compiled_glob(pattern: str, *, match_case: bool = True) -> re.Pattern[str]:
    """To be used with ``match``: it looks at the whole path."""
    flags = re.DOTALL if match_case else re.DOTALL | re.IGNORECASE
    return re.compile(_translated(pattern), flags)


def literal_part(pattern: str, *, match_case: bool = True) -> str:
    """What every match begins with: the text before the first mark (and, where case does not matter, before the first
    letter that has one).
    """
    found = _MAGIC.search(pattern)
    literal = pattern[: found.start()] if found else pattern
    if match_case:
        return literal
    cased = next((at for at, letter in enumerate(literal) if letter.lower() != letter.upper()), len(literal))
    return literal[:cased]


def one_level(pattern: str) -> bool:
    """Whether all matches lie in the folder that the literal part names: nobody needs to look further down."""
    rest = pattern[literal_part(pattern).rfind("/") + 1 :]
    return DEEP not in rest.split("/") and "/" not in rest


def _translated(pattern: str) -> str:
    runs: list[list[str]] = [[]]
    for segment in pattern.split("/"):
        if segment != DEEP:
            runs[-1].append(_segment(segment))
        elif runs[-1] or len(runs) == 1:  # "**" behind "**" says nothing new
            runs.append([])
    if len(runs) == 1:
        return "/".join(runs[0]) + r"\Z"
    first, *middle, last = runs
    parts = ["".join(f"{segment}/" for segment in first)]
    parts += [f"(?>(?:{_FOLDER})*?{''.join(f'{segment}/' for segment in run)})" for run in middle]
    if last:
        parts.append(f"(?:{_FOLDER})*{'/'.join(last)}\\Z")
    return "".join(parts)


def _segment(text: str) -> str:
    """One segment's expression. What follows it is a slash or the end: that is where its last star ends."""
    first, *rest = _between_stars(text)
    if not rest:
        return first
    *middle, last = rest
    return first + "".join(f"(?>[^/]*?{part})" for part in middle if part) + "[^/]*" + last


def _between_stars(text: str) -> list[str]:
    """The expressions between a segment's stars, each for so many letters."""
    parts, at = [""], 0
    while at < len(text):
        letter = text[at]
        at += 1
        if letter == "*":
            parts.append("")
        elif letter == "?":
            parts[-1] += "[^/]"
        elif letter == "[" and (end := _closing(text, at)) > 0:
            parts[-1] += _letters(text[at:end])
            at = end + 1
        else:
            parts[-1] += re.escape(letter)
    return parts


def _closing(text: str, start: int) -> int:
    """Where the bracket that opened before ``start`` is closed; -1: nowhere, and it means itself."""
    at = start + 1 if text[start : start + 1] == "!" else start
    return text.find("]", at + 1)  # one that comes first is a letter


def _letters(inside: str) -> str:
    """``abc``, ``a-z``, ``!a-z``: one letter of these (or, with ``!``, not of these), never the slash."""
    others = inside.startswith("!")
    rest = inside[1:] if others else inside
    items, at = [], 0
    while at < len(rest):
        low = high = rest[at]
        if rest[at + 1 : at + 2] == "-" and at + 2 < len(rest):
            high, at = rest[at + 2], at + 2
        at += 1
        if low <= high:
            items.append(f"\\U{ord(low):08x}-\\U{ord(high):08x}")
    if not items:  # only ranges that run backwards
        return "[^/]" if others else "(?!)"
    return f"(?!/)[{'^' if others else ''}{''.join(items)}]"
