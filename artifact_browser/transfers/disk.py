"""This computer's side of a transfer: errors in our words, folders and files that stay inside the chosen one.

Nothing here follows a symbolic link below the chosen folder, and no name with a separator in it is accepted,
whatever the caller computed (design decision 3 and the complaint behind CVE-2021-32061).
"""

from __future__ import annotations

import ctypes
import errno
import os
import random
import re
import secrets
import shutil
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from artifact_browser.errors import DiskError, DiskFull, DiskPermissionDenied, FileMissing, SourceChanged, UnsafePath
from artifact_browser.storage.stamps import stamp_of
from artifact_browser.transfers.state import Item

_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
#: for names that nobody else has, without asking the system for each of a million; no secret: links are not followed
_NAMES = random.Random(secrets.token_bytes(32))
#: and how often what it is for has begun anew; the limit is for names that somebody else has made up
_TEMPORARY = re.compile(r"\.([0-9a-f]{16})(?:-([1-9][0-9]{0,2}))?\.part")
_SEPARATORS = os.sep + (os.altsep or "")
#: slashes part a target's names; whatever else parts names here cannot be in one
_NEVER_IN_TARGETS = tuple({"\0", *_SEPARATORS} - {"/"})
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG} if hasattr(errno, "EDQUOT") else {errno.ENOSPC, errno.EFBIG}
_TRIAL, _TRYING = ".artifact-browser-which-case.part", threading.Lock()
_LINKS_UNKNOWN = {errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.EMLINK, errno.EINVAL}


class disk_errors:  # noqa: N801 - used as a context manager, reads as one
    """Translate ``OSError`` from inside into ours, about ``path``. Not a generator: small files pass it several times."""

    __slots__ = ("_path",)

    def __init__(self, path: str | Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, OSError):
            raise disk_error(error, self._path) from error


def disk_error(error: OSError, path: str | Path) -> DiskError:
    """The error of ours that says what the system said about ``path``."""
    subject, said = str(path), error.strerror or str(error)
    if error.errno in _FULL:
        return DiskFull("There is no space left for this file.", subject=subject, technical=said)
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return DiskPermissionDenied("The system does not allow this.", subject=subject, technical=said)
    if error.errno == errno.ENOENT:
        return FileMissing("It is not there any more.", subject=subject, technical=said)
    if error.errno == errno.ELOOP:
        return UnsafePath("A symbolic link stands in the way; links are not followed.", subject=subject, technical=said)
    return DiskError(f"The system says: {said}.", subject=subject, technical=said)


def check_source(item: Item) -> None:
    """:raises SourceChanged: the file is not the one that was planned; :raises DiskError: it cannot be looked at"""
    with disk_errors(item.source):
        found = os.stat(item.source)  # noqa: PTH116 - a Path takes longer than the look
    if not stat.S_ISREG(found.st_mode) or stamp_of(found) != (item.size_bytes, item.modified_us, item.file_id):
        raise SourceChanged("Its size or time is not what it was when the transfer began.", subject=item.source)


def local_path(root: str, target: str) -> Path:
    """``target`` below ``root``. :raises UnsafePath: a part of it is no plain name"""
    return Path(local_name(root, target))


def local_name(root: str, target: str) -> str:
    """:func:`local_path` as text, for what happens to each of many small files."""
    return os.sep.join([_without_end(root), *_segments(target)])  # noqa: PTH118 - as above


def _without_end(folder: str) -> str:
    return folder.rstrip(_SEPARATORS) if folder else os.curdir


def _segments(target: str) -> list[str]:
    parts = target.rstrip("/").split("/")
    if "" in parts or "." in parts or ".." in parts or any(one in target for one in _NEVER_IN_TARGETS):
        raise UnsafePath("Nothing was written.", subject=target)
    return parts


def make_folder(root: str, target: str) -> str:
    """The folder ``target`` below ``root``, made step by step without following a link.

    :raises UnsafePath: a link or a file stands where a folder is needed
    """
    folder = root
    for part in _segments(target) if target else ():
        folder = f"{_without_end(folder)}{os.sep}{part}"
        with disk_errors(folder):
            try:
                found = os.lstat(folder)
            except FileNotFoundError:
                with suppress(FileExistsError):
                    os.mkdir(folder)  # noqa: PTH102 - as above
                found = os.lstat(folder)
        if not stat.S_ISDIR(found.st_mode):
            what = "A symbolic link" if stat.S_ISLNK(found.st_mode) else "A file"
            raise UnsafePath(f"{what} stands where a folder is needed.", subject=folder)
    return folder


