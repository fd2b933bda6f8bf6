"""Watches at work: who looks when, and what is done about what they find, in the order that makes it happen once.

No Qt, no thread, no timer: the window (or a test) calls :meth:`WatchKeeper.tick`, runs the jobs that are asked of it, and
says when a download stands in the journal. One job looks at all that are due, one after another, so that two hundred
watches are a row of requests and never a storm of them.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Protocol

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.catalog.records import encoded_name
from artifact_browser.catalog.version_files import VersionFiles
from artifact_browser.catalog.watch import Action, NewVersion, Watch
from artifact_browser.catalog.watch_book import Ended, WatchBook
from artifact_browser.catalog.watch_file import Kept, News
from artifact_browser.catalog.watch_jobs import Ask, LookEnded, find_version_files, look_at_all
from artifact_browser.catalog.watch_schedule import Schedule
from artifact_browser.errors import ArtifactBrowserError, BlobNotFound, DiskError, ErrorRecord, WatchesUnusable
from artifact_browser.transfers.past_jobs import list_known_jobs
from artifact_browser.transfers.policy import GroupPolicies, Policy
from artifact_browser.workers.job import Job

#: Versions that are being looked up for their downloads at a time.
_LOOKUPS = 1
NO_FILES = "It has no files."
#: What a watch's download does where a file is already: nobody is there to be asked, and nothing is written over.
BESIDE = GroupPolicies(Policy.KEEP_BOTH, Policy.KEEP_BOTH, Policy.KEEP_BOTH, Policy.SKIP)


class Surroundings(Protocol):
    """What a keeper is given: how to run jobs, and how to act. Everything is called, and calls back, in one thread."""

    def run(
        self,
        job: Job,
        *args: object,
        on_event: Callable[[Any], None] | None = None,
        on_done: Callable[[Any], None],
        on_error: Callable[[ArtifactBrowserError], None],
    ) -> None:
        """Start a job of the interactive lane."""

    def account(self, account_id: str) -> AccountRecord | None:
        """``None``: it was removed."""

    def download(
        self, record: AccountRecord, watch: Watch, news: News, files: VersionFiles, names: Sequence[str]
    ) -> bool:
        """Begin the download, its job's id being the news'; whether it could be. As :data:`BESIDE` says."""

    def tell(self, watch: Watch, news: Sequence[News]) -> None:
        """Say that there are new versions, the oldest first."""

    def trouble(self, error: ArtifactBrowserError) -> None:
        """Something could not be written down: nothing was done about it, and nothing is lost."""


class WatchKeeper:
    """Between the book, the schedule and the surroundings.

    :ivar looking: ids of the watches that look right now
    """

    def __init__(
        self,
        book: WatchBook,
        around: Surroundings,
        schedule: Schedule | None = None,
        clock: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        self.book, self.schedule, self._around, self._clock = book, schedule or Schedule(), around, clock
        self.looking: frozenset[str] = frozenset()
        self._ended: list[LookEnded] = []
        self._begun: set[str] = set()
        self._asking = False
        self._waiting: list[tuple[Watch, News]] = []
        self._lookups = 0
        self._journal_unread = False
        self._under_way: dict[str, tuple[Watch, list[News]]] = {}
        self._unwritten = False

    # -- looking ------------------------------------------------------------------------------------------------
    def tick(self) -> None:
        """Let those look that are due, if no job looks already."""
        if not self.looking and not self.book.read_only:
            self._look(self.schedule.due(self._with_account(), self._clock()))

    def look_now(self, ids: Collection[str]) -> None:
        """These, whatever the schedule says. While a job looks it is that one that counts."""
        if not self.looking and not self.book.read_only:
            self._look([kept for kept in self._with_account() if kept.watch.id in ids])

    def wait_s(self) -> float | None:
        """Seconds until :meth:`tick` has something to do; ``None``: until something changes."""
        return None if self.book.read_only else self.schedule.wait_s(self._with_account(), self._clock())

    def _with_account(self) -> list[Kept]:
        return [kept for kept in self.book.all() if self._around.account(kept.watch.account_id) is not None]

    def _look(self, chosen: Iterable[Kept]) -> None:
        asks: dict[str, list[Ask]] = defaultdict(list)
        for kept in chosen:
            asks[kept.watch.account_id].append(Ask(kept.watch, kept.seen))
        work = tuple(
            (record, tuple(of_account)) for account_id, of_account in asks.items()
            if (record := self._around.account(account_id)) is not None
        )  # fmt: skip
        if not work:
            return
        self.looking = frozenset(ask.watch.id for _, of_account in work for ask in of_account)
        ended: list[LookEnded] = []
        self._ended = ended
        self._around.run(
            look_at_all, work, on_event=ended.append,
            on_done=lambda _: self._looked(ended), on_error=lambda error: self._looked(ended, error.record()),
        )  # fmt: skip

    def stopped(self) -> None:
        """The job that looked was cancelled and will not call back: what it found counts, the others look another time."""
        left = self.looking - {one.ask.watch.id for one in self._ended}
        self._looked(self._ended)
        for watch_id in left:
            if (kept := self.book.get(watch_id)) is not None:
                self.schedule.put_off(kept, self._clock())

    def _looked(self, ended: list[LookEnded], failed: ErrorRecord | None = None) -> None:
        """Written down first, then acted upon. A job that died takes the looks behind it along: they failed."""
        looking, self.looking = self.looking, frozenset()
        now_us = self._clock()
        rows: list[Ended] = []
        for one in ended:
            trouble = _sentence(one.error) if one.error is not None else ""
            rows.append((one.ask.watch, one.ask.seen, one.looked, trouble))
        told = {one.ask.watch.id for one in ended}
        if failed is not None:
            rows += [
                (kept.watch, kept.seen, None, _sentence(failed))
                for kept in self.book.all() if kept.watch.id in looking - told
            ]  # fmt: skip
        try:
            self.book.take(rows, now_us)
        except (DiskError, WatchesUnusable) as error:
            self._reschedule((), looking, error.record(), now_us)
            if not self._unwritten:  # said once, not at every look
                self._unwritten = True
                self._around.trouble(error)
            return
        self._unwritten = False
        self._reschedule(ended, looking - told, failed, now_us)
        self.act()

    def _reschedule(
        self, ended: Iterable[LookEnded], others: Collection[str], failed: ErrorRecord | None, now_us: int
    ) -> None:
        """``others``: did not come to look; because of ``failed``, if that is why."""
        for one in ended:
            kept = self.book.get(one.ask.watch.id)
            if kept is not None and one.error is not None:
                self.schedule.failed(kept, one.error, now_us)
            elif kept is not None:
                self.schedule.succeeded(kept, more=one.looked is not None and one.looked.more)
        for watch_id in others:
            kept = self.book.get(watch_id)
            if kept is not None and failed is not None:
                self.schedule.failed(kept, failed, now_us)

    # -- acting -------------------------------------------------------------------------------------------------
    def act(self) -> None:
        """Do what is owed. Call it at the start, too: what a run before did not come to is done now."""
        if self.book.read_only:
            return
        downloads: list[tuple[Watch, News]] = []
        tell: dict[str, tuple[Watch, list[News]]] = {}
        for watch, one in self.book.owed():
            if watch.action is Action.DOWNLOAD:
                downloads.append((watch, one))
            else:
                tell.setdefault(watch.id, (watch, []))[1].append(one)
        self._tell(tell.values())
        self._begin([pair for pair in downloads if pair[1].id not in self._begun])

    def _tell(self, news: Collection[tuple[Watch, list[News]]]) -> None:
        """Crossed out first, shown then: at most once, and unread until somebody looks."""
        if news and self._settle([one.id for _, ones in news for one in ones]):
            for watch, ones in news:
                self._around.tell(watch, ones)

    def _begin(self, downloads: list[tuple[Watch, News]]) -> None:
        """Those the journal does not know."""
        if not downloads or self._asking:
            return
        self._asking = True

        def answered(known: frozenset[str]) -> None:
            self._asking = False
            self._settle(known)
            self._waiting = [pair for pair in downloads if pair[1].id not in known]
            self._begun.update(one.id for _, one in self._waiting)
            self._go_on()

        def failed(error: ArtifactBrowserError) -> None:
            self._asking = False
            if not self._journal_unread:  # said once, not at every look
                self._journal_unread = True
                self._around.trouble(error)

        ids = tuple(one.id for _, one in downloads)
        self._around.run(list_known_jobs, ids, on_done=answered, on_error=failed)

    def _go_on(self) -> None:
        while self._waiting and self._lookups < _LOOKUPS:
            watch, one = self._waiting.pop(0)
            record = self._around.account(watch.account_id)
            if record is None or self.book.get(watch.id) is None:
                self._begun.discard(one.id)
                continue
            self._lookups += 1
            self._look_up(record, watch, one)
        if not self._waiting and not self._lookups:  # said of all together
            begun, self._under_way = list(self._under_way.values()), {}
            for watch, news in begun:
                self._around.tell(watch, news)

    def _look_up(self, record: AccountRecord, watch: Watch, one: News) -> None:
        def found(files: VersionFiles) -> None:
            self._lookups -= 1
            if not files.keys:
                self._settle([one.id], NO_FILES if not files.gone else _gone(files.gone))
            elif self._around.download(record, watch, one, files, names_of(one.version, files)):
                if files.gone:
                    self._around.trouble(BlobNotFound(_gone(files.gone), subject=one.version.version))
                self._under_way.setdefault(watch.id, (watch, []))[1].append(one)
            else:
                self._begun.discard(one.id)
            self._go_on()

        def failed(error: ArtifactBrowserError) -> None:
            self._lookups -= 1
            if isinstance(error, BlobNotFound):
                self._settle([one.id], _sentence(error.record()))
            else:
                self._begun.discard(one.id)  # it stays owed: tried again behind the next look
            self._go_on()

        self._around.run(find_version_files, record, one.version, on_done=found, on_error=failed)

    def journaled(self, job_ids: Collection[str]) -> None:
        """These jobs have begun, so the journal holds them: nothing is owed for them any more."""
        mine = [job_id for job_id in job_ids if job_id in self._begun]
        if mine and self._settle(mine):
            self._begun.difference_update(mine)

    def _settle(self, ids: Collection[str], trouble: str = "") -> bool:
        try:
            self.book.settle(ids, trouble)
        except (DiskError, WatchesUnusable) as error:
            self._around.trouble(error)
            return False
        return True


def names_of(found: NewVersion, files: VersionFiles) -> list[str]:
    """What a version's files are called below a watch's folder: artifact, version, path. The download makes names of
    this computer of them, as of all keys: none leaves the folder.
    """
    version = encoded_name(found.version)
    return [f"{found.place.name}/{version}/{path}" for path in files.paths]


def _gone(count: int) -> str:
    return (
        f"{count:,} of its files are kept nowhere any more."
        if count != 1
        else "One of its files is kept nowhere any more."
    )


def _sentence(error: ErrorRecord) -> str:
    return f"{error.title}. {error.detail}".strip()[:1000]
