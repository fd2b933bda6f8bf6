"""The strip and its questions over real transfers of This computer."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QDialog, QWidget
from pytestqt.qtbot import QtBot

from artifact_browser.accounts.record import THIS_COMPUTER, AccountKind, AccountRecord
from artifact_browser.bootstrap import Services, build
from artifact_browser.errors import ErrorRecord
from artifact_browser.gui.common.bridge import Bridge
from artifact_browser.gui.common.error_sheet import ErrorSheet
from artifact_browser.gui.transfers.conflict_dialog import ConflictDialog
from artifact_browser.gui.transfers.transfer_words import job_end, job_facts, job_name, job_speed, time_left
from artifact_browser.gui.transfers.transfers_model import RowAction, TransferColumn
from artifact_browser.gui.transfers.transfers_room import TransfersRoom
from artifact_browser.paths import in_home
from artifact_browser.storage.blobs import create_bucket
from artifact_browser.storage.location import Location
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.policy import Policy
from artifact_browser.transfers.state import Counts, JobSnapshot, JobState, Verb

RECORD = AccountRecord(id=THIS_COMPUTER, kind=AccountKind.LOCAL, name="This computer")
WAIT_MS = 15_000


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    built = build(in_home(tmp_path_factory.mktemp("room")))
    built.pool.run(create_bucket, RECORD, "stuff")
    yield built
    built.close()


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    made = QWidget()
    made.resize(1200, 400)
    qtbot.addWidget(made)
    return made


@pytest.fixture
def room(services: Services, window: QWidget, qtbot: QtBot) -> Generator[TransfersRoom, None, None]:
    bridge = Bridge(services.pool, window)
    made = TransfersRoom(services, bridge, window)
    made.panel.setParent(window)
    made.panel.resize(1200, 300)
    window.show()
    yield made
    made.cancel_all()
    bridge.close()


@pytest.fixture
def place(request: pytest.FixtureRequest) -> Location:
    """A prefix of this test's own."""
    return Location(RECORD.id, "stuff", f"{request.node.name}/")


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    made = [tmp_path / name for name in ["a.txt", "b.txt", "c.txt"]]
    for path in made:
        path.write_text(path.name)
    return made


def end(qtbot: QtBot, room: TransfersRoom, handle: TransferHandle | None) -> TransferHandle:
    assert handle is not None
    qtbot.waitUntil(lambda: handle in room._ended, timeout=WAIT_MS)
    return handle


def dialog(qtbot: QtBot, kind: type[QDialog]) -> QDialog:
    def found() -> list[QDialog]:
        return [one for one in QApplication.topLevelWidgets() if isinstance(one, kind) and one.isVisible()]

    qtbot.waitUntil(lambda: bool(found()), timeout=WAIT_MS)
    return found()[0]


def row_texts(room: TransfersRoom, row: int = 0) -> list[str]:
    model = room.panel.model
    return [model.text(model.index(row, column)) for column in TransferColumn]


def test_the_empty_strip_says_what_to_do(room: TransfersRoom, qtbot: QtBot) -> None:
    assert not room.panel.empty.isVisible()  # nothing to show: the header alone
    room.panel.header.fold.click()
    assert room.panel.empty.isVisible()
    assert not room.panel.view.isVisible()
    assert room.panel.view.accessibleName() == "Transfers"
    assert not room.has_running()


