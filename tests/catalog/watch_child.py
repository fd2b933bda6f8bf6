"""The app's watches without a window, as a process to be killed: looks once, does what is owed, and dies at a step.

Arguments: home, the step to die at (empty: none), the file that notifications are written to.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

from artifact_browser.accounts.record import THIS_COMPUTER, AccountKind, AccountRecord
from artifact_browser.catalog.version_files import VersionFiles
from artifact_browser.catalog.watch import Watch
from artifact_browser.catalog.watch_book import WatchBook
from artifact_browser.catalog.watch_file import News
from artifact_browser.catalog.watch_jobs import find_version_files, look_at_all
from artifact_browser.catalog.watch_keeper import BESIDE, WatchKeeper
from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.paths import in_home
from artifact_browser.storage.location import Location
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.history import read_history
from artifact_browser.transfers.queue import Restoring, TransferQueue
from artifact_browser.transfers.state import JobState
from artifact_browser.workers.job import Job
from artifact_browser.workers.pool import WorkerPool

RECORD = AccountRecord(id=THIS_COMPUTER, kind=AccountKind.LOCAL, name="This computer")
#: In the order they come.
STEPS = ("looked", "written", "crossed out", "told", "looked up", "given", "in the journal", "settled")


class Mortal:
    """Everything in one thread, one after the other, until it is over."""

    def __init__(self, pool: WorkerPool, queue: TransferQueue, step: str, told: Path) -> None:
        self._pool, self._queue, self._step, self._told = pool, queue, step, told

    def reach(self, step: str) -> None:
        if step == self._step:
            os.kill(os.getpid(), signal.SIGKILL)

    def run(
        self,
        job: Job,
        *args: object,
        on_event: Callable[[Any], None] | None = None,
        on_done: Callable[[Any], None],
        on_error: Callable[[ArtifactBrowserError], None],
    ) -> None:
        try:
            if on_event is not None:
                for event in self._pool.iterate(job, *args):
                    on_event(event)
                result = None
            else:
                result = self._pool.run(job, *args)
        except ArtifactBrowserError as error:
            on_error(error)
            return
        self.reach({look_at_all: "looked", find_version_files: "looked up"}.get(job, ""))
        on_done(result)

    def account(self, account_id: str) -> AccountRecord | None:
        return RECORD if account_id == RECORD.id else None

    def download(
        self, record: AccountRecord, watch: Watch, news: News, files: VersionFiles, names: Sequence[str]
    ) -> bool:
        sources = [Location(record.id, watch.bucket, key) for key in files.keys]
        self._queue.download(
            record, sources, watch.folder, BESIDE, names=names, versions=files.versions, pins=files.pins, job_id=news.id
        )
        self.reach("given")
        return True

    def tell(self, watch: Watch, news: Sequence[News]) -> None:
        self.reach("crossed out" if not watch.folder else "")
        with self._told.open("a") as out:
            out.writelines(f"{watch.id} {one.version.version}\n" for one in news)
        self.reach("told" if not watch.folder else "")

    def trouble(self, error: ArtifactBrowserError) -> None:
        print(f"trouble {error.title} {error.detail}", flush=True)


class Book(WatchBook):
    """Dies between what it writes."""

    mortal: Mortal

    def take(self, *args: Any) -> tuple[str, ...]:
        found = super().take(*args)
        if found:
            self.mortal.reach("written")
        return found


class Follower:
    def on_changed(self, handle: TransferHandle) -> None:
        del handle

    def on_conflict(self, handle: TransferHandle, question: object, answer: Callable[[Any], None]) -> None:
        del handle, answer
        raise AssertionError(f"nobody is there to answer {question}")


def main(home: str, step: str, told: str) -> None:
    paths = in_home(Path(home)).make()
    pool = WorkerPool(paths)
    queue = TransferQueue(pool)
    queue.listen(Follower())
    restoring = Restoring(queue)
    for event in pool.iterate(read_history, (RECORD,)):
        restoring.take(event)
    restoring.end()
    queue.continue_all()
    book = Book(paths.watches_file)
    mortal = book.mortal = Mortal(pool, queue, step, Path(told))
    keeper = WatchKeeper(book, mortal)
    keeper.act()
    keeper.look_now([kept.watch.id for kept in book.all()])

    def begun() -> Collection[str]:
        return [handle.job_id for handle in queue.handles if handle.snapshot.state is not JobState.QUEUED]

    while len(begun()) < len(queue.handles):
        time.sleep(0.01)
    if queue.handles:
        mortal.reach("in the journal")
    keeper.journaled(begun())
    if queue.handles:
        mortal.reach("settled")
    while queue.has_running():
        time.sleep(0.01)
    pool.close()
    print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
