"""What a store or a disk gives that is not what it says: it is never said to be checked, and nothing is deleted on it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from artifact_browser.errors import ChecksumMismatch, PreconditionFailed
from artifact_browser.storage.drivers.local import driver as local_driver
from artifact_browser.transfers.copy_course import CopyCourse, limits_of
from artifact_browser.transfers.copy_ends import Way
from artifact_browser.transfers.fetch_tasks import FetchBlob, FetchCourse, FetchRange, OpenTarget, PlaceFile
from artifact_browser.transfers.state import Item, PartDone
from artifact_browser.transfers.task import MIB, Finished
from tests.transfers.accounts import Here
from tests.transfers.conftest import Bench
from tests.transfers.readings import Lying, in_parts, noise


# -- copies ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("wrong", [0, 1])
def test_a_streamed_copy_whose_etag_of_parts_does_not_fit_is_read_again(s3: Bench, local: Bench, wrong: int) -> None:
    """8 MiB parts, where 16 are expected: the ETag proves nothing. Once a byte is wrong on the way."""
    data = noise(10 * MIB)
    with s3.driver() as source, local.driver() as target:
        item = in_parts(source, s3.bucket, "k", data, 8 * MIB)
        course = CopyCourse(
            Way(s3.bucket, local.bucket, streamed=True), item, limits_of(target.capabilities, streamed=True)
        )
        lying: Any = Lying(source, flip=77, times=wrong)
        if wrong:
            with pytest.raises(ChecksumMismatch, match="read twice"):
                Here(lying, target).run(course)
            assert local.listed() == []
        else:
            assert isinstance(Here(lying, target).run(course), Finished)
            assert local.content("k") == data


@pytest.mark.parametrize("move", [False, True])
def test_a_copy_here_is_read_before_it_counts(local: Bench, monkeypatch: pytest.MonkeyPatch, move: bool) -> None:
    real = local_driver.copy_bytes

    def damaging(source: int, offset: int, length: int, target: int, *more: Any) -> int:
        copied = real(source, offset, length, target, *more)
        os.pwrite(target, b"X", 3)
        return copied

    with local.driver() as driver:
        driver.put(local.bucket, "a", b"0123456789")
        info = driver.head(local.bucket, "a")
        way, limits = Way(local.bucket, local.bucket, move=move), limits_of(driver.capabilities, streamed=False)
        item = Item(0, "a", "a", "b", 10, info.modified_us, info.etag)
        monkeypatch.setattr(local_driver, "copy_bytes", damaging)
        with pytest.raises(ChecksumMismatch):
            Here(driver, driver).run(CopyCourse(way, item, limits))
        monkeypatch.undo()
        assert local.listed() == ["a"]
        assert Here(driver, driver).run(CopyCourse(way, item, limits)) == Finished("bytes")
    assert local.listed() == (["b"] if move else ["a", "b"])


# -- downloads ------------------------------------------------------------------------------------------------------
def test_an_answer_that_is_shorter_than_the_blob_is_not_the_blob(s3: Bench, tmp_path: Path) -> None:
    with s3.driver() as driver:
        item = in_parts(driver, s3.bucket, "k", noise(10 * MIB), 8 * MIB)
        liar: Any = Lying(driver, cut=5 * MIB)
        with pytest.raises(PreconditionFailed):
            FetchBlob(s3.bucket, item, str(tmp_path), ".a.part").run(Here(liar, liar))
    assert list(tmp_path.iterdir()) == []


def test_ranges_of_two_blobs_are_not_put_together(s3: Bench, tmp_path: Path) -> None:
    """By a store that overlooks ``If-Match``, and whose ETags prove nothing."""
    with s3.driver() as driver:
        item = in_parts(driver, s3.bucket, "k", noise(66 * MIB), 16 * MIB)
        liar: Any = Lying(driver, blind=True, encrypted=True)
        course = fetch(s3, item, tmp_path)
        (opening,) = course.begin()
        tasks = course.advance(opening, opening.run(Here(liar, liar)))
        assert isinstance(tasks, list)
        tasks[0].run(Here(liar, liar))
        in_parts(driver, s3.bucket, "k", noise(66 * MIB, 2), 16 * MIB)
        with pytest.raises(PreconditionFailed):
            tasks[1].run(Here(liar, liar))


def fetch(s3: Bench, item: Item, folder: Path, known: tuple[PartDone, ...] = ()) -> FetchCourse:
    return FetchCourse(s3.bucket, item, str(folder), known, skip_existing=False, of_parts=True)


@pytest.mark.parametrize("damaged", [False, True])
def test_what_a_run_before_has_fetched_is_read_before_it_counts(s3: Bench, tmp_path: Path, damaged: bool) -> None:
    """A stick that was pulled in the pause: not all of it had reached it. What is sound is not fetched again."""
    data = noise(66 * MIB)
    with s3.driver() as driver:
        item = in_parts(driver, s3.bucket, "k", data, 16 * MIB)
        course, here = fetch(s3, item, tmp_path), Here(driver, driver)
        (opening,) = course.begin()
        tasks = course.advance(opening, opening.run(here))
        assert isinstance(tasks, list)
        known = tuple(part for task in tasks[:2] if isinstance(part := task.run(here), PartDone))
        if damaged:
            with (tmp_path / ".0123.part").open("r+b") as file:
                file.seek(5 * MIB)
                file.write(bytes(4096))
        again = Here(driver, driver)
        assert again.run(fetch(s3, item, tmp_path, known)) == Finished("md5")
        fetched = sorted(task.start // MIB for task in again.ran if isinstance(task, FetchRange))
        assert fetched == ([0, 32, 48, 64] if damaged else [32, 48, 64])
        assert [type(task) for task in (again.ran[0], again.ran[-1])] == [OpenTarget, PlaceFile]
    assert (tmp_path / "k").read_bytes() == data


def test_parts_of_another_size_are_fetched_anew(s3: Bench, tmp_path: Path) -> None:
    data = noise(66 * MIB)
    with s3.driver() as driver:
        item = in_parts(driver, s3.bucket, "k", data, 16 * MIB)
        (tmp_path / ".0123.part").write_bytes(bytes(len(data)))
        known = (PartDone(0, 5 * MIB), PartDone(5 * MIB, 5 * MIB), PartDone(16 * MIB, 5 * MIB))
        assert Here(driver, driver).run(fetch(s3, item, tmp_path, known)) == Finished("md5")
    assert (tmp_path / "k").read_bytes() == data
