"""The pool as the window uses it: events, back-pressure, progress, questions, errors."""

from __future__ import annotations

import errno
import os
import threading
import time
from pathlib import Path

import pytest

from artifact_browser.errors import (
    AccessDenied,
    DiskFull,
    DiskPermissionDenied,
    FileMissing,
    InputError,
    InternalError,
    JobCancelled,
    WorkerDied,
    WrongRegion,
)
from artifact_browser.paths import Paths
from artifact_browser.workers.job import Lane, Question
from artifact_browser.workers.messages import Kind
from artifact_browser.workers.pool import WorkerPool
from tests.workers import jobs
from tests.workers.conftest import Heard, until


def test_events_arrive_in_order_then_the_result(pool: WorkerPool) -> None:
    heard = Heard()
    handle = pool.start(jobs.count, 500, listener=heard)
    assert heard.ended.wait(20)
    assert heard.events == list(range(500))
    assert heard.result == "counted 500"
    assert handle.wait(1)
    assert handle.done


def test_a_generator_runs_at_most_eight_events_ahead(pool: WorkerPool, tmp_path: Path) -> None:
    heard, file = Heard(acknowledges_itself=True), tmp_path / "produced"
    handle = pool.start(jobs.count_into, file, 40, listener=heard)
    until(lambda: len(heard.events) == 8)
    for acknowledged in range(1, 33):
        handle.acknowledge()
        until(lambda n=acknowledged: len(heard.events) == 8 + n)
        assert int(file.read_text()) == 8 + acknowledged  # produced: never more than eight ahead
    for _ in range(8):
        handle.acknowledge()
    assert heard.ended.wait(10)


def test_a_generator_can_wait_until_all_its_events_are_taken(pool: WorkerPool, tmp_path: Path) -> None:
    heard, file = Heard(acknowledges_itself=True), tmp_path / "touched"
    handle = pool.start(jobs.touch_when_all_taken, file, 3, listener=heard)
    until(lambda: len(heard.events) == 3)
    for _ in range(3):
        assert pool.run(jobs.count, 2) == "counted 2"
        assert not file.exists()
        handle.acknowledge()
    assert heard.ended.wait(10)
    assert file.exists()
    assert heard.events == [0, 1, 2]


def test_iterate_gives_events_as_they_are_taken_and_cancels_when_left(pool: WorkerPool, tmp_path: Path) -> None:
    file = tmp_path / "produced"
    events = pool.iterate(jobs.count_into, file, 1000)
    assert [next(events) for _ in range(3)] == [0, 1, 2]
    events.close()
    assert int(file.read_text()) <= 3 + 8
    assert list(pool.iterate(jobs.count, 3)) == [0, 1, 2]


def test_progress_is_replaced_and_the_last_arrives_before_the_end(pool: WorkerPool) -> None:
    heard = Heard()
    pool.start(jobs.report, 2000, 0.6, listener=heard)
    assert heard.ended.wait(20)
    values = [value for _, value in heard.progress]
    assert values == sorted(set(values))
    assert values[-1] == 1999
    assert heard.after_end == 0
    taken_s = heard.progress[-1][0] - heard.progress[0][0]
    assert len(values) <= taken_s * 20 + 3


def test_small_jobs_pass_large_events(pool: WorkerPool) -> None:
    slow = Heard(acknowledges_itself=True)
    handle = pool.start(jobs.large, 4 * 1024**2, 4, listener=slow)
    assert pool.run(jobs.count, 5, timeout_s=10) == "counted 5"
    for _ in range(4):
        handle.acknowledge()
    assert slow.ended.wait(20)
    assert slow.events == [bytes([number]) * 4 * 1024**2 for number in range(4)]


def test_a_question_parks_its_job_and_never_the_lane(pool: WorkerPool) -> None:
    waiting: list = []
    pool.answer(jobs.NameWanted, lambda question, answer: waiting.append((question, answer)))
    parked = [Heard() for _ in range(40)]  # more than run at once in one process
    for number, heard in enumerate(parked):
        pool.start(jobs.ask, str(number), listener=heard)
    until(lambda: len(waiting) == 40)
    assert pool.run(jobs.count, 3, timeout_s=10) == "counted 3"
    for question, answer in waiting:
        answer(f"answer {question.hint}")
        answer("a second answer is ignored")
    assert all(heard.ended.wait(10) for heard in parked)
    assert [heard.result for heard in parked] == [f"answer {number}" for number in range(40)]


def test_a_listener_answers_what_no_responder_takes_and_errors_are_raised_in_the_job(pool: WorkerPool) -> None:
    class Answering(Heard):
        def on_question(self, question: Question, answer) -> None:
            assert isinstance(question, jobs.NameWanted)
            answer(InputError("Not that one."))

    heard = Answering()
    pool.start(jobs.ask, "x", listener=heard)
    assert heard.ended.wait(20)
    assert isinstance(heard.error, InputError)
    assert heard.error.detail == "Not that one."


def test_a_question_nobody_answers_is_an_error_and_no_hang(pool: WorkerPool) -> None:
    with pytest.raises(InternalError, match="Nobody answers"):
        pool.run(jobs.ask, "x", timeout_s=20)


