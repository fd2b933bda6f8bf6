"""An artifact's downloads and views in one line, with an explanation; read anew whenever its page is."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.catalog import stats_jobs
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.stats import Statistics
from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.catalog.count_words import counts_words, statistics_tooltip
from artifact_browser.gui.common.bridge import Bridge, Task
from artifact_browser.gui.common.widgets import Kind, label


class StatisticsLine(QWidget):
    """Accessible name ``Statistics``. Stands in the artifact's page; reads by itself, changes nothing."""

    def __init__(self, bridge: Bridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._shown: tuple[AccountRecord, Place] | None = None
        self._task: Task | None = None
        self.words = label("", Kind.DIM, copyable=True)
        self.words.setAccessibleName("Statistics")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.words)
        row.addStretch(1)
        self.hide()

    def show_of(self, record: AccountRecord, place: Place, *, committed: bool) -> None:
        """Read and show the counters of ``place``; what was shown of another is forgotten at once."""
        self.stop()
        if self._shown != (record, place):
            self._shown = (record, place)
            self._say("Adding up downloads\u2026" if committed else "")
        if not committed:
            self._say("")
            return
        self._task = self._bridge.run(
            stats_jobs.read_stats, record, place, owner=self, on_done=self._show, on_error=self._failed
        )

    def read_again(self, bucket: str, prefix: str) -> None:
        """Somebody here has counted or reset: read anew, if it is what is shown."""
        if self._shown is not None and self._shown[1] == Place(bucket, prefix) and self.isVisible():
            self.show_of(*self._shown, committed=True)

    def stop(self) -> None:
        """Stop reading; what was found stays."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _show(self, found: Statistics) -> None:
        self._task = None
        counted = found.counts.downloads or found.counts.views
        words = counts_words(found.counts) if counted else "Nobody has downloaded it yet"
        self._say(words if found.complete else f"At least {words}", statistics_tooltip(found))

    def _failed(self, error: ArtifactBrowserError) -> None:
        self._task = None
        self._say("Downloads cannot be read", f"{error.title}. {error.detail}")

    def _say(self, words: str, tooltip: str = "") -> None:
        self.words.setText(words)
        self.words.setToolTip(tooltip)
        self.words.setAccessibleDescription(f"{words}. {tooltip}" if tooltip else words)
        self.setVisible(bool(words))
