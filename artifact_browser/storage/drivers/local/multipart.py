"""Multipart uploads: parts are files in our hidden folder until they are put together; they survive a restart.

The ETag is S3's: MD5 of the parts' MD5s, a hyphen, their number.

Parts are not synced one by one: all would be written to the disk twice. So a part that was answered for may have lost its
bytes in a power cut, whole or in places. Each is read and compared with its ETag when they are put together; what is
damaged is forgotten, and can be sent again.
"""

from __future__ import annotations

import os
import shutil
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from artifact_browser.errors import ChecksumMismatch, InputError, UploadNotFound
from artifact_browser.storage.columns import decode_key, encode_key
from artifact_browser.storage.driver import Body, Condition, Part, Upload
from artifact_browser.storage.drivers.local.bodies import (
    READ_FLAGS,
    WRITE_FLAGS,
    copy_bytes,
    md5_of,
    new_md5,
    write_body,
)
from artifact_browser.storage.drivers.local.durable import sync_folders
from artifact_browser.storage.drivers.local.index import Attributes, Known
from artifact_browser.storage.drivers.local.publish import Draft, check_condition, draft, publish
from artifact_browser.storage.drivers.local.store import Store, address, look

MAX_PARTS = 10_000
#: how many damaged parts are named
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class _Stored:
    part: Part
    file: str


