"""Two states of an artifact, compared: files by kind of change, metadata before and after, to copy and to export."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QButtonGroup,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QMenu,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from artifact_browser.catalog.diff import Diff, FileChangeKind
from artifact_browser.catalog.diff_export import DiffForm, Titles
from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.catalog.diff_model import LOOKS, DiffFieldsModel, DiffFilesModel
from artifact_browser.gui.catalog.field_detail import FieldDetail
from artifact_browser.gui.catalog.type_chips import Chip
from artifact_browser.gui.common.announce import announce
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.format import count, printable
from artifact_browser.gui.common.plain_table import PlainTable
from artifact_browser.gui.common.state_view import State, StateView
from artifact_browser.gui.common.widgets import Kind, label

_WIDTH, _HEIGHT, _BETWEEN_PX = 900, 560, 10
_CHANGE_PX, _SIZE_PX, _REASON_PX, _FIELD_PX = 104, 90, 90, 170
_FORMS = (
    (DiffForm.TEXT, "As text\u2026", "Text (*.txt)"),
    (DiffForm.JSON, "As JSON\u2026", "JSON (*.json)"),
    (DiffForm.CSV, "Files as CSV\u2026", "CSV (*.csv)"),
)


class DiffDialog(AppDialog):
    """Named by ``title``; main button ``Close``. Begins busy; then :meth:`show_diff` or :meth:`show_failure`.

    :param titles: what the two sides are called
    :param about: whose states they are
    """

    #: ``(DiffForm, path)``: write it there
    export_requested = Signal(object, str)
    copy_requested = Signal()

    def __init__(self, title: str, titles: Titles, about: str, parent: QWidget | None = None) -> None:
        subtitle = (
            f"{printable(about)}: from \u201c{printable(titles.before)}\u201d to \u201c{printable(titles.after)}\u201d"
        )
        super().__init__(title, "Close", parent, subtitle=subtitle, width=_WIDTH)
        self.titles, self._about = titles, about
        self.cancel.hide()
        self.export = self.add_secondary("Export", icon_name="download")
        self.export.setMenu(self._export_menu())
        self.copy = self.add_secondary("Copy as text", icon_name="copy")
        self.copy.clicked.connect(lambda _=False: self.copy_requested.emit())
        self.state = StateView()
        self.files_model = DiffFilesModel(self)
        self.files = PlainTable("Changed files", self.files_model)
        self.fields_model = DiffFieldsModel(self)
        self.fields = PlainTable("Changed metadata", self.fields_model)
        self.detail = FieldDetail()
        self.chips = QWidget()
        self.chips.setAccessibleName("Kinds of change")
        self._group = QButtonGroup(self)
        self._group.buttonClicked.connect(lambda chip: self.choose(chip.value))
        self._lay_out()
        self.fields.selectionModel().currentRowChanged.connect(self._show_field)
        self.show_busy()

    def _export_menu(self) -> QMenu:
        menu = QMenu(self)
        for form, text, names in _FORMS:
            menu.addAction(text).triggered.connect(lambda _=False, form=form, names=names: self._ask(form, names))
        return menu

    def _lay_out(self) -> None:
        row = QHBoxLayout(self.chips)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addStretch(1)
        self._file_words, self._field_words = label("", Kind.HEADING), label("", Kind.HEADING)
        self._part_files = _column(self._file_words, self.chips, self.files)
        beside = QSplitter(Qt.Orientation.Horizontal)
        beside.setChildrenCollapsible(False)
        beside.setHandleWidth(1)
        beside.addWidget(self.fields)
        beside.addWidget(self.detail)
        beside.setStretchFactor(0, 3)
        beside.setStretchFactor(1, 2)
        self._part_fields = _column(self._field_words, beside)
        self._part_fields.setContentsMargins(0, _BETWEEN_PX, 0, 0)
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.setChildrenCollapsible(False)
        parts.setHandleWidth(1)
        parts.addWidget(self._part_files)
        parts.addWidget(self._part_fields)
        self._stack = QStackedWidget()
        self._stack.setMinimumHeight(_HEIGHT - 160)
        self._stack.addWidget(self.state)
        self._stack.addWidget(parts)
        self.body.addWidget(self._stack, 1)
        for table, widths, stretched in (
            (self.files, (_CHANGE_PX, 0, _SIZE_PX, _SIZE_PX, _REASON_PX), 1),
            (self.fields, (_CHANGE_PX, _FIELD_PX, 0, 0), 2),
        ):
            table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
            table.setTextElideMode(Qt.TextElideMode.ElideMiddle if table is self.files else Qt.TextElideMode.ElideRight)
            for at, width in enumerate(widths):
                table.setColumnWidth(at, width or _FIELD_PX)
            table.horizontalHeader().setSectionResizeMode(stretched, QHeaderView.ResizeMode.Stretch)
        self.fields.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.fields.horizontalHeader().setSectionResizeMode(3, QHeaderView.ResizeMode.Stretch)

    # -- states -------------------------------------------------------------------------------------------------
    def show_busy(self) -> None:
        """It is being compared."""
        self._turn(ready=False)
        self.state.show_state(State.BUSY, "Comparing\u2026")

    def show_failure(self, error: ArtifactBrowserError, again: Callable[[], object] | None = None) -> None:
        """It could not be compared. :param again: what *Try again* does"""
        self._turn(ready=False)
        self.state.show_error(error, action_label="Try again" if again else "", action=again)

    def show_diff(self, diff: Diff) -> None:
        """Show what differs."""
        if diff.empty:
            self._turn(ready=False)
            same = f"{count(diff.unchanged, 'file')} and all metadata are the same." if diff.unchanged else ""
            self.state.show_state(State.EMPTY, "Nothing differs.", detail=same, icon_name="circle-check")
            return
        self.files_model.show(diff.files)
        self._show_chips()
        same = f", {count(diff.unchanged, 'file')} the same" if diff.unchanged else ""
        self._file_words.setText(f"Files: {len(diff.files):,} differ{'s' if len(diff.files) == 1 else ''}{same}")
        more = "" if diff.complete else " and more, not all could be listed"
        self._field_words.setText(f"Metadata: {count(len(diff.fields), 'field')}{more}")
        self.fields_model.show(diff.fields)
        self._part_files.setVisible(bool(diff.files))
        self._part_fields.setVisible(bool(diff.fields) or not diff.complete)
        self._turn(ready=True)
        if diff.fields:
            self.fields.selectRow(0)
        announce(self, f"{self._file_words.text()}. {self._field_words.text()}")

    def choose(self, kind: str) -> None:
        """Show only files of this kind of change (its value); empty: all."""
        self.files_model.choose(FileChangeKind(kind) if kind else None)

    def show_exported(self, path: str) -> None:
        announce(self, "Exported")
        self.note.show_text(f"Exported to {printable(path)}", Kind.NOTE_OK)

    def show_copied(self) -> None:
        self.copy.setText("Copied")
        announce(self, "Copied")

    # -- inside -------------------------------------------------------------------------------------------------
    def _turn(self, *, ready: bool) -> None:
        self._stack.setCurrentIndex(int(ready))
        self.export.setEnabled(ready)
        self.copy.setEnabled(ready)

    def _show_chips(self) -> None:
        row = self.chips.layout()
        assert isinstance(row, QHBoxLayout)
        for old in self._group.buttons():
            self._group.removeButton(old)
            old.hide()
            old.deleteLater()
        counts = self.files_model.counts
        wanted = [("", f"All {counts.total():,}")]
        wanted += [(kind.value, f"{LOOKS[kind.value][0]} {counts[kind]:,}") for kind in FileChangeKind if counts[kind]]
        for at, (value, text) in enumerate(wanted):
            chip = Chip(text, value, self.chips)
            chip.setChecked(not at)
            self._group.addButton(chip)
            row.insertWidget(at, chip)

    def _show_field(self, current: QModelIndex, _before: QModelIndex) -> None:
        self.detail.show_change(self.fields_model.change(current.row()) if current.isValid() else None)

    def _ask(self, form: DiffForm, names: str) -> None:
        stem = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in self._about)[:60]
        dialog = QFileDialog(self, "Export differences", str(Path.home()), names)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(form.value)
        dialog.selectFile(f"diff-{stem or 'artifact'}.{form}")
        dialog.fileSelected.connect(lambda path: self.export_requested.emit(form, path))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


def _column(*parts: QWidget) -> QWidget:
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(6)
    for part in parts:
        column.addWidget(part)
    column.setStretch(len(parts) - 1, 1)
    return made
