"""The bridge over a real pool: order, pace, cancel, owners, errors, questions."""

from __future__ import annotations

import asyncio
import gc
import itertools
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
import qasync
from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from artifact_browser.errors import AccessDenied, ArtifactBrowserError, JobCancelled
from artifact_browser.gui.common.bridge import TICK_S, Bridge
from artifact_browser.paths import in_home
from artifact_browser.workers.pool import WorkerPool
from tests.gui.common.bridge_jobs import NameWanted, count_to, greet, refuse, report, wait_for_cancel

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerPool]:
    made = WorkerPool(in_home(tmp_path_factory.mktemp("home")).make())
    yield made
    made.close()


@pytest.fixture
def bridge(pool: WorkerPool, qapp: QApplication) -> Iterator[Bridge]:
    made = Bridge(pool)
    yield made
    made.close()


def test_events_arrive_in_order_on_the_gui_thread(qtbot: QtBot, bridge: Bridge) -> None:
    events: list[int] = []
    threads: set[int] = set()
    ended: list[object] = []

    def take(event: int) -> None:
        events.append(event)
        threads.add(threading.get_ident())

    task = bridge.run(count_to, 100, on_event=take, on_done=ended.append)
    assert task.running
    qtbot.waitUntil(lambda: bool(ended))
    assert events == list(range(100))
    assert threads == {threading.get_ident()}
    assert ended == ["counted"]
    assert not task.running


def test_hand_over_is_at_most_every_16_ms(qtbot: QtBot, bridge: Bridge) -> None:
    at: list[float] = []
    ended: list[object] = []
    bridge.run(count_to, 300, on_event=lambda _: at.append(time.monotonic()), on_done=ended.append)
    qtbot.waitUntil(lambda: bool(ended))
    gaps = [after - before for before, after in itertools.pairwise(at)]
    batches = 1 + sum(gap > TICK_S / 2 for gap in gaps)
    assert batches <= (at[-1] - at[0]) / (TICK_S - 0.002) + 2
    assert batches < 300


