"""Keys as names on this computer, and back: reversible, and never outside the chosen folder.

A key is opaque; its segments between ``/`` may be anything (empty, ``..``, ``CON``, a newline, 1,024 bytes long).
What the local file system cannot hold is written with an escape mark: ``U+201B``, the sign rclone uses, too rare in
real names to change many of them. After the mark stand two capital hex digits (the character), a second mark (the
mark itself), or one of the words below, valid only where written:

    ``‛n``   alone: an empty segment        ``‛s`` at the end, ``‛t`` at the start: one segment over nested folders
    ``‛c2``  before the suffix: another key has taken this name here (case, or a blob and a prefix of one name)

Names without the mark are themselves, both ways. :func:`key_segments` reads only what :class:`LocalNames` can have
written and takes everything else literally.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from artifact_browser.errors import UnsafePath
from artifact_browser.transfers.name_map import NameMap

MARK = "\u201b"
EMPTY = f"{MARK}n"
GOES_ON = f"{MARK}s"
GOES_BEFORE = f"{MARK}t"
#: bytes of a whole name; leaves room below the 255 of file systems for a clash mark
LONGEST_BYTES = 230
#: into more a key of 1,024 bytes is not cut, whatever of it must be hidden
_MOST_PIECES = 32

_CONTROLS = frozenset(chr(code) for code in [*range(32), 127])
_WINDOWS_CHARACTERS = frozenset('<>:"|?*')
_DEVICE = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3]) *(?:\..*)?", re.I | re.S)
#: names that are themselves everywhere, but for devices: most names
_PLAIN = re.compile(r"[0-9A-Za-z_-]+(?:\.[0-9A-Za-z_-]+)*")
_TOKEN = re.compile(
    rf"\A{MARK}n(?=\Z|{MARK}c[0-9]+\Z) | \A{MARK}t | {MARK}s\Z | {MARK}c[0-9]+(?=\.[^.]*\Z|\Z)"
    rf"| {MARK}(?:(?P<mark>{MARK})|(?P<code>[0-7][0-9A-F]))",
    re.X,
)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a file system cannot hold, beyond what none can.

    :ivar escaped: further characters; :ivar devices: reserved names and trailing dots and spaces (Windows)
    :ivar folds_case: names that differ only in case, or in Unicode composition, are one
    """

    escaped: frozenset[str] = frozenset()
    devices: bool = False
    folds_case: bool = False


POSIX = Rules()
MACOS = Rules(escaped=frozenset(":"), folds_case=True)
WINDOWS = Rules(escaped=_WINDOWS_CHARACTERS, devices=True, folds_case=True)


def rules_here(*, folds_case: bool) -> Rules:
    """This platform's rules, for a folder that does or does not tell ``A`` from ``a``."""
    rules = {"win32": WINDOWS, "darwin": MACOS}.get(sys.platform, POSIX)
    return replace(rules, folds_case=folds_case)


