"""Keys in the real keychain over two runs of the services, with every process and file searched for them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.parts.keychain import Keychain

SECRET = "kEpT-" + "w9Qz" * 8
ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="no /proc: arguments and environment cannot be read"
)
def test_keys_come_back_in_the_next_run_and_are_nowhere_else(keychain: Keychain, short_folder: Path) -> None:
    home = short_folder / "home"
    env = keychain.env | {"PYTHONPATH": str(ROOT)}
    for what in ("keep", "lease"):
        command = [sys.executable, "-m", "tests.accounts.run_program", str(home), what]
        done = subprocess.run(
            command, env=env, input=SECRET + "\n", capture_output=True, text=True, timeout=60, check=False, cwd=ROOT
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == ["AKKEPT", SECRET, False]
        assert SECRET not in done.stderr
    written = [file for file in home.rglob("*") if file.is_file() and SECRET.encode() in file.read_bytes()]
    assert written == []
