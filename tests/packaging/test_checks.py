"""The test command ends, whatever hangs in it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.parts.process import wait_for
from tests.workers.conftest import alive

PACKAGING = Path(__file__).parents[2] / "packaging"
posix = pytest.mark.skipif(os.name != "posix", reason="process groups: not on Windows")

#: A command that cannot be interrupted politely and has a child of the same kind.
DEAF = """
import signal, subprocess, sys, time
from pathlib import Path
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
Path(sys.argv[1]).write_text(str(child.pid))
time.sleep(600)
"""
RUN = """
import os, sys
from pathlib import Path
sys.path.insert(0, {packaging!r})
import checks
print(checks.call_within(float(sys.argv[1]), sys.argv[2:], cwd=Path.cwd(), env=dict(os.environ)))
"""


def call_within(limit_s: float, *command: str) -> str:
    code = RUN.format(packaging=str(PACKAGING))
    done = subprocess.run(
        [sys.executable, "-c", code, str(limit_s), *command], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


def test_an_exit_code_is_passed_on() -> None:
    assert call_within(30, sys.executable, "-c", "raise SystemExit(3)") == "3"


@posix
def test_what_hangs_is_stopped_with_its_children(tmp_path: Path) -> None:
    note = tmp_path / "child"
    began = time.monotonic()
    assert call_within(3, sys.executable, "-c", DEAF, str(note)) == "None"
    assert time.monotonic() - began < 30
    child = int(note.read_text())
    wait_for(lambda: not alive(child), "the child ends", timeout_s=5)


def test_what_the_second_python_leaves_out_is_there() -> None:
    code = f"import sys; sys.path.insert(0, {str(PACKAGING)!r}); import checks; print(*checks.ONCE, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    left_out = [line.partition("=")[2] for line in done.stdout.splitlines() if line.startswith("--ignore=")]
    assert len(left_out) > 3
    assert [path for path in left_out if not (PACKAGING.parent / path).exists()] == []
