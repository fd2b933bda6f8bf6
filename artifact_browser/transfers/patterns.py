"""Patterns with gitignore syntax: each line is translated by ``pathspec``, and the last one that matches a path decides.

What a path *is* decides here, never what lies above it: whoever walks does not go into a folder that is left out, so
that nothing below it can be brought back, as in git (``pathspec``'s own matching lets a line about a folder decide about
its files, which git does not).

Known to differ from git: ``?`` and ``[...]`` stand for a character, not a byte; inside ``[...]`` a backslash is itself, and
``/`` cannot stand; ``[[:punct:]]``, ``[[:cntrl:]]``, ``[[:graph:]]`` and ``[[:print:]]`` are not known; ``**`` beside other
characters is ``*``; ``x/**/`` means ``x/``; tabs at the end of a line do not count. Upper and lower case differ on every
system.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from functools import lru_cache

#: a line with more ``**`` than this is refused: finding out whether it matches could take for ever
_MOST_DEEP = 3
_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": " \t",
    "digit": "0-9",
    "lower": "a-z",
    "space": " \t\n\r\f\v",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}
_CLASS = re.compile(r"\[:(" + "|".join(_CLASSES) + r"):\]")
_STARS = re.compile(r"(?:\[\^/\]\*){2,}")
#: in a regular expression: a character behind a backslash, or a class
_BRACKETS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\\\]])*\]", re.DOTALL)
#: a star and what follows it up to the next star of the same name: the first place where that fits is as good as any
_STAR_AND_MORE = re.compile(r"\[\^/\]\*((?:(?!\[\^/\]\*)[^/]|\[\^/\](?!\*))+)(?=\[\^/\]\*)")


class PatternProblem(ValueError):
    """The line cannot be used; the text says why, in the person's words."""


class Patterns:
    """Lines of one file, or of one field. Paths are relative to where the lines stand, separated by ``/``, and those of
    folders end with ``/``.

    :raises PatternProblem: with ``strict``, a line that would never match; without, only one that may not be run
    """

    def __init__(self, lines: Iterable[str], *, strict: bool = False) -> None:
        found = (_compiled(line, strict) for line in lines)
        self._last_first = [one for one in found if one is not None][::-1]

    def __bool__(self) -> bool:
        return bool(self._last_first)

    def verdict(self, path: str) -> bool | None:
        """Whether the last line that matches ``path`` does so plainly (not with ``!``); ``None``: no line matches."""
        length = len(path)
        for regex, plain in self._last_first:
            found = regex.match(path)
            # a match that ends earlier, and could have gone on, is about a folder above
            if found is not None and (found.end() == length or not regex.groups):
                return plain
        return None


def lines_of(text: str) -> list[str]:
    """The lines of an ignore file, cut as git cuts them."""
    return [line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n")]


def problem_of(line: str) -> str:
    """Why this line cannot be used as a pattern; empty when it can."""
    try:
        _compiled(line, True)
    except PatternProblem as problem:
        return str(problem)
    return ""


@lru_cache(maxsize=4096)
def _compiled(line: str, strict: bool) -> tuple[re.Pattern[str], bool] | None:
    """``None``: a blank line, a comment, or one that never matches, in git as here."""
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern  # in the engine, and where a dialog needs it

    shown = line.strip()
    if sum(part == "**" for part in line.split("/")) > _MOST_DEEP:
        raise PatternProblem(f"\u201c{shown}\u201d has more than {_MOST_DEEP} times \u201c**\u201d.")
    if shown == "!/":  # brings back nothing
        return None
    translated = _CLASS.sub(lambda found: _CLASSES[found[1]], _trimmed(line))
    try:
        regex, plain = GitIgnoreSpecPattern.pattern_to_regex(translated)
        if regex is not None and plain is not None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # "[[]" is fine
                return re.compile(_within_names(_bounded(regex)), re.DOTALL), plain
    except (ValueError, re.error) as error:  # git has such lines match nothing
        if strict:
            raise PatternProblem(f"\u201c{shown}\u201d matches nothing.") from error
    if strict and shown and not shown.startswith("#"):
        raise PatternProblem(f"\u201c{shown}\u201d matches nothing.")
    return None


def _trimmed(line: str) -> str:
    """Without the spaces at its end, but with one behind a backslash."""
    bare = line.rstrip(" ")
    backslashes = len(bare) - len(bare.rstrip("\\"))
    return f"{bare} " if len(bare) < len(line) and backslashes % 2 else bare


def _bounded(regex: str) -> str:
    """The same for names of any characters, and without trying all ways to share a name among stars: a line with six
    of them takes seconds for one name of a hundred letters otherwise, and who wrote it may be anybody.
    """
    regex = _STAR_AND_MORE.sub(r"(?>[^/]*?\1)", _STARS.sub("[^/]*", regex))
    if regex.endswith("|$)"):
        return regex.removesuffix("|$)") + r"|\Z)"  # "$" would let a newline follow
    if regex.endswith("/"):  # "x/**" is all that lies in x, not x
        return f"{regex}."
    return regex if regex.startswith(("^", ".")) else f".*{regex}"


def _within_names(regex: str) -> str:
    """The same, but that what stands in brackets (``[!a]``, ``[+-9]``) matches no slash."""
    pieces, at = [], 0
    for found in _BRACKETS.finditer(regex):
        if found[0].startswith("[") and found[0] != "[^/]":
            pieces += [regex[at : found.start()], "(?!/)"]
            at = found.start()
    return "".join([*pieces, regex[at:]])
