"""A window without a screen: a real pool with its worker processes, a queue, and a bucket to move to and from."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from artifact_browser.accounts.lease import Lease, LeaseWanted, Secret, SecretWanted
from artifact_browser.accounts.record import THIS_COMPUTER, AccountKind, AccountRecord
from artifact_browser.paths import Paths, in_home
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.location import Location
from artifact_browser.storage.open import open_driver
from artifact_browser.transfers.delete import DeletePlan, plan_delete
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.pace import AT_ONCE, Pace
from artifact_browser.transfers.policy import ConflictFound, Decision, Policy
from artifact_browser.transfers.queue import TransferQueue
from artifact_browser.transfers.state import JobSnapshot, JobState
from artifact_browser.transfers.task import MIB
from artifact_browser.workers.cancel import CancelToken
from artifact_browser.workers.job import Lane, Question
from artifact_browser.workers.pool import WorkerPool
from tests.parts.gate import Gate
from tests.parts.s3_server import S3Server

#: ends what would hang, and measures nothing: with ten busy processes beside them, three that start one after the other
#: (an engine, a mover, the one that clears up) took 17 s
DEADLINE_S = 60.0


def wait_for(what: Callable[[], object], why: str = "") -> None:
    """Poll until ``what`` is true, at most half of the time: the processes it is about want the processor, too. Fails after
    a deadline.
    """
    ends_at = time.monotonic() + DEADLINE_S
    while True:
        began = time.monotonic()
        if what():
            return
        now = time.monotonic()
        assert now < ends_at, f"waited too long {why}"
        time.sleep(max(0.01, now - began))


@dataclass
class Person:
    """Follows transfers as the window does and answers conflicts. Where many files wait for *Start*, it is given."""

    answer: Decision | None = None
    asked: list[ConflictFound] = field(default_factory=list)
    seen: list[JobSnapshot] = field(default_factory=list)

    def on_changed(self, handle: TransferHandle) -> None:
        self.seen.append(handle.snapshot)

    def on_conflict(
        self, handle: TransferHandle, question: ConflictFound, answer: Callable[[Decision | None], None]
    ) -> None:
        if not question.groups:
            answer(Policy.ASK)
            return
        self.asked.append(question)
        answer(self.answer)


class TestContext:
    """A job's line to the outside for drivers the tests open themselves."""

    __test__ = False
    lane = Lane.INTERACTIVE

    def __init__(self, paths: Paths, secret: Secret | None) -> None:
        self.paths = paths
        self.cancel = CancelToken()
        self._secret = secret

    def ask(self, question: Question) -> object:
        assert isinstance(question, SecretWanted)
        return self._secret

    def progress(self, value: object) -> None:
        del value


@dataclass
class Bench:
    """An account with its workers.

    :ivar bucket: empty, of this test's own
    """

    paths: Paths
    pool: WorkerPool
    record: AccountRecord
    secret: Secret | None
    bucket: str = ""

    def __post_init__(self) -> None:
        self.queue = TransferQueue(self.pool)
        self.person = Person()
        self.queue.listen(self.person)

    def at(self, key: str = "") -> Location:
        return Location(self.record.id, self.bucket, key)

    @contextmanager
    def driver(self) -> Iterator[Driver]:
        driver = open_driver(TestContext(self.paths, self.secret), self.record)
        try:
            yield driver
        finally:
            driver.close()

    def listed(self, prefix: str = "") -> list[str]:
        with self.driver() as driver:
            return [key for page in driver.list_pages(self.bucket, prefix, delimiter="") for key in page.keys]

    def content(self, key: str) -> bytes:
        with self.driver() as driver, driver.get(self.bucket, key) as reader:
            return reader.read()

    def put(self, blobs: dict[str, bytes]) -> None:
        with self.driver() as driver:
            for key, data in blobs.items():
                driver.put(self.bucket, key, data)

    def unfinished(self) -> list[str]:
        with self.driver() as driver:
            return [upload.key for upload in driver.list_uploads(self.bucket)]

    def plan_delete(self, *keys: str) -> DeletePlan:
        plan = self.pool.run(plan_delete, self.record, tuple(self.at(key) for key in keys))
        assert isinstance(plan, DeletePlan)
        return plan

    def finish(self, handle: TransferHandle) -> JobSnapshot:
        """Wait for the end, as long as it comes any further; what came in is what went out, unless the job was cancelled on
        its way.
        """
        while not handle.ended:
            before = handle.snapshot
            wait_for(lambda before=before: handle.ended or handle.snapshot.counts != before.counts, f"since {before}")
        end = handle.snapshot
        if not end.error and end.state is not JobState.CANCELLED:
            assert end.counts.items_left == 0
        return end


