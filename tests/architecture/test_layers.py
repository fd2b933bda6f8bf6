"""The house stands as drawn: imports run one way, and the rule that says so really refuses."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINTER = Path(sys.executable).with_name("lint-imports")
#: Where a forbidden import is planted, and the contract that must break.
BREACHES = {
    "artifact_browser/transfers/breach.py": ("from artifact_browser.gui.shell import actions", "Floors"),
    "artifact_browser/storage/breach.py": ("import PySide6.QtCore", "No Qt below the window"),
    "artifact_browser/gui/browse/breach.py": ("import artifact_browser.gui.transfers.breach", "Rooms of the window"),
    "artifact_browser/workers/breach.py": ("import boto3", "botocore only in its driver and the account chains"),
    "artifact_browser/storage/drivers/local/breach.py": (
        "import artifact_browser.storage.drivers.s3.open",
        "Drivers do not know each other",
    ),
    "artifact_browser/unannounced/__init__.py": ("", "Floors"),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([LINTER, "--no-cache"], cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def test_the_layers_are_kept() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("file", BREACHES)
def test_a_breach_is_refused(file: str, tmp_path: Path) -> None:
    line, contract = BREACHES[file]
    shutil.copytree(ROOT / "artifact_browser", tmp_path / "artifact_browser", ignore=shutil.ignore_patterns("*.pyc"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "artifact_browser/gui/transfers/breach.py").write_text('"""Target of a breach."""\n')
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(line + "\n")
    done = lint(tmp_path)
    assert done.returncode != 0
    assert f"{contract} BROKEN" in done.stdout or contract in done.stderr + done.stdout.partition("Broken contracts")[2]
