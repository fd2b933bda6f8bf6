"""``store``: This computer, moto and Ceph; ``driver`` and an empty ``bucket`` on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from artifact_browser.accounts.record import THIS_COMPUTER, AccountKind, AccountRecord
from artifact_browser.catalog.layout import Place
from artifact_browser.paths import in_home
from artifact_browser.storage.driver import Driver
from tests.catalog.making import make_collection
from tests.storage.conformance.stores import Store

STORES = ["local", "moto", pytest.param("ceph", marks=pytest.mark.ceph)]


@pytest.fixture(scope="session", params=STORES)
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Store:
    paths = in_home(tmp_path_factory.mktemp("home")).make()
    if request.param == "local":
        record = AccountRecord(id=THIS_COMPUTER, kind=AccountKind.LOCAL, name="This computer")
        return Store("local", record, paths)
    server = request.getfixturevalue(request.param)
    return Store(request.param, server.record, paths, secret=server.secret)


@pytest.fixture
def driver(store: Store) -> Iterator[Driver]:
    with store.opened() as opened:
        yield opened


@pytest.fixture
def bucket(store: Store, driver: Driver) -> str:
    name = store.new_bucket_name()
    driver.create_bucket(name)
    return name


@pytest.fixture
def zoo(driver: Driver, bucket: str) -> Place:
    """An empty collection."""
    return make_collection(driver, Place(bucket, "zoo/"))
