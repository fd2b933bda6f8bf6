"""The question before a transfer, filling while more is found."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from artifact_browser.gui.transfers.conflict_dialog import ConflictDialog
from artifact_browser.transfers.policy import Conflict, ConflictFound, Group, GroupFound, GroupPolicies, Policy
from artifact_browser.transfers.state import Counts, JobSnapshot, JobState, Verb

MANY = ConflictFound("j", "bucket/p", planned=1000, total=0, groups=(), size_bytes=5 << 20, scanning=True)
JOB = JobSnapshot("j", Verb.UPLOAD, "set", "bucket/p", "a", JobState.SCANNING, scanning=True)


def found(group: Group, count: int) -> GroupFound:
    return GroupFound(group, count, tuple(Conflict(f"{group} {n}", 1, 1, 2, 2) for n in range(min(count, 10))))


@pytest.fixture
def dialog(qtbot: QtBot) -> ConflictDialog:
    made = ConflictDialog(MANY, Verb.UPLOAD)
    qtbot.addWidget(made)
    made.show()
    return made


def test_it_fills_and_changes_its_name_with_the_first_conflict(dialog: ConflictDialog) -> None:
    assert (dialog.accessibleName(), dialog.primary.text(), dialog.primary.isEnabled()) == ("Upload", "Start", True)
    assert dialog.scan.text() == "Looking\u2026 1,000 items \u00b7 5.0 MiB so far"
    assert dialog.choice.policy is Policy.SKIP  # what may turn up can be decided beforehand
    counts = Counts(items=2500, bytes=9 << 20)
    dialog.show_found(replace(JOB, counts=counts, found=(found(Group.IDENTICAL, 12),)))
    assert dialog.accessibleName() == "Already there"
    assert dialog.summary.text() == "12 of 2,500 items are there already."
    assert (dialog.by_kind.isVisible(), dialog.kinds) == (False, {})
    dialog.show_found(replace(JOB, counts=counts, found=(found(Group.SOURCE_NEWER, 3), found(Group.IDENTICAL, 12))))
    assert dialog.by_kind.isVisible()
    assert list(dialog.kinds) == [Group.SOURCE_NEWER, Group.IDENTICAL]
    assert dialog.summary.text() == "15 of 2,500 items are there already."


def test_kinds_that_nobody_has_seen_yet_are_asked_about_later(dialog: ConflictDialog) -> None:
    two = (found(Group.SOURCE_NEWER, 3), found(Group.IDENTICAL, 12))
    dialog.show_found(replace(JOB, found=two))
    dialog.by_kind.click()
    later = dialog.kinds[Group.IDENTICAL]
    later.setCurrentIndex(later.findText("Decide later"))
    assert dialog.choice.policy == GroupPolicies(Policy.REPLACE, Policy.ASK, Policy.ASK, Policy.ASK)
    dialog.show_found(replace(JOB, found=two, scanning=False, state=JobState.WAITING, waiting_for="your answer"))
    assert dialog.choice.policy == GroupPolicies(Policy.REPLACE, Policy.SKIP, Policy.SKIP, Policy.ASK)
    dialog.show_found(replace(JOB, found=two))  # late news
    assert dialog.choice.policy == GroupPolicies(Policy.REPLACE, Policy.SKIP, Policy.SKIP, Policy.ASK)


def test_where_nothing_is_there_nothing_is_to_be_decided(dialog: ConflictDialog) -> None:
    high = dialog.height()
    dialog.show_found(replace(JOB, counts=Counts(items=1500, bytes=6 << 20), scanning=False, waiting_for="your answer"))
    assert dialog.scan.text() == "1,500 items \u00b7 6.0 MiB in all"
    assert [radio.isVisible() for radio in dialog.choices.values()] == [False] * 3
    assert dialog.height() < high
