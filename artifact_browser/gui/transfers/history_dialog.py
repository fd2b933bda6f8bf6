"""The history: what was transferred, in this run and those before, and how it ended."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.common.announce import announce
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.icons import icon
from artifact_browser.gui.common.plain_table import PlainTable
from artifact_browser.gui.common.state_view import State, StateView
from artifact_browser.gui.common.widgets import Kind, label
from artifact_browser.gui.transfers.history_model import PastItemsModel, PastJobsModel
from artifact_browser.gui.transfers.reading_control import can_read_again
from artifact_browser.gui.transfers.transfer_words import job_facts, job_name
from artifact_browser.transfers.past_jobs import PastJob, PastQuery, ReportForm
from artifact_browser.transfers.state import JobState

_STATE_PX, _ENDED_PX = 130, 120
_WAIT_MS = 250
_WIDTH, _HEIGHT = 980, 660
_STATES: tuple[tuple[str, tuple[JobState, ...]], ...] = (
    ("All", ()),
    ("Done", (JobState.DONE,)),
    ("Failed or with errors", (JobState.FAILED, JobState.DONE_WITH_ERRORS)),
    ("Cancelled", (JobState.CANCELLED,)),
)


class HistoryDialog(AppDialog):
    """Named ``History``; main button ``Retry``. It asks for pages and shows them; others read."""

    query_changed = Signal()
    #: another job is looked at: :class:`PastJob`, or ``None``
    job_chosen = Signal(object)
    retry_wanted = Signal(object)
    #: ``(job, form)``
    report_wanted = Signal(object, object)
    #: compare what a job has moved, byte for byte
    reading_wanted = Signal(object)
    clear_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("History", "Retry", parent, cancel="Close", width=_WIDTH)
        self.jobs, self.items = PastJobsModel(self), PastItemsModel(self)
        self.words = QLineEdit()
        self.words.setAccessibleName("Filter history")
        self.words.setPlaceholderText("Filter by names of transfers and items")
        self.words.setClearButtonEnabled(True)
        self.words.addAction(icon("search", "faint"), QLineEdit.ActionPosition.LeadingPosition).setText("Search")
        self.states = QComboBox()
        self.states.setAccessibleName("State")
        for text, states in _STATES:
            self.states.addItem(text, states)
        self.table = _Table("Past transfers", self.jobs, (_STATE_PX, _ENDED_PX), self)
        self.item_table = _Table("Items", self.items, (_STATE_PX,), self)
        self.state = StateView()
        self.chosen_name = label("", Kind.HEADING, wrap=True, copyable=True)
        self.chosen_facts = label("", Kind.DIM, wrap=True, copyable=True)
        self._lay_out()
        self.copy = self.add_secondary("Copy report", icon_name="copy")
        menu = QMenu(self.copy)
        for form, text in ((ReportForm.TEXT, "As text"), (ReportForm.CSV, "As CSV")):
            menu.addAction(text).triggered.connect(lambda _=False, form=form: self._report(form))
        self.copy.setMenu(menu)
        self.read = self.add_secondary("Read again\u2026", icon_name="circle-check")
        self.read.setToolTip("Compare what was moved, byte for byte")
        self.read.clicked.connect(lambda: self.reading_wanted.emit(self.chosen))
        self.clear = self.add_secondary("Clear history\u2026", icon_name="trash-2")
        self.clear.clicked.connect(self.clear_wanted)
        self.enter_accepts = False  # in the filter it must not start a transfer
        self.primary.clicked.disconnect()
        self.primary.clicked.connect(lambda: self.retry_wanted.emit(self.chosen))
        self._connect()
        self._show_chosen()
        self.resize(_WIDTH, _HEIGHT)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.words, 1)
        row.addWidget(self.states)
        self.body.addLayout(row)
        self._above = QStackedWidget()
        self._above.addWidget(self.table)
        self._above.addWidget(self.state)
        below = QWidget()
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 12, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.chosen_name)
        column.addWidget(self.chosen_facts)
        column.addWidget(self.item_table, 1)
        self._below = below
        split = QSplitter(Qt.Orientation.Vertical)
        split.setHandleWidth(1)
        split.setChildrenCollapsible(False)
        for widget in (self._above, below):
            split.addWidget(widget)
        split.setSizes([300, 220])
        self.body.addWidget(split, 1)

    def _connect(self) -> None:
        self._pause = QTimer(self, interval=_WAIT_MS, singleShot=True)
        self._pause.timeout.connect(self.query_changed)
        self.words.textChanged.connect(lambda _: self._pause.start())
        self.states.currentIndexChanged.connect(lambda _: self.query_changed.emit())
        self.table.selectionModel().currentRowChanged.connect(self._on_row_changed)

    # -- what is asked for --------------------------------------------------------------------------------------
    @property
    def query(self) -> PastQuery:
        return PastQuery(self.words.text(), self.states.currentData())

    @property
    def chosen(self) -> PastJob | None:
        """The job whose items are shown."""
        row = self.table.currentIndex().row()
        return self.jobs.rows[row] if 0 <= row < len(self.jobs.rows) else None

    def _report(self, form: ReportForm) -> None:
        if self.chosen is not None:
            self.report_wanted.emit(self.chosen, form)

    # -- what is shown ------------------------------------------------------------------------------------------
    def begin(self) -> None:
        """Other jobs are looked for."""
        self.show_note("")
        self.jobs.clear()
        self._show_chosen()
        self.state.show_state(State.BUSY, "Looking through the history\u2026")
        self._above.setCurrentWidget(self.state)

    def add_jobs(self, page: tuple[PastJob, ...]) -> None:
        first = not self.jobs.rows
        self.jobs.add(page)
        if self.jobs.rows:
            self._above.setCurrentWidget(self.table)
            if first:
                self.table.selectRow(0)
        elif self.query == PastQuery():
            self.state.show_state(State.EMPTY, "No transfer has ended yet.", icon_name="history")
        else:
            self.state.show_state(State.EMPTY, "Nothing in the history matches.", icon_name="search")

    def show_failure(self, error: ArtifactBrowserError) -> None:
        """The history, or items of it, cannot be read."""
        self.state.show_error(error, action_label="Try again", action=self.query_changed.emit)
        self._above.setCurrentWidget(self.state)

    def show_copied(self) -> None:
        self.copy.setText("Copied")
        announce(self, "Report copied")

    def _on_row_changed(self) -> None:
        if self.table.hasFocus():  # somebody goes on: what was said is over
            self.show_note("")
        self._show_chosen()

    def _show_chosen(self) -> None:
        job = self.chosen
        self.items.clear()
        self.copy.setText("Copy report")
        self.copy.setEnabled(job is not None)
        self.read.setEnabled(job is not None and can_read_again(job.snapshot))
        self.primary.setEnabled(job is not None and job.can_retry)
        self._below.setVisible(job is not None)
        self.chosen_name.setText(job_name(job.snapshot) if job is not None else "")
        self.chosen_facts.setText(f"{job.snapshot.state} \u00b7 {job_facts(job.snapshot)}" if job is not None else "")
        self.job_chosen.emit(job)


class _Table(PlainTable):
    """:param fixed: widths of the last columns; the others share what is left"""

    def __init__(self, name: str, model: QAbstractItemModel, fixed: tuple[int, ...], parent: QWidget) -> None:
        super().__init__(name, model, parent)
        self._fixed = fixed
        self.setTextElideMode(Qt.TextElideMode.ElideRight)

    def resizeEvent(self, event: QResizeEvent) -> None:
        free = self.model().columnCount() - len(self._fixed)
        share = max(120, (self.viewport().width() - sum(self._fixed)) // free)
        for column in range(self.model().columnCount()):
            self.setColumnWidth(column, share if column < free else self._fixed[column - free])
        super().resizeEvent(event)