def test_a_listener_that_fails_at_a_question_is_an_error_and_no_hang(pool: WorkerPool) -> None:
    class Failing(Heard):
        def on_question(self, question: Question, answer) -> None:
            raise ValueError("a fault of ours")

    heard = Failing()
    pool.start(jobs.ask, "x", listener=heard)
    assert heard.ended.wait(20)
    assert isinstance(heard.error, InternalError)


def test_an_answer_that_cannot_be_sent_is_an_error_and_no_hang(pool: WorkerPool) -> None:
    pool.answer(Question, lambda question, answer: answer(threading.Lock()))
    with pytest.raises(InternalError):
        pool.run(jobs.ask, "x", timeout_s=20)


def test_a_parked_job_can_be_cancelled(pool: WorkerPool) -> None:
    asked, heard = threading.Event(), Heard()
    pool.answer(Question, lambda question, answer: asked.set())
    handle = pool.start(jobs.ask, "x", listener=heard)
    assert asked.wait(20)
    handle.cancel()
    assert heard.ended.wait(1)
    assert isinstance(heard.error, JobCancelled)


def test_our_errors_cross_whole(pool: WorkerPool) -> None:
    with pytest.raises(AccessDenied) as caught:
        pool.run(jobs.raise_ours)
    error = caught.value
    assert (error.detail, error.subject, error.kept, error.todo) == ("No.", "s3://b/k", "all of it", "Ask.")


def test_an_error_keeps_what_only_its_kind_carries(pool: WorkerPool) -> None:
    with pytest.raises(WrongRegion) as caught:
        pool.run(jobs.raise_wrong_region)
    assert caught.value.region == "eu-central-1"


@pytest.mark.parametrize("kind", [Kind.QUESTION, Kind.ERROR])
def test_a_worker_that_talks_rubbish_is_replaced_and_its_jobs_end(pool: WorkerPool, kind: Kind) -> None:
    with pytest.raises(WorkerDied):
        pool.run(jobs.talk_rubbish, kind, timeout_s=20)
    assert pool.run(jobs.count, 3, timeout_s=20) == "counted 3"


def test_a_crash_leaves_no_memory_on_the_disk(pool: WorkerPool) -> None:
    if os.name == "nt":
        pytest.skip("Windows has no core files")
    assert pool.run(jobs.core_limit) == (0, 0)


def test_a_foreign_error_becomes_ours_without_its_secrets(pool: WorkerPool, paths: Paths) -> None:
    with pytest.raises(InternalError) as caught:
        pool.run(jobs.raise_foreign)
    assert "KeyError" in caught.value.technical
    assert "TOPSECRETVALUE" not in caught.value.technical
    log = (paths.log / "interactive.log").read_text()
    assert "Traceback" in log
    assert "raise_foreign" in log
    assert "TOPSECRETVALUE" not in log


@pytest.mark.parametrize(
    ("number", "kind"),
    [(errno.ENOSPC, DiskFull), (errno.EACCES, DiskPermissionDenied), (errno.EPERM, DiskPermissionDenied),
     (errno.ENOENT, FileMissing)],
)  # fmt: skip
def test_what_the_disk_says_is_told_as_such(pool: WorkerPool, number: int, kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught:
        pool.run(jobs.raise_os, number, "/some/file")
    assert caught.value.subject == "/some/file"


@pytest.mark.parametrize("job", [jobs.yield_unpicklable, jobs.return_unpicklable])
def test_what_cannot_be_sent_is_an_error_and_no_hang(pool: WorkerPool, job) -> None:
    with pytest.raises(InternalError):
        pool.run(job, timeout_s=20)
    with pytest.raises(InternalError):
        pool.run(jobs.count, threading.Lock(), timeout_s=20)


def test_a_bare_worker_loads_nothing_heavy(pool: WorkerPool) -> None:
    loaded = pool.run(jobs.modules)
    assert not loaded & {"PySide6", "shiboken6", "boto3", "botocore", "keyring", "numpy", "humanize", "ssl"}


def test_a_failing_listener_does_not_disturb_others(pool: WorkerPool) -> None:
    class Failing(Heard):
        def on_event(self, event: object) -> None:
            raise RuntimeError("a fault of the window")

    pool.start(jobs.count, 20, listener=Failing())
    assert pool.run(jobs.count, 3, timeout_s=20) == "counted 3"


def test_mover_questions_and_errors_go_up_through_the_engine_job(pool: WorkerPool) -> None:
    pool.answer(jobs.NameWanted, lambda question, answer: answer(question.hint.upper()))
    assert pool.run(jobs.ask_through_mover, lane=Lane.ENGINE, timeout_s=30) == "FROM THE MOVER"
    with pytest.raises(AccessDenied):
        pool.run(jobs.fail_in_mover, lane=Lane.ENGINE, timeout_s=30)


def test_a_mover_is_not_started_for_a_stopped_engine_job(pool: WorkerPool) -> None:
    with pytest.raises(JobCancelled):  # and not TimedOut: it hung on its own lock
        pool.run(jobs.start_mover_when_cancelled, lane=Lane.ENGINE, timeout_s=20)


def test_jobs_of_a_closed_pool_end_at_once(pool: WorkerPool) -> None:
    heard = Heard()
    pool.start(jobs.wait_for_cancel, listener=heard)
    until(lambda: heard.events)
    began = time.monotonic()
    pool.close()
    assert time.monotonic() - began < 3
    assert isinstance(heard.error, JobCancelled)
    with pytest.raises(JobCancelled):
        pool.run(jobs.count, 3)
