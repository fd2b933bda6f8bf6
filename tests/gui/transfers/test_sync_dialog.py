"""Compare and sync over real folders of This computer: what is shown is what is done."""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from artifact_browser.accounts.record import THIS_COMPUTER, AccountKind, AccountRecord
from artifact_browser.bootstrap import Services, build
from artifact_browser.gui.common.bridge import Bridge
from artifact_browser.gui.transfers.sync_dialog import SyncDialog
from artifact_browser.gui.transfers.transfers_room import TransfersRoom
from artifact_browser.paths import in_home
from artifact_browser.storage.blobs import create_bucket
from artifact_browser.storage.location import Location
from artifact_browser.transfers.state import JobState

RECORD = AccountRecord(id=THIS_COMPUTER, kind=AccountKind.LOCAL, name="This computer")
WAIT_MS = 15_000


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("sync")
        patch.setenv("XDG_DATA_HOME", str(home / "data"))
        built = build(in_home(home))
        built.pool.run(create_bucket, RECORD, "stuff")
        yield built
        built.close()


@pytest.fixture
def room(services: Services, qtbot: QtBot) -> Generator[TransfersRoom, None, None]:
    window = QWidget()
    qtbot.addWidget(window)
    bridge = Bridge(services.pool, window)
    made = TransfersRoom(services, bridge, window)
    window.show()
    yield made
    made.cancel_all()
    bridge.close()


@pytest.fixture
def place(request: pytest.FixtureRequest) -> Location:
    return Location(RECORD.id, "stuff", f"{request.node.name}/")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "set"
    (made / "deep").mkdir(parents=True)
    for name in ("a.txt", "deep/b.txt"):
        (made / name).write_text(name)
    return made


def lines(dialog: SyncDialog) -> list[tuple[str, str]]:
    model = dialog.differences.model()
    return [(model.index(row, 0).data(), model.index(row, 1).data()) for row in range(model.rowCount())]


def names(dialog: SyncDialog) -> list[str]:
    model = dialog.names.model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def compared(qtbot: QtBot, dialog: SyncDialog) -> None:
    qtbot.waitUntil(lambda: dialog.comparison is not None, timeout=WAIT_MS)


def plans(services: Services) -> list[Path]:
    return list((services.paths.cache / "comparisons").glob("*.compare"))


def test_up_then_down_with_deletions_both_ways(
    room: TransfersRoom, services: Services, qtbot: QtBot, place: Location, folder: Path
) -> None:
    dialog = room.sync(RECORD, place)
    assert not dialog.primary.isEnabled()
    dialog.set_folder(str(folder))
    compared(qtbot, dialog)
    assert lines(dialog) == [("Only in the folder", "2")]
    qtbot.waitUntil(lambda: names(dialog) == ["a.txt", "deep/b.txt"], timeout=WAIT_MS)
    assert dialog.outcome.text() == "To be done: 2 uploaded."
    dialog.primary.click()
    (handle,) = room.queue.handles
    qtbot.waitUntil(lambda: handle.ended, timeout=WAIT_MS)
    assert handle.snapshot.state is JobState.DONE
    qtbot.waitUntil(lambda: not plans(services), timeout=WAIT_MS)

    (folder / "a.txt").rename(folder / "c.txt")
    dialog = room.sync(RECORD, place)
    dialog.set_folder(str(folder))
    compared(qtbot, dialog)
    assert lines(dialog) == [("Only in the folder", "1"), ("Only in the store", "1"), ("Identical", "1")]
    dialog.download.setChecked(True)
    assert lines(dialog) == [("Only in the store", "1"), ("Of another size or time", "1"), ("Only in the folder", "1")]
    dialog.by_content.setChecked(True)
    compared(qtbot, dialog)
    assert lines(dialog) == [("Only in the store", "1"), ("Only in the folder", "1"), ("Identical", "1")]
    dialog.remove.setChecked(True)
    assert dialog.outcome.text() == "To be done: 1 downloaded, 1 moved to the trash."
    dialog.differences.selectRow(1)
    qtbot.waitUntil(lambda: names(dialog) == ["c.txt"], timeout=WAIT_MS)
    dialog.primary.click()
    handle = room.queue.handles[-1]
    qtbot.waitUntil(lambda: handle.ended, timeout=WAIT_MS)
    assert handle.snapshot.state is JobState.DONE
    assert sorted(path.name for path in folder.iterdir()) == ["a.txt", "deep"]


def test_alike_sides_have_nothing_to_sync(room: TransfersRoom, qtbot: QtBot, place: Location, tmp_path: Path) -> None:
    dialog = room.sync(RECORD, place)
    dialog.set_folder(str(tmp_path))
    compared(qtbot, dialog)
    assert dialog.outcome.text() == "Both sides are alike."
    assert not dialog.primary.isEnabled()
    dialog.reject()


def test_newer_at_the_target_stays_unless_unticked(
    room: TransfersRoom, qtbot: QtBot, place: Location, folder: Path
) -> None:
    handle = room.upload(RECORD, place, sorted(folder.iterdir()))
    assert handle is not None
    qtbot.waitUntil(lambda: handle.ended, timeout=WAIT_MS)
    (folder / "a.txt").write_text("longer than it was")
    os.utime(folder / "a.txt", (time.time() - 3600, time.time() - 3600))
    dialog = room.sync(RECORD, place)
    dialog.set_folder(str(folder))
    compared(qtbot, dialog)
    assert ("Newer in the store", "1") in lines(dialog)
    assert dialog.outcome.text() == "Nothing would be done."
    dialog.keep_newer.setChecked(False)
    assert dialog.outcome.text() == "To be done: 1 replaced."
    dialog.reject()


def test_a_folder_that_is_not_there_is_said_and_leaving_keeps_nothing(
    room: TransfersRoom, services: Services, qtbot: QtBot, place: Location, folder: Path
) -> None:
    before = plans(services)
    dialog = room.sync(RECORD, place)
    dialog.set_folder(str(folder / "nowhere"))
    qtbot.waitUntil(lambda: "no such folder" in dialog.note.text(), timeout=WAIT_MS)
    assert not dialog.primary.isEnabled()
    dialog.set_folder(str(folder))
    compared(qtbot, dialog)
    assert not dialog.note.text()
    assert len(plans(services)) == len(before) + 1
    dialog.reject()
    assert plans(services) == before
    qtbot.waitUntil(lambda: not any(isinstance(one, SyncDialog) for one in QApplication.topLevelWidgets()))


def test_a_read_only_account_is_a_source_only(room: TransfersRoom, place: Location) -> None:
    record = AccountRecord(id=THIS_COMPUTER, kind=AccountKind.LOCAL, name="This computer", read_only=True)
    dialog = room.sync(record, place)
    assert not dialog.upload.isEnabled()
    assert dialog.download.isChecked()
    dialog.reject()


def test_enter_in_the_folder_field_compares_and_syncs_nothing(
    room: TransfersRoom, qtbot: QtBot, place: Location, folder: Path
) -> None:
    dialog = room.sync(RECORD, place)
    dialog.folder.setText(str(folder))
    qtbot.keyClick(dialog.folder, Qt.Key.Key_Return)
    compared(qtbot, dialog)
    assert dialog.primary.isEnabled()
    qtbot.keyClick(dialog.folder, Qt.Key.Key_Return)
    assert dialog.isVisible()
    dialog.folder.clear()
    dialog.folder.editingFinished.emit()
    assert (dialog.comparison, dialog.primary.isEnabled()) == (None, False)
    dialog.reject()