def test_an_upload_has_a_row_that_ends_done(
    room: TransfersRoom, qtbot: QtBot, place: Location, files: list[Path]
) -> None:
    QAbstractItemModelTester(room.panel.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    with qtbot.waitSignal(room.location_changed_by_job, timeout=WAIT_MS) as changed:
        handle = room.upload(RECORD, place, files)
    assert changed.args == [place]
    end(qtbot, room, handle)
    name, facts, progress, _, state, action = row_texts(room)
    assert name == f"3 items \u2192 stuff/{place.key.rstrip('/')}"
    assert (facts, progress, state, action) == ("3 files \u00b7 15 B \u00b7 checked by MD5", "100 %", "done", "Remove")
    assert (room.panel.header.done.text(), room.panel.header.active.isVisible()) == ("1 done", False)
    assert room.panel.view.isVisible()

    model, view = room.panel.model, room.panel.view
    assert model.hasChildren(model.index(0, 0))
    view.expand(model.index(0, 0))
    items = [model.text(model.index(row, 0, model.index(0, 0))) for row in range(model.rowCount(model.index(0, 0)))]
    assert sorted(items) == ["a.txt", "b.txt", "c.txt"]
    view.collapse(model.index(0, 0))
    qtbot.mouseClick(
        view.viewport(),
        Qt.MouseButton.LeftButton,
        pos=view.visualRect(model.index(0, TransferColumn.ACTION)).center(),
    )
    assert model.rowCount() == 0
    assert room.panel.folded  # nothing left to show


def test_failures_come_first_say_why_and_are_tried_again(
    room: TransfersRoom, qtbot: QtBot, place: Location, files: list[Path], tmp_path: Path
) -> None:
    QAbstractItemModelTester(room.panel.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    handle = end(qtbot, room, room.upload(RECORD, place, [*files, tmp_path / "gone.txt"]))
    model, view = room.panel.model, room.panel.view
    job = model.index(0, 0)
    view.expand(job)
    first = model.index(0, 0, job)
    assert model.text(first) == "gone.txt"
    assert model.text(first.siblingAtColumn(TransferColumn.FACTS)).startswith("The file is gone.")
    assert row_texts(room)[1] == "3 of 4 files \u00b7 15 B \u00b7 1 failed"
    assert room.panel.header.attention.text() == "1 needs attention"

    menu = room.panel.menu_for(first)
    assert menu is not None
    enabled = {action.text(): action.isEnabled() for action in menu.actions() if action.text()}
    assert enabled == {"Cancel": False, "Retry failed": True, "Remove": True, "Show": True, "Why it failed\u2026": True}
    view.doubleClicked.emit(first)
    sheet = dialog(qtbot, ErrorSheet)
    assert sheet.windowTitle() == "The file is gone"
    sheet.close()

    (tmp_path / "gone.txt").write_text("here")
    room.panel.action_chosen.emit(handle, RowAction.RETRY)
    qtbot.waitUntil(lambda: handle.snapshot.state is JobState.DONE, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: model.rowCount(job) == 4, timeout=WAIT_MS)


def test_the_conflict_dialog_is_asked_once_and_its_answer_holds(
    room: TransfersRoom, qtbot: QtBot, place: Location, files: list[Path]
) -> None:
    end(qtbot, room, room.upload(RECORD, place, files))
    handle = room.upload(RECORD, place, files)
    asked = dialog(qtbot, ConflictDialog)
    assert isinstance(asked, ConflictDialog)
    assert asked.accessibleName() == "Already there"
    qtbot.waitUntil(lambda: row_texts(room)[1] == "waiting for your answer", timeout=WAIT_MS)
    assert room.panel.header.attention.isVisible()
    asked.choices[Policy.KEEP_BOTH].click()
    qtbot.mouseClick(asked.primary, Qt.MouseButton.LeftButton)
    assert end(qtbot, room, handle).snapshot.counts.items_done == 3

    cancelled = room.upload(RECORD, place, files)
    dialog(qtbot, ConflictDialog).reject()
    assert end(qtbot, room, cancelled).snapshot.state is JobState.CANCELLED


def test_delete_counts_then_deletes(room: TransfersRoom, qtbot: QtBot, place: Location, files: list[Path]) -> None:
    end(qtbot, room, room.upload(RECORD, place, files))
    asked = room.delete(RECORD, [place])
    assert (asked.accessibleName(), asked.primary.text(), asked.primary.isEnabled()) == ("Delete", "Delete", False)
    qtbot.waitUntil(lambda: asked.primary.isEnabled(), timeout=WAIT_MS)
    assert asked.total.text() == "3 blobs, 15 B"
    with qtbot.waitSignal(room.location_changed_by_job, timeout=WAIT_MS) as changed:
        asked.accept()
    assert changed.args == [place.parent]
    assert row_texts(room)[0] == f"Delete {place.name} from stuff"
    assert row_texts(room)[1] == "3 blobs \u00b7 15 B"


def test_a_whole_bucket_wants_its_name_typed(room: TransfersRoom, qtbot: QtBot, services: Services) -> None:
    services.pool.run(create_bucket, RECORD, "gone-soon")
    asked = room.delete(RECORD, [Location(RECORD.id, "gone-soon")])
    qtbot.waitUntil(lambda: asked.plan is not None, timeout=WAIT_MS)
    assert not asked.primary.isEnabled()
    asked.bucket_name.setText("gone-soo")
    assert not asked.primary.isEnabled()
    asked.bucket_name.setText("gone-soon")
    assert asked.primary.isEnabled()
    asked.reject()
    assert not list((services.paths.cache / "plans").iterdir())


def test_rename_and_new_folder(room: TransfersRoom, qtbot: QtBot, place: Location, files: list[Path]) -> None:
    end(qtbot, room, room.upload(RECORD, place, files))
    asked = room.rename(RECORD, place.child("a.txt"))
    assert (asked.accessibleName(), asked.name.text(), asked.name.selectedText()) == ("Rename", "a.txt", "a")
    assert not asked.primary.isEnabled()
    asked.name.setText("z.txt")
    with qtbot.waitSignal(room.job_finished, timeout=WAIT_MS) as finished:
        asked.accept()
    assert finished.args is not None
    assert finished.args[0].snapshot.state is JobState.DONE
    folder = room.new_folder(RECORD, place)
    assert (folder.accessibleName(), folder.primary.text(), folder.primary.isEnabled()) == (
        "New folder",
        "Create",
        False,
    )
    folder.name.setText("sub")
    with qtbot.waitSignal(room.job_finished, timeout=WAIT_MS) as finished:
        folder.accept()
    assert finished.args is not None
    assert finished.args[0].snapshot.state is JobState.DONE


def test_the_strip_folds_to_its_head(room: TransfersRoom, qtbot: QtBot, place: Location, files: list[Path]) -> None:
    end(qtbot, room, room.upload(RECORD, place, files))
    qtbot.mouseClick(room.panel.header.fold, Qt.MouseButton.LeftButton)
    assert not room.panel.view.isVisible()
    assert room.panel.folded  # the window gives the rest of its height away
    assert room.panel.header.fold.accessibleName() == "Unfold transfers"
    qtbot.mouseClick(room.panel.header.fold, Qt.MouseButton.LeftButton)
    assert room.panel.view.isVisible()
    qtbot.mouseClick(room.panel.header.clear, Qt.MouseButton.LeftButton)
    assert room.panel.folded
    assert room.panel.model.rowCount(QModelIndex()) == 0


def snapshot(state: JobState, **facts: object) -> JobSnapshot:
    counts = Counts(items=5000, bytes=87 * 1024**3, items_done=1204, bytes_done=int(21.4 * 1024**3))
    return JobSnapshot("j", Verb.UPLOAD, "raw-scans", "speech-corpus/train", "a", state=state, counts=counts, **facts)  # type: ignore[arg-type]


def test_a_row_says_how_far_it_is() -> None:
    running = snapshot(JobState.RUNNING, speed_bps=40.8e6, time_left_s=100.0)
    assert job_name(running) == "raw-scans \u2192 speech-corpus/train"
    assert job_facts(running) == "1,204 of 5,000 files \u00b7 21.4 of 87.0 GiB"
    assert (job_speed(running), job_end(running)) == ("38.9 MiB/s", "1 min 40 s")
    assert job_end(snapshot(JobState.RUNNING)) == "running"
    assert job_facts(snapshot(JobState.SCANNING)) == "scanning\u2026 5,000 files \u00b7 87.0 GiB"
    broken = ErrorRecord("DiskFull", "The disk is full", "No space left.", "", "", "", False)
    assert job_facts(snapshot(JobState.FAILED, error=broken)) == "The disk is full. No space left."
    assert (time_left(20), time_left(130)) == ("less than 1 min left", "about 2 min left")
