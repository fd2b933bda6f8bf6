"""What a download of an artifact's files counts."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QCheckBox, QDoubleSpinBox, QWidget

from artifact_browser.catalog.stats import MAX_WEIGHT
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.format import printable
from artifact_browser.gui.common.widgets import Kind, label


@dataclass(frozen=True, slots=True)
class WeightsChoice:
    """For every file, and for those that only describe."""

    weight: float
    documents: float


class WeightsDialog(AppDialog):
    """Named ``Download weights``; main button ``Stage``."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__("Download weights", "Stage", parent, subtitle=printable(name))
        self.weight = QDoubleSpinBox()
        self.weight.setDecimals(2)
        self.weight.setRange(0, MAX_WEIGHT)
        self.weight.setValue(1)
        self.weight.setSingleStep(0.5)
        self.add_field("Each completed download of a file counts", self.weight, hint="0: downloads are not counted.")
        self.documents = QCheckBox("README, licence and other documents count nothing")
        self.documents.setChecked(True)
        self.body.addWidget(self.documents)
        self.body.addWidget(label("The weights are staged; they take effect with the commit.", Kind.DIM, wrap=True))

    @property
    def choice(self) -> WeightsChoice:
        weight = self.weight.value()
        return WeightsChoice(weight, 0.0 if self.documents.isChecked() else weight)
