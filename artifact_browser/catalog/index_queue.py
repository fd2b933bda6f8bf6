"""Many commits of one process into one collection: their index entries are written together.

Whoever comes first writes its entry; who comes meanwhile waits, and one of them then writes the entries of all of them in one
compare-and-swap. The list of a large collection is megabytes, so this is most of what many commits cost. Nobody waits
for more to come, each is told its own outcome, and what breaks off (a cancel, a kill) costs only an entry: derived,
and made good by the next commit or rebuild.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from artifact_browser.catalog.index import ChildEntry, Collection, IndexOutcome, IndexUpdate, UpdateParent, put_entries
from artifact_browser.catalog.known_collections import CollectionSeen
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.manifest import Manifest, Pause
from artifact_browser.storage.driver import Driver

#: How often somebody who waits looks whether it is cancelled.
_LOOK_S = 0.05


@dataclass(slots=True)
class _Line:
    """Who waits for one collection.

    :ivar users: how many commits are in here; :ivar known: the collection as the last of them wrote it
    """

    users: int = 0
    writing: bool = False
    waiting: list[ChildEntry] = field(default_factory=list)
    known: Manifest | None = None


class IndexQueue:
    """Thread-safe. Use one for all commits of a process (:data:`COMMITS`)."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._lines: dict[tuple[Hashable, Place], _Line] = {}

    def of(self, store: Hashable) -> UpdateParent:
        """:func:`~artifact_browser.catalog.index.update_parent` for commits into one store, by way of this queue.

        :param store: equal for drivers that may write each other's entries: the account's record
        """
        return partial(self._update_parent, store)

    def _update_parent(
        self,
        store: Hashable,
        driver: Driver,
        place: Place,
        fields: Mapping[Any, Any],
        etag: str,
        pause: Pause = time.sleep,
        collection: Collection | None = None,
    ) -> IndexUpdate:
        if place.parent is None:
            return IndexUpdate(IndexOutcome.NO_COLLECTION)
        key, entry = (store, place.parent), ChildEntry(place.name, fields, etag)
        with self._changed:
            line = self._lines.setdefault(key, _Line())
            line.users += 1
            line.waiting.append(entry)
        try:
            while self._is_to_write(line, entry, pause):
                self._write(line, entry, driver, place.parent, pause, collection)
        finally:
            with self._changed:
                line.waiting = [other for other in line.waiting if other is not entry]
                line.users -= 1
                if not line.users:
                    del self._lines[key]
        assert entry.update is not None
        return entry.update

    def _is_to_write(self, line: _Line, entry: ChildEntry, pause: Pause) -> bool:
        """Wait until the entry is written (``False``), or it is this thread's turn to write (``True``)."""
        while True:
            with self._changed:
                if entry.update is None and line.writing:
                    self._changed.wait(_LOOK_S)
                if entry.update is not None:
                    return False
                if not line.writing:
                    line.writing = True
                    return True
            pause(0)

    def _write(
        self, line: _Line, own: ChildEntry, driver: Driver, parent: Place, pause: Pause, collection: Collection | None
    ) -> None:
        """Write everybody's entries; what is left undone when this thread is stopped goes back to the others."""
        taken: list[ChildEntry] = []

        def gather() -> list[ChildEntry]:
            with self._changed:
                taken.extend(line.waiting)
                line.waiting = []
            return taken

        known, line.known = line.known, None
        try:
            renew = collection.renew if isinstance(collection, CollectionSeen) else None
            known = put_entries(driver, parent, gather, pause, known or collection, renew)
        except BaseException:
            known = None
            raise
        finally:
            with self._changed:
                line.waiting[:0] = [entry for entry in taken if entry.update is None and entry is not own]
                line.known, line.writing = known, False
                self._changed.notify_all()


#: The commits of this process.
COMMITS = IndexQueue()
