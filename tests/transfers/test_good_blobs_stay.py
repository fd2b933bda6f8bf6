"""An upload that fails does not take with it what it was to replace, nor the only copy there is."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from artifact_browser.errors import ArtifactBrowserError, ChecksumMismatch, NotSupported, SourceChanged
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.drivers.s3.bodies import Source
from artifact_browser.storage.stamps import stamp_of
from artifact_browser.transfers.put_checks import taken_back
from artifact_browser.transfers.put_tasks import PutFile
from artifact_browser.transfers.standing import blob_standing
from artifact_browser.transfers.state import Item
from artifact_browser.transfers.task import MIB, Finished
from tests.storage.conformance.stores import Store
from tests.storage.conformance.test_versions import set_versioning
from tests.transfers.accounts import Here
from tests.transfers.conftest import Bench

#: read at once; and piece by piece while it is sent
SIZES = [7000, MIB]


class WhileSent(Here):
    """Something happens to the file when the first of it is sent."""

    def __init__(self, driver: Driver, happens: Callable[[], object]) -> None:
        super().__init__(driver, driver)
        self._happens: Callable[[], object] | None = happens

    def moved(self, bytes_done: int) -> None:
        if bytes_done and self._happens is not None:
            happens, self._happens = self._happens, None
            happens()


def upload_of(path: Path, **facts: Any) -> Item:
    size_bytes, modified_us, file_id = stamp_of(path.stat())
    return Item(0, path.name, str(path), "log", size_bytes, modified_us, file_id=file_id, **facts)


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"one line more\n")


def fails(bench: Bench, path: Path, happens: Callable[[], object], **facts: Any) -> ArtifactBrowserError:
    with bench.driver() as driver, pytest.raises(SourceChanged) as caught:
        PutFile(bench.bucket, upload_of(path, **facts)).run(WhileSent(driver, happens))
    return caught.value


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "app.log"


@pytest.mark.parametrize("size", SIZES)
def test_a_log_that_grows_while_it_replaces_another_is_there_as_it_was_read(s3: Bench, log: Path, size: int) -> None:
    log.write_bytes(b"m" * size)
    s3.put({"log": b"sunday\n"})
    error = fails(s3, log, lambda: grow(log), replace=True)
    assert s3.content("log") == b"m" * size
    assert "as it was when it was read" in error.kept


@pytest.mark.parametrize("size", SIZES)
def test_one_that_is_new_does_not_stay_in_the_way_of_the_next_attempt(s3: Bench, log: Path, size: int) -> None:
    log.write_bytes(b"m" * size)
    fails(s3, log, lambda: grow(log))
    assert s3.listed() == []


@pytest.mark.parametrize("size", SIZES)
def test_a_file_that_is_gone_once_it_was_sent_was_uploaded(s3: Bench, log: Path, size: int) -> None:
    """What is stored may be all that is left of it."""
    log.write_bytes(b"m" * size)
    with s3.driver() as driver:
        end = PutFile(s3.bucket, upload_of(log)).run(WhileSent(driver, log.unlink))
    assert isinstance(end, Finished)
    assert end.verified
    assert s3.content("log") == b"m" * size


def test_a_file_that_changes_while_it_is_read_replaces_nothing(
    s3: Bench, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the first byte is sent: half of it old, half of it new."""
    log.write_bytes(b"m" * MIB)
    s3.put({"log": b"sunday\n"})

    def growing(read: Callable[[Source], Any]) -> Callable[[Source], Any]:
        return lambda source: (grow(log), read(source))[1]

    for name in ("crc32c", "md5"):
        monkeypatch.setattr(Source, name, growing(getattr(Source, name)))
    error = fails(s3, log, lambda: None, replace=True)
    assert s3.content("log") == b"sunday\n"
    assert not error.kept


