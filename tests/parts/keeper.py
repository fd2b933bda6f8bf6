"""Parts that are started once for a whole test run, whoever of pytest-xdist's processes asks first.

``python -m tests.parts.keeper PART FOLDER PID`` starts the part, writes ``FOLDER/PART.json`` (its addresses, or the
reason why it failed) and stays until process ``PID`` (pytest, or xdist's controller) is gone, even by ``kill -9``:
it waits on a process handle, not on good manners.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.parts.process import PartMissing, wait_for
from tests.parts.run import remove_tree


class Shared:
    """A shared part as a test process sees it: begin early, wait when it is needed."""

    def __init__(self, part: str, folder: Path, owner_pid: int) -> None:
        self._part = part
        self._folder = folder
        self._owner_pid = owner_pid
        self._answer = folder / f"{part}.json"

    def begin(self) -> None:
        """Have it started, unless another process of this run already did. Returns at once."""
        try:
            (self._folder / f"{self._part}.begun").touch(exist_ok=False)
        except FileExistsError:
            return
        with (self._folder / f"{self._part}.log").open("ab") as log:
            subprocess.Popen(
                [sys.executable, "-m", "tests.parts.keeper", self._part, self._folder, str(self._owner_pid)],
                cwd=Path(__file__).parents[2],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            ).returncode = 0  # it outlives this object on purpose: no "still running" warning

    def wait(self, timeout_s: float = 90.0) -> dict[str, Any]:
        """The part's addresses.

        :raises PartMissing: it cannot be had on this machine; :raises RuntimeError: it did not start, with the reason
        """
        self.begin()
        wait_for(self._answer.exists, f"{self._part} starts", timeout_s=timeout_s)
        answer: dict[str, Any] = json.loads(self._answer.read_text())
        if "missing" in answer:
            raise PartMissing(answer["missing"])
        if "error" in answer:
            raise RuntimeError(f"{self._part} did not start: {answer['error']}")
        return answer


def write_answer(path: Path, answer: dict[str, Any]) -> None:
    """At once or not at all: readers poll for the file."""
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(answer))
    draft.rename(path)


def wait_for_end(pid: int) -> None:
    """Return when ``pid`` is gone (or a signal tells us to stop)."""
    if hasattr(os, "pidfd_open"):
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        select.select([handle], [], [])
        os.close(handle)
        return
    while True:  # macOS: no process handles; this keeper is our owner's child or grandchild
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.5)


def leave(*_: object) -> None:
    raise SystemExit


def main(part: str, folder: Path, owner_pid: int) -> None:
    signal.signal(signal.SIGTERM, leave)
    module = importlib.import_module(f"tests.parts.{part}")
    began = time.monotonic()
    server = None
    try:
        try:
            server = module.Server(folder / part)
            answer = server.start()
        except PartMissing as reason:
            write_answer(folder / f"{part}.json", {"missing": str(reason)})
            raise
        except Exception as error:
            write_answer(folder / f"{part}.json", {"error": f"{type(error).__name__}: {error}"})
            raise
        write_answer(folder / f"{part}.json", answer | {"seconds": round(time.monotonic() - began, 1)})
        wait_for_end(owner_pid)
        remove_tree(folder.parent)  # a killed run could not tidy up itself
    finally:
        if server is not None:
            server.stop()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
