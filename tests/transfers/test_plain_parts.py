"""The parts without processes: second names, speed, part sizes, checks, folders that stay inside."""

from __future__ import annotations

import os
import zlib
from base64 import b64encode
from hashlib import md5
from pathlib import Path

import pytest
from awscrt import checksums
from hypothesis import given
from hypothesis import strategies as st

from artifact_browser.errors import ChecksumMismatch, DiskError, SourceChanged, UnsafePath
from artifact_browser.storage.driver import BlobInfo, Written
from artifact_browser.storage.stamps import stamp_of
from artifact_browser.transfers.content import Check, RangeCheck, check_file, crc_of_ranges, proven_by_ranges
from artifact_browser.transfers.disk import check_source, local_path, make_folder, put_in_place
from artifact_browser.transfers.meter import Meter
from artifact_browser.transfers.policy import second_name
from artifact_browser.transfers.put_checks import verified
from artifact_browser.transfers.state import Item
from artifact_browser.transfers.task import MIB, part_bytes
from artifact_browser.transfers.walk import What, walk


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("a/report.csv", "a/report (2).csv"),
        ("a/report", "a/report (2)"),
        ("a.b/.hidden", "a.b/.hidden (2)"),
        ("x.tar.gz", "x.tar (2).gz"),
    ],
)
def test_the_second_name_stands_before_the_suffix(target: str, expected: str) -> None:
    assert second_name(target, lambda _: False) == expected


def test_second_names_go_on_until_one_is_free() -> None:
    taken = {"a (2).txt", "a (3).txt"}
    assert second_name("a.txt", taken.__contains__) == "a (4).txt"


@given(st.integers(0, 5 * 1024**4))
def test_ten_thousand_parts_are_always_enough(size_bytes: int) -> None:
    part = part_bytes(size_bytes)
    assert part >= 16 * MIB
    assert part % MIB == 0
    assert -(-size_bytes // part) <= 10_000


def test_speed_is_smoothed_and_time_left_waits_until_it_means_something() -> None:
    meter = Meter(now=0.0)
    for tenth in range(1, 40):
        meter.update(tenth * 100_000, now=tenth / 10)
    assert meter.speed_bps == pytest.approx(1_000_000)
    assert meter.time_left_s(1_000_000) is None
    for tenth in range(40, 101):
        meter.update(tenth * 100_000, now=tenth / 10)
    assert meter.time_left_s(5_000_000) == pytest.approx(5.0)
    meter.update(10_100_000, now=11.0)  # ten times slower for a second: the figure bends, it does not jump
    assert 500_000 < meter.speed_bps < 1_000_000


def blob(data: bytes, **facts: object) -> BlobInfo:
    return BlobInfo("k", len(data), 0, **{"etag": md5(data).hexdigest(), **facts})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "how"),
    [
        ({}, "md5"),
        ({"etag": "abc-3"}, "size"),
        ({"headers": {"x-amz-server-side-encryption": "aws:kms"}}, "size"),
        ({"headers": {"X-Amz-Server-Side-Encryption": "AES256"}}, "md5"),
        ({"checksums": {"CRC32": b64encode(zlib.crc32(b"hello").to_bytes(4, "big")).decode()}}, "crc32"),
        ({"checksums": {"CRC32": "AAAAAA==-2"}, "etag": "x-2"}, "size"),
    ],
)
def test_bytes_are_checked_by_the_best_that_is_stored(facts: dict[str, object], how: str, tmp_path: Path) -> None:
    info = blob(b"hello", **facts)
    good = Check(info)
    good.feed(memoryview(b"hello"))
    assert good.verdict() == how
    for data in [b"hell", *([] if how == "size" else [b"hellO"])]:
        bad = Check(info)
        bad.feed(memoryview(data))
        with pytest.raises(ChecksumMismatch):
            bad.verdict()
        file = tmp_path / "bad"
        file.write_bytes(data)
        with pytest.raises(ChecksumMismatch):
            check_file(file, info, lambda: None)


