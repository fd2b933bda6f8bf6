"""One fixture, ``store``: every driver there is, on every server there is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from artifact_browser.accounts.record import THIS_COMPUTER, AccountKind, AccountRecord
from artifact_browser.paths import Paths, in_home
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.drivers.local.link_server import serve_links
from tests.parts.s3_server import S3Server
from tests.storage.conformance.stores import DirectContext, Store

#: moto finds the key with a pattern that stops at the end of a line.
MOTO_CANNOT = "\n"
STORES = ["local", "s3 moto", pytest.param("s3 ceph", marks=pytest.mark.ceph), "s3 compatibility"]


@pytest.fixture(scope="session", params=STORES)
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with a home of its own; use buckets of your own."""
    paths = in_home(tmp_path_factory.mktemp("home")).make()
    if request.param == "local":
        with this_computer(paths) as opened:
            yield opened
        return
    server: S3Server = request.getfixturevalue("ceph" if request.param == "s3 ceph" else "moto")
    is_moto = server.name == "moto"
    yield Store(
        request.param,
        replace(server.record, compatibility=request.param == "s3 compatibility"),
        paths,
        secret=server.secret,
        cannot_hold=MOTO_CANNOT if is_moto else "",
        keeps_versions_when_suspended=not is_moto,  # as AWS and Ceph do
        keeps_tags_of_parts=is_moto,  # Ceph 16.2 drops the tags given to CreateMultipartUpload
    )


@contextmanager
def this_computer(paths: Paths) -> Iterator[Store]:
    """The local driver with its link server, which is a job of its own in the app."""
    record = AccountRecord(id=THIS_COMPUTER, kind=AccountKind.LOCAL, name="This computer")
    serving = serve_links(DirectContext(paths, None), "", 0, os.urandom(32))
    try:
        yield Store("local", record, paths, link_service=next(serving))
    finally:
        serving.close()


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
