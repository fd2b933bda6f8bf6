"""The app as a double-click runs it, with something that watches its window; and the process around it, read at its end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from benchmarks.stub import ROOT


class Watcher(Protocol):
    """Begins when the window is furnished, ends with closing it.

    :ivar report: what was found, for JSON
    """

    report: dict[str, Any]

    def start(self) -> None: ...


def run_watched(home: str, make: Callable[[Any, Any], Watcher]) -> int:
    """``app.run`` with its window watched by ``make(services, window)``; prints the report. The exit code."""
    from artifact_browser import app  # Qt only in the watched process
    from artifact_browser.bootstrap import Services
    from artifact_browser.gui.shell.window import Window

    watchers: list[Watcher] = []

    class Watched(Window):
        def __init__(self, services: Services) -> None:
            super().__init__(services)
            self._services = services

        def start(self, addresses: object = ()) -> None:
            super().start()
            watchers.append(make(self._services, self))
            watchers[0].start()

    setattr(app, "Window", Watched)  # noqa: B010 - what app.run will build
    code = app.run(["--home", home])
    print(json.dumps(watchers[0].report), flush=True)
    return code


def child_report(
    module: str, *arguments: str, timeout_s: float, more_env: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Run a measuring process and read what it says at its end; ``fault`` where it ends otherwise."""
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT), **(more_env or {})}
    try:
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT, env=env, capture_output=True, text=True, timeout=timeout_s, check=False,
            start_new_session=True,  # as packaging/run starts the app
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"fault": "it did not end"}
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        return {"fault": f"it ended with {done.returncode}: {done.stderr[-2000:]}"}
    found: dict[str, Any] = json.loads(lines[-1])
    return found
