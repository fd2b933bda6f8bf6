"""How a part of the ``catalog`` benchmark runs: its size, the app's services in a home of their own, an account to work in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from artifact_browser import bootstrap
from artifact_browser.accounts.record import THIS_COMPUTER, AccountRecord
from artifact_browser.bootstrap import Services
from artifact_browser.catalog.layout import Place
from artifact_browser.paths import in_home
from benchmarks.catalog_jobs import make_bucket
from benchmarks.loads import open_account

PLACE = Place("bench", "many/")


class Fault(Exception):
    """The work was not done."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How large everything is. ``folder``: for homes; ``files``: of the artifact with many."""

    folder: Path
    children: int
    commits: int
    latency_ms: float
    processes: int
    files: int


@contextmanager
def account(home: Path, endpoint: str = "", *, new: bool = True) -> Iterator[tuple[Services, AccountRecord]]:
    """The app's services and an account: at ``endpoint``, or *This computer*. ``new``: with an empty bucket."""
    services = bootstrap.build(in_home(home))
    services.settings.set("first_run_done", True)
    try:
        record = open_account(services, endpoint) if endpoint else services.book.get(THIS_COMPUTER)
        if new:
            services.pool.run(make_bucket, record, PLACE.bucket)
        yield services, record
    finally:
        services.close()


def seconds(do: Callable[[], object]) -> float:
    """What it takes."""
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


def require(fine: object, words: str) -> None:
    """:raises Fault: it is not so"""
    if not fine:
        raise Fault(words)
