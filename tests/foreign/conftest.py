"""``house``: moto and Ceph as accounts in a real pool; ``program``: every other program, pointed at the same server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from artifact_browser.paths import Paths, in_home
from artifact_browser.storage.columns import KeyTable
from artifact_browser.storage.driver import LinkOptions
from artifact_browser.storage.listing import BLOBS, FOLDERS, list_prefix, make_listing
from artifact_browser.workers.pool import WorkerPool
from tests.foreign.jobs import links
from tests.foreign.programs import PROGRAMS, Program
from tests.parts.s3_server import S3Server
from tests.transfers.conftest import Bench, s3_bench


@dataclass
class House:
    """Our side: an account on a server, with its workers, and an empty bucket."""

    bench: Bench
    server: S3Server
    scratch: Path

    @property
    def bucket(self) -> str:
        return self.bench.bucket

    def listed(self, prefix: str) -> list[str]:
        """Every key below, folder by folder, as a person walks: by the listing job, in its own order."""
        found: list[str] = []
        waiting = [prefix]
        while waiting:
            here = waiting.pop()
            folder = make_listing(self.scratch / f"listing-{len(list(self.scratch.iterdir()))}")
            grown = self.bench.pool.run(list_prefix, self.bench.record, self.bucket, here, str(folder), timeout_s=30)
            rows = []
            for name, count in ((FOLDERS, grown.folders), (BLOBS, grown.blobs)):
                table = KeyTable(folder, name)
                table.grow(count)
                rows.append([table.key(row) for row in range(count)])
                table.close()
            waiting += rows[0]
            found += rows[1]
        return found

    def presign(self, keys: object, options: LinkOptions) -> list[str]:
        urls = self.bench.pool.run(links, self.bench.record, self.bucket, tuple(keys), options)  # type: ignore[arg-type]
        assert isinstance(urls, list)
        return urls


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    return in_home(tmp_path_factory.mktemp("foreign")).make()


@pytest.fixture(scope="session")
def foreign_pool(home: Paths) -> Iterator[WorkerPool]:
    pool = WorkerPool(home)
    yield pool
    pool.close()


@pytest.fixture(params=["moto", pytest.param("ceph", marks=pytest.mark.ceph)])
def house(request: pytest.FixtureRequest, home: Paths, foreign_pool: WorkerPool, tmp_path: Path) -> House:
    server: S3Server = request.getfixturevalue(request.param)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return House(s3_bench(home, foreign_pool, server), server, scratch)


@pytest.fixture(params=PROGRAMS, ids=lambda kind: kind.name)
def program(request: pytest.FixtureRequest, house: House) -> Program:
    kind: type[Program] = request.param
    return kind(house.server, house.scratch, house.presign)
