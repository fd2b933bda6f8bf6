"""Going on without a window, and what is said through the desktop: over real transfers and a service on a bus of its own."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from artifact_browser.accounts.record import THIS_COMPUTER
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.shell import background, wiring_notify
from artifact_browser.gui.shell.notification_service import Note, NotificationService
from artifact_browser.gui.shell.window import Window
from artifact_browser.gui.shell.wiring_notify import note_of
from artifact_browser.gui.transfers.conflict_dialog import ConflictDialog
from artifact_browser.storage.blobs import create_bucket
from artifact_browser.storage.location import Location
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.pace import LEAST_BPS
from artifact_browser.transfers.state import Counts, JobSnapshot, JobState, Verb
from tests.parts.bus import session_bus
from tests.parts.process import need_programs

WAIT_MS = 20_000
NAME, PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"


@pytest.fixture(autouse=True)
def no_bus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's real desktop is talked to."""
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)


@pytest.fixture
def slow(qtbot: QtBot, window: Window, tmp_path: Path) -> TransferHandle:
    """An upload of 100 KB that would take ten seconds, begun."""
    services = window.main.services
    services.pool.run(create_bucket, services.book.get(THIS_COMPUTER), "stuff")
    window.transfers.room.pace.choose(limit_bps=LEAST_BPS)
    folder = tmp_path / "slow"
    folder.mkdir()
    for number in range(20):
        (folder / f"{number:02}").write_bytes(bytes(5000))
    handle = window.transfers.upload(Location(THIS_COMPUTER, "stuff"), [folder])
    assert handle is not None
    qtbot.waitUntil(lambda: handle.snapshot.counts.items_done > 0, timeout=WAIT_MS)
    return handle


def keep_in_background(window: Window) -> None:
    window.main.close()
    (asked,) = [one for one in window.main.findChildren(AppDialog) if one.windowTitle() == "Quit" and one.isVisible()]
    (keep,) = [one for one in asked.findChildren(QPushButton) if one.text() == "Keep in background"]
    keep.click()


def test_in_the_background_transfers_go_on_until_another_start_brings_the_window_back(
    qtbot: QtBot, window: Window, slow: TransferHandle
) -> None:
    with qtbot.assertNotEmitted(window.main.closing):
        keep_in_background(window)
        assert not window.main.isVisible()
        assert window.quit.background.active
        done = slow.snapshot.counts.items_done
        qtbot.waitUntil(lambda: slow.snapshot.counts.items_done > done, timeout=WAIT_MS)
        window.open_handed_over("")
        assert window.main.isVisible()
        assert not window.quit.background.active
    slow.cancel()


def test_when_all_is_done_the_program_ends_by_itself(
    qtbot: QtBot, window: Window, slow: TransferHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "LOOKS", 1)
    keep_in_background(window)
    with qtbot.waitSignal(window.main.closing, timeout=WAIT_MS):
        window.transfers.room.pace.choose(limit_bps=0)
    assert slow.snapshot.state is JobState.DONE


def test_who_is_told_to_end_in_the_background_pauses_and_ends(
    qtbot: QtBot, window: Window, slow: TransferHandle
) -> None:
    keep_in_background(window)
    with qtbot.waitSignal(window.main.closing, timeout=WAIT_MS):
        window.main.close()
    assert slow.snapshot.state is JobState.PAUSED


def test_a_question_brings_the_window_back(qtbot: QtBot, window: Window, slow: TransferHandle, tmp_path: Path) -> None:
    keep_in_background(window)
    again = window.transfers.room.upload(
        window.main.services.book.get(THIS_COMPUTER), Location(THIS_COMPUTER, "stuff"), [tmp_path / "slow"]
    )
    assert again is not None
    qtbot.waitUntil(lambda: bool(window.main.findChildren(ConflictDialog)), timeout=WAIT_MS)
    assert window.main.isVisible()
    for dialog in window.main.findChildren(ConflictDialog):
        dialog.reject()
    slow.cancel()
    qtbot.waitUntil(lambda: again.ended, timeout=WAIT_MS)


@pytest.fixture
def said(window: Window, monkeypatch: pytest.MonkeyPatch) -> list[Note]:
    """What is shown through the desktop."""
    notes: list[Note] = []
    monkeypatch.setattr(window.notify.notifier, "show", notes.append)
    return notes


