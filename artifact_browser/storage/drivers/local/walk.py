"""Listing folders in key order, lazily: one folder's entries are sorted in memory, never the whole tree's.

Names on disk sort differently from keys, so every folder is read whole, its names turned into segments and those
sorted; a folder sorts as ``segment/``, which is where its keys stand among its neighbours. A folder without any
blob still appears as a prefix: a person made it, and sees it in the file manager too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from artifact_browser.storage.drivers.local.names import forms_of, is_continued, segment_of
from artifact_browser.storage.drivers.local.tree import Tree

#: More pieces than a name of 1,024 bytes can have.
_MAX_PIECES = 16


@dataclass(slots=True)
class Item:
    """A key with its file, or a prefix (which ends in ``/``) with its folders."""

    key: str
    file: os.DirEntry[str] | None = None
    folders: list[str] = field(default_factory=list)
    form: tuple[str, ...] = ()


def walk(tree: Tree, bucket: str, prefix: str, start_after: str, *, deep: bool) -> Iterator[Item]:
    """Blobs (and with ``deep=False`` folders) whose keys begin with ``prefix``, behind ``start_after``.

    A prefix up to its last ``/`` names a folder; the rest filters that folder's entries.
    :raises BucketNotFound: :raises OSError: a folder cannot be read
    """
    cut = prefix.rfind("/") + 1
    folders = list(tree.folders(bucket, prefix[:cut].split("/")[:-1]))
    pending = [iter(_entries(folders, prefix[:cut], prefix))]
    while pending:
        item = next(pending[-1], None)
        if item is None:
            pending.pop()
        elif item.file is not None:
            if item.key > start_after:
                yield item
        elif item.key > start_after or start_after.startswith(item.key):
            if deep:
                pending.append(iter(_entries(item.folders, item.key, "")))
            elif item.key > start_after or _has_more(tree, bucket, item.key, start_after):
                yield item


def _has_more(tree: Tree, bucket: str, prefix: str, start_after: str) -> bool:
    """Whether a listing that goes on behind ``start_after`` still meets this prefix."""
    return start_after != prefix and next(walk(tree, bucket, prefix, start_after, deep=True), None) is not None


def _entries(folders: Sequence[str], parent: str, prefix: str) -> list[Item]:
    """The entries of the folders that together stand for ``parent``, by key."""
    files: dict[str, Item] = {}
    below: dict[str, Item] = {}
    for folder in folders:
        for entry, form, is_file in _scan(folder, ()):
            segment = segment_of(form, is_file=is_file)
            if segment is None:
                continue
            key = f"{parent}{segment}" if is_file else f"{parent}{segment}/"
            if not key.startswith(prefix):
                continue
            if not is_file:
                below.setdefault(key, Item(key)).folders.append(entry.path)
            elif key not in files or _rank(segment, form) < _rank(segment, files[key].form):
                files[key] = Item(key, entry, form=form)
    return sorted([*files.values(), *below.values()], key=_key)


def _scan(folder: str, begun: tuple[str, ...]) -> Iterator[tuple[os.DirEntry[str], tuple[str, ...], bool]]:
    """Entries of a folder that are files or folders themselves (no links), long names put together."""
    try:
        opened = os.scandir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return  # removed since its name was read
    with opened:
        for entry in opened:
            if entry.is_file(follow_symlinks=False):
                yield entry, (*begun, entry.name), True
            elif entry.is_dir(follow_symlinks=False) and not _is_junction(entry):
                if is_continued(entry.name) and len(begun) < _MAX_PIECES:
                    yield from _scan(entry.path, (*begun, entry.name))
                else:
                    yield entry, (*begun, entry.name), False


def _is_junction(entry: os.DirEntry[str]) -> bool:
    return os.name == "nt" and bool(getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0))


def _rank(segment: str, form: tuple[str, ...]) -> int:
    return forms_of(segment, is_file=True).index(form)


def _key(item: Item) -> str:
    return item.key
