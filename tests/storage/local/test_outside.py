"""The store's files are a person's files too: what they do to them outside the app is seen, and nothing leaks out."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from artifact_browser.errors import (
    BlobNotFound,
    BucketNotEmpty,
    BucketNotFound,
    DiskPermissionDenied,
    InputError,
    JobCancelled,
    PreconditionFailed,
    SourceChanged,
    UnsafePath,
)
from artifact_browser.paths import Paths
from artifact_browser.storage.driver import Condition, FileSlice, WriteOptions
from artifact_browser.storage.drivers.local.driver import LocalDriver
from artifact_browser.storage.drivers.local.open import open_local
from artifact_browser.workers.cancel import CancelToken
from tests.storage.local.conftest import NO_LINKS, RECORD


def keys(driver: LocalDriver, prefix: str = "", **options: object) -> list[str]:
    options.setdefault("delimiter", "")
    return [key for page in driver.list_pages("data", prefix, **options) for key in page.keys]  # type: ignore[arg-type]


def prefixes(driver: LocalDriver, prefix: str = "") -> list[str]:
    return [found for page in driver.list_pages("data", prefix) for found in page.prefixes]


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def test_a_blob_is_an_ordinary_file(driver: LocalDriver, folder: Path) -> None:
    driver.put("data", "runs/2026/report.csv", b"a,b")
    assert (folder / "runs" / "2026" / "report.csv").read_bytes() == b"a,b"
    driver.delete("data", "runs/2026/report.csv")
    assert list(folder.iterdir()) == []


def test_a_file_put_there_by_hand_is_a_blob(driver: LocalDriver, folder: Path) -> None:
    (folder / "by hand").mkdir()
    (folder / "by hand" / "50%.txt").write_bytes(b"x")
    info = driver.head("data", "by hand/50%.txt")
    assert (info.etag, info.size_bytes, info.content_type) == (md5(b"x"), 1, "text/plain")
    assert keys(driver) == ["by hand/50%.txt"]
    driver.delete("data", "by hand/50%.txt")
    assert prefixes(driver) == ["by hand/"]  # the person's folder stays


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such file names")
def test_names_that_only_this_system_allows_are_blobs_too(driver: LocalDriver, folder: Path) -> None:
    names = [b"a:b", b"CON", b"end.", b"\xff\xfe", b"tab\t", b"%~", b"%~%zz", b"%~%41%~x", b"back\\slash", b"%~x%+"]
    for name in names:
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(name)
    found = keys(driver)
    assert sorted(found) == found
    assert len(found) == len(names)
    for key in found:
        body = driver.get("data", key).read()
        assert body == os.fsencode(key)
        driver.put("data", key, body + b"!", condition=Condition(if_match=md5(body)))
        assert driver.get("data", key).read() == body + b"!"
    assert keys(driver) == found
    assert len(list(folder.iterdir())) == len(names)  # written in place, not beside
    assert not any(deleted.error for deleted in driver.delete_many("data", found))
    assert list(folder.iterdir()) == []


def test_an_edit_is_seen_at_once_and_metadata_stays(driver: LocalDriver, folder: Path) -> None:
    for round in range(20):
        body = b"%05d" % round
        driver.put("data", "k.txt", body, WriteOptions(metadata={"by": "me"}, tags={"t": "1"}))
        (folder / "k.txt").write_bytes(body[:-1] + b"x")  # same size, the same tick of the file system's clock
        listed = next(driver.list_pages("data")).etags
        assert listed in ([""], [md5(body[:-1] + b"x")])
        with pytest.raises(PreconditionFailed):
            driver.put("data", "k.txt", b"lost update", condition=Condition(if_match=md5(body)))
        info = driver.head("data", "k.txt")
        assert (info.etag, dict(info.metadata)) == (md5(body[:-1] + b"x"), {"by": "me"})
        assert driver.get_tags("data", "k.txt") == {"t": "1"}


def test_the_etag_of_parts_lasts_until_the_file_is_edited(driver: LocalDriver, folder: Path) -> None:
    upload = driver.create_upload("data", "k")
    parts = [driver.upload_part("data", "k", upload, number, b"%d" % number) for number in (2, 1)]
    etag = driver.complete_upload("data", "k", upload, sorted(parts, key=lambda part: part.number)).etag
    assert etag.endswith("-2")
    assert driver.head("data", "k").etag == etag
    (folder / "k").write_bytes(b"edited")
    assert driver.head("data", "k").etag == md5(b"edited")


@pytest.mark.skipif(os.name == "nt", reason="links need a right of their own on Windows")
def test_links_lead_nowhere(driver: LocalDriver, folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    (folder / "link").symlink_to(outside)
    (folder / "file").symlink_to(outside / "secret")
    (folder.parent / "bucket-link").symlink_to(outside)
    os.mkfifo(folder / "pipe")
    assert keys(driver) == prefixes(driver) == []
    assert [bucket.name for bucket in driver.list_buckets()] == ["data"]
    for key in ("link/secret", "file", "pipe", "../data/link/secret"):
        with pytest.raises(BlobNotFound):
            driver.get("data", key)
        driver.delete("data", key)
    with pytest.raises(BucketNotFound):
        driver.head("bucket-link", "secret")
    for key in ("link/new", "file"):
        driver.put("data", key, b"inside")
        assert driver.get("data", key).read() == b"inside"
        driver.delete("data", key)
    assert sorted(path.name for path in outside.iterdir()) == ["secret"]
    assert (outside / "secret").read_bytes() == b"secret"
    assert (folder / "file").is_symlink()
    with pytest.raises(BucketNotEmpty):
        driver.delete_bucket("data")


@pytest.mark.parametrize("bucket", ["..", ".", "", "a/b", "../data", ".artifact-browser", "data/", "x\0y", "/etc"])
def test_a_bucket_is_a_folder_of_the_root_and_nothing_else(driver: LocalDriver, folder: Path, bucket: str) -> None:
    with pytest.raises(BucketNotFound):
        driver.head(bucket, "k")
    with pytest.raises(BucketNotFound):
        driver.put(bucket, "k", b"x")
    with pytest.raises(InputError):
        driver.create_bucket(bucket)
    assert folder.exists()


@pytest.mark.parametrize("key", ["../x", "../../x", "/etc/x", "a/../../../x", "..", "a\\..\\..\\x"])
def test_no_key_leaves_its_bucket(driver: LocalDriver, folder: Path, tmp_path: Path, key: str) -> None:
    before = {path for path in tmp_path.rglob("*") if folder not in path.parents and ".artifact" not in str(path)}
    driver.put("data", key, b"caught")
    after = {path for path in tmp_path.rglob("*") if folder not in path.parents and ".artifact" not in str(path)}
    assert after == before
    assert keys(driver) == [key]


def test_every_name_taken_by_links_is_refused(driver: LocalDriver, folder: Path) -> None:
    for name in ("a", "%~a%~"):
        (folder / name).symlink_to(folder)
    with pytest.raises(UnsafePath):
        driver.put("data", "a", b"x")


def test_a_persons_empty_folder_is_a_prefix_and_ours_is_not(driver: LocalDriver, folder: Path) -> None:
    (folder / "mine").mkdir()
    driver.put("data", "app/deep/er/k", b"x")
    driver.put("data", "mine/app/k", b"x")
    driver.delete_many("data", ["app/deep/er/k", "mine/app/k"])
    assert prefixes(driver) == ["mine/"]
    assert keys(driver) == []
    driver.delete_bucket("data")
    assert not folder.exists()


def test_a_bucket_with_anything_in_it_stays(driver: LocalDriver, folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / ".DS_Store").write_bytes(b"x")
    with pytest.raises(BucketNotEmpty):
        driver.delete_bucket("data")
    (folder / "sub" / ".DS_Store").unlink()
    upload = driver.create_upload("data", "k")
    with pytest.raises(BucketNotEmpty):
        driver.delete_bucket("data")
    driver.abort_upload("data", "k", upload)
    driver.delete_bucket("data")


def test_listing_merges_a_persons_folder_with_ours(driver: LocalDriver, folder: Path) -> None:
    driver.put("data", "a", b"file")
    driver.put("data", "a/one", b"1")  # kept beside the file
    (folder / "a").unlink()
    (folder / "a").mkdir()
    (folder / "a" / "two").write_bytes(b"2")
    assert prefixes(driver) == ["a/"]
    assert keys(driver) == keys(driver, "a/") == ["a/one", "a/two"]
    assert [driver.get("data", key).read() for key in keys(driver)] == [b"1", b"2"]


def test_a_folder_that_moved_to_another_place_is_the_same_store(
    driver: LocalDriver, folder: Path, tmp_path: Path
) -> None:
    driver.put("data", "a//b:c", b"x", WriteOptions(content_type="a/b", metadata={"m": "1"}))
    before = driver.head("data", "a//b:c")
    driver.close()
    shutil.copytree(folder.parent, tmp_path / "moved")
    moved = open_local(replace(RECORD, root=str(tmp_path / "moved")), None, CancelToken(), lambda: NO_LINKS)  # type: ignore[arg-type]
    assert moved.head("data", "a//b:c") == before
    moved.close()


def test_without_its_index_nothing_but_labels_is_lost(driver: LocalDriver, folder: Path, paths: Paths) -> None:
    driver.put("data", "a//b", b"x")
    driver.close()
    shutil.rmtree(folder.parent / ".artifact-browser")
    again = open_local(RECORD, paths, CancelToken(), lambda: NO_LINKS)
    assert keys(again) == ["a//b"]
    assert again.head("data", "a//b").etag == md5(b"x")
    again.close()


def test_an_open_blob_is_read_to_its_end_while_it_is_replaced(driver: LocalDriver, folder: Path) -> None:
    driver.put("data", "k", b"old" * 1000)
    with driver.get("data", "k") as reader:
        driver.put("data", "k", b"new")
        assert reader.read() == b"old" * 1000
        assert reader.info.etag == md5(b"old" * 1000)
    with driver.get("data", "k") as reader:
        (folder / "k").write_bytes(b"")
        with pytest.raises(SourceChanged):
            reader.read()


def test_a_changed_source_is_not_stored(driver: LocalDriver, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "src").write_bytes(b"0123456789")
    driver.put("data", "k", FileSlice(tmp_path / "src", 2, 5))
    assert driver.get("data", "k").read() == b"23456"
    with pytest.raises(SourceChanged):
        driver.put("data", "k", FileSlice(tmp_path / "src", 5, 6))
    assert driver.get("data", "k").read() == b"23456"
    assert list((folder.parent / ".artifact-browser" / "temporary").iterdir()) == []


def test_cancel_ends_a_long_write_and_leaves_nothing(paths: Paths, driver: LocalDriver, folder: Path) -> None:
    token = CancelToken()
    stopped = open_local(RECORD, paths, token, lambda: NO_LINKS)
    token.cancel()
    with pytest.raises(JobCancelled):
        stopped.put("data", "k", bytes(10 * 1024**2))
    stopped.close()
    assert keys(driver) == []
    assert list((folder.parent / ".artifact-browser" / "temporary").iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a /sys that nobody may write to")
def test_a_root_that_may_not_be_written_is_told(paths: Paths) -> None:
    with pytest.raises(DiskPermissionDenied):
        open_local(replace(RECORD, root="/sys/artifacts"), paths, CancelToken(), lambda: NO_LINKS)


@pytest.mark.parametrize("key", ["/" * 1024, ":/" * 512, "A/" * 512], ids=["empty", "encoded", "plain"])
def test_the_deepest_keys(driver: LocalDriver, folder: Path, key: str) -> None:
    driver.put("data", key, b"deep")
    assert driver.get("data", key).read() == b"deep"
    assert keys(driver) == [key]
    driver.delete("data", key)
    assert list(folder.iterdir()) == []


def test_own_folders_are_private_and_blobs_are_not_ours_to_hide(driver: LocalDriver, folder: Path) -> None:
    driver.put("data", "k", b"x")
    assert (folder.parent / ".artifact-browser").stat().st_mode & 0o777 == 0o700
    mask = os.umask(0)
    os.umask(mask)
    assert (folder / "k").stat().st_mode & 0o777 == 0o666 & ~mask


def test_a_full_folder_is_read_once_and_each_file_looked_at_once(
    driver: LocalDriver, folder: Path, size: Callable[[int, int], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many pages: the time a listing takes grows with the files and with nothing else."""
    count = size(3_000, 100_000)
    for number in range(count):
        os.close(os.open(folder / f"{number:06}", os.O_CREAT))
    scanned, looked_at = Counter[str](), Counter[str]()
    scandir, lstat = os.scandir, os.lstat

    def counting_scandir(path: str) -> object:
        scanned[os.fspath(path)] += 1
        return scandir(path)

    def counting_lstat(path: str, **options: object) -> os.stat_result:
        looked_at[Path(path).name] += 1
        return lstat(path, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "scandir", counting_scandir)
    monkeypatch.setattr(os, "lstat", counting_lstat)
    listed = keys(driver, delimiter="/", page_size=1000)
    assert listed == [f"{number:06}" for number in range(count)]
    assert scanned == {str(folder): 1}
    assert {looked_at[name] for name in listed} == {1}
