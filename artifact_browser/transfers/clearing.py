"""Has an engine remove what one before it has left."""

from __future__ import annotations

import threading
from typing import Any
from weakref import WeakKeyDictionary

from artifact_browser.errors import ArtifactBrowserError, WorkerDied
from artifact_browser.transfers.engine import clear_away
from artifact_browser.transfers.order import Order
from artifact_browser.transfers.state import Item
from artifact_browser.workers.job import Lane
from artifact_browser.workers.pool import Ended, WorkerPool

#: how many dead engines in a row it takes to leave debris behind
_TRIES = 8
_changed = threading.Condition()
_under_way: WeakKeyDictionary[WorkerPool, set[ClearingAway]] = WeakKeyDictionary()


class ClearingAway(Ended):
    """Removes what is left of a run whose engine died; an engine that dies over it has a successor, too.

    :param run: also what the journal knows of this run and those before; 0: ``items`` only
    """

    def __init__(self, pool: WorkerPool, order: Order, items: tuple[Item, ...], run: int) -> None:
        super().__init__()
        self._pool, self._order, self._items, self._of_run = pool, order, items, run
        self._tries_left = _TRIES

    def start(self) -> None:
        with _changed:
            _under_way.setdefault(self._pool, set()).add(self)
        self._tries_left -= 1
        self._pool.start(clear_away, self._order, self._items, self._of_run, lane=Lane.ENGINE, listener=self)

    def on_done(self, result: Any) -> None:
        super().on_done(result)
        self._over()

    def on_error(self, error: ArtifactBrowserError) -> None:
        if isinstance(error, WorkerDied) and self._tries_left:
            self.start()
            return
        super().on_error(error)
        self._over()

    def _over(self) -> None:
        with _changed:
            _under_way.get(self._pool, set()).discard(self)
            _changed.notify_all()


def wait_cleared(pool: WorkerPool, timeout_s: float) -> bool:
    """Wait until all that was begun to be removed is; whether it is. An engine asked meanwhile may not have begun with it yet."""
    with _changed:
        return _changed.wait_for(lambda: not _under_way.get(pool), timeout_s)