@given(data=st.binary(min_size=1, max_size=500), step=st.integers(1, 200), wrong=st.integers(0, 10_000))
@pytest.mark.parametrize(("stored", "by"), [("CRC64NVME", "crc64nvme"), ("CRC32C", "crc32c"), ("CRC32", "crc32")])
def test_ranges_prove_a_blob_as_one_reading_does(data: bytes, step: int, wrong: int, stored: str, by: str) -> None:
    crc: int = getattr(checksums, by)(data)
    info = blob(data, checksums={stored: b64encode(crc.to_bytes(8 if by == "crc64nvme" else 4, "big")).decode()})
    assert crc_of_ranges(info) == by

    def ranges_of(came: bytes) -> list[tuple[int, str]]:
        ranges = []
        for start in range(0, len(came), step):
            check = RangeCheck(by)
            check.feed(memoryview(came)[start : start + step])
            ranges.append((len(came[start : start + step]), check.value()))
        return ranges

    good = ranges_of(data)
    assert proven_by_ranges(info, good) == by
    bad = bytearray(data)
    bad[wrong % len(data)] ^= 1 << wrong % 8
    assert not proven_by_ranges(info, ranges_of(bytes(bad)))
    assert not proven_by_ranges(info, good[:-1])
    assert not proven_by_ranges(info, [*good[:-1], (good[-1][0], "")])  # one that a run before fetched
    assert not proven_by_ranges(blob(data), good)


@pytest.mark.parametrize("target", ["../evil", "a/../b", "/etc/passwd", "a//b", "", ".", "a/\0", "a/."])
def test_no_target_leaves_the_folder(target: str) -> None:
    with pytest.raises(UnsafePath):
        local_path("/chosen", target)


def test_links_inside_the_folder_are_not_followed(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "root"
    outside.mkdir()
    root.mkdir()
    (root / "link").symlink_to(outside)
    with pytest.raises(UnsafePath):
        make_folder(str(root), "link/deep")
    assert not list(outside.iterdir())
    (root / "file").write_text("x")
    with pytest.raises(UnsafePath):
        make_folder(str(root), "file/deep")


def test_a_file_that_came_meanwhile_is_kept_and_a_link_is_replaced_not_followed(tmp_path: Path) -> None:
    precious, temporary, final = tmp_path / "precious", tmp_path / "t", tmp_path / "final"
    precious.write_text("precious")
    temporary.write_text("new")
    final.symlink_to(precious)
    with pytest.raises(FileExistsError):
        put_in_place(temporary, final, replace=False)
    put_in_place(temporary, final, replace=True)
    assert (precious.read_text(), final.read_text(), final.is_symlink()) == ("precious", "new", False)
    temporary.write_text("again")
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError):
        put_in_place(temporary, tmp_path / "folder", replace=True)


def test_a_changed_source_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_text("one")
    size, modified_us, file_id = stamp_of(file.stat())
    item = Item(0, "f", str(file), "f", size, modified_us, file_id=file_id)
    check_source(item)
    os.utime(file, (1, 1))
    with pytest.raises(SourceChanged):
        check_source(item)
    file.unlink()
    with pytest.raises(DiskError):
        check_source(item)


def test_the_walk_reports_links_and_special_files_and_keeps_empty_folders(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "empty").mkdir(parents=True)
    (root / "sub").mkdir()
    (root / "sub" / "f").write_text("x")
    (root / "loop").symlink_to(root)
    os.mkfifo(root / "pipe")
    found = {"/".join(one.names): one.what for one in walk(str(root))}
    assert found == {
        "root/empty": What.EMPTY_FOLDER,
        "root/sub/f": What.FILE,
        "root/loop": What.LINK,
        "root/pipe": What.SPECIAL,
    }
    assert [one.what for one in walk(str(root / "gone"))] == [What.UNREADABLE]


@pytest.mark.parametrize(
    ("size", "etag", "how"),
    [
        (5, "", "md5"),
        (5, "0" * 32, "size"),  # a store that encrypts: it looks like an MD5 and is none
        (5, "abc-1", "size"),
        (2 * MIB, "", "size"),  # reading it again would take longer than asking
    ],
)
def test_a_small_upload_is_compared_with_its_etag_before_anybody_asks(
    size: int, etag: str, how: str, tmp_path: Path
) -> None:
    asked: list[str] = []

    class Store:
        def head(self, _bucket: str, key: str) -> BlobInfo:
            asked.append(key)
            return BlobInfo(key, size, 0, etag)

    file = tmp_path / "file"
    file.write_bytes(b"x" * size)
    item = Item(0, "file", str(file), "key", size)
    told = Written(etag or md5(file.read_bytes()).hexdigest())
    assert verified(Store(), "b", item, told).verified == how  # type: ignore[arg-type]
    assert asked == ([] if how == "md5" else ["key"])
