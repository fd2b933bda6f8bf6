"""Up and down again, through real worker processes, byte by byte; whatever the names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from artifact_browser.transfers.state import ItemState, JobState
from artifact_browser.transfers.task import LARGE_BYTES, MIB
from tests.transfers.conftest import Bench, tree

ODD_NAMES = ["sp ace.txt", "plus+x", "pct%2Fx", "q?x=1", "h#x", "a&b<c>", "q'q", "n\u00e4", "\u5b57.yaml", "\U0001f600", "tab\tx", ".hidden", "a\u202eb", "x\\y", "a:b"]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "set"
    (root / "sub" / "deep").mkdir(parents=True)
    (root / "empty").mkdir()
    for number, name in enumerate(ODD_NAMES):
        (root / "sub" / name).write_bytes(os.urandom(number * 100))
    (root / "sub" / "deep" / "big.bin").write_bytes(os.urandom(2 * MIB))
    return root


def test_a_folder_comes_back_as_it_was(bench: Bench, folder: Path, tmp_path: Path) -> None:
    end = bench.finish(bench.queue.upload(bench.record, bench.at("in/"), [folder]))
    assert end.state is JobState.DONE, end
    assert end.counts.items == end.counts.items_done == len(ODD_NAMES) + 2
    assert "in/set/empty/" in bench.listed()
    assert bench.content("in/set/sub/x\\y") == (folder / "sub" / "x\\y").read_bytes()
    target = tmp_path / "down"
    end = bench.finish(bench.queue.download(bench.record, [bench.at("in/set/")], target))
    assert end.state is JobState.DONE, end
    assert end.verified == "md5"
    again = bench.queue.upload(bench.record, bench.at("again/"), [target / "set"])
    assert bench.finish(again).state is JobState.DONE
    assert [key.removeprefix("again/") for key in bench.listed("again/")] == [key[3:] for key in bench.listed("in/")]
    assert {name: data for name, data in tree(target / "set").items() if "\u201b" not in name} == {
        name: data for name, data in tree(folder).items() if not set(name) & {"\\", "\t"}
    }


def test_what_is_uploaded_says_its_type_and_keeps_its_time_coming_down(local: Bench, tmp_path: Path) -> None:
    file = tmp_path / "m.safetensors"
    file.write_bytes(b"x" * 1000)
    (tmp_path / "data.jsonl").write_text("{}\n")
    end = local.finish(local.queue.upload(local.record, local.at(), [file, tmp_path / "data.jsonl"]))
    assert end.state is JobState.DONE
    with local.driver() as driver:
        assert driver.head(local.bucket, "data.jsonl").content_type == "application/jsonl"
        modified_us = driver.head(local.bucket, "m.safetensors").modified_us
    local.finish(local.queue.download(local.record, [local.at("m.safetensors")], tmp_path / "down"))
    assert abs((tmp_path / "down" / "m.safetensors").stat().st_mtime_ns // 1000 - modified_us) < 2


def test_a_download_takes_the_names_it_is_told(local: Bench, tmp_path: Path) -> None:
    with local.driver() as driver:
        for key, body in (("kept/1", b"one"), ("kept/2", b"two")):
            driver.put(local.bucket, key, body)
    sources = [local.at(key) for key in ("kept/1", "kept/1", "kept/2", "kept/gone")]
    names = ["a.txt", "sub/again.txt", "sub/b\u00e4.txt", "c.txt"]
    handle = local.queue.download(local.record, sources, tmp_path / "down", names=names)
    end = local.finish(handle)
    assert end.state is JobState.DONE_WITH_ERRORS
    assert tree(tmp_path / "down") == {"a.txt": b"one", "sub/again.txt": b"one", "sub/b\u00e4.txt": b"two"}
    assert [failed.item.name for failed in handle.items({ItemState.FAILED})] == ["c.txt"]


def test_eighty_mebibytes_travel_in_parts(bench: Bench, tmp_path: Path) -> None:
    file = tmp_path / "large.bin"
    block = os.urandom(MIB)
    with file.open("wb") as out:
        for number in range(80):
            out.write(number.to_bytes(4, "big") + block[4:])
    assert file.stat().st_size > LARGE_BYTES
    handle = bench.queue.upload(bench.record, bench.at(), [file])
    assert bench.finish(handle).state is JobState.DONE
    with bench.driver() as driver:
        info = driver.head(bench.bucket, "large.bin")
    assert info.etag.endswith("-5")
    assert not bench.unfinished()
    end = bench.finish(bench.queue.download(bench.record, [bench.at("large.bin")], tmp_path / "down"))
    assert end.state is JobState.DONE, end
    assert (tmp_path / "down" / "large.bin").read_bytes() == file.read_bytes()
    assert end.counts.bytes_done == 80 * MIB
    assert [path.name for path in (tmp_path / "down").iterdir()] == ["large.bin"]


def test_links_and_pipes_are_reported_and_not_followed(local: Bench, tmp_path: Path) -> None:
    root = tmp_path / "set"
    root.mkdir()
    (root / "f").write_text("f")
    (root / "link").symlink_to("/etc/passwd")
    os.mkfifo(root / "pipe")
    handle = local.queue.upload(local.record, local.at(), [root])
    end = local.finish(handle)
    assert (end.state, end.counts.items, end.counts.items_done) == (JobState.DONE, 3, 1)
    assert {one.item.name for one in handle.items([ItemState.SKIPPED])} == {"set/link", "set/pipe"}
    assert local.listed() == ["set/f"]


def test_a_name_that_is_no_unicode_fails_alone(local: Bench, tmp_path: Path) -> None:
    root = tmp_path / "set"
    root.mkdir()
    (root / "good").write_text("f")
    Path(os.fsdecode(os.fsencode(root) + b"/bad\xff")).write_text("x")
    handle = local.queue.upload(local.record, local.at(), [root])
    assert local.finish(handle).state is JobState.DONE_WITH_ERRORS
    (failed,) = handle.items([ItemState.FAILED])
    assert failed.error is not None
    assert failed.error.kind == "InputError"
    assert local.listed() == ["set/good"]
