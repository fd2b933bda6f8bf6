"""The ground every test stands on: a private home, no screen, no network of the developer's, and the real parts.

Fixtures: ``moto``, ``ceph`` (an :class:`tests.parts.s3_server.S3Server`), ``hypha``, ``keychain``, ``desktop``, ``size``.
A part that cannot be had is skipped by name; in CI on Linux it is a failure.
"""

from __future__ import annotations

import gc
import json
import os
import platform
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.parts import ceph as ceph_part
from tests.parts import desktop as desktop_part
from tests.parts import hypha as hypha_part
from tests.parts import keychain as keychain_part
from tests.parts.bus import private_folders
from tests.parts.keeper import Shared
from tests.parts.process import PartMissing
from tests.parts.run import TestRun
from tests.parts.s3_server import S3Server

RUN = TestRun()
#: A full collection looks at all that tests have left and modules have made since they began: one after so many tests.
FULL_COLLECTION_EVERY = 25
#: Few tests, of minutes each, much of them spent waiting: begun first, they wait beside the others.
LONG_ONES = ("tests/storms/", "tests/foreign/", "tests/benchmarks/")

# Before anything imports Qt or boto3: this run's own home, no screen, nobody's keys, nobody's keychain.
os.environ |= private_folders(RUN.own_folder("home"))
os.environ |= {
    "QT_QPA_PLATFORM": "offscreen",
    "AWS_EC2_METADATA_DISABLED": "true",
    "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
}
for name in [name for name in os.environ if name.startswith("AWS_") and name != "AWS_EC2_METADATA_DISABLED"]:
    del os.environ[name]
for name in ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS"):
    os.environ.pop(name, None)
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy")
proxies = {name: value for name in PROXIES if (value := os.environ.pop(name, None))}
os.environ.setdefault("ARTIFACT_BROWSER_TEST_PROXIES", json.dumps(proxies))  # for what a part installs

settings.register_profile("proving", derandomize=True, deadline=None, max_examples=60, print_blob=True)
settings.register_profile("long", parent=settings.get_profile("proving"), max_examples=2000)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="the same proofs at full size (fixture size)")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    gc.disable()  # as the window does: cycles with Qt objects end in this thread, in no reader's (gui/common/garbage.py)
    if not config.option.basetemp:  # pytest's own tidying gives up on trees a thousand folders deep
        config.option.basetemp = str(RUN.folder / "tmp")
    settings.load_profile("long" if config.getoption("--long") else "proving")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Start the slow servers while the first tests run. What is there by now stays: no collection looks at it again."""
    if session.config.option.collectonly:
        return
    gc.collect()
    gc.freeze()  # 200,000 objects of modules and tests, 0.2 s each time
    for name, check in (("ceph", ceph_part.check), ("hypha", hypha_part.check)):
        if not any(item.get_closest_marker(name) for item in session.items):
            continue
        try:
            check()
        except PartMissing:
            continue  # the fixture will say so
        Shared(name, RUN.shared, RUN.owner_pid).begin()


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """A test that asks for a part carries its mark, so that ``-m 'not ceph'`` leaves it out. Long ones come first."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG_ONES))
    for item in items:
        for part in ("ceph", "hypha", "keychain", "desktop"):
            if part in getattr(item, "fixturenames", ()):
                item.add_marker(part)
    yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> Iterator[None]:
    """What a test leaves ends behind it, not in the middle of a test that has nothing to do with it."""
    yield
    oldest = 2 if nextitem is None or gc.get_count()[2] >= FULL_COLLECTION_EVERY else 1
    gc.collect(oldest)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.section("real parts")
    python = f"{platform.python_implementation()} {platform.python_version()} on {platform.system()}"
    terminalreporter.line(f"python: {python}")
    for line in RUN.notes("ran"):
        terminalreporter.line(f"ran: {line}")
    for line in RUN.notes("missing"):
        terminalreporter.line(f"MISSING: {line}", red=True)


def pytest_unconfigure() -> None:
    RUN.close()


def shared_server(name: str, what: str) -> S3Server:
    answer = Shared(name, RUN.shared, RUN.owner_pid).wait()
    RUN.note("ran", f"{what}, started in {answer['seconds']} s")
    return S3Server(name, answer["endpoint"], answer["access_key"], answer["secret_key"])


@pytest.fixture(scope="session")
def moto() -> S3Server:
    """A moto server, shared by the whole run: use buckets of your own."""
    return shared_server("moto", "moto server")


@pytest.fixture(scope="session")
def ceph() -> S3Server:
    """Ceph RADOS Gateway, shared by the whole run and warmed up: use buckets of your own."""
    try:
        ceph_part.check()
    except PartMissing as reason:
        RUN.refuse("ceph", reason)
    return shared_server("ceph", "Ceph RADOS Gateway")


@pytest.fixture(scope="session")
def hypha() -> hypha_part.Hypha:
    """A Hypha server with a store of its own, shared by the whole run: use prefixes of your own."""
    try:
        hypha_part.check()
        answer = Shared("hypha", RUN.shared, RUN.owner_pid).wait(hypha_part.READY_S)
    except PartMissing as reason:
        RUN.refuse("hypha", reason)
    RUN.note("ran", f"Hypha 0.20.38 over moto, started in {answer['seconds']} s")
    store = S3Server("moto", answer["endpoint"], answer["access_key"], answer["secret_key"])
    return hypha_part.Hypha(answer["url"], store, answer["token"])


@pytest.fixture(scope="session")
def keychain() -> Iterator[keychain_part.Keychain]:
    """An unlocked gnome-keyring in a private D-Bus session: run children with ``keychain.env``."""
    try:
        keychain_part.check()
    except PartMissing as reason:
        RUN.refuse("keychain", reason)
    with keychain_part.open_keychain(RUN.own_folder("keychain-home")) as opened:
        RUN.note("ran", "gnome-keyring in a private D-Bus session")
        yield opened


@pytest.fixture(scope="session")
def desktop() -> Iterator[desktop_part.Desktop]:
    """An X session: start the program under test with ``desktop.env``."""
    try:
        desktop_part.check()
    except PartMissing as reason:
        RUN.refuse("desktop", reason)
    with desktop_part.open_desktop(RUN.own_folder("desktop-home")) as opened:
        RUN.note("ran", "X session (Xvfb, openbox, AT-SPI)")
        yield opened


@pytest.fixture(scope="session")
def size(request: pytest.FixtureRequest) -> Callable[[Any, Any], Any]:
    """``size(short, long)``: the number for this tier; the tiers differ in nothing else."""
    long = bool(request.config.getoption("--long"))
    return lambda short, full: full if long else short


@pytest.fixture
def short_folder() -> Path:
    """A folder with a path short enough for a Unix socket (macOS's and pytest's own are not)."""
    return Path(tempfile.mkdtemp(dir=RUN.folder))
