"""What the system would run is not opened from a store, however its name is dressed up."""

from __future__ import annotations

import pytest

from artifact_browser.gui.shell.runnable_names import may_run


@pytest.mark.parametrize(
    "key",
    ["a/setup.exe", "SETUP.EXE", ".bat", "in/.desktop", "setup.exe.", "setup.exe ", "setup.exe. .", "report.pdf.lnk",
     "invoice.docm", "page.html", "picture.svg", "disk.img", "x.webloc", "x.url", "x.exe\n", "tool.appinstaller"],
)  # fmt: skip
def test_what_runs_is_known(key: str) -> None:
    assert may_run(key)


@pytest.mark.parametrize(
    "key",
    ["data.csv", "exe", "a.exe/data.csv", "picture.png", "README", "model.safetensors", "report.pdf", "a.py/b.txt"],
)
def test_what_shows_may_be_opened(key: str) -> None:
    assert not may_run(key)