@pytest.mark.parametrize(
    ("long_s", "active", "wanted", "shown"),
    [(0.0, False, True, 1), (0.0, True, True, 0), (0.0, False, False, 0), (1000.0, False, True, 0)],
    ids=["long and unseen", "seen", "not wanted", "short"],
)
def test_a_long_transfer_that_ends_unseen_is_told_once(
    qtbot: QtBot,
    window: Window,
    slow: TransferHandle,
    said: list[Note],
    monkeypatch: pytest.MonkeyPatch,
    long_s: float,
    active: bool,
    wanted: bool,
    shown: int,
) -> None:
    monkeypatch.setattr(wiring_notify, "LONG_S", long_s)
    monkeypatch.setattr(window.main, "isActiveWindow", lambda: active)
    window.main.services.settings.set("notify_ended", wanted)
    with qtbot.waitSignal(window.transfers.room.job_finished, timeout=WAIT_MS):
        window.transfers.room.pace.choose(limit_bps=0)
    assert len(said) == shown
    if said:
        assert said[0].title == "Upload finished"
        assert said[0].text.startswith("slow \u2192 stuff\n20 files")


def test_a_note_says_how_it_went() -> None:
    job = JobSnapshot("j", Verb.DOWNLOAD, "<b>x", "~", "a", JobState.DONE_WITH_ERRORS, Counts(3, 9, 2, 6, 1))
    note = note_of(job)
    assert (note.title, note.urgent) == ("Download finished with errors", True)
    assert "1 failed" in note.text


@dataclass
class Desktop:
    """A notification service as jeepney sees the other side."""

    address: str
    notes: list[tuple[Any, ...]] = field(default_factory=list)
    capabilities: tuple[str, ...] = ("body", "body-markup", "actions")

    def serve(self, ready: threading.Event) -> None:
        from jeepney import DBusAddress, HeaderFields, MessageType, message_bus, new_method_return, new_signal
        from jeepney.io.blocking import Proxy, open_dbus_connection

        with open_dbus_connection(bus=self.address) as bus:
            Proxy(message_bus, bus).RequestName(NAME)
            ready.set()
            while True:
                try:
                    message = bus.receive()
                except (ConnectionError, OSError):
                    return
                if message.header.message_type is not MessageType.method_call:
                    continue
                member = message.header.fields[HeaderFields.member]
                if member == "GetCapabilities":
                    bus.send(new_method_return(message, "as", (list(self.capabilities),)))
                elif member == "Notify":
                    self.notes.append(message.body)
                    number = message.body[1] or len(self.notes)
                    bus.send(new_method_return(message, "u", (number,)))
                    emitter = DBusAddress(PATH, interface=NAME)
                    bus.send(new_signal(emitter, "ActionInvoked", "us", (number, "default")))


@pytest.fixture
def desktop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desktop]:
    need_programs("a session bus", "dbus-daemon")
    with session_bus(os.environ) as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        made, ready = Desktop(address), threading.Event()
        threading.Thread(target=made.serve, args=(ready,), daemon=True).start()
        assert ready.wait(20)
        yield made


def test_the_desktop_shows_a_note_and_a_click_comes_back(desktop: Desktop) -> None:
    clicked: list[str] = []
    refused: list[Note] = []
    twice = threading.Semaphore(0)

    def on_click(key: str) -> None:
        clicked.append(key)
        twice.release()

    service = NotificationService("artifact-browser", on_click, refused.append)
    service.show(Note("j1", "Upload finished", "a <b> & c"))
    assert twice.acquire(timeout=20)
    service.show(Note("j1", "Upload failed", "no", urgent=True))
    assert twice.acquire(timeout=20)
    first, second = desktop.notes
    assert first[:5] == ("artifact-browser", 0, "artifact-browser", "Upload finished", "a &lt;b&gt; &amp; c")
    assert second[1] == 1  # in the place of the first
    assert second[6]["urgency"] == ("y", 2)
    assert clicked == ["j1", "j1"]
    assert refused == []
    service.close()


def test_without_a_service_every_note_is_handed_back() -> None:
    refused: list[Note] = []
    back = threading.Semaphore(0)

    def on_refused(note: Note) -> None:
        refused.append(note)
        back.release()

    service = NotificationService("artifact-browser", lambda _: None, on_refused)
    for number in range(2):
        service.show(Note(str(number), "t", "x"))
        assert back.acquire(timeout=20)
    assert [note.key for note in refused] == ["0", "1"]
    service.close()
