"""Has an engine remove what one before it has left."""

from __future__ import annotations

import threading
from weakref import WeakKeyDictionary

from artifact_browser.transfers.engine import clear_away
from artifact_browser.transfers.order import Order
from artifact_browser.transfers.state import Item
from artifact_browser.transfers.telling import Telling
from artifact_browser.workers.pool import WorkerPool

_changed = threading.Condition()
_under_way: WeakKeyDictionary[WorkerPool, set[ClearingAway]] = WeakKeyDictionary()


class ClearingAway(Telling):
    """Removes what is left of a run whose engine died.

    :param run: also what the journal knows of this run and those before; 0: ``items`` only
    """

    tries = 8
    at_once = False

    def __init__(self, pool: WorkerPool, order: Order, items: tuple[Item, ...], run: int) -> None:
        super().__init__(pool, clear_away, order, items, run)

    def start(self) -> None:
        with _changed:
            _under_way.setdefault(self._pool, set()).add(self)
        super().start()

    def _over(self) -> None:
        with _changed:
            _under_way.get(self._pool, set()).discard(self)
            _changed.notify_all()


def wait_cleared(pool: WorkerPool, timeout_s: float) -> bool:
    """Wait until all that was begun to be removed is; whether it is. An engine asked meanwhile may not have begun with it yet."""
    with _changed:
        return _changed.wait_for(lambda: not _under_way.get(pool), timeout_s)
