"""The strip and its questions over real transfers of This computer."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Generator, Iterator
from dataclasses import replace
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
from artifact_browser.transfers.policy import Group, GroupPolicies, Policy
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
    qtbot.waitUntil(lambda: bool(shown(kind)), timeout=WAIT_MS)
    return shown(kind)[0]


def shown(kind: type[QDialog]) -> list[QDialog]:
    return [one for one in QApplication.topLevelWidgets() if isinstance(one, kind) and one.isVisible()]


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
    on = {"Retry failed", "Retry this item", "Remove", "Check by reading again\u2026", "Show", "Why it failed\u2026"}
    assert enabled == {name: name in on for name in ["Pause", "Continue", "Move to top", "Cancel", *on]}
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
    qtbot.waitUntil(room.panel.header.attention.isVisible, timeout=WAIT_MS)
    asked.choices[Policy.KEEP_BOTH].click()
    qtbot.mouseClick(asked.primary, Qt.MouseButton.LeftButton)
    assert end(qtbot, room, handle).snapshot.counts.items_done == 3

    for path in files:
        path.write_text(f"other {path.name}")
    paused = room.upload(RECORD, place, files)
    dialog(qtbot, ConflictDialog)
    assert paused is not None
    qtbot.waitUntil(lambda: paused.snapshot.state is JobState.WAITING, timeout=WAIT_MS)
    paused.pause()
    qtbot.waitUntil(lambda: not paused.running and not shown(ConflictDialog), timeout=WAIT_MS)
    assert paused.snapshot.state is JobState.PAUSED  # closing the question is no answer
    paused.retry_failed()
    dialog(qtbot, ConflictDialog).accept()
    assert end(qtbot, room, paused).snapshot.counts.items_skipped == 3

    cancelled = room.upload(RECORD, place, files)
    dialog(qtbot, ConflictDialog).reject()
    assert end(qtbot, room, cancelled).snapshot.state is JobState.CANCELLED


def test_each_kind_of_conflict_its_own_way(
    room: TransfersRoom, qtbot: QtBot, place: Location, files: list[Path]
) -> None:
    end(qtbot, room, room.upload(RECORD, place, files))
    files[0].write_text("new bytes")
    moved = files[0].stat().st_mtime + 3600
    os.utime(files[0], (moved, moved))
    handle = room.upload(RECORD, place, files)
    asked = dialog(qtbot, ConflictDialog)
    assert isinstance(asked, ConflictDialog)
    assert not asked.by_kind.isChecked()
    assert {group: combo.accessibleName() for group, combo in asked.kinds.items()} == {
        Group.IDENTICAL: "What is identical",
        Group.SOURCE_NEWER: "What is newer on this computer",
    }
    qtbot.keyClick(asked.kinds[Group.SOURCE_NEWER], Qt.Key.Key_Down)  # from replace to keep both
    assert asked.by_kind.isChecked()
    assert asked.choice.policy == GroupPolicies(source_newer=Policy.KEEP_BOTH)
    qtbot.mouseClick(asked.primary, Qt.MouseButton.LeftButton)
    counts = end(qtbot, room, handle).snapshot.counts
    assert (counts.items_done, counts.items_skipped) == (1, 2)

    same = room.upload(RECORD, place, files[1:])
    asked = dialog(qtbot, ConflictDialog)
    assert isinstance(asked, ConflictDialog)
    assert (asked.by_kind.isVisible(), asked.kinds) == (False, {})  # all are of one kind
    asked.reject()
    assert end(qtbot, room, same).snapshot.state is JobState.CANCELLED


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


def test_a_folder_is_renamed_with_what_is_below(
    room: TransfersRoom, qtbot: QtBot, place: Location, files: list[Path]
) -> None:
    end(qtbot, room, room.upload(RECORD, place.child("old.d/"), files))
    asked = room.rename(RECORD, place.child("old.d/"))
    assert (asked.name.text(), asked.name.selectedText()) == ("old.d", "old.d")
    assert not asked.primary.isEnabled()
    asked.name.setText("new")
    with qtbot.waitSignal(room.job_finished, timeout=WAIT_MS) as finished:
        asked.accept()
    assert finished.args is not None
    handle = finished.args[0]
    assert (handle.snapshot.state, handle.snapshot.counts.items_done) == (JobState.DONE, 3)
    assert {one.item.target for one in handle.items()} == {f"{place.key}new/{path.name}" for path in files}


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


def test_what_a_run_before_left_is_there_paused_and_goes_on(
    room: TransfersRoom, services: Services, window: QWidget, qtbot: QtBot, place: Location, tmp_path: Path
) -> None:
    many = tmp_path / "many"
    many.mkdir()
    for number in range(2500):
        (many / str(number)).write_text(str(number))
    handle = room.upload(RECORD, place, [many])
    assert handle is not None
    asked = dialog(qtbot, ConflictDialog)
    assert isinstance(asked, ConflictDialog)
    assert asked.accessibleName() == "Upload"  # nothing is there already, but they are many
    qtbot.waitUntil(lambda: asked.scan.text().startswith("2,500 items"), timeout=WAIT_MS)
    assert handle.snapshot.counts.items_done == 0
    assert not asked.choices[Policy.SKIP].isVisible()  # there is nothing to decide
    qtbot.mouseClick(asked.primary, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: handle.running and handle.count() > 0, timeout=WAIT_MS)
    qtbot.waitUntil(room.panel.header.pause.isVisible, timeout=WAIT_MS)
    qtbot.mouseClick(room.panel.header.pause, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not handle.running, timeout=WAIT_MS)
    assert handle.snapshot.state is JobState.PAUSED
    qtbot.waitUntil(lambda: room.panel.header.paused.isVisible(), timeout=WAIT_MS)
    _, facts, _, speed, state, action = row_texts(room)
    assert (speed, state, action) == ("", "paused", "Continue")
    assert "of 2,500 files" in facts
    assert not room.has_running()  # quitting asks nothing
    assert not room.panel.header.pause.isVisible()

    later = TransfersRoom(services, room._bridge, window)
    later.panel.setParent(window)
    later.panel.resize(1200, 300)
    later.panel.show()
    with qtbot.assertNotEmitted(later.job_finished):  # what failed long ago is no news
        later.restore([RECORD])
        qtbot.waitUntil(lambda: any(one.job_id == handle.job_id for one in later.queue.handles), timeout=WAIT_MS)
    (found,) = (one for one in later.queue.handles if one.job_id == handle.job_id)
    qtbot.waitUntil(lambda: later.panel.header.go_on.isVisible(), timeout=WAIT_MS)
    with qtbot.waitSignal(
        later.job_finished, timeout=4 * WAIT_MS
    ):  # 2,500 files: 10 to 14 s on a machine with much to do
        qtbot.mouseClick(later.panel.header.go_on, Qt.MouseButton.LeftButton)
    assert (found.snapshot.state, found.snapshot.counts.items_done) == (JobState.DONE, 2500)


def test_a_newer_journal_is_named(room: TransfersRoom, services: Services, qtbot: QtBot) -> None:
    path = services.paths.journal_file
    kept = path.with_name("kept")
    path.replace(kept)
    with sqlite3.connect(path) as base:
        base.execute("PRAGMA user_version = 99")
    base.close()
    try:
        room.restore([RECORD])
        sheet = dialog(qtbot, ErrorSheet)
        assert sheet.windowTitle() == "The journal of transfers is from a newer version"
        sheet.close()
    finally:
        kept.replace(path)


def snapshot(state: JobState, **facts: object) -> JobSnapshot:
    counts = Counts(items=5000, bytes=87 * 1024**3, items_done=1204, bytes_done=int(21.4 * 1024**3))
    return JobSnapshot("j", Verb.UPLOAD, "raw-scans", "speech-corpus/train", "a", state=state, counts=counts, **facts)  # type: ignore[arg-type]


def test_a_delete_that_was_stopped_says_what_is_left() -> None:
    counts = Counts(items=10, items_done=4)
    stopped = JobSnapshot("j", Verb.DELETE, "data", "", "a", state=JobState.CANCELLED, counts=counts)
    assert job_name(stopped) == "Delete bucket data"
    assert job_facts(stopped) == "4 of 9 blobs \u00b7 0 B \u00b7 5 left"  # the bucket itself is no blob
    assert job_name(replace(stopped, target="data")) == "Delete data from data"


def test_a_row_says_how_far_it_is() -> None:
    running = snapshot(JobState.RUNNING, speed_bps=40.8e6, time_left_s=100.0)
    assert job_name(running) == "raw-scans \u2192 speech-corpus/train"
    assert job_facts(running) == "1,204 of 5,000 files \u00b7 21.4 of 87.0 GiB"
    assert (job_speed(running), job_end(running)) == ("38.9 MiB/s", "1 min 40 s")
    assert job_end(snapshot(JobState.RUNNING)) == "running"
    growing = snapshot(JobState.RUNNING, scanning=True)
    assert job_facts(growing) == "1,204 of 5,000 files so far \u00b7 21.4 of 87.0 GiB"
    assert job_facts(snapshot(JobState.SCANNING)) == "scanning\u2026 5,000 files \u00b7 87.0 GiB"
    broken = ErrorRecord("DiskFull", "The disk is full", "No space left.", "", "", "", False)
    assert job_facts(snapshot(JobState.FAILED, error=broken)) == "The disk is full. No space left."
    assert (time_left(20), time_left(130)) == ("less than 1 min left", "about 2 min left")


def test_what_is_waited_for_is_told_apart(room: TransfersRoom) -> None:
    expired = ErrorRecord("CredentialsExpired", "The sign-in has expired", "", "", "", "", retryable=False)
    network = snapshot(JobState.WAITING_NETWORK, waiting_for="the network")
    credentials = snapshot(JobState.WAITING_CREDENTIALS, error=expired)
    answer = snapshot(JobState.WAITING, waiting_for="your answer")
    assert [job_facts(job) for job in (network, credentials, answer)] == [
        "waiting for the network",
        "waiting for credentials \u00b7 The sign-in has expired",
        "waiting for your answer",
    ]
    assert {job_end(job) for job in (network, credentials, answer)} == {"waiting"}
    header = room.panel.header
    header.show_jobs([network, credentials, answer])
    assert [header.network.text(), header.credentials.text(), header.attention.text()] == [
        "1 waiting for the network",
        "1 waiting for credentials",
        "1 needs attention",
    ]
    assert header.active.isHidden()
    assert not header.go_on.isHidden()
    header.show_jobs([network])
    assert header.credentials.isHidden()
    assert header.go_on.isHidden()  # it goes on by itself