class LocalNames:
    """Names for one download: remembers what it gave, so that no two keys meet in one file.

    Not thread-safe: it belongs to the job that plans.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._given = NameMap()  # to folders
        self._used = NameMap()
        #: folders that long segments begin with, as they were spelled first
        self._heads: dict[str, str] = {}

    def path_of(self, segments: Sequence[str], *, folder: bool = False) -> str:
        """The relative path (``/`` separated) for a blob's segments, or with ``folder`` for a prefix's.

        :raises UnsafePath: a segment cannot be written in UTF-8
        """
        path = ""
        for place, segment in enumerate(segments):
            path = self._below(path, segment, folder or place < len(segments) - 1)
        return path

    def remember(self, segments: Sequence[str], path: str, *, folder: bool = False) -> None:
        """A run before has given this ``path``; what it cannot have given is no name to hold to."""
        parts = path.removesuffix("/").split("/")
        at = ""
        for place, segment in enumerate(segments):
            is_folder = folder or place < len(segments) - 1
            try:
                pieces = _pieces(segment, self._rules)
            except UnsafePath:
                return
            given, parts = parts[: len(pieces)], parts[len(pieces) :]
            if len(given) < len(pieces):
                return
            if is_folder and (given[:-1] != pieces[:-1] or _without_clash(given[-1], pieces[-1]) != pieces[-1]):
                return
            whole = at + "/".join(given)
            self._used.put(self._fold(whole))
            if is_folder:
                self._given.put(f"{at}\0{segment}", f"{whole}/")
            at = f"{whole}/"

    def _below(self, parent: str, segment: str, folder: bool) -> str:
        asked = f"{parent}\0{segment}"
        if folder and (given := self._given.get(asked)) is not None:
            return given
        pieces = _pieces(segment, self._rules)
        head = parent
        for piece in pieces[:-1]:
            head = f"{head}{piece}/"
            if self._rules.folds_case and self._heads.setdefault(self._fold(head), head) != head:
                words = (
                    "Another key begins with the same name but for upper and lower case, and both are too long here."
                )
                raise UnsafePath(words, subject=segment)
        number, name = 1, pieces[-1]
        while not self._used.add(self._fold(head + name)):
            number += 1
            name = _with_clash(pieces[-1], number)
        if not folder:
            return f"{head}{name}"
        self._given.put(asked, f"{head}{name}/")
        return f"{head}{name}/"

    def _fold(self, path: str) -> str:
        return unicodedata.normalize("NFC", path).casefold() if self._rules.folds_case else path


def key_segments(names: Iterable[str]) -> list[str]:
    """The key segments that the local names along a path stand for: the way back."""
    segments: list[str] = []
    left, at = list(names), 0
    while at < len(left):
        segment, length = _first_segment(left[at : at + _MOST_PIECES])
        segments.append(segment)
        at += length
    return segments


def _first_segment(names: Sequence[str]) -> tuple[str, int]:
    """The segment that the first of ``names`` stand for, and how many these are."""
    if MARK in names[0]:
        length = 1
        while length < len(names) and _goes_on(names[length - 1]):
            length += 1
        given = names[:length]
        segment = "".join(_TOKEN.sub(_literal, name) for name in given)
        if any(_can_be(given, segment, rules) for rules in (POSIX, MACOS, WINDOWS)):
            return segment, length
    return names[0], 1  # a person's own mark


def _can_be(given: Sequence[str], segment: str, rules: Rules) -> bool:
    """Whether :class:`LocalNames` can have given these names to a segment."""
    try:
        pieces = _pieces(segment, rules)
    except UnsafePath:
        return False
    last = _without_clash(given[-1], pieces[-1])
    return [*given[:-1], last] == pieces


def _literal(token: re.Match[str]) -> str:
    if token["code"]:
        return chr(int(token["code"], 16))
    return token["mark"] or ""


def _goes_on(name: str) -> bool:
    return any(token[0] == GOES_ON for token in _TOKEN.finditer(name))


def _pieces(segment: str, rules: Rules) -> list[str]:
    """The segment as one name, or as several to be nested when it is too long for one."""
    if (
        len(segment) <= LONGEST_BYTES
        and _PLAIN.fullmatch(segment)
        and not (rules.devices and _DEVICE.fullmatch(segment))
    ):
        return [segment]
    tokens = _tokens(segment, rules)
    if sum(len(token.encode()) for token in tokens) <= LONGEST_BYTES:
        return ["".join(tokens)]
    room = LONGEST_BYTES - len((GOES_ON + GOES_BEFORE).encode())
    pieces, piece, used = [], "", 0
    for token in tokens:
        size = len(token.encode())
        if used + size > room:
            pieces.append(piece + GOES_ON)
            piece, used = GOES_BEFORE, 0
        piece, used = piece + token, used + size
    return [*pieces, piece]


def _tokens(segment: str, rules: Rules) -> list[str]:
    if not segment:
        return [EMPTY]
    try:
        segment.encode()
    except UnicodeEncodeError as error:
        raise UnsafePath("The key is not valid Unicode and has no name here.", subject=ascii(segment)) from error
    hidden = _CONTROLS | rules.escaped | {"\\", "/"}
    tokens = [MARK * 2 if character == MARK else _hex(character, hidden) for character in segment]
    if segment in {".", ".."}:
        tokens = [_hex(character, {"."}) for character in segment]
    elif rules.devices:
        if _DEVICE.fullmatch(segment):
            tokens[0] = _hex(segment[0], {segment[0]})
        if segment[-1] in ". ":
            tokens[-1] = _hex(segment[-1], {".", " "})
    return tokens


def _hex(character: str, hidden: Iterable[str]) -> str:
    return f"{MARK}{ord(character):02X}" if character in hidden else character


def _without_clash(name: str, plain: str) -> str:
    """``plain`` if ``name`` is that with a clash mark; else ``name`` as it is."""
    found = re.search(rf"{MARK}c([0-9]{{1,9}})(?=\.[^.]*\Z|\Z)", name)
    return plain if found and name == _with_clash(plain, int(found[1])) else name


def _with_clash(name: str, number: int) -> str:
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}{MARK}c{number}{dot}{suffix}" if stem else f"{name}{MARK}c{number}"
