"""The head of the transfers strip: how many, how fast, how long still, and the button that folds it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from artifact_browser.gui.common.format import speed
from artifact_browser.gui.common.icons import icon
from artifact_browser.gui.common.widgets import Kind, icon_button, label
from artifact_browser.gui.transfers.transfer_words import time_left
from artifact_browser.transfers.state import JobSnapshot, JobState, Verb

HEADER_PX = 38
CHIP_PX = 22


class TransfersHeader(QWidget):
    """Figures over all jobs; it computes nothing but sums."""

    #: folded (``True``) or unfolded
    folded = Signal(bool)
    clear_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(HEADER_PX)
        self.title = label("Transfers", Kind.HEADING)
        self.active = label("", Kind.CHIP_ACCENT)
        self.attention = label("", Kind.CHIP_WARNING)
        self.done = label("", Kind.CHIP_OK)
        self.speeds = label("", Kind.DIM)
        self.left = label("", Kind.DIM)
        self.clear = icon_button("Remove finished transfers", "check", clicked=self.clear_wanted.emit)
        self.fold = icon_button("Fold transfers", "chevron-down", clicked=self._toggle)
        self._is_folded = False
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 12, 0)
        row.setSpacing(8)
        for words in (self.title, self.active, self.attention, self.done):
            row.addWidget(words, 0, Qt.AlignmentFlag.AlignVCenter)
        for chip in (self.active, self.attention, self.done):
            chip.setFixedHeight(CHIP_PX)
        row.addStretch(1)
        for widget in (self.speeds, self.left, self.clear, self.fold):
            row.addWidget(widget)
        self.show_jobs([])

    def show_jobs(self, jobs: Sequence[JobSnapshot]) -> None:
        """Sum up what the rows say."""
        attention = sum(job.state.needs_attention for job in jobs)
        active = sum(not job.state.ended and not job.state.needs_attention for job in jobs)
        done = sum(job.state is JobState.DONE for job in jobs)
        for chip, number, words in (
            (self.active, active, "active"),
            (self.attention, attention, "needs attention" if attention == 1 else "need attention"),
            (self.done, done, "done"),
        ):
            chip.setText(f"{number:,} {words}")
            chip.setVisible(number > 0)
        moving = [job for job in jobs if not job.state.ended]
        up = sum(job.speed_bps for job in moving if job.verb is Verb.UPLOAD)
        down = sum(job.speed_bps for job in moving if job.verb is Verb.DOWNLOAD)
        parts = [f"\u2191 {speed(up)}"] * (up >= 1) + [f"\u2193 {speed(down)}"] * (down >= 1)
        self.speeds.setText("   ".join(parts))
        left = [job.time_left_s for job in moving if job.time_left_s is not None]
        self.left.setText(time_left(max(left)) if left else "")
        self.clear.setVisible(any(job.state.ended for job in jobs))

    def show_folded(self, folded: bool) -> None:
        self._is_folded = folded
        self.fold.setIcon(icon("chevron-up" if folded else "chevron-down", "dim"))
        name = "Unfold transfers" if folded else "Fold transfers"
        self.fold.setAccessibleName(name)
        self.fold.setToolTip(name)

    def _toggle(self) -> None:
        self.show_folded(not self._is_folded)
        self.folded.emit(self._is_folded)
