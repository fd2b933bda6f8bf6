"""One fixture, ``store``: every driver there is, on every server there is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from artifact_browser.accounts.record import THIS_COMPUTER, AccountKind, AccountRecord
from artifact_browser.paths import in_home
from artifact_browser.storage.driver import Driver
from tests.parts.s3_server import S3Server
from tests.storage.conformance.stores import Store

#: moto finds the key with a pattern that stops at the end of a line.
MOTO_CANNOT = "\n"
STORES = ["local", "s3 moto", pytest.param("s3 ceph", marks=pytest.mark.ceph), "s3 compatibility"]


@pytest.fixture(scope="session", params=STORES)
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store with a home of its own; use buckets of your own."""
    paths = in_home(tmp_path_factory.mktemp("home")).make()
    if request.param == "local":
        return local_store(paths.store.parent)
    server: S3Server = request.getfixturevalue("ceph" if request.param == "s3 ceph" else "moto")
    is_moto = server.name == "moto"
    return Store(
        request.param,
        replace(server.record, compatibility=request.param == "s3 compatibility"),
        paths,
        secret=server.secret,
        cannot_hold=MOTO_CANNOT if is_moto else "",
        keeps_tags_of_parts=is_moto,  # Ceph 16.2 drops the tags given to CreateMultipartUpload
    )


def local_store(home: Path) -> Store:
    record = AccountRecord(id=THIS_COMPUTER, kind=AccountKind.LOCAL, name="This computer")
    return Store("local", record, in_home(home).make())


@pytest.fixture
def driver(store: Store) -> Iterator[Driver]:
    with store.opened() as opened:
        yield opened


@pytest.fixture
def bucket(store: Store, driver: Driver) -> str:
    """An empty bucket of the test's own."""
    name = store.new_bucket_name()
    driver.create_bucket(name)
    return name
