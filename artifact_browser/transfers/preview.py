"""What a choice takes of the beginning of a tree: for a dialog, while a person types patterns."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.storage.location import DELIMITER, Location
from artifact_browser.storage.open import opened
from artifact_browser.transfers.choice import TreeChoice
from artifact_browser.transfers.lookup import blobs_below
from artifact_browser.transfers.typed_patterns import TYPED, TypedPatterns
from artifact_browser.transfers.walk import What, walk
from artifact_browser.workers.job import JobContext

MOST_FILES = 2000
#: how often the dialog hears how far it is, seconds: a folder may lie on a slow disk
_TELL_S = 0.3
_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Preview:
    """:ivar taken: files that would be moved; :ivar left_out: files, and folders with all in them, that would not
    :ivar examples: names of the first ones taken; :ivar left_out_examples: ... left out, each with what says so
    :ivar whole: the tree ended here; else it was looked at up to :data:`MOST_FILES`, or goes on
    """

    taken: int
    left_out: int
    examples: tuple[str, ...]
    left_out_examples: tuple[tuple[str, str], ...]
    whole: bool


def preview_upload(
    context: JobContext, paths: tuple[str, ...], choice: TreeChoice
) -> Generator[Preview, None, Preview]:
    """INTERACTIVE job: tells what it has seen until it ends. :raises InputError: a pattern cannot be used"""
    return (yield from _looked_at(context, (found for path in paths for found in _walked(path, choice))))


def preview_download(
    context: JobContext, record: AccountRecord, sources: tuple[Location, ...], choice: TreeChoice
) -> Generator[Preview, None, Preview]:
    """INTERACTIVE job: tells what it has seen until it ends.

    :raises InputError: a pattern cannot be used, :raises StorageError: they cannot be listed
    """
    typed = TypedPatterns(choice)

    def listed() -> Iterator[tuple[str, str]]:
        for source in sources:
            if source.key and not source.key.endswith(DELIMITER):
                yield source.name, "" if typed.lets_through(source.name) else TYPED
                continue
            for blob in blobs_below(driver, source.bucket, source.key):
                name = blob.key[len(source.key) :]
                if name and not name.endswith(DELIMITER):
                    yield name, "" if typed.lets_through(name) else TYPED

    with opened(context, record) as driver:
        return (yield from _looked_at(context, listed()))


def _walked(path: str, choice: TreeChoice) -> Iterator[tuple[str, str]]:
    for found in walk(path, choice):
        name = "/".join(found.names[1:] or found.names).encode("utf-8", "replace").decode()
        if found.by:
            yield f"{name}/" if found.what is What.FOLDER_LEFT_OUT else name, found.by
        elif found.what is What.FILE:
            yield name, ""


def _looked_at(context: JobContext, names: Iterable[tuple[str, str]]) -> Generator[Preview, None, Preview]:
    taken: list[str] = []
    out: list[tuple[str, str]] = []
    told_at = time.monotonic()
    for count, (name, by) in enumerate(names, 1):
        context.cancel.raise_if_cancelled()
        if count > MOST_FILES:
            return _preview(taken, out, whole=False)
        if by:
            out.append((name, by))
        else:
            taken.append(name)
        if time.monotonic() - told_at >= _TELL_S:
            told_at = time.monotonic()
            yield _preview(taken, out, whole=False)
    return _preview(taken, out, whole=True)


def _preview(taken: list[str], out: list[tuple[str, str]], *, whole: bool) -> Preview:
    return Preview(len(taken), len(out), tuple(taken[:_EXAMPLES]), tuple(out[:_EXAMPLES]), whole)
