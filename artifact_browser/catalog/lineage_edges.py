"""Who uses a version: an empty blob for each use, whose key holds all of it, so that one LIST tells them.

::

    .artifacts/_usage/@<producer's prefix>/<its version>/<user's prefix, in pieces>/@<its version>

Every component is percent-encoded; a producer's prefix that is too long for one is ``@~<sha256>``. ``@`` is never
left by that encoding, so no registered name and no piece of a prefix looks like one of these. Edges are only added:
two writers of one edge write the same, two of different ones meet nowhere. They are derived from the users' records,
which are the truth. Whatever is not exactly as it would be written here is nobody's edge.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from artifact_browser.catalog.artifact_name import MAX_ENCODED, decoded, encoded
from artifact_browser.catalog.collection_text import read_collection
from artifact_browser.catalog.layout import MAX_KEY_BYTES, Place
from artifact_browser.catalog.lineage import PARENTS_KEY, Declared, VersionRef, read_lineage
from artifact_browser.catalog.records import VersionRecord
from artifact_browser.errors import InputError, ManifestUnreadable
from artifact_browser.storage.driver import Driver

FOLDER = ".artifacts/_usage/"
_MARK = "@"
#: Uses that are told one by one.
MOST_USES = 500
#: Keys that are looked at to count the others.
MOST_COUNTED = 10_000
_NOTHING = Declared()


@dataclass(frozen=True, slots=True)
class Uses:
    """Who uses a version.

    :ivar users: the first of them, in the order of their keys
    :ivar total: how many were counted; ``complete``: there are no more than that
    :ivar strange: keys that are nobody's edge
    :ivar requests: how many LISTs it took
    """

    users: tuple[VersionRef, ...] = ()
    total: int = 0
    complete: bool = True
    strange: int = 0
    requests: int = 0


def edges_folder(used: VersionRef) -> str:
    """Where the uses of a version stand."""
    prefix = encoded(used.prefix)
    if len(prefix) >= MAX_ENCODED:
        prefix = f"~{hashlib.sha256(prefix.encode()).hexdigest()}"
    return f"{FOLDER}{_MARK}{prefix}/{encoded(used.version)}/"


def edge_key(used: VersionRef, user: VersionRef) -> str:
    """The key that says ``user`` was made from ``used``. :raises InputError: it is longer than stores take"""
    prefix = encoded(user.prefix)
    pieces = "".join(f"{prefix[at : at + MAX_ENCODED]}/" for at in range(0, len(prefix), MAX_ENCODED))
    key = f"{edges_folder(used)}{pieces}{_MARK}{encoded(user.version)}"
    if len(key) > MAX_KEY_BYTES:
        raise InputError(f"The key of this use would be longer than {MAX_KEY_BYTES:,} bytes.", subject=user.prefix[:80])
    return key


def decode_user(key: str, used: VersionRef) -> VersionRef | None:
    """Who uses ``used``, as this key says; ``None`` unless it is exactly what :func:`edge_key` writes."""
    *pieces, last = key.removeprefix(edges_folder(used)).split("/")
    prefix = decoded("".join(pieces))
    version = decoded(last[1:])
    if prefix is None or version is None:
        return None
    try:
        user = VersionRef(prefix, version)
        return user if edge_key(used, user) == key else None
    except InputError:
        return None


def list_uses(
    driver: Driver, bucket: str, used: VersionRef, most: int = MOST_USES, check: Callable[[], None] = lambda: None
) -> Uses:
    """Who uses ``used``: one LIST for each 1,000 uses, at most ten.

    :param most: how many are told; :param check: called before requests; may raise to stop
    """
    users: list[VersionRef] = []
    seen = strange = requests = 0
    complete = True
    check()
    for page in driver.list_pages(bucket, edges_folder(used), delimiter=""):
        requests += 1
        seen += len(page.keys)
        for key in page.keys:
            user = decode_user(key, used)
            if user is None:
                strange += 1
            elif len(users) < most:
                users.append(user)
        if page.next_token is not None and seen >= MOST_COUNTED:
            complete = False
            break
        check()
    return Uses(tuple(users), seen - strange, complete, strange, max(requests, 1))


def declared_in(record: VersionRecord) -> Declared:
    """What a version was made from."""
    if not record.manifest_text:
        return _NOTHING
    try:
        return read_lineage(read_collection(record.manifest_text.encode(errors="replace"), subject="").fields)
    except ManifestUnreadable:
        return _NOTHING


def write_edges(driver: Driver, place: Place, record: VersionRecord) -> int:
    """Write the edges of a committed version: one PUT for each parent in this bucket; how many. Can be done again.

    One whose key would be too long is left out: the record still names that parent.
    """
    if PARENTS_KEY not in record.manifest_text:
        return 0
    keys = set()
    for parent in declared_in(record).parents:
        if isinstance(parent, VersionRef):
            try:
                keys.add(edge_key(parent, VersionRef(place.prefix, record.version)))
            except InputError:
                continue
    for key in sorted(keys):
        driver.put(place.bucket, key, b"")
    return len(keys)
