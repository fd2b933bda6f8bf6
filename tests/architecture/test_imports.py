"""What is loaded where: no Qt below the window, nothing heavy before it is painted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "artifact_browser"
REFUSE_QT = """
import importlib, sys
class Refusal:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"PySide6", "shiboken6", "qasync"}:
            raise ImportError(f"{name} below the window")
sys.meta_path.insert(0, Refusal())
for name in sys.argv[1:]:
    importlib.import_module(name)
"""
HEAVY = {
    "boto3",
    "botocore",
    "s3transfer",
    "keyring",
    "humanize",
    "numpy",
    "yaml",
    "jsonschema",
    "awscrt",
    "markdown_it",
}


def modules(below: Path) -> list[str]:
    """Dotted names of all modules below a folder of the package."""
    files = sorted(below.rglob("*.py"))
    names = (file.relative_to(PACKAGE.parent).with_suffix("").parts for file in files)
    return [".".join(parts[:-1] if parts[-1] == "__init__" else parts) for parts in names]


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-P", *arguments], capture_output=True, text=True, timeout=60, check=False)


def test_everything_below_the_window_works_without_qt() -> None:
    names = [name for name in modules(PACKAGE) if name.split(".")[1:2] not in (["gui"], ["app"], ["__main__"])]
    assert len(names) > 20
    done = python("-W", "error", "-c", REFUSE_QT, *names)
    assert done.returncode == 0, done.stderr


def test_the_refusal_refuses() -> None:
    assert "below the window" in python("-c", REFUSE_QT, "artifact_browser.gui.common.bridge").stderr


@pytest.mark.parametrize("module", ["artifact_browser.__main__", "artifact_browser.app"])
def test_nothing_heavy_is_loaded_before_the_window(module: str) -> None:
    done = python("-c", f"import {module}, sys; print(*{{name.partition('.')[0] for name in sys.modules}})")
    assert done.returncode == 0, done.stderr
    assert not HEAVY & set(done.stdout.split())


def test_main_is_featherlight() -> None:
    """Every spawned worker imports it."""
    done = python("-c", "import artifact_browser.__main__, sys; print(*sys.modules)")
    assert done.returncode == 0, done.stderr
    assert not {"PySide6", "sqlite3", "multiprocessing.pool"} & set(done.stdout.split())
