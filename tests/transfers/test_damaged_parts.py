"""Parts that This computer's disk has lost between their answer and the end: they are sent again, and once only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from artifact_browser.errors import ChecksumMismatch
from artifact_browser.storage.driver import Condition, Driver, Part, Written
from artifact_browser.storage.stamps import stamp_of
from artifact_browser.transfers.copy_course import CopyCourse, limits_of
from artifact_browser.transfers.copy_ends import Way
from artifact_browser.transfers.lookup import find_blobs
from artifact_browser.transfers.parts_course import PartsCourse
from artifact_browser.transfers.put_course import PutCourse
from artifact_browser.transfers.put_tasks import FinishUpload
from artifact_browser.transfers.state import Item, PartDone
from artifact_browser.transfers.task import LARGE_BYTES, MIB, Finished
from tests.parts.damage import flipped, gone, zeroed
from tests.transfers.accounts import Here
from tests.transfers.conftest import Bench

SIZE = LARGE_BYTES + 7


class Losing:
    """A store whose parts are damaged before each of the first attempts to join them."""

    def __init__(self, driver: Driver, uploads: Path, damage: Callable[[Path], None], times: int) -> None:
        self._driver, self._uploads, self._damage, self._times = driver, uploads, damage, times

    def __getattr__(self, name: str) -> object:
        return getattr(self._driver, name)

    def complete_upload(
        self, bucket: str, key: str, upload_id: str, parts: Sequence[Part], condition: Condition | None = None
    ) -> Written:
        if self._times:
            self._times -= 1
            for number in (1, 3):
                (file,) = (self._uploads / upload_id).glob(f"{number}-*")
                self._damage(file)
        return self._driver.complete_upload(bucket, key, upload_id, parts, condition)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "k"
    path.write_bytes(b"".join(bytes([number]) * MIB for number in range(1, SIZE // MIB + 1)) + b"the end")
    return path


def upload(driver: Driver, local: Bench, file: Path, known: Sequence[PartDone] = (), begun: str = "") -> PutCourse:
    del driver
    size_bytes, modified_us, file_id = stamp_of(file.stat())
    item = Item(0, "k", str(file), "copy", size_bytes, modified_us, file_id=file_id, begun=begun)
    return PutCourse(local.bucket, item, known, skip_existing=False, largest_part=64 * MIB, most_parts=10_000)


def move(driver: Driver, local: Bench, file: Path) -> CopyCourse:
    local.put({"k": file.read_bytes()})
    blob = find_blobs(driver, local.bucket, ["k"], lambda: None)["k"]
    item = Item(0, "k", "k", "copy", blob.size_bytes, blob.modified_us, blob.etag)
    limits = replace(limits_of(driver.capabilities, streamed=True), whole=0)
    return CopyCourse(Way(local.bucket, local.bucket, move=True, streamed=True), item, limits)


@pytest.mark.parametrize("damage", [flipped, zeroed, gone], ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("begin", [upload, move], ids=lambda begin: begin.__name__)
def test_they_are_sent_again(
    local: Bench, file: Path, begin: Callable[[Driver, Bench, Path], PartsCourse], damage: Callable[[Path], None]
) -> None:
    with local.driver() as driver:
        losing = Losing(driver, local.paths.store / ".artifact-browser" / "uploads", damage, times=1)
        stage = Here(driver, losing)  # type: ignore[arg-type]
        if begin is upload:
            stage.driver = stage.target
        assert isinstance(stage.run(begin(driver, local, file)), Finished)
    ran = [type(task).__name__ for task in stage.ran[-4:]]
    part, end = ("PutPart", "FinishUpload") if begin is upload else ("CopyPart", "FinishCopy")
    assert ran == [end, part, part, end]
    assert (local.listed(), local.content("copy")) == (["copy"], file.read_bytes())
    assert local.unfinished() == []


def test_what_a_power_cut_took_in_a_pause_is_sent_again(local: Bench, file: Path) -> None:
    """Journal and store both know the part; nobody but who reads it knows that it is not there."""
    with local.driver() as driver:
        stage, course = Here(driver, driver), upload(driver, local, file)
        (begin,) = course.begin()
        parts = course.advance(begin, begin.run(stage))
        assert isinstance(parts, list)
        known = [part for task in parts if (part := task.part_of(task.run(stage))) is not None]
        uploads = local.paths.store / ".artifact-browser" / "uploads"
        (lost,) = (uploads / course.upload_id).glob("2-*")
        zeroed(lost)
        end = stage.run(upload(driver, local, file, known, course.upload_id))
    assert end == Finished("md5")
    assert [type(task).__name__ for task in stage.ran] == ["ResumeUpload", "FinishUpload", "PutPart", "FinishUpload"]
    assert local.content("copy") == file.read_bytes()


def test_what_is_sent_again_does_not_count_as_moved_twice() -> None:
    parts = tuple(Part(number, f"etag {number}", 10 * number) for number in (1, 2, 3))
    task = FinishUpload("b", Item(0, "k", "k", "k"), "id", parts)
    assert task.moved_by(parts[1:2]) == -40
    assert task.moved_by(Finished("md5")) == 0


@pytest.mark.parametrize("begin", [upload, move], ids=lambda begin: begin.__name__)
def test_a_disk_that_damages_them_again_fails_the_item(
    local: Bench, file: Path, begin: Callable[[Driver, Bench, Path], PartsCourse]
) -> None:
    with local.driver() as driver:
        losing = Losing(driver, local.paths.store / ".artifact-browser" / "uploads", flipped, times=2)
        stage, course = Here(driver, losing), begin(driver, local, file)  # type: ignore[arg-type]
        if begin is upload:
            stage.driver = stage.target
        with pytest.raises(ChecksumMismatch):
            stage.run(course)
        for task in course.leftovers():
            task.run(stage)
    assert local.listed() == ([] if begin is upload else ["k"])
    assert local.unfinished() == []
