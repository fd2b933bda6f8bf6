"""Has an engine remove what one before it has left."""

from __future__ import annotations

from artifact_browser.errors import ArtifactBrowserError, WorkerDied
from artifact_browser.transfers.engine import clear_away
from artifact_browser.transfers.order import Order
from artifact_browser.transfers.state import Item
from artifact_browser.workers.job import Lane
from artifact_browser.workers.pool import Ended, WorkerPool

#: how many dead engines in a row it takes to leave debris behind
_TRIES = 8


class ClearingAway(Ended):
    """Removes what is left of a run whose engine died; an engine that dies over it has a successor, too.

    :param run: also what the journal knows of this run and those before; 0: ``items`` only
    """

    def __init__(self, pool: WorkerPool, order: Order, items: tuple[Item, ...], run: int) -> None:
        super().__init__()
        self._pool, self._order, self._items, self._of_run = pool, order, items, run
        self._tries_left = _TRIES

    def start(self) -> None:
        self._tries_left -= 1
        self._pool.start(clear_away, self._order, self._items, self._of_run, lane=Lane.ENGINE, listener=self)

    def on_error(self, error: ArtifactBrowserError) -> None:
        if isinstance(error, WorkerDied) and self._tries_left:
            self.start()
