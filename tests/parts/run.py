"""One test run: its private folder, which parts it used, and which it had to do without."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.parts.process import PartMissing

#: Handed to xdist's workers: ``FOLDER:PID`` of the run they belong to.
VARIABLE = "ARTIFACT_BROWSER_TEST_RUN"


class TestRun:
    """The same for pytest itself and for every xdist worker.

    :ivar folder: private, short (sockets live below it), removed at the end by whoever made it
    :ivar owner_pid: pytest, or xdist's controller
    """

    __test__ = False

    def __init__(self) -> None:
        self.is_worker = "PYTEST_XDIST_WORKER" in os.environ
        if self.is_worker:
            folder, _, pid = os.environ[VARIABLE].rpartition(":")
            self.folder, self.owner_pid = Path(folder), int(pid)
        else:
            self.folder, self.owner_pid = Path(tempfile.mkdtemp(prefix="abt-")), os.getpid()
            os.environ[VARIABLE] = f"{self.folder}:{self.owner_pid}"
            (self.folder / "shared").mkdir()

    @property
    def shared(self) -> Path:
        return self.folder / "shared"

    def own_folder(self, name: str) -> Path:
        """A folder of this process alone."""
        folder = self.folder / os.environ.get("PYTEST_XDIST_WORKER", "main") / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def note(self, kind: str, line: str) -> None:
        """Remember a line for the summary, once. ``kind`` is ``ran`` or ``missing``."""
        with (self.shared / f"{kind}.notes").open("a") as notes:
            notes.write(line + "\n")  # one short append: whole, whoever else writes

    def notes(self, kind: str) -> list[str]:
        file = self.shared / f"{kind}.notes"
        return sorted(set(file.read_text().splitlines())) if file.exists() else []

    def refuse(self, part: str, reason: PartMissing) -> None:
        """A part cannot be had: in CI on Linux that is a failure, elsewhere a skip that is named."""
        self.note("missing", f"{part}: {reason}")
        if os.environ.get("CI") and sys.platform.startswith("linux"):
            pytest.fail(f"{part}: {reason}", pytrace=False)
        pytest.skip(f"{part}: {reason}")

    def close(self) -> None:
        if not self.is_worker:
            remove_tree(self.folder)


def remove_tree(folder: Path) -> None:
    """Remove a folder however deep it is: odd keys make trees that Python's own recursion cannot walk."""
    if shutil.which("rm"):
        subprocess.run(["rm", "-rf", "--", folder], check=False, capture_output=True)
    else:
        shutil.rmtree(folder, ignore_errors=True)
