"""Which keys a person is looking for: a pattern, a text or an expression, as one function over a key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from artifact_browser.errors import InputError
from artifact_browser.storage.bounds import NO_BOUNDS, Bounds
from artifact_browser.storage.columns import encode_key
from artifact_browser.storage.expression import compiled_expression
from artifact_browser.storage.globs import DEEP, compiled_glob, literal_part, one_level
from artifact_browser.storage.location import DELIMITER


class Way(StrEnum):
    """How the text is meant."""

    #: see :mod:`artifact_browser.storage.globs`
    PATTERN = "pattern"
    #: it stands somewhere in the path
    TEXT = "text"
    #: see :mod:`artifact_browser.storage.expression`
    EXPRESSION = "expression"


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for below a prefix. It looks at the path below that prefix; an empty text takes every key.

    :ivar tags: ``(name, value)`` pairs a blob must have; a value of ``None`` means any
    """

    text: str = ""
    way: Way = Way.PATTERN
    match_case: bool = True
    bounds: Bounds = NO_BOUNDS
    tags: tuple[tuple[str, str | None], ...] = field(default=())


class KeyMatch:
    """A :class:`Search` below ``prefix``, ready for use in a worker.

    :ivar listing_prefix: what has to be listed; :ivar delimiter: to list it with
    :ivar takes_folders: whether prefixes are looked for, too
    :raises InputError: the text cannot be used
    """

    def __init__(self, wanted: Search, prefix: str) -> None:
        is_pattern = wanted.way is Way.PATTERN and bool(wanted.text)
        self.base = len(prefix)
        self.listing_prefix = prefix
        self.delimiter = ""
        self.takes_folders = False
        if is_pattern:
            self.listing_prefix += literal_part(wanted.text, match_case=wanted.match_case)
            self.delimiter = DELIMITER if one_level(wanted.text) else ""
            deep = wanted.text.rpartition(DELIMITER)[2] == DEEP
            self.takes_folders = not (deep or wanted.bounds or wanted.tags)
        self.matches = _matcher(wanted, prefix)

    def folders_of(self, key: str, before: str) -> list[str]:
        """The matching prefixes that ``key`` lies in and ``before``, the key before it, does not. In key order all
        keys of a prefix stand together, so each is met once.
        """
        found = []
        at = key.find(DELIMITER, self.base)
        while at >= 0:
            folder = key[: at + 1]
            if not before.startswith(folder) and self.matches(key[:at]):
                found.append(folder)
            at = key.find(DELIMITER, at + 1)
        return found


def _matcher(wanted: Search, prefix: str) -> Callable[[str], bool]:
    """Whether a whole key (or a folder's, without its slash) is meant."""
    text, base = wanted.text, len(prefix)
    if not text:
        return lambda key: True
    if wanted.way is Way.PATTERN:
        match = compiled_glob(text, match_case=wanted.match_case).match
        return lambda key: match(key, base) is not None
    if wanted.way is Way.EXPRESSION:
        holds = compiled_expression(text, match_case=wanted.match_case)
        return lambda key: holds(encode_key(key[base:]))
    if wanted.match_case:
        return lambda key: text in key[base:]
    folded = text.casefold()
    return lambda key: folded in key[base:].casefold()


def read_tags(text: str) -> tuple[tuple[str, str | None], ...]:
    """``name=value, other`` as a :class:`Search` takes it.

    :raises InputError: a value without a name
    """
    found = []
    for part in text.split(","):
        name, given, value = part.strip().partition("=")
        if given and not name.strip():
            raise InputError("A tag is written as name=value, or as its name alone.")
        if name.strip():
            found.append((name.strip(), value.strip() if given else None))
    return tuple(found)
