"""The history over real transfers: found, looked into, reported, tried again, cleared."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from artifact_browser.accounts.record import THIS_COMPUTER
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.shell.window import Window
from artifact_browser.gui.transfers.history_dialog import HistoryDialog
from artifact_browser.gui.transfers.history_model import PAGE, PastItemsModel
from artifact_browser.storage.blobs import create_bucket
from artifact_browser.storage.location import Location
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.state import Item, ItemSnapshot, ItemState, JobState

WAIT_MS = 20_000
_numbers = itertools.count(1)


def upload(qtbot: QtBot, window: Window, *paths: Path) -> TransferHandle:
    """To a prefix of its own: nothing is asked."""
    handle = window.transfers.upload(Location(THIS_COMPUTER, "stuff", f"{next(_numbers)}/"), list(paths))
    assert handle is not None
    qtbot.waitUntil(lambda: handle.ended, timeout=WAIT_MS)
    return handle


@pytest.fixture
def bucket(window: Window) -> None:
    services = window.main.services
    services.pool.run(create_bucket, services.book.get(THIS_COMPUTER), "stuff")


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.txt"
    path.write_text("good")
    return path


def opened(qtbot: QtBot, window: Window, rows: int) -> HistoryDialog:
    window.main.actions_["history"].trigger()
    dialog = window.transfers.room.history.dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: len(dialog.jobs.rows) == rows, timeout=WAIT_MS)
    return dialog


def names(dialog: HistoryDialog) -> list[str]:
    return [job.snapshot.title for job in dialog.jobs.rows]


@pytest.mark.usefixtures("bucket")
def test_the_history_is_found_looked_into_and_reported(
    qtbot: QtBot, window: Window, good: Path, tmp_path: Path
) -> None:
    upload(qtbot, window, good)
    failed = upload(qtbot, window, good, tmp_path / "gone.txt")
    assert failed.snapshot.state is not JobState.DONE
    dialog = opened(qtbot, window, 2)
    for model in (dialog.jobs, dialog.items):
        QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    assert names(dialog) == ["2 items", "good.txt"]
    qtbot.waitUntil(lambda: len(dialog.items.rows) == 2, timeout=WAIT_MS)
    first = dialog.items.rows[0]
    assert (first.item.name, first.state) == ("gone.txt", ItemState.FAILED)
    assert "The file is gone" in dialog.items.data(dialog.items.index(0, 1))
    assert "last error: The file is gone" in dialog.items.data(dialog.items.index(0, 0), Qt.ItemDataRole.ToolTipRole)
    assert "checked by" in dialog.items.data(dialog.items.index(1, 1))
    assert dialog.primary.isEnabled()

    menu = dialog.copy.menu()
    assert isinstance(menu, QMenu)
    as_text, as_csv = menu.actions()
    as_text.trigger()
    qtbot.waitUntil(lambda: "gone.txt: failed" in QGuiApplication.clipboard().text(), timeout=WAIT_MS)
    as_csv.trigger()
    qtbot.waitUntil(lambda: QGuiApplication.clipboard().text().startswith("name,source"), timeout=WAIT_MS)
    assert dialog.copy.text() == "Copied"

    dialog.table.selectRow(1)
    assert not dialog.primary.isEnabled()  # it is done
    dialog.words.setText("nowhere")
    qtbot.waitUntil(dialog.state.isVisible, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: "Nothing in the history matches" in _said(dialog), timeout=WAIT_MS)
    assert not dialog.copy.isEnabled()
    dialog.words.setText("gone")  # an item's name
    qtbot.waitUntil(lambda: names(dialog) == ["2 items"], timeout=WAIT_MS)
    dialog.words.clear()
    dialog.states.setCurrentIndex(1)
    qtbot.waitUntil(lambda: names(dialog) == ["good.txt"], timeout=WAIT_MS)
    dialog.reject()


def _said(dialog: HistoryDialog) -> str:
    return dialog.state._sentence.text()


@pytest.mark.usefixtures("bucket")
def test_what_was_removed_from_the_list_is_tried_again_from_the_history(
    qtbot: QtBot, window: Window, good: Path, tmp_path: Path
) -> None:
    room = window.transfers.room
    late = tmp_path / "late.txt"
    handle = upload(qtbot, window, good, late)
    room.queue.remove(handle)
    late.write_text("here now")
    dialog = opened(qtbot, window, 1)
    dialog.primary.click()
    qtbot.waitUntil(lambda: room.history.dialog is None, timeout=WAIT_MS)
    (again,) = room.queue.handles
    qtbot.waitUntil(lambda: again.ended, timeout=WAIT_MS)
    assert (again.job_id, again.snapshot.state) == (handle.job_id, JobState.DONE)
    assert again.snapshot.counts.items_done == 2
    assert sorted(one.attempts for one in again.items()) == [1, 1]  # the one that was not there was never begun


@pytest.mark.usefixtures("bucket")
def test_the_history_is_cleared_after_a_question_but_for_what_the_list_shows(
    qtbot: QtBot, window: Window, good: Path
) -> None:
    room = window.transfers.room
    room.queue.remove(upload(qtbot, window, good))
    upload(qtbot, window, good, good.with_name("gone.txt"))
    dialog = opened(qtbot, window, 2)
    dialog.clear.click()
    question = next(one for one in dialog.findChildren(AppDialog) if one.windowTitle() == "Clear history")
    question.primary.click()
    qtbot.waitUntil(lambda: dialog.note.text() == "1 transfer forgotten.", timeout=WAIT_MS)
    qtbot.waitUntil(lambda: names(dialog) == ["2 items"], timeout=WAIT_MS)
    dialog.reject()


def test_an_empty_history_says_so(qtbot: QtBot, window: Window) -> None:
    dialog = opened(qtbot, window, 0)
    qtbot.waitUntil(lambda: _said(dialog) == "No transfer has ended yet.", timeout=WAIT_MS)
    assert not dialog.primary.isEnabled()
    dialog.reject()


def test_the_next_page_is_asked_for_when_the_one_before_was_seen(qtbot: QtBot) -> None:
    model = PastItemsModel()
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    page = [ItemSnapshot(Item(n, str(n), "s", "t")) for n in range(PAGE)]
    model.add(page)
    with qtbot.waitSignal(model.more_wanted):
        model.fetchMore(model.index(-1, -1))
    assert not model.canFetchMore(model.index(-1, -1))  # it is on its way
    model.add(page[:3])
    assert model.rowCount() == PAGE + 3
    assert not model.canFetchMore(model.index(-1, -1))
