"""The servers that storms go over, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from artifact_browser.paths import in_home
from artifact_browser.workers.pool import WorkerPool
from tests.parts.s3_server import S3Server
from tests.transfers.conftest import Bench, s3_bench


@pytest.fixture(params=["moto", pytest.param("ceph", marks=pytest.mark.ceph)])
def server(request: pytest.FixtureRequest) -> S3Server:
    """A real part; the same test runs over each."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, S3Server)
    return found


@pytest.fixture
def bench(server: S3Server, tmp_path: Path) -> Iterator[Bench]:
    """Over a good link, with processes and a home of its own: whoever is under test may have another, and another clock."""
    paths = in_home(tmp_path / "eyes").make()
    pool = WorkerPool(paths)
    yield s3_bench(paths, pool, server)
    pool.close()
