"""Jobs for the bridge's tests: run in a real worker process."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from artifact_browser.errors import AccessDenied
from artifact_browser.workers.job import JobContext, Question


@dataclass(frozen=True, slots=True)
class NameWanted(Question):
    prompt: str


def count_to(context: JobContext, number: int) -> Generator[int, None, str]:
    yield from range(number)
    return "counted"


def refuse(context: JobContext) -> Generator[None, None, None]:
    yield
    raise AccessDenied("You may not.")


def greet(context: JobContext) -> Generator[None, None, str]:
    yield
    return f"Hello {context.ask(NameWanted('Who?'))}"


def report(context: JobContext, times: int) -> Generator[str, None, None]:
    """Reports as fast as it can, then once more, then an event."""
    for number in range(times):
        context.progress(number)
        if number % 1000 == 0:
            time.sleep(0.02)
    yield "reported"


def wait_for_cancel(context: JobContext, note: str) -> Generator[str, None, None]:
    """Writes to the file ``note`` when it was told to stop."""
    yield "waiting"
    try:
        context.cancel.wait(60)
    finally:
        Path(note).write_text("stopped")
