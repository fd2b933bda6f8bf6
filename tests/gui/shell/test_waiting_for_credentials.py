"""Keys that end in the middle of transfers, in the whole window: asked once, and with new keys everything goes on."""

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QDialog, QPushButton
from pytestqt.qtbot import QtBot

from artifact_browser.accounts.lease import Secret
from artifact_browser.accounts.record import AccountKind, AccountRecord, KeySource
from artifact_browser.bootstrap import Services
from artifact_browser.gui.accounts.account_dialog import AccountDialog
from artifact_browser.gui.common.error_sheet import ErrorSheet
from artifact_browser.gui.shell.window import Window
from artifact_browser.gui.transfers.transfers_model import RowAction, TransferColumn
from artifact_browser.storage.blobs import create_bucket
from artifact_browser.storage.location import Location
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.state import JobState
from tests.parts.faulty_link import FaultyLink
from tests.parts.s3_server import S3Server
from tests.transfers.conftest import tree

WAIT_MS = 30_000


@pytest.fixture
def link(moto: S3Server) -> Iterator[FaultyLink]:
    with FaultyLink(moto.endpoint, 1, 0.0) as made:
        yield made


@pytest.fixture
def record(services: Services, link: FaultyLink) -> AccountRecord:
    made = AccountRecord(
        "lab",
        AccountKind.S3,
        "Lab",
        key_source=KeySource.SESSION,
        endpoint=link.endpoint,
        region="us-east-1",
        buckets=(f"waits-{uuid.uuid4().hex[:12]}",),
    )
    services.book.add(made)
    kept = threading.Event()
    services.broker.keep(made.id, Secret("first", "s3cret"), KeySource.SESSION, lambda _: kept.set())
    assert kept.wait(20)
    services.pool.run(create_bucket, made, made.buckets[0])
    return made


@pytest.fixture
def files(tmp_path: Path) -> Path:
    rng, source = random.Random(5), tmp_path / "set"
    source.mkdir()
    for number in range(60):
        (source / f"{number:03d}").write_bytes(rng.randbytes(20_000))
    return source


def shown(window: Window, kind: type[QDialog]) -> list[QDialog]:
    return [one for one in window.main.findChildren(kind) if one.isVisible()]


def sheet(qtbot: QtBot, window: Window) -> ErrorSheet:
    qtbot.waitUntil(lambda: bool(shown(window, ErrorSheet)), timeout=WAIT_MS)
    (found,) = shown(window, ErrorSheet)
    assert isinstance(found, ErrorSheet)
    return found


def both_wait(
    qtbot: QtBot, window: Window, link: FaultyLink, record: AccountRecord, files: Path, folder: Path
) -> list[TransferHandle]:
    """An upload and a download whose keys have ended."""
    room, at = window.transfers.room, Location(record.id, record.buckets[0], "up/")
    first = room.upload(record, Location(record.id, record.buckets[0], ""), [files])
    assert first is not None
    qtbot.waitUntil(lambda: first.ended, timeout=WAIT_MS)
    room.queue.remove(first)
    link.refused["first"] = "ExpiredToken"
    begun = [
        room.upload(record, at, [files]),
        room.download(record, [Location(record.id, record.buckets[0], "set/")], folder),
    ]
    handles = [handle for handle in begun if handle is not None]
    qtbot.waitUntil(
        lambda: [handle.snapshot.state for handle in handles] == [JobState.WAITING_CREDENTIALS] * 2, timeout=WAIT_MS
    )
    return handles


def test_it_is_asked_once_and_new_keys_let_all_go_on(
    qtbot: QtBot, window: Window, link: FaultyLink, record: AccountRecord, files: Path, tmp_path: Path
) -> None:
    handles = both_wait(qtbot, window, link, record, files, tmp_path / "down")
    asked = sheet(qtbot, window)
    header, model = window.transfers.room.panel.header, window.transfers.room.panel.model
    qtbot.waitUntil(lambda: header.credentials.text() == "2 waiting for credentials", timeout=WAIT_MS)
    assert header.credentials.isVisible()
    assert not header.attention.isVisible()
    assert "Nothing is lost" in asked.record.kept
    row = model.index(0, TransferColumn.FACTS)
    assert model.text(row) == "waiting for credentials \u00b7 The sign-in has expired"
    assert model.text(model.index(0, TransferColumn.STATE)) == "waiting"
    assert model.action(model.index(0, 0)) == RowAction.CONTINUE
    assert asked.primary.text() == "Edit account\u2026"
    qtbot.mouseClick(asked.primary, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(shown(window, AccountDialog)), timeout=WAIT_MS)
    (dialog,) = shown(window, AccountDialog)
    assert isinstance(dialog, AccountDialog)
    dialog.form.access_key.clear()
    qtbot.keyClicks(dialog.form.access_key, "second")
    qtbot.keyClicks(dialog.form.secret_key, "s3cret-two")
    qtbot.mouseClick(dialog.primary, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: all(handle.ended for handle in handles), timeout=WAIT_MS)
    assert [handle.snapshot.state for handle in handles] == [JobState.DONE] * 2
    assert tree(tmp_path / "down" / "set") == tree(files)
    assert shown(window, ErrorSheet) == []


def test_who_closes_the_sheet_finds_it_again_behind_the_row_and_can_try_again(
    qtbot: QtBot, window: Window, link: FaultyLink, record: AccountRecord, files: Path, tmp_path: Path
) -> None:
    handles = both_wait(qtbot, window, link, record, files, tmp_path / "down")
    sheet(qtbot, window).reject()
    room = window.transfers.room
    late = room.upload(record, Location(record.id, record.buckets[0], "late/"), [files / "000"])
    assert late is not None
    qtbot.waitUntil(lambda: late.snapshot.state is JobState.WAITING_CREDENTIALS, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: room.panel.model.rowCount(QModelIndex()) == 3, timeout=WAIT_MS)
    assert shown(window, ErrorSheet) == []  # asked for this account already
    menu = room.panel.menu_for(room.panel.model.index(0, 0))
    assert menu is not None
    (why,) = [action for action in menu.actions() if action.text() == "Why it waits\u2026"]
    why.trigger()
    again = sheet(qtbot, window)
    assert "3 transfers of \u201cLab\u201d wait" in again.record.kept
    link.refused.clear()
    (button,) = [one for one in again.findChildren(QPushButton) if one.text() == "Try again"]
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: all(handle.ended for handle in [*handles, late]), timeout=WAIT_MS)
    assert {handle.snapshot.state for handle in [*handles, late]} == {JobState.DONE}