def test_a_flood_does_not_hold_up_the_event_loop(qtbot: QtBot, bridge: Bridge) -> None:
    late: list[float] = []
    due = time.monotonic() + 0.004
    ended: list[object] = []
    timer = QTimer(timerType=Qt.TimerType.PreciseTimer, interval=4)

    def measure() -> None:
        nonlocal due
        now = time.monotonic()
        late.append(now - due)
        due = now + 0.004

    def work(_: int) -> None:
        ends_at = time.monotonic() + 0.001
        while time.monotonic() < ends_at:
            pass

    for _ in range(4):
        bridge.run(count_to, 60, on_event=work, on_done=ended.append)
    timer.timeout.connect(measure)
    timer.start()
    qtbot.waitUntil(lambda: len(ended) == 4, timeout=20_000)
    late.sort()
    assert late[len(late) * 9 // 10] < 0.016


def test_progress_is_replaced_not_queued(qtbot: QtBot, bridge: Bridge) -> None:
    seen: list[int] = []
    ended: list[object] = []
    bridge.run(report, 5000, on_progress=seen.append, on_done=ended.append)
    qtbot.waitUntil(lambda: bool(ended))
    assert seen == sorted(seen)
    assert 1 <= len(seen) < 100
    assert bridge._inbox._progress == {}


def test_nothing_is_called_after_cancel(qtbot: QtBot, bridge: Bridge, tmp_path: Path) -> None:
    note = tmp_path / "note"
    called: list[object] = []
    task = bridge.run(wait_for_cancel, str(note), on_event=called.append, on_done=called.append, on_error=called.append)
    qtbot.waitUntil(lambda: called == ["waiting"])
    task.cancel()
    task.cancel()
    assert not task.running
    qtbot.waitUntil(note.exists)
    qtbot.wait(60)
    assert called == ["waiting"]


def test_an_owners_end_ends_its_jobs(qtbot: QtBot, bridge: Bridge, tmp_path: Path) -> None:
    note = tmp_path / "note"
    owner = QObject()
    called: list[object] = []
    bridge.run(wait_for_cancel, str(note), owner=owner, on_event=called.append, on_error=called.append)
    qtbot.waitUntil(lambda: called == ["waiting"])
    owner.deleteLater()
    del owner
    qtbot.waitUntil(note.exists)
    qtbot.wait(60)
    assert called == ["waiting"]


def test_an_owner_outlives_its_finished_jobs(qtbot: QtBot, bridge: Bridge) -> None:
    owner = QObject()
    ended: list[object] = []
    for _ in range(5):
        bridge.run(count_to, 1, owner=owner, on_done=ended.append)
    qtbot.waitUntil(lambda: len(ended) == 5)
    assert not bridge._tasks


def test_a_running_job_keeps_no_callback_alive(qtbot: QtBot, pool: WorkerPool, tmp_path: Path) -> None:
    """The pool's reader threads must never be the last to hold a Qt object."""

    called: list[object] = []

    class Room(QObject):
        def take(self, news: object) -> None:
            called.append(news)

    note, bridge, room = tmp_path / "note", Bridge(pool), Room()
    bridge.run(wait_for_cancel, str(note), on_event=room.take, on_error=room.take)
    qtbot.waitUntil(lambda: bool(called))
    gone = [weakref.ref(room), weakref.ref(bridge)]
    bridge.close()
    del room, bridge
    gc.collect()
    assert [ref() for ref in gone] == [None, None]
    qtbot.waitUntil(note.exists)


def test_an_error_goes_to_who_asked_else_to_the_shell(qtbot: QtBot, bridge: Bridge) -> None:
    errors: list[ArtifactBrowserError] = []
    with qtbot.assertNotEmitted(bridge.failed):
        bridge.run(refuse, on_error=errors.append)
        qtbot.waitUntil(lambda: bool(errors))
    assert isinstance(errors[0], AccessDenied)
    assert errors[0].detail == "You may not."
    with qtbot.waitSignal(bridge.failed) as failed:
        bridge.run(refuse)
    assert isinstance(failed.args[0], AccessDenied)


def test_a_failing_callback_does_not_stop_the_others(qtbot: QtBot, bridge: Bridge) -> None:
    ended: list[object] = []

    def fail(_: object) -> None:
        raise RuntimeError("a fault of the room")

    with qtbot.captureExceptions() as caught:
        bridge.run(count_to, 3, on_event=fail)
        bridge.run(count_to, 3, on_done=ended.append)
        qtbot.waitUntil(lambda: bool(ended) and len(caught) == 3)
    assert {str(error) for _, error, _ in caught} == {"a fault of the room"}


def test_a_question_is_answered_by_the_owner(qtbot: QtBot, bridge: Bridge) -> None:
    asked: list[NameWanted] = []
    ended: list[object] = []

    def answer_it(question: NameWanted, answer: object) -> None:
        asked.append(question)
        answer("Ada")  # type: ignore[operator]

    bridge.run(greet, on_question=answer_it, on_done=ended.append)
    qtbot.waitUntil(lambda: bool(ended))
    assert asked == [NameWanted("Who?")]
    assert ended == ["Hello Ada"]


def test_awaiting_gives_the_result_or_raises(qapp: QApplication, bridge: Bridge) -> None:
    async def story() -> None:
        assert await bridge.result(count_to, 3) == "counted"
        assert [event async for event in bridge.stream(count_to, 5)] == [0, 1, 2, 3, 4]
        with pytest.raises(AccessDenied):
            await bridge.result(refuse)
        with pytest.raises(AccessDenied):
            _ = [event async for event in bridge.stream(refuse)]

    run(qapp, story())


def test_cancelling_the_waiter_cancels_the_job(qapp: QApplication, bridge: Bridge, tmp_path: Path) -> None:
    note = tmp_path / "note"

    async def story() -> None:
        waiter = asyncio.ensure_future(bridge.result(wait_for_cancel, str(note)))
        await asyncio.sleep(0.1)
        waiter.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter
        async with asyncio.timeout(5):
            while not note.exists():
                await asyncio.sleep(0.01)

    run(qapp, story())


def test_closing_the_bridge_stops_everything(qtbot: QtBot, pool: WorkerPool, tmp_path: Path) -> None:
    bridge = Bridge(pool)
    called: list[object] = []
    notes = [tmp_path / f"note{number}" for number in range(3)]
    for note in notes:
        bridge.run(wait_for_cancel, str(note), on_event=called.append, on_error=called.append)
    qtbot.waitUntil(lambda: len(called) == 3)
    bridge.close()
    qtbot.waitUntil(lambda: all(note.exists() for note in notes))
    assert called == ["waiting"] * 3


def test_a_closed_pool_says_so_to_the_callback(qtbot: QtBot, tmp_path: Path) -> None:
    pool = WorkerPool(in_home(tmp_path).make())
    pool.close()
    bridge = Bridge(pool)
    errors: list[ArtifactBrowserError] = []
    bridge.run(count_to, 1, on_error=errors.append)
    qtbot.waitUntil(lambda: bool(errors))
    assert isinstance(errors[0], JobCancelled)


def run(qapp: QApplication, story: object) -> None:
    loop = qasync.QEventLoop(qapp, already_running=False)
    try:
        loop.run_until_complete(story)
    finally:
        loop.close()
