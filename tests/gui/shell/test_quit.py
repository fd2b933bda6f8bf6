"""Quitting while files travel, and what the next start makes of it: two windows over one home, one after the other."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from artifact_browser import bootstrap
from artifact_browser.accounts.record import THIS_COMPUTER
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.shell.window import Window
from artifact_browser.gui.transfers.conflict_dialog import ConflictDialog
from artifact_browser.paths import in_home
from artifact_browser.storage.blobs import create_bucket
from artifact_browser.storage.location import Location
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.state import JobState

WAIT_MS = 20_000


@contextmanager
def opened(home: Path, qtbot: QtBot) -> Iterator[Window]:
    """The app from its first paint to its end."""
    services = bootstrap.build(in_home(home).make())
    services.settings.set("first_run_done", True)
    services.start()
    window = Window(services)
    with qtbot.waitExposed(window.main):
        window.main.show()
    window.start()
    try:
        yield window
    finally:
        window.close()
        window.main.close()
        window.main.deleteLater()
        qtbot.wait(1)
        services.close()


def quit_dialog(window: Window, qtbot: QtBot) -> AppDialog:
    def found() -> list[AppDialog]:
        return [one for one in window.main.findChildren(AppDialog) if one.windowTitle() == "Quit" and one.isVisible()]

    qtbot.waitUntil(lambda: len(found()) == 1, timeout=WAIT_MS)
    return found()[0]


def many_dialog(window: Window, qtbot: QtBot) -> ConflictDialog:
    """So many files do not move before somebody says so."""

    def found() -> list[ConflictDialog]:
        return [one for one in window.main.findChildren(ConflictDialog) if one.isVisible()]

    qtbot.waitUntil(lambda: len(found()) == 1, timeout=WAIT_MS)
    return found()[0]


@pytest.fixture
def begin(tmp_path: Path, qtbot: QtBot) -> Callable[[Window], TransferHandle]:
    """Uploads a folder of many files, as far as the first ones."""
    source = tmp_path / "many"
    source.mkdir()
    for number in range(2000):
        (source / f"{number:04d}").write_bytes(random.Random(number).randbytes(300))

    def upload(window: Window) -> TransferHandle:
        record = window.main.services.book.get(THIS_COMPUTER)
        window.main.services.pool.run(create_bucket, record, "stuff")
        handle = window.transfers.upload(Location(THIS_COMPUTER, "stuff"), [source])
        assert handle is not None
        start = many_dialog(window, qtbot)
        qtbot.waitUntil(lambda: start.scan.text() == "2,000 items \u00b7 585.9 KiB in all", timeout=WAIT_MS)
        start.primary.click()
        qtbot.waitUntil(lambda: handle.snapshot.counts.items_done > 0, timeout=WAIT_MS)
        return handle

    return upload


def test_quitting_pauses_what_moves_and_the_next_start_goes_on(
    qtbot: QtBot, look: QApplication, short_folder: Path, begin: Callable[[Window], TransferHandle]
) -> None:
    with opened(short_folder, qtbot) as window:
        handle = begin(window)
        window.main.close()
        asked = quit_dialog(window, qtbot)
        assert window.main.isVisible()
        asked.reject()
        assert handle.running
        window.main.close()
        quit_dialog(window, qtbot).primary.click()
        qtbot.waitUntil(lambda: not window.main.isVisible(), timeout=WAIT_MS)
        before = handle.snapshot
        assert before.state is JobState.PAUSED
        assert 0 < before.counts.items_done < 2000
    with opened(short_folder, qtbot) as window:
        queue = window.transfers.room.queue
        qtbot.waitUntil(lambda: len(queue.handles) == 1, timeout=WAIT_MS)
        (found,) = queue.handles
        assert (found.job_id, found.snapshot.state) == (handle.job_id, JobState.PAUSED)
        assert found.snapshot.counts == before.counts
        qtbot.waitUntil(lambda: not window.transfers.room.panel.folded)  # there is something to see
        window.main.close()
        assert not window.main.isVisible()  # what is paused holds nobody back
    with opened(short_folder, qtbot) as window:
        queue = window.transfers.room.queue
        qtbot.waitUntil(lambda: len(queue.handles) == 1, timeout=WAIT_MS)
        queue.handles[0].retry_failed()
        # 2,000 files, while other tests want the disk as well
        qtbot.waitUntil(lambda: queue.handles[0].ended, timeout=4 * WAIT_MS)
        end = queue.handles[0].snapshot
        assert (end.state, end.counts.items_done, end.counts.items) == (JobState.DONE, 2000, 2000)
    with opened(short_folder, qtbot) as window:
        qtbot.wait(500)
        assert window.transfers.room.queue.handles == []
