"""The last complete listing of a place, kept as files: shown at once when the place is opened again, while it is listed anew.

For showing only. Whatever changes data (a delete, a conflict, a comparison) asks the store itself.

``cache/kept-listings/<account>/<place>/`` holds the four files of two tables and ``about.json``: which place, how many rows,
when, and a checksum of each file. Files are never written in place, only linked in and out, so a window that shows one is
not disturbed when it is replaced, evicted or cleared. What is not wholly as it should be is removed and was never there.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import time
import uuid
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.paths import Paths, make_private
from artifact_browser.storage.columns import ROW, KeyTable
from artifact_browser.storage.listing import BLOBS, FOLDERS, ListingGrown
from artifact_browser.workers.job import JobContext

#: All kept listings together; the ones shown longest ago go first. A million rows are about 70 MB.
MOST_BYTES = 512 * 1024**2
MOST_PLACES = 2000
_SCHEMA = 1
_ABOUT = "about.json"
_MOST_ABOUT_BYTES = 64 * 1024
_PIECE_BYTES = 1 << 20
_FILES = tuple(f"{table}.{part}" for table in (FOLDERS, BLOBS) for part in ("rows", "keys"))


@dataclass(frozen=True, slots=True)
class KeptListing:
    """What a place held. ``listed_us``: when it had been listed, microseconds since the epoch."""

    state: ListingGrown
    listed_us: int


def source_of(record: AccountRecord) -> list[str | int]:
    """What decides which store answers, and with whose eyes: rows of another source are none of this account's."""
    return [
        record.id, str(record.kind), record.endpoint, record.region, record.root,
        str(record.key_source), record.profile, record.secret_revision,
    ]  # fmt: skip


