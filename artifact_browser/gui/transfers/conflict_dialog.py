"""Asked when something is there already, and before many files move at all: it opens at once and fills while more is found;
skip, replace or keep both, for all of them or for each kind. *Start* is there from the beginning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from PySide6.QtWidgets import QButtonGroup, QComboBox, QGridLayout, QLabel, QRadioButton, QVBoxLayout, QWidget

from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.format import count, elided, natural_time, printable, size
from artifact_browser.gui.common.widgets import Kind, label
from artifact_browser.transfers.policy import (
    Conflict,
    ConflictFound,
    Decision,
    Group,
    GroupFound,
    GroupPolicies,
    Policy,
)
from artifact_browser.transfers.state import JobSnapshot, Verb

_SHOWN = 4
_CHOICES = (
    (Policy.SKIP, "Skip", "Leave what is there as it is."),
    (Policy.REPLACE, "Replace", "Write over what is there."),
    (Policy.KEEP_BOTH, "Keep both", "Give the new ones a second name, like \u201creport (2).csv\u201d."),
)
_LATER = "Decide later"
#: what somebody who asks for it kind by kind most probably means
_BY_KIND = GroupPolicies()
_HERE, _THERE = "newer on this computer", "newer in the bucket"
_WORDS = {
    Verb.UPLOAD: {Group.SOURCE_NEWER: _HERE, Group.TARGET_NEWER: _THERE},
    Verb.DOWNLOAD: {Group.SOURCE_NEWER: _THERE, Group.TARGET_NEWER: _HERE},
}
_OTHER_WORDS = {
    Group.IDENTICAL: "identical",
    Group.SOURCE_NEWER: "newer where it comes from",
    Group.TARGET_NEWER: "newer where it goes",
    Group.DIFFERENT: "different",
}


@dataclass(frozen=True, slots=True)
class ConflictChoice:
    """What to do with every one of them, or with each kind."""

    policy: Decision


class ConflictDialog(AppDialog):
    """Named ``Already there`` (the verb, while nothing is); main button ``Start``. Rejecting it cancels the transfer.

    :ivar by_kind: the radio button of deciding kind by kind, hidden where all are of one
    """

    def __init__(self, question: ConflictFound, verb: Verb, parent: QWidget | None = None) -> None:
        super().__init__(
            str(verb),
            "Start" if question.begins else "Continue",
            parent,
            subtitle=f"{verb} to {elided(printable(question.target), 80)}",
            cancel="Cancel transfer",
            width=540,
        )
        self._verb, self._scanning = verb, question.scanning
        self._groups: tuple[GroupFound, ...] = ()
        self.summary = label("", wrap=True)
        self.scan = label("", Kind.DIM, wrap=True)
        self._only = label("", Kind.DIM)
        for words in (self.summary, self.scan, self._only):
            self.body.addWidget(words)
        self._examples = self._add_examples()
        self._group = QButtonGroup(self)
        self._lead = label("If something is there already:", Kind.DIM)
        self.body.addWidget(self._lead)
        self.choices = {policy: self._add_choice(name, meaning) for policy, name, meaning in _CHOICES}
        self.by_kind = self._add_choice("Each kind its own way", "")
        self._rows = self._add_kinds()
        self.choices[Policy.SKIP].setChecked(True)
        self.body.addStretch(1)
        self._show(question.groups, question.planned, question.size_bytes)

    @property
    def kinds(self) -> dict[Group, QComboBox]:
        """What is chosen for each kind that was found; empty where all are of one."""
        found = [one.group for one in self._groups]
        return {group: self._rows[group][1] for group in found} if len(found) > 1 else {}

    @property
    def choice(self) -> ConflictChoice:
        """Kinds that nobody has seen yet are asked about when they turn up."""
        if not self.by_kind.isChecked():
            return ConflictChoice(next(policy for policy, radio in self.choices.items() if radio.isChecked()))
        chosen = {group: Policy(combo.currentData()) for group, combo in self.kinds.items()}
        unseen = {group: Policy.ASK if self._scanning else _BY_KIND.of(group) for group in Group}
        return ConflictChoice(GroupPolicies(*(chosen.get(group, unseen[group]) for group in Group)))

    def show_found(self, job: JobSnapshot) -> None:
        """More was found, or all is."""
        self._scanning = self._scanning and job.scanning
        if job.waiting_for or job.found or job.scanning:
            self._show(job.found or self._groups, job.counts.items, job.counts.bytes)

    def _show(self, groups: tuple[GroupFound, ...], planned: int, size_bytes: int) -> None:
        new = {one.group for one in groups} - {one.group for one in self._groups}
        self._groups = groups
        total = sum(one.count for one in groups)
        title = "Already there" if groups else str(self._verb)
        if self.windowTitle() != title:
            self.setWindowTitle(title)
            self.setAccessibleName(title)
            self.heading.setText(title)
        self.summary.setText(_summary(total, planned, scanning=self._scanning))
        self.summary.setVisible(bool(groups))
        looked = f"{count(planned, 'item')} \u00b7 {size(size_bytes)}"
        self.scan.setText(f"Looking\u2026 {looked} so far" if self._scanning else f"{looked} in all")
        self.scan.setVisible(self._scanning or not groups)
        one = groups[0] if len(groups) == 1 else None  # several stand at the choices
        self._only.setText(f"{total:,} {_words(self._verb, one.group)}" if one else "")
        self._only.setVisible(one is not None)
        self._show_examples(groups, total)
        open_still = bool(groups) or self._scanning
        self._lead.setVisible(open_still and not groups)
        shrinks = not open_still and not self.choices[Policy.SKIP].isHidden()
        if shrinks and any(radio.hasFocus() for radio in self.choices.values()):
            self.primary.setFocus()
        for radio in self.choices.values():
            self._set_visible(radio, open_still)
        self.by_kind.setVisible(len(groups) > 1)
        for group, (caption, combo) in self._rows.items():
            found = next((one for one in groups if one.group is group), None)
            for widget in (caption, combo):
                widget.setVisible(found is not None and len(groups) > 1)
            if found is not None:
                caption.setText(f"{found.count:,} {_words(self._verb, group)}")
        if new or shrinks:
            self._fit(shrinks=shrinks)

    def _fit(self, *, shrinks: bool) -> None:
        """Be as high as what is shown needs."""
        layout = self.layout()
        if shrinks and layout is not None:
            layout.activate()
            self.resize(self.width(), layout.totalHeightForWidth(self.width()))
        self.grow()

    def _set_visible(self, radio: QRadioButton, visible: bool) -> None:
        for widget in (radio, self._hints.get(radio)):
            if widget is not None:
                widget.setVisible(visible)

    def _add_choice(self, name: str, meaning: str) -> QRadioButton:
        radio = QRadioButton(name)
        radio.setAccessibleDescription(meaning)
        self._group.addButton(radio)
        block = QVBoxLayout()
        block.setSpacing(0)
        block.addWidget(radio)
        if meaning:
            hint = label(meaning, Kind.HINT, wrap=True)
            hint.setIndent(26)
            block.addWidget(hint)
            self._hints[radio] = hint
        self.body.addLayout(block)
        return radio

    def _add_kinds(self) -> dict[Group, tuple[QLabel, QComboBox]]:
        """A choice for each kind, hidden until something of it is found; taking one means to decide kind by kind."""
        made: dict[Group, tuple[QLabel, QComboBox]] = {}
        grid = QGridLayout()
        grid.setContentsMargins(26, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(0, 1)
        for row, group in enumerate(Group):
            combo = QComboBox()
            for policy, name, _ in _CHOICES:
                combo.addItem(name, policy)
            combo.addItem(_LATER, Policy.ASK)
            combo.setCurrentIndex(combo.findData(_BY_KIND.of(group)))
            combo.setAccessibleName(f"What is {_words(self._verb, group)}")
            combo.activated.connect(lambda _: self.by_kind.setChecked(True))
            caption = label("", Kind.DIM)
            caption.setBuddy(combo)
            grid.addWidget(caption, row, 0)
            grid.addWidget(combo, row, 1)
            made[group] = caption, combo
        self.body.addLayout(grid)
        return made

    def _add_examples(self) -> list[tuple[QLabel, QLabel]]:
        #: the hint below each choice
        self._hints: dict[QRadioButton, QLabel] = {}
        block = QVBoxLayout()
        block.setSpacing(2)
        made = []
        for place in range(_SHOWN):
            name, facts = label("", wrap=True), label("", Kind.HINT, wrap=True)
            name.setContentsMargins(0, 4 if place else 0, 0, 0)
            block.addWidget(name)
            block.addWidget(facts)
            made.append((name, facts))
        self._more = label("", Kind.HINT)
        block.addWidget(self._more)
        self.body.addLayout(block)
        return made

    def _show_examples(self, groups: Sequence[GroupFound], total: int) -> None:
        rows = zip_longest(*(found.examples for found in groups))
        shown = [one for row in rows for one in row if one is not None][:_SHOWN]
        for place, (name, facts) in enumerate(self._examples):
            one = shown[place] if place < len(shown) else None
            name.setVisible(one is not None)
            facts.setVisible(one is not None)
            if one is not None:
                name.setText(elided(printable(one.name), 70))
                facts.setText(_compared(one))
        self._more.setText(f"and {total - len(shown):,} more")
        self._more.setVisible(total > len(shown))


def _words(verb: Verb, group: Group) -> str:
    return _WORDS.get(verb, {}).get(group) or _OTHER_WORDS[group]


def _summary(total: int, planned: int, *, scanning: bool) -> str:
    if total == planned and not scanning:
        return "It is there already." if total == 1 else f"All {count(total, 'item')} are there already."
    is_there = "is" if total == 1 else "are"
    return f"{total:,} of {count(planned, 'item')} {is_there} there already."


def _compared(conflict: Conflict) -> str:
    new, old = size(conflict.size_bytes), size(conflict.existing_size_bytes)
    if conflict.modified_us:
        new += f", {natural_time(conflict.modified_us)}"
    if conflict.existing_modified_us:
        old += f", {natural_time(conflict.existing_modified_us)}"
    return f"new: {new} \u00b7 there: {old}"