@pytest.fixture(scope="session")
def local_home(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    return in_home(tmp_path_factory.mktemp("transfers")).make()


@pytest.fixture(scope="session")
def session_pool(local_home: Paths) -> Iterator[WorkerPool]:
    """One pool for all tests: its processes are what takes time. What they trash stays below its home."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(local_home.data))
        pool = WorkerPool(local_home)
        yield pool
        pool.close()


def make_bench(paths: Paths, pool: WorkerPool, record: AccountRecord, secret: Secret | None) -> Bench:
    bench = Bench(paths, pool, record, secret, bucket=f"t{uuid.uuid4().hex[:12]}")
    with bench.driver() as driver:
        driver.create_bucket(bench.bucket)
    return bench


@pytest.fixture
def local(local_home: Paths, session_pool: WorkerPool) -> Bench:
    """This computer."""
    record = AccountRecord(id=THIS_COMPUTER, kind=AccountKind.LOCAL, name="This computer")
    return make_bench(local_home, session_pool, record, None)


@pytest.fixture
def s3(local_home: Paths, session_pool: WorkerPool, moto: S3Server) -> Bench:
    """moto, with leases answered as the window's broker does."""
    return s3_bench(local_home, session_pool, moto)


@pytest.fixture
def gate(moto: S3Server) -> Iterator[Gate]:
    """Before moto: can be shut, as a network that is gone."""
    with Gate(moto.endpoint) as gate:
        yield gate


@pytest.fixture
def gated(gate: Gate, moto: S3Server, tmp_path: Path) -> Iterator[Bench]:
    """moto behind the gate, with processes of its own, and slow enough to be paused on the way."""
    paths = in_home(tmp_path / "home").make()
    take_your_time(paths)
    made = s3_bench(paths, WorkerPool(paths), replace(moto, endpoint=gate.endpoint))
    yield made
    made.queue.cancel_all()
    made.pool.close()


@pytest.fixture
def on_ceph(local_home: Paths, session_pool: WorkerPool, ceph: S3Server) -> Bench:
    """Ceph RADOS Gateway."""
    return s3_bench(local_home, session_pool, ceph)


def take_your_time(paths: Paths, *, no_more: bool = False) -> None:
    """One part behind the other, a second each, so that there is a way to pause on. ``no_more``: as fast as it goes again."""
    pace = Pace(paths)
    pace.choose(*((0, AT_ONCE) if no_more else (16 * MIB, 1)))
    pace.close()


def s3_bench(paths: Paths, pool: WorkerPool, server: S3Server) -> Bench:
    pool.answer(LeaseWanted, lambda _, answer: answer(Lease(server.access_key, server.secret_key)))
    pool.answer(SecretWanted, lambda _, answer: answer(server.secret))
    return make_bench(paths, pool, server.record, server.secret)


@pytest.fixture(params=["local", "s3", pytest.param("on_ceph", marks=pytest.mark.ceph)])
def bench(request: pytest.FixtureRequest) -> Bench:
    """Every store in turn."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Bench)
    return found


def tree(root: Path) -> dict[str, bytes | None]:
    """Every file with its bytes and every empty folder (None), by path below ``root``."""
    found: dict[str, bytes | None] = {}
    for path in root.rglob("*"):
        name = path.relative_to(root).as_posix()
        with suppress(FileNotFoundError):  # removed while we look
            if path.is_file():
                found[name] = path.read_bytes()
            elif not any(path.iterdir()):
                found[name] = None
    return found
