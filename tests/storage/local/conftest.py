"""A store of this computer for each test, and its link server running as a job would run it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from artifact_browser.accounts.record import THIS_COMPUTER, AccountKind, AccountRecord
from artifact_browser.errors import JobCancelled
from artifact_browser.paths import Paths, in_home
from artifact_browser.storage.drivers.local.driver import LocalDriver
from artifact_browser.storage.drivers.local.link_server import serve_links
from artifact_browser.storage.drivers.local.links import LinkService
from artifact_browser.storage.drivers.local.open import open_local
from artifact_browser.workers.cancel import CancelToken

RECORD = AccountRecord(THIS_COMPUTER, AccountKind.LOCAL, "This computer")
KEY = bytes(range(32))
NO_LINKS = LinkService(9, KEY)
Opener = Callable[..., LocalDriver]


class Context:
    """What a job sees of the outside."""

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        self.cancel = CancelToken()
        self.asked: list[object] = []

    def ask(self, question: object) -> bytes:
        self.asked.append(question)
        return KEY

    def progress(self, value: object) -> None:
        del value


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return in_home(tmp_path)


@pytest.fixture
def folder(paths: Paths, driver: LocalDriver) -> Path:
    """The bucket's folder, as a person sees it."""
    driver.create_bucket("data")
    return paths.store / "data"


@pytest.fixture
def driver(paths: Paths) -> Iterator[LocalDriver]:
    opened = open_local(RECORD, paths, CancelToken(), lambda: NO_LINKS)
    yield opened
    opened.close()


@contextmanager
def serving(context: Context, port: int = 0) -> Iterator[LinkService]:
    """The link server, cancelled at the end as the pool cancels it."""
    job = serve_links(context, "", port)  # type: ignore[arg-type]
    service = next(job)

    def run() -> None:
        with pytest.raises(JobCancelled):
            next(job)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield service
    finally:
        context.cancel.cancel()
        thread.join(5)
        assert not thread.is_alive()


@pytest.fixture
def service(paths: Paths) -> Iterator[LinkService]:
    with serving(Context(paths)) as running:
        yield running


@pytest.fixture
def linked(paths: Paths, service: LinkService) -> Iterator[LocalDriver]:
    """A driver whose links are really served, with the bucket ``data``."""
    opened = open_local(RECORD, paths, CancelToken(), lambda: service)
    opened.create_bucket("data")
    yield opened
    opened.close()
