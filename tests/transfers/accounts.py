"""Two accounts of one window: benches that share processes, each with its own keys."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, replace
from typing import cast

from artifact_browser.accounts.lease import LeaseWanted, SecretWanted
from artifact_browser.accounts.record import THIS_COMPUTER, AccountKind, AccountRecord
from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.paths import Paths
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.open import open_driver
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.policy import Policy
from artifact_browser.transfers.task import Course, Task
from artifact_browser.workers.cancel import CancelToken
from artifact_browser.workers.job import Question
from artifact_browser.workers.pool import WorkerPool
from tests.parts.s3_server import S3Server
from tests.transfers.conftest import Bench, TestContext, make_bench


@dataclass
class Between:
    """Copies from ``source`` to ``target``, over the source's queue."""

    source: Bench
    target: Bench

    def copy(
        self,
        *keys: str,
        into: str = "",
        move: bool = False,
        policy: Policy = Policy.ASK,
        to: AccountRecord | None = None,
    ) -> TransferHandle:
        return self.source.queue.copy(
            self.source.record,
            [self.source.at(key) for key in keys],
            self.target.at(into),
            move=move,
            policy=policy,
            to_record=to or self.target.record,
        )

    @property
    def records(self) -> tuple[AccountRecord, AccountRecord]:
        return self.source.record, self.target.record


def between(paths: Paths, pool: WorkerPool, source: S3Server | None, target: S3Server | None) -> Between:
    """``None`` is This computer. Keys are lent for the account that is asked about, and for no other."""
    servers = [server for server in (source, target) if server is not None]
    names = [f"{server.name}-{number}" for number, server in enumerate(servers)]
    keys = {f"test-{name}": server for name, server in zip(names, servers, strict=True)}

    pool.answer(LeaseWanted, lambda question, answer: answer(keys[cast(LeaseWanted, question).account_id].lease))
    pool.answer(SecretWanted, lambda question, answer: answer(keys[cast(SecretWanted, question).account_id].secret))
    local = AccountRecord(id=THIS_COMPUTER, kind=AccountKind.LOCAL, name="This computer")
    ids = iter(keys)
    made = []
    for server in (source, target):
        if server is None:
            made.append(make_bench(paths, pool, local, None))
        else:
            record = replace(server.record, id=next(ids))
            made.append(make_bench(paths, pool, record, server.secret))
    return Between(*made)


@contextmanager
def both(pair: Between) -> Iterator[tuple[Driver, Driver]]:
    with pair.source.driver() as driver, pair.target.driver() as target:
        yield driver, target


class Here:
    """A stage for tasks that a test runs itself."""

    def __init__(self, driver: Driver, target: Driver) -> None:
        self.driver, self.target = driver, target
        self.cancel = CancelToken()
        self.ran: list[Task] = []

    def moved(self, bytes_done: int) -> None:
        del bytes_done

    def ask(self, question: Question) -> object:
        raise AssertionError(question)

    def run(self, course: Course, waits_for: tuple[type[ArtifactBrowserError], ...] = ()) -> object:
        """Every task of a course, in order; its last result. What fails with one of ``waits_for`` is done again."""
        waiting = list(course.begin())
        while waiting:
            task = waiting.pop(0)
            self.ran.append(task)
            try:
                result = task.run(self)
            except waits_for:
                waiting.insert(0, task)
                continue
            step = course.advance(task, result)
            if not isinstance(step, list | tuple):
                return step
            waiting += step
        raise AssertionError("the course has no end")


def opened_as(bench: Bench, record: AccountRecord) -> AbstractContextManager[Driver]:
    """The bench's store with changes to its account."""
    return closing(open_driver(TestContext(bench.paths, bench.secret), record))
