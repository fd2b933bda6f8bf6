"""A move to This computer: its copy is on the disk, bytes, names and row, before the original is deleted."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

from artifact_browser.errors import DiskError
from artifact_browser.transfers.copy_course import CopyCourse, limits_of
from artifact_browser.transfers.copy_ends import Way
from artifact_browser.transfers.lookup import find_blobs
from artifact_browser.transfers.state import Item
from artifact_browser.transfers.task import Finished
from tests.parts.disk_steps import DiskSteps, identity
from tests.transfers.accounts import Here
from tests.transfers.conftest import Bench

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows cannot sync folders")
DATA = b"the only ones there are" * 1000
KEY, COPY = "k", "deep/folder/k"


def move(local: Bench, *, replaces: bool, streamed: bool = False, in_parts: bool = False) -> object:
    with local.driver() as driver:
        blob = find_blobs(driver, local.bucket, [KEY], lambda: None)[KEY]
        item = Item(0, KEY, KEY, COPY, blob.size_bytes, blob.modified_us, blob.etag, replace=replaces)
        limits = limits_of(driver.capabilities, streamed=streamed)
        way = Way(local.bucket, local.bucket, move=True, streamed=streamed)
        course = CopyCourse(way, item, replace(limits, whole=0) if in_parts else limits)
        return Here(driver, driver).run(course)


def file_of(local: Bench, key: str) -> Path:
    return local.paths.store / local.bucket / key


@pytest.mark.parametrize("stands", ["nothing", "another", "itself"])
@pytest.mark.parametrize("way", ["copied", "streamed", "in_parts"])
def test_the_copy_is_on_the_disk_before_the_original_goes(
    local: Bench, monkeypatch: pytest.MonkeyPatch, way: str, stands: str
) -> None:
    """What stands there: nothing, a blob that may be written over, or what an attempt before has written unheard."""
    steps = DiskSteps(monkeypatch)
    local.put({KEY: DATA} | ({} if stands == "nothing" else {COPY: DATA if stands == "itself" else b"another"}))
    gone = identity(file_of(local, KEY))
    end = move(local, replaces=stands == "another", streamed=way != "copied", in_parts=way == "in_parts")
    assert isinstance(end, Finished)
    assert (local.listed(), local.content(COPY)) == ([COPY], DATA)
    steps.assert_on_disk(file_of(local, COPY), file_of(local, ""), steps.removal_of(gone))


def test_what_was_written_durably_is_not_synced_again(local: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = DiskSteps(monkeypatch)
    local.put({KEY: DATA})
    move(local, replaces=False)
    assert len(steps.syncs_of(file_of(local, COPY))) == 1


def test_folders_that_plain_writes_make_are_on_the_disk_at_once(local: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else what is written durably into them could lose its way."""
    steps = DiskSteps(monkeypatch)
    with local.driver() as driver:
        driver.create_bucket(f"{local.bucket}-2")
        driver.put(f"{local.bucket}-2", COPY, b"")
    top = local.paths.store / f"{local.bucket}-2"
    assert all(steps.syncs_of(folder) for folder in (top.parent, top, top / "deep"))


def test_an_original_stays_while_its_copy_cannot_be_brought_to_the_disk(
    local: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    local.put({KEY: DATA, COPY: b"another"})

    def broken(file: int) -> None:
        raise OSError(errno.EIO, "the disk is broken")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(DiskError):
        move(local, replaces=True)
    assert local.content(KEY) == DATA
