"""One window per home, with real processes: the race, the crash, and messages nobody should send."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from artifact_browser.errors import DiskPermissionDenied, InputError
from artifact_browser.gui.shell.instance import MOST_BYTES, Instance, Joined, rendezvous, understood
from artifact_browser.paths import in_home

PROGRAM = Path(__file__).with_name("instance_program.py")
pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has named pipes instead of socket files")

Start = Callable[..., "Running"]


class Running:
    """A start of the program, and what it says."""

    def __init__(self, home: Path, *addresses: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(PROGRAM), str(home), *addresses], stdout=subprocess.PIPE, text=True
        )

    def line(self) -> list[str]:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline() or '["ended", ""]')

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def start() -> Iterator[Start]:
    running: list[Running] = []

    def begin(home: Path, *addresses: str) -> Running:
        running.append(Running(home, *addresses))
        return running[-1]

    yield begin
    for one in running:
        one.end()


def test_a_second_start_hands_over_and_ends(start: Start, short_folder: Path) -> None:
    first = start(short_folder)
    assert first.line() == ["joined", "first"]
    second = start(short_folder, "s3://bucket/a//b%2F/ü", "/tmp/some folder")
    assert second.line() == ["joined", "delivered"]
    assert second.process.wait(10) == 0
    assert [first.line(), first.line()] == [["opened", "s3://bucket/a//b%2F/ü"], ["opened", "/tmp/some folder"]]
    third = start(short_folder)
    assert third.line() == ["joined", "delivered"]
    assert first.line() == ["opened", ""]


def test_eight_at_once_are_one_window_and_nothing_is_lost(start: Start, short_folder: Path) -> None:
    starts = [start(short_folder, f"s3://bucket/{number}") for number in range(8)]
    joined = {number: one.line() for number, one in enumerate(starts)}
    firsts = [number for number, said in joined.items() if said == ["joined", "first"]]
    assert len(firsts) == 1
    assert all(said == ["joined", "delivered"] for number, said in joined.items() if number != firsts[0])
    opened = {starts[firsts[0]].line()[1] for _ in range(7)}
    assert opened == {f"s3://bucket/{number}" for number in range(8) if number != firsts[0]}


def test_after_a_kill_the_next_start_is_first(start: Start, short_folder: Path) -> None:
    first = start(short_folder)
    assert first.line() == ["joined", "first"]
    first.process.send_signal(signal.SIGKILL)
    first.process.wait(10)
    assert (in_home(short_folder).runtime / "window.lock").exists()
    assert (in_home(short_folder).runtime / "window.sock").exists()
    again = start(short_folder)
    assert again.line() == ["joined", "first"]
    assert start(short_folder, "s3://b/k").line() == ["joined", "delivered"]
    assert again.line() == ["opened", "s3://b/k"]


def test_two_homes_are_two_windows(start: Start, short_folder: Path) -> None:
    assert start(short_folder / "one").line() == ["joined", "first"]
    assert start(short_folder / "two").line() == ["joined", "first"]


@pytest.fixture
def first(qtbot: QtBot, short_folder: Path) -> Iterator[Instance]:
    instance = Instance(in_home(short_folder).make())
    assert instance.join([]) is Joined.FIRST
    yield instance
    instance.release()
    instance.deleteLater()


def socket_of(home: Path) -> Path:
    return in_home(home).runtime / "window.sock"


def said_to(home: Path, message: bytes) -> bytes:
    """What the window answers to raw bytes; empty when it hangs up."""
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(socket_of(home)))
        caller.settimeout(0)
        caller.setblocking(False)
        ends_at = time.monotonic() + 5
        while message and time.monotonic() < ends_at:
            try:
                message = message[caller.send(message[:4096]) :]
            except BlockingIOError:
                pass
            except (BrokenPipeError, ConnectionResetError):
                return b""
            QCoreApplication.processEvents()
        while time.monotonic() < ends_at:
            QCoreApplication.processEvents()
            try:
                return caller.recv(100)
            except BlockingIOError:
                continue
            except ConnectionResetError:
                return b""
    raise AssertionError("neither an answer nor a hang-up")


@pytest.mark.parametrize(
    "message",
    [
        b"delete s3://bucket/key\n",
        b"open\x00 s3://bucket/key\n",
        b"open https://example.org/\n",
        b"open s3://\n",
        b"open relative/path\n",
        b"open /tmp/\x00evil\n",
        b"open flyte://av0.1/p/d\n",
        b"open flyte://av0.1/p/d/n\t@v\n",
        b"open s3://b/\xff\xfe\n",
        b"\n",
        b"open s3://b/" + b"k" * (MOST_BYTES + 10) + b"\n",
        b"k" * (4 * MOST_BYTES),
    ],
)
def test_other_messages_are_dropped(qtbot: QtBot, first: Instance, short_folder: Path, message: bytes) -> None:
    with qtbot.assertNotEmitted(first.opened):
        assert said_to(short_folder, message) == b""
    with qtbot.waitSignal(first.opened):
        assert said_to(short_folder, b"open s3://b/k\n") == b"ok\n"


def test_somebody_who_says_nothing_blocks_nobody(qtbot: QtBot, first: Instance, short_folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.connect(str(socket_of(short_folder)))
        with qtbot.waitSignal(first.opened) as opened:
            assert said_to(short_folder, b"open s3://b/k\n") == b"ok\n"
        assert opened.args == ["s3://b/k"]


def test_the_sockets_folder_is_private(first: Instance, short_folder: Path) -> None:
    folder = rendezvous(in_home(short_folder))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(socket_of(short_folder).stat().st_mode) & 0o077 == 0


def test_a_long_home_gets_a_short_folder(qtbot: QtBot, short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short_folder))
    homes = [in_home(short_folder / ("h" * 100) / name).make() for name in ("one", "two")]
    folders = {rendezvous(paths) for paths in homes}
    assert len(folders) == 2
    assert all(stat.S_IMODE(folder.stat().st_mode) == 0o700 for folder in folders)
    instance = Instance(homes[0])
    assert instance.join([]) is Joined.FIRST
    instance.release()


def test_a_folder_somebody_else_prepared_is_refused(short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short_folder))
    paths = in_home(short_folder / ("h" * 100)).make()
    folder = rendezvous(paths)
    folder.rmdir()
    elsewhere = short_folder / "elsewhere"
    elsewhere.mkdir()
    folder.symlink_to(elsewhere)
    with pytest.raises(DiskPermissionDenied):
        rendezvous(paths)


@pytest.mark.parametrize(
    "address", ["", "/tmp/a b", "s3://b", "s3://b/a//b%2F", "local://b/ü", "flyte://av0.1/p/d/n@v?k=%C3%BC"]
)
def test_addresses_that_are_understood(address: str) -> None:
    assert understood(f"open {address}".encode()) == address


@pytest.mark.parametrize("message", ["open javascript:x", "open file:///etc/passwd", "OPEN /tmp", "opens3://b", "quit"])
def test_messages_that_are_not(message: str) -> None:
    with pytest.raises(InputError):
        understood(message.encode())
