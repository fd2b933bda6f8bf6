"""A pool of real worker processes for the storage jobs, and This computer and moto as accounts in it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from artifact_browser.accounts.lease import Lease, LeaseWanted, Secret, SecretWanted
from artifact_browser.accounts.record import THIS_COMPUTER, AccountKind, AccountRecord
from artifact_browser.paths import Paths, in_home
from artifact_browser.workers.pool import WorkerPool
from tests.parts.s3_server import S3Server
from tests.storage.conformance.stores import Store


@dataclass(frozen=True)
class WorkerStore:
    """An account as a job in a worker sees it, and the same store opened here to prepare it.

    :ivar bucket: empty, of this test's own
    """

    pool: WorkerPool
    store: Store
    bucket: str

    @property
    def record(self) -> AccountRecord:
        return self.store.record

    def put(self, blobs: dict[str, bytes]) -> None:
        with self.store.opened() as driver:
            for key, data in blobs.items():
                driver.put(self.bucket, key, data)


@pytest.fixture(scope="session")
def worker_paths(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    return in_home(tmp_path_factory.mktemp("jobs")).make()


@pytest.fixture(scope="session")
def worker_pool(worker_paths: Paths) -> Iterator[WorkerPool]:
    """One pool for all: its processes are what takes time."""
    pool = WorkerPool(worker_paths)
    yield pool
    pool.close()


def made(pool: WorkerPool, paths: Paths, name: str, record: AccountRecord, secret: Secret | None) -> WorkerStore:
    store = Store(name, record, paths, secret)
    bucket = f"w{uuid.uuid4().hex[:12]}"
    with store.opened() as driver:
        driver.create_bucket(bucket)
    return WorkerStore(pool, store, bucket)


@pytest.fixture
def local_store(worker_pool: WorkerPool, worker_paths: Paths) -> WorkerStore:
    record = AccountRecord(id=THIS_COMPUTER, kind=AccountKind.LOCAL, name="This computer")
    return made(worker_pool, worker_paths, "local", record, None)


@pytest.fixture
def s3_store(worker_pool: WorkerPool, worker_paths: Paths, moto: S3Server) -> WorkerStore:
    worker_pool.answer(LeaseWanted, lambda _, answer: answer(Lease(moto.access_key, moto.secret_key)))
    worker_pool.answer(SecretWanted, lambda _, answer: answer(moto.secret))
    return made(worker_pool, worker_paths, "s3 moto", moto.record, moto.secret)


@pytest.fixture(params=["local_store", "s3_store"])
def worker_store(request: pytest.FixtureRequest) -> WorkerStore:
    """Every store in turn."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, WorkerStore)
    return found
