"""Writing a blob so that nobody ever sees half of it, and healing what a killed process left behind.

A write: the bytes go to a temporary file; then, as the only writer over all processes, the condition is checked,
an *intent* is written beside the temporary file, folders are made, the file is renamed to its place, the row is
written and committed, and the intent removed. Killed before the rename, nothing has happened; killed after it,
the next reader or writer finds the intent and writes the row (:func:`heal`). Intents are only ever written by the one
writer, so whoever is the writer knows that every intent it sees belongs to the dead.

Durability: conditional writes (manifests, indexes) and completed multipart uploads are on the disk, file, folder and
row, when the call returns. Other writes survive the death of this app, but may be lost in a power cut until
:func:`~.durable.make_durable` is called for them. Folders made for any of them are on the disk at once, so that a durable
write finds its own safe.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from artifact_browser.errors import PreconditionFailed
from artifact_browser.storage.driver import Condition
from artifact_browser.storage.drivers.local.bodies import WRITE_FLAGS
from artifact_browser.storage.drivers.local.durable import sync_folders
from artifact_browser.storage.drivers.local.index import Attributes, Known
from artifact_browser.storage.drivers.local.store import Found, Store, address, agrees, find_known, look

_BODY, _INTENT = ".body", ".intent"
#: Temporary files that nobody wrote to for so long belong to no running process.
_ABANDONED_S = 24 * 3600
#: Windows knows only paths, and gives a file that was written to a time of its own when it is closed.
_BY_DESCRIPTOR = os.utime in os.supports_fd


@dataclass(slots=True)
class Draft:
    """A temporary file on its way. :ivar file: the open file, to be written to"""

    path: str
    file: int
    etag: str = ""

    @property
    def intent(self) -> str:
        return self.path.removesuffix(_BODY) + _INTENT


@contextmanager
def draft(store: Store) -> Iterator[Draft]:
    """A temporary file that is gone at the end of the block unless :func:`publish` moved it."""
    os.makedirs(store.temporary, mode=0o700, exist_ok=True)
    path = os.path.join(store.temporary, f"{uuid.uuid4().hex}{_BODY}")
    made = Draft(path, os.open(path, WRITE_FLAGS, 0o666))
    try:
        yield made
    finally:
        if made.file >= 0:
            os.close(made.file)
        with suppress(FileNotFoundError):
            os.unlink(path)


def publish(
    store: Store,
    bucket: str,
    key: str,
    made: Draft,
    attributes: Attributes,
    condition: Condition | None = None,
    *,
    durable: bool = False,
) -> Known:
    """Put the draft in its place, as the blob ``key``, with ``made.etag``.

    :raises PreconditionFailed: the condition did not hold: nothing was written
    :raises BucketNotFound: :raises UnsafePath:
    """
    durable = durable or condition is not None
    known = _finish(made, attributes, durable=durable)
    if condition is not None and condition.if_match:
        look(store, bucket, key)  # hashes, if need be, before anybody has to wait for us
    with store.index.writing(durable=durable):
        check_condition(store, bucket, key, condition)
        place = store.tree.place(bucket, key)
        _write_intent(store, made, bucket, key, place.path, place.missing, known)
        try:
            for folder in place.missing:
                os.mkdir(folder)
            os.replace(made.path, place.path)
        except OSError:
            _undo(place.missing)
            os.unlink(made.intent)
            raise
        _record(store, bucket, key, place.missing, known)
        sync_folders(os.path.dirname(folder) for folder in place.missing)
        if durable:
            sync_folders([os.path.dirname(place.path)])
    with suppress(FileNotFoundError):  # a healer may have been faster
        os.unlink(made.intent)
    return known


def check_condition(store: Store, bucket: str, key: str, condition: Condition | None) -> Found | None:
    """:raises PreconditionFailed: the condition does not hold; inside ``index.writing``"""
    if condition is None:
        return None
    if condition.if_absent and store.tree.find(bucket, key) is not None:
        raise PreconditionFailed("There is a blob of that name already.", subject=address(bucket, key))
    if not condition.if_match:
        return None
    found = find_known(store, bucket, key)
    if found is None or found.known.etag != condition.if_match.strip('"'):
        raise PreconditionFailed("The blob is not the one that was read any more.", subject=address(bucket, key))
    return found


def _finish(made: Draft, attributes: Attributes, *, durable: bool) -> Known:
    """Close the draft with a time of full precision: see :mod:`.store`. What is synced has that time, for a row that names
    another one than its file has says nothing of it.
    """
    now_ns = time.time_ns()
    if _BY_DESCRIPTOR:
        os.utime(made.file, ns=(now_ns, now_ns))
    if durable:
        os.fsync(made.file)
    os.close(made.file)
    made.file = -1
    if not _BY_DESCRIPTOR:
        os.utime(made.path, ns=(now_ns, now_ns))
    entry = os.lstat(made.path)
    return Known(entry.st_size, entry.st_mtime_ns, made.etag, attributes)


def _record(store: Store, bucket: str, key: str, folders: Sequence[str], known: Known) -> None:
    store.index.save(bucket, key, known)
    for folder in folders:
        store.index.made_folder(relative(store, folder), time.time_ns() // 1000)


def relative(store: Store, path: str) -> bytes:
    """A folder's path below the root, as the index keeps it."""
    return os.fsencode(os.path.relpath(path, store.tree.root))


