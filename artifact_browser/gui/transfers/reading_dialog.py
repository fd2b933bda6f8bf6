"""Check a transfer by reading again what it moved: what that costs, how far it is, and what is not the same."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHeaderView, QProgressBar, QWidget

from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.common.announce import announce
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.format import count, elided, printable, size
from artifact_browser.gui.common.plain_table import PlainTable
from artifact_browser.gui.common.widgets import Kind, label
from artifact_browser.gui.transfers.text_table import Line, TextTable
from artifact_browser.gui.transfers.transfer_words import job_name
from artifact_browser.transfers.second_reading import Reading, Trouble, Verdict
from artifact_browser.transfers.state import JobSnapshot

_WORDS = {
    Verdict.DIFFERENT: "differ",
    Verdict.CHANGED: "changed since",
    Verdict.GONE: "gone",
    Verdict.UNREAD: "could not be read",
}
_NAME_PX = 180
_PARTS = 1000  # of the bar: Qt counts in 32 bits


class ReadingDialog(AppDialog):
    """Named ``Check by reading again``; main button ``Read again``, while it reads ``Stop``."""

    read_wanted = Signal()
    stop_wanted = Signal()

    def __init__(self, job: JobSnapshot, parent: QWidget | None = None) -> None:
        super().__init__(
            "Check by reading again",
            "Read again",
            parent,
            subtitle=elided(job_name(job), 90),
            cancel="Close",
            width=680,
        )
        self.reading = False
        done = job.counts
        self.body.addWidget(
            label(
                f"Reads what was moved ({count(done.items_done, 'item')}, {size(done.bytes_done)}) from the store again and"
                " compares every byte with the files on this computer. Nothing is changed. Some stores charge for reading.",
                wrap=True,
            )
        )
        self.bar = QProgressBar()
        self.bar.setAccessibleName("Read so far")
        self.bar.setRange(0, _PARTS)
        self.bar.hide()
        self.facts = label("", Kind.DIM, wrap=True)
        self.facts.hide()
        self._lines: list[Line] = []
        self._troubles = TextTable(("Name", "Result"), parent=self)
        self.troubles = PlainTable("Not the same", self._troubles)
        self.troubles.setMinimumHeight(180)
        self.troubles.setColumnWidth(0, _NAME_PX)
        self.troubles.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.troubles.hide()
        for widget in (self.bar, self.facts):
            self.body.addWidget(widget)
        self.body.addWidget(self.troubles, 1)
        self.primary.clicked.disconnect()
        self.primary.clicked.connect(self._on_primary)

    def _on_primary(self) -> None:
        if self.reading:
            self.stop_wanted.emit()
        else:
            self.read_wanted.emit()

    # -- what is shown ------------------------------------------------------------------------------------------
    def begin(self) -> None:
        """It reads from now on."""
        self._set_reading(True)
        self.show_note("")
        self._lines.clear()
        self._troubles.show_lines(())
        self.troubles.hide()
        self.bar.setValue(0)
        self.bar.show()
        self.facts.setText("Reading\u2026")
        self.facts.show()
        self.grow()

    def show_progress(self, now: Reading) -> None:
        self.bar.setValue(min(_PARTS, now.bytes_read * _PARTS // max(now.bytes, 1)))
        told = f"{now.items_read:,} of {count(now.items, 'file')}, {size(now.bytes_read)} of {size(now.bytes)}"
        self.facts.setText(" \u00b7 ".join([told, *_counted(now)]))

    def add_troubles(self, troubles: tuple[Trouble, ...]) -> None:
        self._lines += [Line((printable(one.name), printable(one.detail))) for one in troubles]
        self._troubles.show_lines(self._lines)
        if self.troubles.isHidden():
            self.troubles.show()
            self.grow()

    def show_end(self, end: Reading) -> None:
        self._set_reading(False)
        self.show_progress(end)
        self.bar.hide()
        if end.all_same:
            self.facts.hide()
            what = "The file is" if end.items == 1 else f"All {end.items:,} files are"
            self.show_note(f"{what} the same, byte for byte ({size(end.bytes)} read).", Kind.NOTE_OK)
        elif end.items == 0:
            self.show_note("It moved no files.", Kind.NOTE_WARNING)
        else:
            bad = end.count(Verdict.DIFFERENT)
            words = f"{end.count(Verdict.SAME):,} of {count(end.items, 'file')} the same; {', '.join(_counted(end))}."
            self.show_note(words, Kind.NOTE_BAD if bad else Kind.NOTE_WARNING)

    def show_stopped(self) -> None:
        """The person has stopped it."""
        self._set_reading(False)
        self.facts.setText(f"Stopped: {self.facts.text()}")
        announce(self, self.facts.text())

    def show_failure(self, error: ArtifactBrowserError) -> None:
        """It could not go on."""
        self._set_reading(False)
        self.facts.setText(f"Not read to the end: {self.facts.text()}")
        self.show_note(f"{error.title}. {error.detail} {error.todo}".strip())

    def _set_reading(self, reading: bool) -> None:
        self.reading = reading
        self.primary.setText("Stop" if reading else "Read again")


def _counted(now: Reading) -> list[str]:
    return [f"{now.count(verdict):,} {words}" for verdict, words in _WORDS.items() if now.count(verdict)]
