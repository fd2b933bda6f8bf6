"""Asked once when something is there already: skip, replace or keep both, for all of them."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QButtonGroup, QRadioButton, QVBoxLayout, QWidget

from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.format import count, elided, natural_time, printable, size
from artifact_browser.gui.common.widgets import Kind, label
from artifact_browser.transfers.policy import Conflict, ConflictFound, Policy

_SHOWN = 4
_CHOICES = (
    (Policy.SKIP, "Skip", "Leave what is there as it is."),
    (Policy.REPLACE, "Replace", "Write over what is there."),
    (Policy.KEEP_BOTH, "Keep both", "Give the new ones a second name, like \u201creport (2).csv\u201d."),
)


@dataclass(frozen=True, slots=True)
class ConflictChoice:
    """What to do with every one of them."""

    policy: Policy


class ConflictDialog(AppDialog):
    """Named ``Already there``; main button ``Continue``. Rejecting it cancels the transfer."""

    def __init__(self, question: ConflictFound, verb: str, parent: QWidget | None = None) -> None:
        super().__init__(
            "Already there",
            "Continue",
            parent,
            subtitle=f"{verb} to {elided(printable(question.target), 80)}",
            cancel="Cancel transfer",
            width=540,
        )
        self.body.addWidget(label(_summary(question), wrap=True))
        if facts := _facts(question):
            self.body.addWidget(label(facts, Kind.DIM, wrap=True))
        self._add_examples(question)
        self._group = QButtonGroup(self)
        self.choices: dict[Policy, QRadioButton] = {}
        for policy, name, meaning in _CHOICES:
            radio = QRadioButton(name)
            radio.setAccessibleDescription(meaning)
            self.choices[policy] = radio
            self._group.addButton(radio)
            block = QVBoxLayout()
            block.setSpacing(0)
            block.addWidget(radio)
            hint = label(meaning, Kind.HINT, wrap=True)
            hint.setIndent(26)
            block.addWidget(hint)
            self.body.addLayout(block)
        self.choices[Policy.SKIP].setChecked(True)

    @property
    def choice(self) -> ConflictChoice:
        return ConflictChoice(next(policy for policy, radio in self.choices.items() if radio.isChecked()))

    def _add_examples(self, question: ConflictFound) -> None:
        block = QVBoxLayout()
        block.setSpacing(2)
        for conflict in question.examples[:_SHOWN]:
            block.addWidget(label(elided(printable(conflict.name), 70), wrap=True))
            block.addWidget(label(_compared(conflict), Kind.HINT, wrap=True))
            block.addSpacing(4)
        if question.total > _SHOWN:
            block.addWidget(label(f"and {question.total - _SHOWN:,} more", Kind.HINT))
        self.body.addLayout(block)


def _summary(question: ConflictFound) -> str:
    if question.total == question.planned:
        return (
            "It is there already." if question.total == 1 else f"All {count(question.total, 'item')} are there already."
        )
    is_there = "is" if question.total == 1 else "are"
    return f"{question.total:,} of {count(question.planned, 'item')} {is_there} there already."


def _facts(question: ConflictFound) -> str:
    if question.total == 1:
        return ""
    parts = []
    if question.same_size:
        parts.append(f"{question.same_size:,} of the same size")
    if question.existing_newer:
        parts.append(f"{question.existing_newer:,} newer there than here")
    return " \u00b7 ".join(parts)


def _compared(conflict: Conflict) -> str:
    new, old = size(conflict.size_bytes), size(conflict.existing_size_bytes)
    if conflict.modified_us:
        new += f", {natural_time(conflict.modified_us)}"
    if conflict.existing_modified_us:
        old += f", {natural_time(conflict.existing_modified_us)}"
    return f"new: {new} \u00b7 there: {old}"
