"""The example of what a choice takes: fills while a slow disk is looked at, and is whole in the end."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from artifact_browser.errors import JobCancelled
from artifact_browser.paths import in_home
from artifact_browser.transfers import preview
from artifact_browser.transfers.choice import TreeChoice
from tests.transfers.conftest import TestContext


@pytest.fixture
def context(tmp_path: Path) -> TestContext:
    return TestContext(in_home(tmp_path / "home"), None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "set"
    made.mkdir()
    return made


def everything(job: Generator[preview.Preview, None, preview.Preview]) -> Iterator[preview.Preview]:
    """What a job tells, and last what it returns."""
    yield (yield from job)


def test_a_slow_disk_cuts_no_example_short(folder: Path, context: TestContext, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ["a.csv", "b.log", "c.csv"]:
        (folder / name).touch()
    clock = itertools.count(step=60)  # a minute for each look at it
    monkeypatch.setattr("artifact_browser.transfers.preview.time.monotonic", lambda: next(clock))
    job = preview.preview_upload(context, (str(folder),), TreeChoice(exclude=("*.log",), ignore_above=False))
    *told, last = everything(job)
    assert [(one.taken, one.left_out, one.whole) for one in told] == [(1, 0, False), (1, 1, False), (2, 1, False)]
    assert last == preview.Preview(2, 1, ("a.csv", "c.csv"), (("b.log", "your patterns"),), whole=True)


def test_a_closed_dialog_ends_the_look(folder: Path, context: TestContext) -> None:
    (folder / "a").touch()
    context.cancel.cancel()
    with pytest.raises(JobCancelled):
        next(preview.preview_upload(context, (str(folder),), TreeChoice()))