def create(store: Store, bucket: str, key: str, attributes: Attributes) -> str:
    """Begin an upload and return its id. :raises BucketNotFound:"""
    upload_id = uuid.uuid4().hex
    store.tree.bucket_folder(bucket)
    os.makedirs(_folder(store, upload_id), mode=0o700)
    sync_folders((store.uploads, os.path.dirname(store.uploads), store.tree.root))  # rows without it could take no part
    with store.index.writing() as database:
        row = (upload_id, encode_key(bucket), encode_key(key), time.time_ns() // 1000, attributes.to_json())
        database.execute("INSERT INTO uploads VALUES(?, ?, ?, ?, ?)", row)
    return upload_id


def add_part(store: Store, bucket: str, key: str, upload_id: str, number: int, body: Body) -> Part:
    """Keep one part; a part of that number is replaced. :raises UploadNotFound: :raises SourceChanged:"""
    if not 1 <= number <= MAX_PARTS:
        raise InputError(f"Parts are numbered from 1 to {MAX_PARTS:,}.", subject=address(bucket, key))
    _attributes(store, bucket, key, upload_id)
    name = f"{number}-{uuid.uuid4().hex}"
    path = os.path.join(_folder(store, upload_id), name)
    kept = False
    try:
        file = os.open(path, WRITE_FLAGS, 0o600)
        try:
            size_bytes, etag = write_body(body, file, store.cancel)
        finally:
            os.close(file)
        with store.index.writing() as database:
            _attributes(store, bucket, key, upload_id)  # aborted meanwhile?
            query = "SELECT file FROM parts WHERE upload_id=? AND number=?"
            old = database.execute(query, (upload_id, number)).fetchone()
            row = (upload_id, number, etag, size_bytes, name)
            database.execute("INSERT OR REPLACE INTO parts VALUES(?, ?, ?, ?, ?)", row)
        kept = True
    except FileNotFoundError:
        raise _gone(bucket, key) from None
    finally:
        if not kept:
            _remove(path)
    if old is not None:
        _remove(os.path.join(_folder(store, upload_id), old[0]))
    return Part(number, etag, size_bytes)


def parts_of(store: Store, bucket: str, key: str, upload_id: str) -> list[Part]:
    """The parts kept so far, by number. :raises UploadNotFound:"""
    _attributes(store, bucket, key, upload_id)
    return [stored.part for stored in _stored(store, upload_id)]


def complete(
    store: Store, bucket: str, key: str, upload_id: str, parts: Sequence[Part], condition: Condition | None
) -> Known:
    """Put the parts together as the blob. When this fails the upload stays as it is, but for parts that are damaged.

    :raises UploadNotFound: :raises InputError: the parts are not the ones that are kept
    :raises PreconditionFailed: :raises ChecksumMismatch: as :func:`_join`
    """
    attributes = _attributes(store, bucket, key, upload_id)
    chosen = _chosen(_stored(store, upload_id), parts, address(bucket, key))
    if condition is not None:
        look(store, bucket, key)
        with store.index.writing():
            check_condition(store, bucket, key, condition)  # before gigabytes are copied for nothing
    with draft(store) as made:
        made.etag = _join(store, upload_id, chosen, made, bucket, key)
        known = publish(store, bucket, key, made, attributes, condition, durable=True)
    _forget(store, upload_id)
    return known


def abort(store: Store, bucket: str, key: str, upload_id: str) -> None:
    """Drop an upload and its parts; one that is gone is no error."""
    try:
        _attributes(store, bucket, key, upload_id)
    except UploadNotFound:
        return
    _forget(store, upload_id)


def uploads_in(store: Store, bucket: str, prefix: str) -> list[Upload]:
    """Unfinished uploads by key. :raises BucketNotFound:"""
    store.tree.bucket_folder(bucket)
    rows = store.index.rows("SELECT key, id, started_us FROM uploads WHERE bucket=?", encode_key(bucket))
    found = (Upload(decode_key(bytes(key)), str(name), int(str(began))) for key, name, began in rows)  # type: ignore[call-overload]
    return sorted(
        (upload for upload in found if upload.key.startswith(prefix)), key=lambda one: (one.key, one.started_us)
    )


def _attributes(store: Store, bucket: str, key: str, upload_id: str) -> Attributes:
    query = "SELECT attributes FROM uploads WHERE id=? AND bucket=? AND key=?"
    rows = store.index.rows(query, upload_id, encode_key(bucket), encode_key(key))
    if not rows:
        raise _gone(bucket, key)
    return Attributes.from_json(str(rows[0][0]))


def _gone(bucket: str, key: str) -> UploadNotFound:
    return UploadNotFound("It was completed or dropped.", subject=address(bucket, key))


def _stored(store: Store, upload_id: str) -> list[_Stored]:
    query = "SELECT number, etag, size_bytes, file FROM parts WHERE upload_id=? ORDER BY number"
    rows = store.index.rows(query, upload_id)
    return [_Stored(Part(int(str(row[0])), str(row[1]), int(str(row[2]))), str(row[3])) for row in rows]


def _chosen(stored: Sequence[_Stored], parts: Sequence[Part], subject: str) -> list[_Stored]:
    kept = {one.part.number: one for one in stored}
    numbers = [part.number for part in parts]
    if not parts or numbers != sorted(set(numbers)):
        raise InputError("The parts must be in order, each one once.", subject=subject)
    for part in parts:
        if part.number not in kept or kept[part.number].part.etag != part.etag.strip('"'):
            raise InputError(f"Part {part.number} is not the one that was uploaded.", subject=subject)
    return [kept[number] for number in numbers]


def _join(store: Store, upload_id: str, chosen: Sequence[_Stored], made: Draft, bucket: str, key: str) -> str:
    """Append the parts to the draft, and return the ETag.

    :raises ChecksumMismatch: some have not the bytes that were sent: those are forgotten, the others stay
    :raises UploadNotFound: it was dropped meanwhile
    """
    digest = new_md5()
    damaged: list[_Stored] = []
    for one in chosen:
        if not _append(store, upload_id, one, None if damaged else made):
            damaged.append(one)
        digest.update(memoryview(bytes.fromhex(one.part.etag)))
    if damaged:
        _forget_parts(store, bucket, key, upload_id, damaged)
        numbers = ", ".join(str(one.part.number) for one in damaged[:_SHOWN])
        raise ChecksumMismatch(
            f"{len(damaged):,} of {len(chosen):,} parts are not on the disk as they were sent.",
            subject=address(bucket, key),
            technical=f"parts {numbers}",
        )
    return f"{digest.hexdigest()}-{len(chosen)}"


def _append(store: Store, upload_id: str, one: _Stored, made: Draft | None) -> bool:
    """Append a part to the draft, if there is one. Whether it has the bytes that were sent: read right before the kernel copies
    them (or shares their blocks, so that a large blob needs no room for a second time) from the same open file.
    """
    try:
        source = os.open(os.path.join(_folder(store, upload_id), one.file), READ_FLAGS)
    except FileNotFoundError:
        return False
    try:
        if md5_of(source, store.cancel) != one.part.etag:
            return False
        size_bytes = one.part.size_bytes
        return made is None or copy_bytes(source, 0, size_bytes, made.file, store.cancel) == size_bytes
    finally:
        os.close(source)


def _forget_parts(store: Store, bucket: str, key: str, upload_id: str, damaged: Sequence[_Stored]) -> None:
    """:raises UploadNotFound: it was dropped meanwhile, and nothing is damaged"""
    with store.index.writing() as database:
        _attributes(store, bucket, key, upload_id)
        for one in damaged:  # one that was sent again meanwhile is another file
            query = "DELETE FROM parts WHERE upload_id=? AND number=? AND file=?"
            database.execute(query, (upload_id, one.part.number, one.file))
    for one in damaged:
        _remove(os.path.join(_folder(store, upload_id), one.file))


def _forget(store: Store, upload_id: str) -> None:
    with store.index.writing() as database:
        database.execute("DELETE FROM parts WHERE upload_id=?", (upload_id,))
        database.execute("DELETE FROM uploads WHERE id=?", (upload_id,))
    shutil.rmtree(_folder(store, upload_id), ignore_errors=True)


def _folder(store: Store, upload_id: str) -> str:
    return os.path.join(store.uploads, upload_id)


def _remove(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)
