"""Many processes on one store: exactly one winner, no lost update, and a kill -9 at any moment leaves a whole blob."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from artifact_browser.paths import Paths
from artifact_browser.storage.driver import Condition, WriteOptions
from artifact_browser.storage.drivers.local.driver import LocalDriver
from artifact_browser.storage.drivers.local.open import open_local
from artifact_browser.workers.cancel import CancelToken
from tests.parts.process import wait_for
from tests.storage.local.conftest import NO_LINKS, RECORD

ROOT = Path(__file__).parents[3]
#: What every process of these tests begins with.
HEAD = """
import os, sys
from pathlib import Path
from artifact_browser.errors import PreconditionFailed
from artifact_browser.paths import in_home
from artifact_browser.storage.driver import Condition, WriteOptions
from artifact_browser.storage.drivers.local import publish
from artifact_browser.storage.drivers.local.open import open_local
from artifact_browser.workers.cancel import CancelToken
from tests.storage.local.conftest import NO_LINKS, RECORD
def opened():
    return open_local(RECORD, in_home(Path(sys.argv[1])), CancelToken(), lambda: NO_LINKS)
"""


def start(program: str, home: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HEAD + program, str(home), *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> str:
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return out.strip()


def test_of_eight_creators_one_wins(paths: Paths, tmp_path: Path) -> None:
    program = """
sys.stdin.readline()
driver = opened()  # even the index is made in the race
for number in range(20):
    try:
        driver.create_bucket("data")
    except Exception as error:
        assert type(error).__name__ == "BucketExists", error
    try:
        driver.put("data", f"deep/{number}/once", sys.argv[2].encode(), condition=Condition(if_absent=True))
        print(number)
    except PreconditionFailed:
        pass
"""
    racers = [start(program, tmp_path, str(number)) for number in range(8)]
    for racer in racers:
        assert racer.stdin
        racer.stdin.write("go\n")
        racer.stdin.flush()
    won = {str(number): finish(racer).split() for number, racer in enumerate(racers)}
    assert sorted(int(number) for numbers in won.values() for number in numbers) == list(range(20))
    driver = open_local(RECORD, paths, CancelToken(), lambda: NO_LINKS)
    for name, numbers in won.items():
        for number in numbers:
            assert driver.get("data", f"deep/{number}/once").read() == name.encode()
    driver.close()


def test_forty_of_forty_increments_are_kept(paths: Paths, driver: LocalDriver, folder: Path) -> None:
    driver.put("data", "counter", b"0")
    program = """
driver = opened()
for _ in range(10):
    while True:
        with driver.get("data", "counter") as reader:
            value, etag = int(reader.read()), reader.info.etag
        try:
            driver.put("data", "counter", b"%d" % (value + 1), condition=Condition(if_match=etag))
            break
        except PreconditionFailed:
            continue
"""
    for process in [start(program, folder.parents[1]) for _ in range(4)]:
        finish(process)
    assert driver.get("data", "counter").read() == b"40"
    assert (folder / "counter").read_bytes() == b"40"


@pytest.mark.parametrize("moment", ["mkdir", "replace", "unlink"])
def test_killed_at_the_worst_moments(driver: LocalDriver, folder: Path, paths: Paths, moment: str) -> None:
    """Killed just before the folders are made, just behind the rename, and just behind the commit."""
    driver.put("data", "k", b"old", WriteOptions(metadata={"v": "old"}))
    program = f"""
import signal
moment = {moment!r}
real = getattr(os, moment)
def deadly(*arguments, **options):
    if moment != "unlink" or arguments[0].endswith(".intent"):
        if moment == "replace":
            real(*arguments, **options)
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments, **options)
driver = opened()
setattr(os, moment, deadly)
driver.put("data", sys.argv[2], b"new", WriteOptions(content_type="x/new", metadata={{"v": "new"}}))
"""
    key = "fresh/folder/k" if moment == "mkdir" else "k"
    killed = start(program, folder.parents[1], key)
    killed.communicate(timeout=60)
    assert killed.returncode == -9
    if moment == "mkdir":
        again = open_local(RECORD, paths, CancelToken(), lambda: NO_LINKS)
        assert list(next(again.list_pages("data")).prefixes) == []
        again.close()
    else:
        info = driver.head("data", "k")
        assert (info.etag, info.content_type) == (hashlib.md5(b"new").hexdigest(), "x/new")
        assert dict(info.metadata) == {"v": "new"}
        driver.put_tags("data", "k", {"later": "1"})
        open_local(RECORD, paths, CancelToken(), lambda: NO_LINKS).close()
        assert driver.get_tags("data", "k") == {"later": "1"}  # healing is no second coming of the old write
    assert list((folder.parent / ".artifact-browser" / "temporary").iterdir()) == []


def test_killed_at_any_moment_a_blob_is_whole(driver: LocalDriver, folder: Path, paths: Paths) -> None:
    program = """
