"""Parts whose bytes are not those that were sent: they never become a blob, and can be sent again."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from artifact_browser.errors import BlobNotFound, ChecksumMismatch, UploadNotFound
from artifact_browser.storage.driver import Condition, Part
from artifact_browser.storage.drivers.local import multipart
from artifact_browser.storage.drivers.local.driver import LocalDriver
from tests.parts.damage import DAMAGES, flipped
from tests.parts.disk_steps import DiskSteps

BODIES = (b"first" * 5000, b"second" * 5000, b"third" * 5000)


def sent(driver: LocalDriver, *numbers: int, upload_id: str) -> list[Part]:
    return [driver.upload_part("data", "k", upload_id, number, BODIES[number - 1]) for number in numbers]


def part_file(folder: Path, number: int) -> Path:
    (found,) = (folder.parent / ".artifact-browser" / "uploads").glob(f"*/{number}-*")
    return found


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_damaged_parts_are_told_and_can_be_sent_again(
    driver: LocalDriver, folder: Path, damage: Callable[[Path], None]
) -> None:
    driver.put("data", "k", b"what was there")
    upload_id = driver.create_upload("data", "k")
    parts = sent(driver, 1, 2, 3, upload_id=upload_id)
    for number in (1, 3):
        damage(part_file(folder, number))
    with pytest.raises(ChecksumMismatch) as caught:
        driver.complete_upload("data", "k", upload_id, parts)
    assert (caught.value.detail, caught.value.technical) == (
        "2 of 3 parts are not on the disk as they were sent.", "parts 1, 3"
    )  # fmt: skip
    assert driver.get("data", "k").read() == b"what was there"
    assert list((folder.parent / ".artifact-browser" / "temporary").iterdir()) == []
    assert driver.list_parts("data", "k", upload_id) == [parts[1]]
    assert part_file(folder, 2).read_bytes() == BODIES[1]
    parts = sorted([parts[1], *sent(driver, 1, 3, upload_id=upload_id)], key=lambda part: part.number)
    written = driver.complete_upload("data", "k", upload_id, parts)
    assert driver.get("data", "k").read() == b"".join(BODIES)
    assert (written.verified, driver.head("data", "k").etag) == ("md5", written.etag)
    assert driver.list_uploads("data") == []


def test_nothing_is_written_on_a_condition_either(driver: LocalDriver, folder: Path) -> None:
    upload_id = driver.create_upload("data", "k")
    parts = sent(driver, 1, upload_id=upload_id)
    flipped(part_file(folder, 1))
    with pytest.raises(ChecksumMismatch):
        driver.complete_upload("data", "k", upload_id, parts, Condition(if_absent=True))
    with pytest.raises(BlobNotFound):
        driver.head("data", "k")


def test_an_upload_that_is_dropped_meanwhile_is_gone_and_not_damaged(
    driver: LocalDriver, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = driver.create_upload("data", "k")
    parts = sent(driver, 1, 2, upload_id=upload_id)
    real = multipart.md5_of

    def md5_of(*arguments: object) -> str:
        driver.abort_upload("data", "k", upload_id)
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(multipart, "md5_of", md5_of)
    with pytest.raises(UploadNotFound):
        driver.complete_upload("data", "k", upload_id, parts)


def test_a_part_that_is_sent_again_while_others_are_read_stays(
    driver: LocalDriver, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = driver.create_upload("data", "k")
    parts = sent(driver, 1, upload_id=upload_id)
    flipped(part_file(folder, 1))
    real = multipart.md5_of

    def md5_of(*arguments: object) -> str:
        sent(driver, 1, upload_id=upload_id)
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(multipart, "md5_of", md5_of)
    with pytest.raises(ChecksumMismatch):
        driver.complete_upload("data", "k", upload_id, parts)
    monkeypatch.undo()
    driver.complete_upload("data", "k", upload_id, driver.list_parts("data", "k", upload_id))
    assert driver.get("data", "k").read() == BODIES[0]


@pytest.mark.skipif(os.name != "posix", reason="Windows cannot sync folders")
def test_an_uploads_folder_is_on_the_disk_before_anybody_knows_the_upload(
    driver: LocalDriver, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows without it could take no part again."""
    steps = DiskSteps(monkeypatch)
    driver.create_upload("data", "k")
    uploads = folder.parent / ".artifact-browser" / "uploads"
    assert all(steps.syncs_of(above) for above in (uploads, uploads.parent, folder.parent))
