"""From a key to its file and back to the disk: which of a segment's names is there, and where a new file goes.

Nothing here follows a symbolic link or junction: a link inside a bucket is not listed, not read and not written
through, so nothing outside the root is ever served. One key may have several places at once (a folder that a person
made beside one of ours): the first form wins, for files and for folders alike.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from artifact_browser.errors import BucketNotFound, UnsafePath
from artifact_browser.storage.drivers.local.names import Form, forms_of, made_forms

#: Our own folder in the root: index, temporary files, parts.
HIDDEN = ".artifact-browser"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file goes: ``missing`` are the folders to make first, outermost first."""

    path: str
    missing: tuple[str, ...] = ()


class Tree:
    """The folders and files below one root. Holds no state but the root; safe from any thread.

    :param case_blind: whether the file system takes ``A`` for ``a``
    """

    def __init__(self, root: str, *, case_blind: bool) -> None:
        self.root = root
        self._case_blind = case_blind

    def bucket_folder(self, bucket: str) -> str:
        """:raises BucketNotFound: no such folder directly below the root, or it is a link"""
        if not is_bucket_name(bucket) or not is_folder(entry := os.path.join(self.root, bucket)):
            raise BucketNotFound(
                f"There is no folder \u201c{bucket[:200]}\u201d on this computer.", subject=bucket[:200]
            )
        return entry

    def find(self, bucket: str, key: str) -> str | None:
        """The file that holds ``key``, if there is one. :raises BucketNotFound:"""
        *parents, last = key.split("/")
        for folder in self.folders(bucket, parents):
            for form in forms_of(last, is_file=True):
                path = self._step(folder, form, is_file=True)
                if path is not None:
                    return path
        return None

    def folders(self, bucket: str, segments: Sequence[str]) -> Iterator[str]:
        """Every folder on disk that stands for ``segments`` below the bucket. :raises BucketNotFound:"""
        pending = [(self.bucket_folder(bucket), 0)]
        while pending:
            folder, at = pending.pop()
            if at == len(segments):
                yield folder
                continue
            forms = forms_of(segments[at], is_file=False)
            below = (self._step(folder, form, is_file=False) for form in reversed(forms))
            pending.extend((path, at + 1) for path in below if path is not None)

    def place(self, bucket: str, key: str) -> Place:
        """Where to write ``key``: its file if it has one, else the first free name.

        :raises BucketNotFound: :raises UnsafePath: every name is taken by something that is no file or folder
        """
        found = self.find(bucket, key)
        if found is not None:
            return Place(found)
        folder = self.bucket_folder(bucket)
        missing: list[str] = []
        *parents, last = key.split("/")
        for segment in parents:
            folder = self._enter(folder, segment, missing, is_file=False)
        return Place(self._enter(folder, last, missing, is_file=True), tuple(missing))

    def _enter(self, folder: str, segment: str, missing: list[str], *, is_file: bool) -> str:
        """The path for one more segment; folders to make are appended to ``missing``."""
        forms = made_forms(segment, is_file=is_file) if is_file else forms_of(segment, is_file=False)
        if not is_file and not missing:
            for form in forms:
                path = self._step(folder, form, is_file=False)
                if path is not None:
                    return path
        for form in made_forms(segment, is_file=is_file):
            steps = [os.path.join(folder, *form[: at + 1]) for at in range(len(form))]
            absent = [path for path in steps if missing or self._look(path) is None]
            if steps[-1] in absent and all(path in absent or self._is_exact_folder(path) for path in steps[:-1]):
                missing.extend(path for path in absent if not (is_file and path == steps[-1]))
                return steps[-1]
        raise UnsafePath("A link or special file stands where this blob would go.", subject=segment[:200])

    def _step(self, folder: str, form: Form, *, is_file: bool) -> str | None:
        """The path of ``form`` in ``folder`` when it is there, of the right kind and spelt exactly so."""
        path = folder
        for at, name in enumerate(form):
            if os.name == "nt" and any(character in name for character in '\\:*?"<>|'):
                return None
            path = os.path.join(path, name)
            entry = self._look(path)
            wanted = stat.S_ISREG if is_file and at == len(form) - 1 else stat.S_ISDIR
            if entry is None or is_link(entry) or not wanted(entry.st_mode):
                return None
            if not self._is_spelt(path):
                return None
        return path

    def _is_exact_folder(self, path: str) -> bool:
        return is_folder(path) and self._is_spelt(path)

    def _is_spelt(self, path: str) -> bool:
        """Whether the entry has exactly this name, and is not merely taken for it."""
        folder, name = os.path.split(path)
        return not self._case_blind or name in os.listdir(folder)

    @staticmethod
    def _look(path: str) -> os.stat_result | None:
        try:
            return os.lstat(path)
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return None


def is_link(entry: os.stat_result) -> bool:
    """Whether it is a symbolic link, or on Windows anything that leads elsewhere (junctions)."""
    return stat.S_ISLNK(entry.st_mode) or bool(getattr(entry, "st_reparse_tag", 0))


def is_folder(path: str) -> bool:
    """Whether ``path`` is a real folder, not a link to one."""
    try:
        entry = os.lstat(path)
    except (OSError, ValueError):
        return False
    return stat.S_ISDIR(entry.st_mode) and not is_link(entry)


def is_bucket_name(name: str) -> bool:
    """Whether a folder of that name in the root is a bucket: hidden folders are none."""
    return bool(name) and not name.startswith(".") and not any(character in name for character in "/\\\0:")


def is_case_blind(folder: str) -> bool:
    """Whether the file system takes upper for lower case; looks at our own folder's name."""
    return os.path.exists(os.path.join(folder, HIDDEN.upper()))
