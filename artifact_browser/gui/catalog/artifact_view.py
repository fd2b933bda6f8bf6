"""One artifact's page: what is committed, what is staged, its files, and what can be done with it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from artifact_browser.catalog.files import StagedFile
from artifact_browser.catalog.opening import Opened
from artifact_browser.gui.catalog.dropped_files import dropped_files
from artifact_browser.gui.catalog.file_list import FileList
from artifact_browser.gui.catalog.file_list_model import FileListModel, FileRow
from artifact_browser.gui.catalog.type_chips import Chip
from artifact_browser.gui.common.format import count, printable, size
from artifact_browser.gui.common.widgets import Kind, button, label

_FIRST = ("name", "description", "type", "version", "tags", "id")
_FACTS_PX = 260
_LINE_PX, _FACT_PX = 20, 26
_COMMITTED, _STAGED = "committed", "staged"


class ArtifactView(QWidget):
    """Accessible name ``Artifact``. Takes dropped files: they are to be staged."""

    stage_requested = Signal()
    commit_requested = Signal()
    discard_requested = Signal()
    files_dropped = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Artifact")
        self.setAcceptDrops(True)
        self.takes_drops = True
        self._opened: Opened | None = None
        self._title = label("", Kind.TITLE, wrap=True, copyable=True)
        self._state = label("", Kind.DIM, copyable=True)
        self.stage = button("Stage files\u2026", clicked=self.stage_requested.emit)
        self.discard = button("Discard\u2026", clicked=self.discard_requested.emit)
        self.commit = button("Commit\u2026", Kind.PRIMARY, clicked=self.commit_requested.emit)
        self._tabs = QButtonGroup(self)
        self._tabs.buttonClicked.connect(lambda chip: self._show_side(chip.value))
        self._facts = QGridLayout()
        self.files = FileListModel(self)
        self._file_list = FileList(self.files)
        self._no_files = label("No files yet. Drop files here, or choose \u201cStage files\u2026\u201d.", Kind.DIM)
        self._lay_out()

    def _lay_out(self) -> None:
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(self._title)
        texts.addWidget(self._state)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addLayout(texts, 1)
        for made in (self.discard, self.stage, self.commit):
            head.addWidget(made, 0, Qt.AlignmentFlag.AlignTop)
        sides = QHBoxLayout()
        sides.setSpacing(6)
        for text, value in (("Committed", _COMMITTED), ("Staged", _STAGED)):
            chip = Chip(text, value)
            chip.setToolTip(f"Show the {value} manifest")
            self._tabs.addButton(chip)
            sides.addWidget(chip)
        sides.addStretch(1)
        facts = QWidget()
        self._facts.setHorizontalSpacing(16)
        self._facts.setVerticalSpacing(6)
        self._facts.setColumnStretch(1, 1)
        self._facts.setContentsMargins(0, 0, 0, 0)
        facts.setLayout(self._facts)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(facts)
        self._scroll = scroll
        self.setFocusProxy(self._file_list)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 12)
        column.setSpacing(12)
        column.addLayout(head)
        column.addLayout(sides)
        column.addWidget(scroll)
        column.addWidget(label("Files", Kind.HEADING))
        column.addWidget(self._no_files)
        column.addWidget(self._file_list, 1)
        column.addStretch(0)
        for before, after in ((self.stage, self.commit), (self.commit, self.discard)):
            self.setTabOrder(before, after)  # the focus never lands on Discard by itself

    def show_artifact(self, opened: Opened, *, writable: bool) -> None:
        """Show both manifests; the staged one first where there is one."""
        self._opened = opened
        self.takes_drops = writable
        card = opened.card
        self._title.setText(printable(card.title) if card else "")
        staged, committed = opened.staged is not None, opened.committed is not None
        words = {
            (True, True): "Committed, with a staged edit",
            (True, False): "Committed",
            (False, True): "Staged, not committed yet",
        }
        self._state.setText(words.get((committed, staged), ""))
        self.stage.setEnabled(writable)
        self.commit.setEnabled(writable and staged)
        self.discard.setVisible(staged)
        self.discard.setEnabled(writable)
        for chip in self._tabs.buttons():
            chip.setVisible(staged and committed)
            chip.setChecked(isinstance(chip, Chip) and chip.value == (_STAGED if staged else _COMMITTED))
        self._show_side(_STAGED if staged else _COMMITTED)

    def _show_side(self, side: str) -> None:
        opened = self._opened
        if opened is None:
            return
        fields = (opened.staged if side == _STAGED else opened.committed) or {}
        fields = {name: value for name, value in fields.items() if value}
        files = opened.staged_files if side == _STAGED else opened.committed_files
        self._show_fields(fields, opened.committed if side == _STAGED else None)
        rows = _rows(files, opened, side == _STAGED)
        self.files.show(rows)
        self._file_list.show_states(any(row.state for row in rows))
        total = sum(file.size_bytes or 0 for file in files)
        self._no_files.setVisible(not rows)
        self._file_list.setVisible(bool(rows))
        self._file_list.setAccessibleDescription(f"{count(len(files), 'file')}, {size(total)}")

        self._scroll.setFixedHeight(min(_FACTS_PX, max(1, len(fields)) * _FACT_PX))

    def _show_fields(self, fields: dict[str, str], before: dict[str, str] | None) -> None:
        while (item := self._facts.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        order = [name for name in _FIRST if name in fields] + sorted(fields.keys() - set(_FIRST))
        for at, name in enumerate(order):
            caption = label(printable(name), Kind.DIM)
            value = label(fields[name], wrap=True, copyable=True)
            for part in (caption, value):
                part.setMinimumHeight(_LINE_PX)  # one line of each, centred, has one baseline
            self._facts.addWidget(caption, at, 0, Qt.AlignmentFlag.AlignTop)
            value.setAccessibleName(f"{name}: {fields[name]}")
            self._facts.addWidget(value, at, 1, Qt.AlignmentFlag.AlignTop)
            if before is not None and before.get(name) != fields[name]:
                self._facts.addWidget(label("changed", Kind.CHIP_WARNING), at, 2, Qt.AlignmentFlag.AlignTop)

    # -- drops --------------------------------------------------------------------------------------------------
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        event.setDropAction(Qt.DropAction.CopyAction)
        event.setAccepted(self.takes_drops and bool(dropped_files(event.mimeData())))

    def dropEvent(self, event: QDropEvent) -> None:
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.files_dropped.emit(dropped_files(event.mimeData()))


def _rows(files: tuple[StagedFile, ...], opened: Opened, staged: bool) -> list[FileRow]:
    before = {file.path: file for file in opened.committed_files}
    rows = []
    for file in files:
        state = ""
        if staged and opened.committed is not None:
            old = before.get(file.path)
            state = "new" if old is None else "" if old == file else "changed"
        rows.append(FileRow(file.path, file.size_bytes, state))
    return rows
