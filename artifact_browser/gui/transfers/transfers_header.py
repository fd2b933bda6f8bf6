"""The head of the transfers strip: how many, how fast, how long still, and the button that folds it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from artifact_browser.gui.common.format import speed
from artifact_browser.gui.common.icons import icon
from artifact_browser.gui.common.widgets import Kind, icon_button, label
from artifact_browser.gui.transfers.transfer_words import GOING_DOWN, GOING_UP, time_left
from artifact_browser.transfers.state import JobSnapshot, JobState, Verb

HEADER_PX = 38
CHIP_PX = 22


class TransfersHeader(QWidget):
    """Figures over all jobs; it computes nothing but sums."""

    #: folded (``True``) or unfolded
    folded = Signal(bool)
    clear_wanted = Signal()
    pause_wanted = Signal()
    continue_wanted = Signal()
    history_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(HEADER_PX)
        self.title = label("Transfers", Kind.HEADING)
        self.active = label("", Kind.CHIP_ACCENT)
        self.credentials = label("", Kind.CHIP_WARNING)
        self.attention = label("", Kind.CHIP_WARNING)
        self.network = label("", Kind.CHIP)
        self.paused = label("", Kind.CHIP)
        self.done = label("", Kind.CHIP_OK)
        self.limited = label("", Kind.CHIP)
        self.speeds = label("", Kind.DIM)
        self.left = label("", Kind.DIM)
        self.go_on = icon_button("Continue all paused transfers", "play", clicked=self.continue_wanted.emit)
        self.pause = icon_button("Pause all transfers", "pause", clicked=self.pause_wanted.emit)
        self.limit = icon_button("Limit\u2026", "gauge", tooltip="Limit the speed, and how many transfers move at once")
        self.limit_menu = QMenu(self)
        self.limit.setMenu(self.limit_menu)
        self.limit.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.history = icon_button(
            "History\u2026", "history", tooltip="What was transferred before", clicked=self.history_wanted.emit
        )
        self.clear = icon_button("Remove finished transfers", "check", clicked=self.clear_wanted.emit)
        self.fold = icon_button("Fold transfers", "chevron-down", clicked=self._toggle)
        self._is_folded = False
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 12, 0)
        row.setSpacing(8)
        row.addWidget(self.title, 0, Qt.AlignmentFlag.AlignVCenter)
        for chip in (self.active, self.network, self.credentials, self.attention, self.paused, self.done):
            row.addWidget(chip, 0, Qt.AlignmentFlag.AlignVCenter)
            chip.setFixedHeight(CHIP_PX)
        self.limited.setFixedHeight(CHIP_PX)
        row.addStretch(1)
        row.addWidget(self.limited, 0, Qt.AlignmentFlag.AlignVCenter)
        buttons = (self.go_on, self.pause, self.clear, self.limit, self.history, self.fold)
        for widget in (self.speeds, self.left, *buttons):
            row.addWidget(widget)
        self.show_limit("")
        self.show_jobs([])

    def show_limit(self, words: str) -> None:
        """The speed limit that holds, in words; nothing without one."""
        self.limited.setText(words)
        self.limited.setVisible(bool(words))

    def show_jobs(self, jobs: Sequence[JobSnapshot]) -> None:
        """Sum up what the rows say."""
        in_state = Counter(job.state for job in jobs)
        network, credentials = in_state[JobState.WAITING_NETWORK], in_state[JobState.WAITING_CREDENTIALS]
        attention = sum(job.state.needs_attention for job in jobs) - credentials
        active = sum(job.state.running and not job.state.waiting for job in jobs)
        paused, done = in_state[JobState.PAUSED], in_state[JobState.DONE]
        for chip, number, words in (
            (self.active, active, "active"),
            (self.network, network, "waiting for the network"),
            (self.credentials, credentials, "waiting for credentials"),
            (self.attention, attention, "needs attention" if attention == 1 else "need attention"),
            (self.paused, paused, "paused"),
            (self.done, done, "done"),
        ):
            chip.setText(f"{number:,} {words}")
            chip.setVisible(number > 0)
        moving = [job for job in jobs if job.state.running]
        up = sum(job.speed_bps for job in moving if job.verb in GOING_UP)
        down = sum(job.speed_bps for job in moving if job.verb in GOING_DOWN)
        parts = [f"\u2191 {speed(up)}"] * (up >= 1) + [f"\u2193 {speed(down)}"] * (down >= 1)
        self.speeds.setText("   ".join(parts))
        left = [job.time_left_s for job in moving if job.time_left_s is not None]
        self.left.setText(time_left(max(left)) if left else "")
        self.clear.setVisible(done > 0)
        self.pause.setVisible(any(job.verb is not Verb.DELETE for job in moving))
        self.go_on.setVisible(paused + credentials > 0)

    def show_folded(self, folded: bool) -> None:
        self._is_folded = folded
        self.fold.setIcon(icon("chevron-up" if folded else "chevron-down", "dim"))
        name = "Unfold transfers" if folded else "Fold transfers"
        self.fold.setAccessibleName(name)
        self.fold.setToolTip(name)

    def _toggle(self) -> None:
        self.show_folded(not self._is_folded)
        self.folded.emit(self._is_folded)
