"""A pool in a home of its own, and a listener that writes down what it hears."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.paths import Paths, in_home
from artifact_browser.workers.pool import WorkerPool


def until(condition: Callable[[], Any], timeout_s: float = 15.0) -> Any:
    """Poll until the condition holds; its value."""
    ends_at = time.monotonic() + timeout_s
    while not (value := condition()):
        assert time.monotonic() < ends_at, "it did not happen in time"
        time.sleep(0.01)
    return value


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        return Path("/proc").is_dir() is False


class Heard:
    """A listener's notebook."""

    def __init__(self, *, acknowledges_itself: bool = False) -> None:
        self.acknowledges_itself = acknowledges_itself
        self.events: list[Any] = []
        self.progress: list[tuple[float, Any]] = []
        self.result: Any = None
        self.error: ArtifactBrowserError | None = None
        self.ended = threading.Event()
        self.after_end = 0

    def on_event(self, event: Any) -> None:
        self.after_end += self.ended.is_set()
        self.events.append(event)

    def on_progress(self, value: Any) -> None:
        self.after_end += self.ended.is_set()
        self.progress.append((time.monotonic(), value))

    def on_done(self, result: Any) -> None:
        self.result = result
        self.ended.set()

    def on_error(self, error: ArtifactBrowserError) -> None:
        self.error = error
        self.ended.set()


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return in_home(tmp_path).make()


@pytest.fixture
def pool(paths: Paths) -> Iterator[WorkerPool]:
    pool = WorkerPool(paths)
    yield pool
    pool.close()
