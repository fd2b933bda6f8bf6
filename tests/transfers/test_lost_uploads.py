"""An upload that was begun without anybody being told its id: ours is found and dropped, a stranger's never."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from artifact_browser.storage.driver import Driver, Upload
from artifact_browser.storage.stamps import stamp_of
from artifact_browser.transfers import upload_marks
from artifact_browser.transfers.known_uploads import KnownUploads, UploadsKnown
from artifact_browser.transfers.lost_uploads import DropLost
from artifact_browser.transfers.put_course import PutCourse
from artifact_browser.transfers.put_tasks import FinishUpload
from artifact_browser.transfers.state import Item
from artifact_browser.transfers.task import Finished, Skipped
from artifact_browser.transfers.upload_marks import age_us, begun_as, given_up, id_in, is_given_up, mark_in, new_mark
from artifact_browser.workers.job import Question
from tests.transfers.accounts import Here
from tests.transfers.conftest import Bench


class Seen:
    """A store as its answers would be if ``upload_id`` were another's."""

    def __init__(self, driver: Driver, upload_id: str, change: Callable[[Upload], Upload]) -> None:
        self._driver, self._id, self._change = driver, upload_id, change

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)

    def list_uploads(self, bucket: str, prefix: str = "") -> list[Upload]:
        found = self._driver.list_uploads(bucket, prefix)
        return [self._change(one) if one.upload_id == self._id else one for one in found]


class Asked(Here):
    """A mover whose engine knows these uploads."""

    known: frozenset[str] | None = frozenset()

    def ask(self, question: Question) -> object:
        assert question == UploadsKnown("k")
        return self.known


def ids(bench: Bench) -> set[str]:
    with bench.driver() as driver:
        return {one.upload_id for one in driver.list_uploads(bench.bucket, "k")}


def same(upload: Upload) -> Upload:
    return upload


def older(upload: Upload) -> Upload:
    return replace(upload, started_us=upload.started_us - 3_000_000)


def much_later(upload: Upload) -> Upload:
    return replace(upload, started_us=upload.started_us + 3_000_000)


def by_another(upload: Upload) -> Upload:
    return replace(upload, initiator="another")


def test_what_was_begun_since_the_mark_is_dropped_and_the_items_own_stays(bench: Bench) -> None:
    mark = new_mark()
    with bench.driver() as driver:
        lost, own = driver.create_upload(bench.bucket, "k"), driver.create_upload(bench.bucket, "k")
        beside = driver.create_upload(bench.bucket, "k2")
        DropLost(bench.bucket, "k", mark, own).run(Asked(driver, driver))
        assert ids(bench) == {own, beside}
        assert lost not in ids(bench)


@pytest.mark.parametrize("change", [older, much_later, by_another])
def test_a_strangers_stays(bench: Bench, change: Callable[[Upload], Upload]) -> None:
    mark = new_mark()
    with bench.driver() as driver:
        theirs = driver.create_upload(bench.bucket, "k")
        seen: Any = Seen(driver, theirs, change)
        DropLost(bench.bucket, "k", mark).run(Asked(seen, seen))
        assert ids(bench) == {theirs}
        DropLost(bench.bucket, "k", mark).run(Asked(driver, driver))  # it is that difference alone
        assert ids(bench) == set()


def test_one_with_parts_stays(bench: Bench) -> None:
    mark = new_mark()
    with bench.driver() as driver:
        theirs = driver.create_upload(bench.bucket, "k")
        driver.upload_part(bench.bucket, "k", theirs, 1, b"x")
        DropLost(bench.bucket, "k", mark).run(Asked(driver, driver))
        assert ids(bench) == {theirs}


@pytest.mark.parametrize("nobody_can_say", [False, True])
def test_one_that_another_transfer_has_begun_stays(bench: Bench, nobody_can_say: bool) -> None:
    mark = new_mark()
    with bench.driver() as driver:
        theirs = driver.create_upload(bench.bucket, "k")
        stage = Asked(driver, driver)
        stage.known = None if nobody_can_say else frozenset({theirs})
        DropLost(bench.bucket, "k", mark).run(stage)
        assert ids(bench) == {theirs}


def test_nothing_is_dropped_where_nobody_can_tell_how_old_a_mark_is(bench: Bench) -> None:
    with bench.driver() as driver:
        theirs = driver.create_upload(bench.bucket, "k")
        DropLost(bench.bucket, "k", "nonsense").run(Asked(driver, driver))
        assert ids(bench) == {theirs}


def test_a_mark_tells_its_age_whatever_the_clock_does(monkeypatch: pytest.MonkeyPatch) -> None:
    mark, now = new_mark(), upload_marks.time.time_ns
    monkeypatch.setattr(upload_marks, "boot_id", lambda: "another start")
    assert 0 <= (age_us(mark) or 0) < 60_000_000
    monkeypatch.setattr(upload_marks.time, "time_ns", lambda: now() - 3600 * 10**9)
    assert age_us(mark) is None  # the clock was set back
    monkeypatch.undo()
    monkeypatch.setattr(upload_marks, "boot_id", lambda: "this start")
    mark = new_mark()
    monkeypatch.setattr(upload_marks.time, "time_ns", lambda: now() - 3600 * 10**9)
    assert 0 <= (age_us(mark) or 0) < 60_000_000


@pytest.mark.parametrize("mark", ["", "m@1@2"])
@pytest.mark.parametrize("upload_id", ["", "id", "?id", "2~a?b", "!id"])
def test_what_is_begun_is_read_as_it_was_written(mark: str, upload_id: str) -> None:
    begun = begun_as(mark, upload_id)
    assert (mark_in(begun), id_in(begun)) == (mark, upload_id)
    assert not is_given_up(begun)
    assert (mark_in(given_up(begun)), id_in(given_up(begun))) == (mark, upload_id)
    assert is_given_up(given_up(begun)) is bool(begun)


def test_a_course_that_is_over_is_not_known_any_more() -> None:
    class Course:
        key, upload_id, beginning = "k", "u", False

    known, course = KnownUploads(), Course()
    known.add(course)
    assert known.of("k") == {"u"}
    assert known.of("another") == frozenset()
    del course
    assert known.of("k") == frozenset()


def test_an_upload_whose_blob_somebody_else_wrote_first_is_dropped(bench: Bench, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"ours")
    size, modified_us, file_id = stamp_of(file.stat())
    item = Item(0, "k", str(file), "k", size, modified_us, file_id=file_id)
    with bench.driver() as driver:
        upload_id = driver.create_upload(bench.bucket, "k")
        part = driver.upload_part(bench.bucket, "k", upload_id, 1, b"ours")
        driver.put(bench.bucket, "k", b"theirs")
        end = FinishUpload(bench.bucket, item, upload_id, (part,), skip_existing=True).run(Here(driver, driver))
    assert isinstance(end, Skipped) == (bench.content("k") == b"theirs")  # some stores know no conditions
    assert ids(bench) == set()


def test_a_file_that_is_small_now_leaves_none_of_when_it_was_large(bench: Bench, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"small")
    size, modified_us, file_id = stamp_of(file.stat())
    item = Item(0, "k", str(file), "k", size, modified_us, file_id=file_id, begun=begun_as(new_mark(), ""))
    with bench.driver() as driver:
        driver.create_upload(bench.bucket, "k")
        course = PutCourse(bench.bucket, item, skip_existing=False, largest_part=1 << 30, most_parts=1000)
        assert isinstance(Asked(driver, driver).run(course), Finished)
        assert not course.leftovers()
    assert bench.content("k") == b"small"
    assert ids(bench) == set()