def test_another_file_than_the_one_that_was_planned_is_not_read(
    bench: Bench, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It took its place between the look and the reading."""
    log.write_bytes(b"m" * 7000)
    item = upload_of(log, replace=True)
    bench.put({"log": b"sunday\n"})
    os.utime(log, ns=(1, 1))
    monkeypatch.setattr("artifact_browser.transfers.put_tasks.check_source", lambda item: None)
    with bench.driver() as driver, pytest.raises(SourceChanged):
        PutFile(bench.bucket, item).run(Here(driver, driver))
    assert bench.content("log") == b"sunday\n"


# -- wrong bytes in the place of good ones ----------------------------------------------------------------------------
def test_of_versions_the_wrong_one_goes_and_the_one_before_stands_there_again(s3: Bench) -> None:
    set_versioning(Store("s3", s3.record, s3.paths, s3.secret), s3.bucket, "Enabled")
    s3.put({"log": b"sunday\n"})
    with s3.driver() as driver:
        wrong = driver.put(s3.bucket, "log", b"wrong")
        with pytest.raises(ChecksumMismatch):
            taken_back(driver, s3.bucket, "log", ChecksumMismatch("wrong"), wrong.etag, wrong.version_id)
    assert s3.content("log") == b"sunday\n"


def test_whose_keys_may_not_delete_a_version_hides_it(s3: Bench) -> None:
    set_versioning(Store("s3", s3.record, s3.paths, s3.secret), s3.bucket, "Enabled")

    class NoVersions:
        def __init__(self, driver: Driver) -> None:
            self._driver = driver

        def __getattr__(self, name: str) -> Any:
            return getattr(self._driver, name)

        def delete_versions(self, bucket: str, versions: object) -> Any:
            raise NotSupported("no")

    with s3.driver() as driver:
        wrong, limited = driver.put(s3.bucket, "log", b"wrong"), NoVersions(driver)
        with pytest.raises(ChecksumMismatch):
            taken_back(limited, s3.bucket, "log", ChecksumMismatch("wrong"), wrong.etag, wrong.version_id)  # type: ignore[arg-type]
    assert s3.listed() == []


def test_what_was_to_be_replaced_may_be_gone_by_now(bench: Bench, log: Path) -> None:
    log.write_bytes(b"new")
    bench.put({"log": b"old"})
    with bench.driver() as driver:
        info = driver.head(bench.bucket, "log")
        driver.delete(bench.bucket, "log")
        expects = blob_standing(info.etag, info.size_bytes, info.modified_us)
        item = upload_of(log, replace=True)
        end = PutFile(bench.bucket, replace(item, expects=expects)).run(Here(driver, driver))
    assert isinstance(end, Finished)
    assert bench.content("log") == b"new"


def test_the_version_that_is_none_goes_only_while_it_is_the_wrong_one(s3: Bench) -> None:
    """*null* is a place: somebody may have written there meanwhile."""
    store = Store("s3", s3.record, s3.paths, s3.secret)
    set_versioning(store, s3.bucket, "Enabled")
    set_versioning(store, s3.bucket, "Suspended")
    with s3.driver() as driver:
        wrong = driver.put(s3.bucket, "log", b"wrong")
        s3.put({"log": b"somebody else's"})
        with pytest.raises(ChecksumMismatch):
            taken_back(driver, s3.bucket, "log", ChecksumMismatch("wrong"), wrong.etag, "null")
    assert s3.content("log") == b"somebody else's"


@pytest.fixture
def silent_about_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store whose answers prove nothing of what was written."""
    monkeypatch.setattr("artifact_browser.storage.drivers.s3.blob_heads._how_written", lambda *_: "")


@pytest.mark.usefixtures("silent_about_bytes")
def test_what_nothing_proves_is_better_than_nothing(s3: Bench, log: Path) -> None:
    log.write_bytes(b"m" * MIB)
    s3.put({"log": b"sunday\n"})
    error = fails(s3, log, lambda: grow(log), replace=True)
    assert s3.content("log") == b"m" * MIB
    assert "no way to check" in error.kept
    with s3.driver() as driver:
        item = replace(upload_of(log), target="other")
        assert isinstance(PutFile(s3.bucket, item).run(WhileSent(driver, log.unlink)), Finished)
    assert "other" in s3.listed()