def _undo(folders: Sequence[str]) -> None:
    for folder in reversed(folders):
        with suppress(OSError):
            os.rmdir(folder)


# -- intents ----------------------------------------------------------------------------------------------------


def _write_intent(
    store: Store, made: Draft, bucket: str, key: str, target: str, folders: Sequence[str], known: Known
) -> None:
    intent = {
        "bucket": bucket,
        "key": key,
        "target": os.path.relpath(target, store.tree.root),
        "folders": [os.path.relpath(folder, store.tree.root) for folder in folders],
        "known": [known.size_bytes, known.modified_ns, known.etag, known.attributes.to_json()],
    }
    with open(made.intent, "w", encoding="ascii") as file:
        json.dump(intent, file)


def heal(store: Store) -> None:
    """Finish writes that were killed behind their rename, undo those killed before; inside ``index.writing``."""
    try:
        names = os.listdir(store.temporary)
    except OSError:
        return  # nothing was ever written here, or it may not be
    for name in names:
        path = os.path.join(store.temporary, name)
        if name.endswith(_INTENT):
            _heal_one(store, path)
        elif _is_abandoned(path):
            with suppress(OSError):
                os.unlink(path)


def has_intents(store: Store) -> bool:
    """Whether a write was killed, or is being committed right now."""
    try:
        return any(name.endswith(_INTENT) for name in os.listdir(store.temporary))
    except OSError:
        return False


def _heal_one(store: Store, path: str) -> None:
    body = path.removesuffix(_INTENT) + _BODY
    try:
        with open(path, encoding="ascii") as file:
            intent = json.load(file)
        folders = [os.path.join(store.tree.root, folder) for folder in intent["folders"]]
        size_bytes, modified_ns, etag, attributes = intent["known"]
        known = Known(size_bytes, modified_ns, etag, Attributes.from_json(attributes))
        bucket, key = str(intent["bucket"]), str(intent["key"])
        target = os.path.join(store.tree.root, intent["target"])
    except (OSError, ValueError, KeyError, TypeError):
        folders, known = [], None  # killed while writing it, or another's committed write: nothing was renamed
    if os.path.exists(body):
        _undo(folders)
        os.unlink(body)
    elif known is not None and _is_file_of(target, known) and not _is_recorded(store, bucket, key, known):
        _record(store, bucket, key, folders, known)
    with suppress(FileNotFoundError):
        os.unlink(path)


def _is_file_of(path: str, known: Known) -> bool:
    try:
        return agrees(known, os.lstat(path))
    except OSError:
        return False


def _is_recorded(store: Store, bucket: str, key: str, known: Known) -> bool:
    """A row for the same file is younger than the intent: tags may have been changed since."""
    row = store.index.known(bucket, key)
    return row is not None and (row.size_bytes, row.modified_ns) == (known.size_bytes, known.modified_ns)


def _is_abandoned(path: str) -> bool:
    try:
        return time.time() - os.lstat(path).st_mtime > _ABANDONED_S
    except OSError:
        return False