def temporary_name() -> str:
    """A name for bytes that are not complete yet, to stand beside the target."""
    return f".{_NAMES.getrandbits(64):016x}.part"


def next_name(name: str) -> str:
    """The name for bytes that begin anew, while those of ``name`` may still be on their way out. It says which names there
    were before it, so that whoever goes on or removes it can remove those too, whatever became of the process that was to.
    """
    stem, count = _counted(name)
    return f".{stem}-{count + 1}.part" if stem else temporary_name()


def names_before(name: str) -> list[str]:
    """The names of which ``name`` is the :func:`next_name`."""
    stem, count = _counted(name)
    return [f".{stem}-{number}.part" if number else f".{stem}.part" for number in range(count)]


def _counted(name: str) -> tuple[str, int]:
    found = _TEMPORARY.fullmatch(name)
    return (found[1], int(found[2] or 0)) if found else ("", 0)


@contextmanager
def open_temporary(path: str | Path, *, create: bool) -> Iterator[int]:
    """A descriptor to write ``path`` with, closed at the end.

    :param create: a new file; one that an attempt before has left loses that name, and may by now have its final one as well
    """
    flags = os.O_RDWR | _NO_FOLLOW | (os.O_CREAT | os.O_EXCL if create else 0)
    with disk_errors(path):
        try:
            descriptor = os.open(path, flags, 0o666)
        except FileExistsError:
            os.unlink(path)  # noqa: PTH108 - as above
            descriptor = os.open(path, flags, 0o666)
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def write_all(descriptor: int, data: memoryview) -> None:
    """Write at the descriptor's place, until everything is written."""
    while data:
        data = data[os.write(descriptor, data) :]


def put_in_place(temporary: str | Path, final: str | Path, *, replace: bool) -> None:
    """Give the complete file its name, atomically; a file that came meanwhile is kept unless ``replace``.

    :raises FileExistsError: something is there, and ``replace`` is not meant
    """
    if replace:
        if os.path.isdir(final) and not os.path.islink(final):  # noqa: PTH112, PTH114 - as above
            raise IsADirectoryError(errno.EISDIR, "a folder of that name is there", str(final))
        os.replace(temporary, final)  # noqa: PTH105 - as above
    elif os.name == "nt":
        os.rename(temporary, final)  # noqa: PTH104 - refuses by itself
    else:
        _link_in_place(temporary, final)


def _link_in_place(temporary: str | Path, final: str | Path) -> None:
    try:
        os.link(temporary, final, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in _LINKS_UNKNOWN:
            raise
        # a file system without hard links (FAT): the gap between look and rename is the best there is
        if os.path.lexists(final):
            raise FileExistsError(errno.EEXIST, "it is there", str(final)) from error
        os.rename(temporary, final)  # noqa: PTH104 - as above
    else:
        os.unlink(temporary)  # noqa: PTH108 - as above


def folds_case(folder: Path) -> bool:
    """Whether ``folder`` takes ``A`` and ``a`` for one name: tried with a file, since no table knows every mount.

    It always has the same name: who is killed before it is removed leaves it to the next one here. Anything else of that
    name is looked at, and stays.
    """
    trial = folder / _TRIAL
    with _TRYING, disk_errors(folder):
        while True:
            with suppress(FileExistsError):
                trial.touch(exist_ok=False)
            folds = os.path.lexists(trial.with_name(trial.name.upper()))
            with suppress(FileNotFoundError):  # another program has tried here as well, and removed it: again
                found = trial.lstat()
                if stat.S_ISREG(found.st_mode) and not found.st_size:
                    trial.unlink()
                return folds


def read_from_disk(path: str | Path) -> None:
    """Have what is read of a file from now on come from the disk, where the system can: what is in memory only, after the system
    could not write it, is not what the file will be.
    """
    if hasattr(os, "posix_fadvise"):
        with suppress(OSError):
            descriptor = os.open(path, os.O_RDONLY | _NO_FOLLOW)
            try:
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(descriptor)


def free_bytes(folder: Path) -> int:
    """Space left where ``folder`` lies."""
    with disk_errors(folder):
        return shutil.disk_usage(folder).free


def sync_file_system(folder: Path) -> None:
    """Have everything written on ``folder``'s file system reach the disk: one call for any number of small files."""
    if sys.platform == "linux":
        with disk_errors(folder):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                if ctypes.CDLL(None, use_errno=True).syncfs(descriptor):
                    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
            finally:
                os.close(descriptor)
    elif hasattr(os, "sync"):
        os.sync()
