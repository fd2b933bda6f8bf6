"""The app as a person starts it: a process of its own, without a screen."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import artifact_browser
from artifact_browser.paths import in_home

Start = Callable[..., subprocess.Popen[str]]
#: Not to be in the window's process before the first paint; the first two never.
HEAVY = ("boto3", "botocore", "keyring", "humanize", "jsonschema", "numpy", "qasync", "asyncio")


@pytest.fixture
def start() -> Iterator[Start]:
    running: list[subprocess.Popen[str]] = []

    def begin(home: Path, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "artifact_browser", "--home", str(home), *arguments]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return running[-1]

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def until(condition: Callable[[], bool], what: str, seconds: float = 30) -> None:
    ends_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends_at, f"never: {what}"
        time.sleep(0.02)


def descendants(pid: int) -> set[int]:
    found: set[int] = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            child = int(status.parent.name)
            found |= {child} | descendants(child)
    return found


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_version_is_said() -> None:
    said = subprocess.run([sys.executable, "-m", "artifact_browser", "--version"], capture_output=True, text=True)
    assert said.stdout == f"Artifact Browser {artifact_browser.__version__}\n"
    assert said.returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to ask with")
@pytest.mark.skipif(not Path("/proc").exists(), reason="the processes are looked up in /proc")
def test_a_start_and_an_end_leave_nothing_running(start: Start, short_folder: Path) -> None:
    paths = in_home(short_folder)
    first = start(short_folder)
    until(lambda: (paths.runtime / "window.sock").exists(), "the window listens")
    second = start(short_folder, "s3://nowhere/")
    assert second.wait(30) == 0
    until(lambda: len(descendants(first.pid)) >= 1, "a worker runs")
    workers = descendants(first.pid)
    assert list(paths.log.glob("window-*.crash"))
    first.send_signal(signal.SIGTERM)
    assert first.wait(15) == 0
    until(lambda: not any(map(alive, workers)), "the workers end", 5)
    assert list(paths.log.glob("window-*.crash")) == []
    log = paths.log / "window.log"
    assert not log.exists() or "Traceback" not in log.read_text()
    settings = json.loads(paths.settings_file.read_text())
    assert "window.geometry" in settings["values"]


def test_nothing_heavy_is_imported_before_the_first_paint(short_folder: Path) -> None:
    program = f"""
import sys
from pathlib import Path
from artifact_browser import app, bootstrap
from artifact_browser.gui.common.palette import Theme
from artifact_browser.paths import in_home
qt = app._application()
app.Look(qt, Theme.SYSTEM)
services = bootstrap.build(in_home(Path(sys.argv[1])))
window = app.Window(services)
window.main.show()
qt.processEvents()
print([name for name in {HEAVY!r} if name in sys.modules])
services.close()
"""
    said = subprocess.run(
        [sys.executable, "-c", program, str(short_folder)], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "[]"


def test_a_worker_passes_the_entry_without_qt() -> None:
    program = "import artifact_browser.__main__, sys; print('PySide6' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"
