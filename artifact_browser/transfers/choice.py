"""Which part of a tree is moved: what a person chose once for a whole upload or download. Plain data, kept in the journal."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

#: Read by every upload, plain drops included, where there is one.
OWN_IGNORE_FILE = ".artifactignore"
GIT_IGNORE_FILE = ".gitignore"


class Links(StrEnum):
    """What an upload does with symbolic links below what was chosen."""

    #: they are reported, and nothing of them is sent
    SKIP = "skip"
    #: what they lead to is sent in their place, as long as it lies in the chosen folder
    INSIDE = "inside"
    #: ... wherever it lies
    ANYWHERE = "anywhere"


@dataclass(frozen=True, slots=True)
class TreeChoice:
    """Patterns have gitignore syntax and are relative to each chosen folder; the default leaves nothing out.

    :ivar include: only what matches one of these, or lies in a folder that does; empty: everything
    :ivar exclude: nothing that matches these; stronger than ``include``
    :ivar ignore_files: names of files in the tree that say what is left out (uploads); later names are stronger
    :ivar ignore_above: whether those in the folders above the chosen one count as well
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    ignore_files: tuple[str, ...] = ()
    ignore_above: bool = False
    links: Links = Links.SKIP


EVERYTHING = TreeChoice()
#: what a drop or a plain *Upload* does
PLAIN_UPLOAD = TreeChoice(ignore_files=(OWN_IGNORE_FILE,), ignore_above=True)


def choice_of(value: object) -> TreeChoice:
    """From what ``asdict`` makes of one, and JSON of that. :raises ValueError: it is none"""
    if not isinstance(value, dict):
        raise ValueError("no choice")
    try:
        return TreeChoice(
            include=_texts(value["include"]),
            exclude=_texts(value["exclude"]),
            ignore_files=_texts(value["ignore_files"]),
            ignore_above=bool(value["ignore_above"]),
            links=Links(value["links"]),
        )
    except KeyError as error:
        raise ValueError("a choice without all its parts") from error


def _texts(values: object) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
        raise ValueError("no list of texts")
    return tuple(values)
