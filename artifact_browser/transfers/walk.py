"""Walking what was dropped: files and empty folders, lazily, one folder at a time in memory.

What ignore files or patterns leave out is not walked into. Symbolic links are not followed unless that was chosen (a link out
of the tree would upload what nobody chose), and never in a circle; special files are not read. Both are reported, never
left out silently.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from artifact_browser.errors import DiskError, FileMissing
from artifact_browser.storage.stamps import stamp_of
from artifact_browser.transfers.choice import EVERYTHING, Links, TreeChoice
from artifact_browser.transfers.disk import disk_error
from artifact_browser.transfers.ignore_files import IgnoreFiles, ignore_files_above
from artifact_browser.transfers.typed_patterns import TYPED, TypedPatterns


class What(StrEnum):
    FILE = "file"
    EMPTY_FOLDER = "empty folder"
    LINK = "symbolic link"
    SPECIAL = "special file"
    UNREADABLE = "unreadable"
    LEFT_OUT = "file left out"
    FOLDER_LEFT_OUT = "folder left out"


@dataclass(frozen=True, slots=True)
class Found:
    """One thing of the tree. ``names`` is the path from what was chosen, its own name first.

    :ivar by: of what is left out: the ignore file's name, or that it was a pattern
    :ivar note: of a link, why it is not followed
    """

    path: str
    names: tuple[str, ...]
    what: What
    size_bytes: int = 0
    modified_us: int = 0
    file_id: int = 0
    error: DiskError | None = None
    by: str = ""
    note: str = ""


LEADS_OUT = "symbolic link out of the chosen folder"
#: a link behind more links than this is not followed: two folders full of links to each other would not end otherwise
_MOST_LINKS = 4


@dataclass(frozen=True, slots=True)
class _Place:
    """Still to be looked at.

    :ivar chosen_names: how many of the names what was chosen has: none if it is the root of a disk
    :ivar ignoring: what counts in its folder; :ivar taken: include patterns named a folder above
    :ivar inside_of: where links are followed, the folders on the way here; :ivar links: how many of them are links
    """

    path: str
    names: tuple[str, ...]
    chosen_names: int
    ignoring: IgnoreFiles
    taken: bool = False
    inside_of: tuple[tuple[int, int], ...] = ()
    links: int = 0

    @property
    def is_chosen(self) -> bool:
        return len(self.names) == self.chosen_names

    def relative(self, *, folder: bool) -> str:
        """To the chosen folder, as patterns see it; of a chosen file, its name."""
        return "/".join(self.names[self.chosen_names :] or self.names) + ("/" if folder else "")


def walk(chosen: str, choice: TreeChoice = EVERYTHING) -> Iterator[Found]:
    """Everything at and below ``chosen`` (a file or a folder), folders in name order. Never raises ``OSError``.

    What was chosen itself is not left out by ignore files, and a chosen folder not by patterns either.

    :raises InputError: a pattern of the choice cannot be used
    """
    path = Path(chosen).absolute()
    names = (path.name,) if path.name else ()
    place = _Place(str(path), names, len(names), IgnoreFiles(choice.ignore_files))
    typed = TypedPatterns(choice)
    try:
        if choice.ignore_above and path.is_dir():
            place = replace(place, ignoring=ignore_files_above(str(path), choice.ignore_files))
    except DiskError as error:
        yield Found(place.path, place.names, What.UNREADABLE, error=error)
        return
    yield from _below(place, typed, _Links(choice.links, place.path))


def _below(chosen: _Place, typed: TypedPatterns, links: _Links) -> Iterator[Found]:
    waiting = [iter((chosen,))]
    while waiting:
        at = next(waiting[-1], None)
        if at is None:
            waiting.pop()
            continue
        try:
            found = links.look(at)
            folder = stat.S_ISDIR(found.st_mode)
            if by := _left_out(at, typed, folder=folder):
                yield Found(at.path, at.names, What.FOLDER_LEFT_OUT if folder else What.LEFT_OUT, by=by)
            elif note := links.refuses(at, found):
                yield Found(at.path, at.names, What.LINK, note=note)
            elif not folder:
                yield _file(at.path, at.names, found)
            elif (inside := _inside(links.entered(at, found), typed)) is not None:
                waiting.append(inside)
            elif at.is_chosen or typed.takes(at.relative(folder=True), above=at.taken):
                yield Found(at.path, at.names, What.EMPTY_FOLDER)
            else:
                yield Found(at.path, at.names, What.FOLDER_LEFT_OUT, by=TYPED)
        except OSError as error:
            yield Found(at.path, at.names, What.UNREADABLE, error=disk_error(error, at.path))
        except DiskError as error:
            yield Found(at.path, at.names, What.UNREADABLE, error=error)


def _left_out(at: _Place, typed: TypedPatterns, *, folder: bool) -> str:
    """By what; empty when it is not. A folder that include patterns do not name may hold files that they do."""
    if at.is_chosen and folder:
        return ""
    if not at.is_chosen and (by := at.ignoring.leaves_out(at.path, folder=folder)):
        return by
    path = at.relative(folder=folder)
    out = typed.leaves_out(path) or (not folder and not typed.takes(path, above=at.taken))
    return TYPED if out else ""


def _inside(at: _Place, typed: TypedPatterns) -> Iterator[_Place] | None:
    """What lies in a folder, in name order, one place at a time: there may be a million. ``None``: nothing.

    :raises OSError: :raises DiskError: an ignore file cannot be used
    """
    names = os.listdir(at.path)  # noqa: PTH208 - names, not Path objects
    ignoring = at.ignoring.inside(at.path, names)
    taken = not at.is_chosen and typed.takes(at.relative(folder=True), above=at.taken)
    names.sort(reverse=True)
    return _places(at, names, ignoring, taken=taken) if names else None


def _places(at: _Place, names: list[str], ignoring: IgnoreFiles, *, taken: bool) -> Iterator[_Place]:
    """``names``: the last first; they are used up."""
    while names:
        name = names.pop()
        path = os.path.join(at.path, name)  # noqa: PTH118 - called for every file
        yield _Place(path, (*at.names, name), at.chosen_names, ignoring, taken, at.inside_of, at.links)


class _Links:
    """What to do with those of one chosen tree."""

    def __init__(self, choice: Links, chosen: str) -> None:
        self._choice = choice
        self._real = os.path.join(os.path.realpath(chosen), "") if choice is Links.INSIDE else ""  # noqa: PTH118

    def look(self, at: _Place) -> os.stat_result:
        """What is there, behind a link that may be followed and leads somewhere. :raises OSError:"""
        found = os.lstat(at.path)
        if self._choice is not Links.SKIP and stat.S_ISLNK(found.st_mode):
            with suppress(OSError):
                return Path(at.path).stat()
        return found

    def refuses(self, at: _Place, found: os.stat_result) -> str:
        """Why a link is not followed; empty when it is, or when this is none. :raises FileMissing: it leads nowhere"""
        if self._choice is Links.SKIP or not os.path.islink(at.path):  # noqa: PTH114 - called for every file
            return ""
        if stat.S_ISLNK(found.st_mode):
            raise FileMissing("The symbolic link leads nowhere.", subject=at.path.encode("utf-8", "replace").decode())
        if stat.S_ISDIR(found.st_mode) and (found.st_dev, found.st_ino) in at.inside_of:
            return "symbolic link in a circle"
        if not at.is_chosen and not os.path.realpath(at.path).startswith(self._real):
            return LEADS_OUT
        return "behind too many symbolic links" if at.links >= _MOST_LINKS else ""

    def entered(self, folder: _Place, found: os.stat_result) -> _Place:
        """The folder, knowing that it is one on the way to what lies in it."""
        if self._choice is Links.SKIP:
            return folder
        links = folder.links + os.path.islink(folder.path)  # noqa: PTH114 - see above
        return replace(folder, inside_of=(*folder.inside_of, (found.st_dev, found.st_ino)), links=links)


def _file(path: str, names: tuple[str, ...], found: os.stat_result) -> Found:
    if stat.S_ISLNK(found.st_mode):
        return Found(path, names, What.LINK)
    if not stat.S_ISREG(found.st_mode):
        return Found(path, names, What.SPECIAL)
    size, modified_us, file_id = stamp_of(found)
    return Found(path, names, What.FILE, size, modified_us, file_id)