import itertools
driver = opened()
for number in itertools.count():
    body = (b"%09d" % number) * 3000
    options = WriteOptions(metadata={"v": "%09d" % number})
    driver.put("data", "dir/k", body, options, Condition() if number % 2 else None)
    if not number:
        print("started", flush=True)
"""
    for delay_ms in (1, 4, 9, 17, 30):
        writer = start(program, folder.parents[1])
        assert writer.stdout
        assert writer.stdout.readline() == "started\n"
        time.sleep(delay_ms / 1000)  # the moment of the kill is the test's input, not a wait for something
        writer.kill()
        writer.communicate(timeout=20)
        opened = open_local(RECORD, paths, CancelToken(), lambda: NO_LINKS)
        with opened.get("data", "dir/k") as reader:
            body = reader.read()
            assert reader.info.etag == hashlib.md5(body).hexdigest()
            assert body == reader.info.metadata["v"].encode() * 3000
        opened.put("data", "dir/k", b"still writable", condition=Condition(if_match=reader.info.etag))
        opened.close()


def test_a_reader_never_meets_half_a_blob(driver: LocalDriver, folder: Path) -> None:
    driver.put("data", "k", b"0" * 100_000)
    program = """
driver = opened()
print("started", flush=True)
while not (Path(sys.argv[1]) / "stop").exists():
    for letter in b"123456789":
        driver.put("data", "k", bytes([letter]) * 100_000, WriteOptions(metadata={"v": chr(letter)}))
"""
    home = folder.parents[1]
    writer = start(program, home)
    assert writer.stdout
    assert writer.stdout.readline() == "started\n"
    seen = set()

    def look() -> bool:
        with driver.get("data", "k") as reader:
            body = reader.read()
        assert len(body) == 100_000
        assert len(set(body)) == 1
        assert reader.info.etag == hashlib.md5(body).hexdigest()
        assert reader.info.metadata.get("v", "0") == chr(body[0])
        seen.add(body[:1])
        return len(seen) > 5

    try:
        wait_for(look, "six versions are seen", interval_s=0.001)
    finally:
        (home / "stop").touch()
        finish(writer)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files to set")
def test_no_room_left_is_told_and_leaves_the_old_blob(driver: LocalDriver, folder: Path) -> None:
    driver.put("data", "k", b"old")
    program = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
driver = opened()
driver.list_buckets()
resource.setrlimit(resource.RLIMIT_FSIZE, (2 * 1024**2, 2 * 1024**2))
try:
    driver.put("data", "k", bytes(8 * 1024**2))
except Exception as error:
    print(type(error).__name__)
"""
    assert finish(start(program, folder.parents[1])) == "DiskFull"
    assert driver.get("data", "k").read() == b"old"
    assert list((folder.parent / ".artifact-browser" / "temporary").iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows gives a file its time when it is closed")
def test_a_durable_write_has_its_time_when_it_is_synced(
    driver: LocalDriver, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind a power cut the row would disagree with the file: metadata kept, but a blob in parts with another ETag."""
    times, real = list[int](), os.fsync

    def fsync(file: int) -> None:
        times.append(os.fstat(file).st_mtime_ns)
        real(file)

    monkeypatch.setattr(os, "fsync", fsync)
    driver.put("data", "k", b"bytes", condition=Condition(if_absent=True))
    assert times[0] == (folder / "k").stat().st_mtime_ns


def test_condition_objects_without_a_condition_are_plain_writes(driver: LocalDriver, folder: Path) -> None:
    driver.put("data", "k", b"1", condition=Condition())
    driver.put("data", "k", b"2", condition=Condition())
    assert [path.name for path in folder.iterdir()] == ["k"]
    assert driver.get("data", "k").read() == b"2"
