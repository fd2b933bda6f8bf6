"""Builds what the window works with, without Qt: folders, settings, accounts, keychain broker, worker pool.

In start-up order. Nothing here talks to a store, the keychain or the network; worker processes start when
something is asked of them (or :meth:`Services.start` says so, after the first paint).
"""

from __future__ import annotations

from dataclasses import dataclass

from artifact_browser.accounts.book import AccountBook
from artifact_browser.accounts.broker import Broker
from artifact_browser.paths import Paths
from artifact_browser.settings import Settings
from artifact_browser.workers.job import Lane
from artifact_browser.workers.pool import WorkerPool


@dataclass(frozen=True, slots=True)
class Services:
    """What every room is given. Closed once, at the end, by ``app.py``."""

    paths: Paths
    settings: Settings
    book: AccountBook
    broker: Broker
    pool: WorkerPool

    def start(self) -> None:
        """After the first paint: start the interactive worker, and answer for links of *This computer*."""
        self.pool.warm(Lane.INTERACTIVE)
        from artifact_browser.storage.link_service import LinkServices  # heavy, and not needed before

        LinkServices(self.broker, self.pool, self.paths)

    def close(self) -> None:
        """End the worker processes and the keychain's thread. Waits until they are gone."""
        self.pool.close()
        self.broker.close()


def build(paths: Paths) -> Services:
    """The services over ``paths``, whose folders are made private first."""
    paths.make()
    settings = Settings(paths.settings_file)
    book = AccountBook(paths.accounts_file)
    pool = WorkerPool(paths)
    return Services(paths, settings, book, Broker(book, pool), pool)