def keep_listing(
    context: JobContext,
    record: AccountRecord,
    bucket: str,
    prefix: str,
    folder: str,
    state: ListingGrown,
    listed_us: int,
) -> Generator[None, None, None]:
    """Job: keep the complete listing in ``folder`` in the place of an older one, and make room for it.

    :param listed_us: when it was listed, microseconds since the epoch; what was cleared since is not kept again
    """
    yield from ()
    root = _root(context.paths)
    wanted = _place_folder(root, record, bucket, prefix)
    made = _new_folder(root)
    try:
        for name in _FILES:
            _link(Path(folder, name), made / name)
        about = {
            "schema": _SCHEMA,
            "place": _place(record, bucket, prefix),
            "state": asdict(state),
            "listed_us": listed_us,
            "checks": {name: _check(made / name) for name in _FILES},
        }
        with os.fdopen(os.open(made / _ABOUT, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
            json.dump(about, file)
        context.cancel.raise_if_cancelled()  # its account may have gone
        make_private(wanted.parent)
        _replace(made, wanted)
        if _cleared_since(context.paths, listed_us):  # perhaps just before this came there
            _remove(wanted)
    except OSError:  # no room, or the window has let the listing go already: then it is not kept
        return
    finally:
        _remove(made)
    _evict(root)


def find_kept(
    context: JobContext, record: AccountRecord, bucket: str, prefix: str, folder: str
) -> Generator[None, None, KeptListing | None]:
    """Job: the place's last listing, its files linked into ``folder`` (a listing's own, made by the window)."""
    yield from ()
    found = _place_folder(_root(context.paths), record, bucket, prefix)
    if not os.path.lexists(found):
        return None
    try:
        kept = _read(found, _place(record, bucket, prefix))
    except (OSError, ValueError, KeyError, TypeError):
        _remove(found)
        return None
    try:
        for name in _FILES:
            _link(found / name, Path(folder, name))
        os.utime(found / _ABOUT)  # shown just now: others go before it
    except OSError:  # the window has let its folder go
        return None
    return kept


def clear_kept(context: JobContext, account_id: str = "") -> Generator[None, None, int]:
    """Job: forget the listings of an account, or all of them; bytes given back."""
    yield from ()
    root = _root(context.paths)
    _note_clearing(context.paths)  # first: what another process puts there behind our back sees it, and goes
    freed_bytes = 0
    for entry in [root / _name(account_id)] if account_id else _entries(root):
        freed_bytes += sum(_size(file) for file in _below(entry))
        _remove(entry)
    return freed_bytes


def _root(paths: Paths) -> Path:
    return make_private(paths.cache / "kept-listings")


def _note_clearing(paths: Paths) -> None:
    noted = _cleared_file(paths)
    new = noted.with_name(f"{noted.name}-{uuid.uuid4().hex}")
    with suppress(OSError):
        new.write_text(str(time.time_ns() // 1000), encoding="ascii")
        new.replace(noted)


def _cleared_since(paths: Paths, moment_us: int) -> bool:
    """A time that is still to come was noted by a clock that went wrong: it says nothing."""
    try:
        return moment_us <= int(_cleared_file(paths).read_text(encoding="ascii")[:20]) <= time.time_ns() // 1000
    except (OSError, ValueError):
        return False


def _cleared_file(paths: Paths) -> Path:
    return paths.cache / "kept-listings-cleared"


def _name(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _place(record: AccountRecord, bucket: str, prefix: str) -> list[Any]:
    # lone surrogates (names of this computer that are no UTF-8) are no JSON
    return [*source_of(record), bucket, prefix.encode("utf-8", "surrogatepass").hex()]


def _place_folder(root: Path, record: AccountRecord, bucket: str, prefix: str) -> Path:
    return root / _name(record.id) / _name(json.dumps(_place(record, bucket, prefix)))


def _new_folder(root: Path) -> Path:
    folder = root / f"new-{uuid.uuid4().hex}"
    folder.mkdir(mode=0o700)
    return folder


def _link(source: Path, target: Path) -> None:
    """One more name for the same bytes; a copy where the file system has no such thing."""
    try:
        os.link(source, target, follow_symlinks=False)
    except (OSError, NotImplementedError):
        shutil.copyfile(source, target, follow_symlinks=False)


def _replace(made: Path, wanted: Path) -> None:
    """Have ``made`` be ``wanted``; whoever has the old files open keeps them."""
    if os.path.lexists(wanted):
        _remove(wanted)
    made.rename(wanted)


def _remove(entry: Path) -> None:
    """Remove whatever stands there; a link, never what it points to."""
    with suppress(OSError):
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)


def _check(file: Path) -> list[int]:
    """Length and CRC32C of a plain file of ours. :raises ValueError: it is something else"""
    from awscrt import checksums  # in workers only

    descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "rb", buffering=0) as opened:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or (os.name == "posix" and status.st_uid != os.getuid()):
            raise ValueError(file.name)
        value = 0
        while piece := opened.read(_PIECE_BYTES):
            value = checksums.crc32c(piece, value)
    return [status.st_size, value]


def _read(folder: Path, place: list[Any]) -> KeptListing:
    """What is kept there. :raises ValueError, KeyError, TypeError, OSError: it is not wholly what it should be"""
    if folder.is_symlink() or not folder.is_dir():
        raise ValueError(folder.name)
    with (folder / _ABOUT).open("rb") as file:
        about = json.loads(file.read(_MOST_ABOUT_BYTES))
    if about["schema"] != _SCHEMA or about["place"] != place:
        raise ValueError(folder.name)
    state, listed_us = about["state"], about["listed_us"]
    numbers: list[int] = [state[name] for name in ("folders", "blobs", "size_bytes", "requests")]
    classes = state["classes"]
    if not all(isinstance(one, int) and one >= 0 for one in [*numbers, listed_us]):
        raise ValueError(folder.name)
    if not (isinstance(classes, list) and all(isinstance(one, str) for one in classes)):
        raise ValueError(folder.name)
    for name in _FILES:
        if _check(folder / name) != about["checks"][name]:
            raise ValueError(name)
    for table, count in ((FOLDERS, numbers[0]), (BLOBS, numbers[1])):
        _check_table(folder, table, count)
    folders, blobs, size_bytes, requests = numbers
    return KeptListing(ListingGrown(folders, blobs, size_bytes, requests, tuple(classes)), listed_us)


def _check_table(folder: Path, name: str, count: int) -> None:
    if _size(folder / f"{name}.rows") != count * ROW.size:
        raise ValueError(name)
    table = KeyTable(folder, name)
    try:
        table.grow(count)
        if count and table.facts(count - 1)[0] != _size(folder / f"{name}.keys"):
            raise ValueError(name)
    finally:
        table.close()


def _evict(root: Path) -> None:
    """Let go of what was shown longest ago until the rest is small enough; of what nobody of us has put there, always."""
    places: list[tuple[float, int, Path]] = []
    for account in _entries(root):
        if account.name.startswith("new-"):
            continue  # being made; left behind by a crash, it goes with Clear
        if account.is_symlink() or not account.is_dir():
            _remove(account)
            continue
        for place in _entries(account):
            about = place / _ABOUT
            if place.is_symlink() or not about.is_file() or about.is_symlink():
                _remove(place)
                continue
            with suppress(OSError):
                places.append((about.stat().st_mtime, sum(_size(file) for file in _below(place)), place))
    places.sort(reverse=True)
    room = MOST_BYTES
    for number, (_, size_bytes, place) in enumerate(places):
        room -= size_bytes
        # the youngest is what was kept just now; if it alone is too large, the next to come takes its place
        if number >= MOST_PLACES or (room < 0 and number):
            _remove(place)


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:  # gone meanwhile
        return []


def _below(entry: Path) -> Iterator[Path]:
    if entry.is_symlink() or not entry.is_dir():
        yield entry
        return
    for folder, _, names in os.walk(entry):  # passes over what goes away meanwhile
        yield from (Path(folder, name) for name in names)


def _size(file: Path) -> int:
    try:
        return file.lstat().st_size
    except OSError:
        return 0
