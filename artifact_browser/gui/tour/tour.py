"""Runs the tour's steps one after the other: a picture and a line in ``tour.json`` for each.

``tour.json``: ``{"steps": [{"name", "ok", "seconds", "detail"}], "ok", "store"}``. The first step that fails ends the
tour; the rest is not run and not claimed.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.tour.hands import Hands, TourFailed

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StepResult:
    """One line of ``tour.json``."""

    name: str
    ok: bool
    seconds: float
    detail: str


#: A step: its name and what it does; what it returns is the detail.
Step = tuple[str, Callable[[], Awaitable[str]]]


async def run_steps(steps: Sequence[Step], hands: Hands, folder: Path, store: str) -> bool:
    """Run all steps; whether every one succeeded. Writes pictures and ``tour.json`` into ``folder``."""
    results: list[StepResult] = []
    for number, (name, step) in enumerate(steps, start=1):
        began = time.monotonic()
        try:
            detail, ok = await step(), True
        except (TourFailed, ArtifactBrowserError, OSError, AssertionError) as error:
            _log.exception("the tour failed at %s", name)
            detail, ok = f"{type(error).__name__}: {error}", False
        results.append(StepResult(name, ok, round(time.monotonic() - began, 3), detail))
        await hands.pause(0.25)
        hands.picture().save(str(folder / f"{number:02d}-{name.replace(' ', '-')}.png"))
        if not ok:
            break
    complete = len(results) == len(steps) and all(result.ok for result in results)
    report = {"ok": complete, "store": store, "steps": [asdict(result) for result in results]}
    (folder / "tour.json").write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return complete
