"""The usage window: the one number, how far it is, the treemap, the tables beside it, and what it leaves out.

It shows a :class:`UsageCount` and asks it; the room beside (``usage_room.py``) owns both.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction, QCloseEvent, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QMenu,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.common.announce import announce
from artifact_browser.gui.common.dialog import Note
from artifact_browser.gui.common.format import elided, exact_size, printable
from artifact_browser.gui.common.icons import app_icon, icon
from artifact_browser.gui.common.palette import palette
from artifact_browser.gui.common.state_view import State, StateView
from artifact_browser.gui.common.widgets import Kind, button, label, set_kind
from artifact_browser.gui.usage import usage_words as words
from artifact_browser.gui.usage.amounts_model import Amount
from artifact_browser.gui.usage.crumbs import Crumbs
from artifact_browser.gui.usage.treemap import Treemap
from artifact_browser.gui.usage.usage_count import CountState, CountStatus, UsageCount
from artifact_browser.gui.usage.usage_tables import UsageTables
from artifact_browser.storage.location import Location, uri_of
from artifact_browser.storage.usage import UploadsCounted
from artifact_browser.storage.usage_export import ReportForm
from artifact_browser.storage.usage_view import Measure, SliceKind, UsageView

_WIDTH, _HEIGHT = 1180, 760
_BESIDE_PX = 12
_VERBS = {
    CountStatus.COUNTING: ("Stop", "circle-stop"),
    CountStatus.STOPPED: ("Continue", "play"),
    CountStatus.FAILED: ("Continue", "play"),
    CountStatus.COMPLETE: ("Count again", "refresh-cw"),
}
_CHIPS = {
    CountStatus.COUNTING: Kind.CHIP_ACCENT,
    CountStatus.STOPPED: Kind.CHIP_WARNING,
    CountStatus.FAILED: Kind.CHIP_BAD,
    CountStatus.COMPLETE: Kind.CHIP_OK,
}


class UsageWindow(QMainWindow):
    """Named ``Usage``; its main button is ``Stop``, ``Continue`` or ``Count again``."""

    #: a prefix, or the folder of a blob with the blob selected: ``(Location, whether it is a blob)``
    place_wanted = Signal(object, bool)
    closed = Signal()

    def __init__(self, count: UsageCount) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self.count = count
        self._begun = False
        self._uri = printable(uri_of(count.record.kind, count.place.bucket, count.place.key))
        self.setWindowTitle(f"Usage of {elided(self._uri, 80)}")
        self.setAccessibleName("Usage")
        self.setWindowIcon(app_icon())
        self.resize(_WIDTH, _HEIGHT)
        self.tables = UsageTables()
        self.treemap = Treemap(self.tables.contents)
        self.treemap.setSelectionModel(self.tables.table.selectionModel())
        self.state = StateView()
        self.note = Note()
        self.crumbs = Crumbs(count.place.name, count.place.key)
        self.main = button("Stop", Kind.PRIMARY, icon_name="circle-stop", clicked=self._act)
        self.open_place = button("Open in browser", icon_name="external-link", clicked=self._open_here)
        self.export = button("Export", icon_name="download")
        self.measure = QComboBox()
        self._make_choices()
        self.figure = label("", Kind.FIGURE, copyable=True)
        self.facts = label("", copyable=True)
        self.chip = label("", Kind.CHIP)
        self.level = label("", Kind.DIM, copyable=True)
        self.how = label("", Kind.DIM, wrap=True, copyable=True)
        self.uploads = label("", Kind.DIM, wrap=True, copyable=True)
        self.left_out = label("", Kind.DIM, wrap=True)
        self._lay_out()
        self._connect()
        self.show_state(count.state)
        self.show_view(count.view)
        self.show_uploads(count.uploads, count.uploads_trouble)

    def _make_choices(self) -> None:
        self.measure.setAccessibleName("Area shows")
        self.measure.setToolTip("What makes a rectangle large")
        for text, measure in (("By size", Measure.SIZE), ("By number of blobs", Measure.BLOBS)):
            self.measure.addItem(text, measure)
        menu = QMenu(self.export)
        for form, text in ((ReportForm.CSV, "As CSV\u2026"), (ReportForm.JSON, "As JSON\u2026")):
            menu.addAction(text).triggered.connect(lambda _=False, form=form: self._ask_export(form))
        self.export.setMenu(menu)

    def _lay_out(self) -> None:
        inside = QWidget()
        self.setCentralWidget(inside)
        column = QVBoxLayout(inside)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(10)
        column.addLayout(self._head())
        column.addWidget(self.note)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.crumbs, 1)
        row.addWidget(self.level)
        row.addWidget(self.measure)
        column.addLayout(row)
        self._left = QStackedWidget()
        self._left.setContentsMargins(0, 0, _BESIDE_PX, 0)
        self._left.addWidget(self.treemap)
        self._left.addWidget(self.state)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setHandleWidth(1)
        split.setChildrenCollapsible(False)
        split.addWidget(self._left)
        split.addWidget(_beside(self.tables))
        split.setStretchFactor(0, 1)
        split.setSizes([650, 480])
        column.addWidget(split, 1)
        below = QHBoxLayout()
        below.setSpacing(8)
        self._picture = QLabel()
        self._paint_picture()
        below.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        notes = QVBoxLayout()
        notes.setSpacing(2)
        notes.addWidget(self.uploads)
        notes.addWidget(self.left_out)
        below.addLayout(notes, 1)
        column.addLayout(below)

    def _head(self) -> QHBoxLayout:
        title = label(elided(self._uri, 70), Kind.HEADING, copyable=True)
        title.setToolTip(self._uri)
        number = QHBoxLayout()
        number.setSpacing(10)
        number.addWidget(self.figure, 0, Qt.AlignmentFlag.AlignBaseline)
        number.addWidget(self.facts, 0, Qt.AlignmentFlag.AlignBaseline)
        number.addWidget(self.chip, 0, Qt.AlignmentFlag.AlignVCenter)
        number.addStretch(1)
        left = QVBoxLayout()
        left.setSpacing(4)
        for part in (title, number, self.how):
            left.addWidget(part) if isinstance(part, QWidget) else left.addLayout(part)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addLayout(left, 1)
        for one in (self.open_place, self.export, self.main):
            row.addWidget(one, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def _connect(self) -> None:
        self.count.state_changed.connect(self.show_state)
        self.count.view_changed.connect(self.show_view)
        self.count.uploads_changed.connect(self.show_uploads)
        self.count.exported.connect(lambda path: self.note.show_text(f"Written to {path}", Kind.NOTE_OK))
        self.count.failed.connect(self._show_failure)
        palette().changed.connect(self._paint_picture)
        self.crumbs.chosen.connect(self.look_into)
        self.measure.currentIndexChanged.connect(lambda _: self.look_into(self.count.prefix))
        for view in (self.treemap, self.tables.table):
            view.opened.connect(self._open_part)
            view.up_wanted.connect(self._go_up)
            view.menu_wanted.connect(self._show_menu)
        for keys in ("Esc", QKeySequence(QKeySequence.StandardKey.Close)):
            QShortcut(QKeySequence(keys), self).activated.connect(self.close)
        QShortcut(QKeySequence("Alt+Up"), self).activated.connect(self._go_up)

    @property
    def _measure(self) -> Measure:
        return Measure(self.measure.currentData())  # Qt hands back a plain str

    # -- what a person does -------------------------------------------------------------------------------------
    def look_into(self, prefix: str) -> None:
        """Show another level; nothing is counted for it."""
        if prefix != self.count.prefix:
            self.treemap.begin_level()
            self.tables.begin_level()
            self.crumbs.show_place(prefix)
        self.count.look(prefix, self._measure)

    def _act(self) -> None:
        self.note.show_text("")
        if self.count.state.status is CountStatus.COUNTING:
            self.count.stop()
        elif self.count.state.status is CountStatus.COMPLETE:
            self.count.count_anew()
        else:
            self.count.go_on()

    def _open_part(self, row: Amount) -> None:
        if row.part is not None:
            self.look_into(self.count.prefix + row.part.name)

    def _go_up(self) -> None:
        prefix, root = self.count.prefix, self.count.place.key
        if len(prefix) > len(root):
            self.look_into(max(root, prefix[: prefix.rfind("/", 0, -1) + 1], key=len))

    def _open_here(self) -> None:
        """The chosen part, or this level, in the main window."""
        row = self._chosen()
        if row is None or row.part is None or row.part.kind not in {SliceKind.PREFIX, SliceKind.BLOB}:
            self._go_to("", is_blob=False)
        else:
            self._go_to(row.part.name, is_blob=not row.is_prefix)

    def _go_to(self, name: str, *, is_blob: bool) -> None:
        place = self.count.place
        self.place_wanted.emit(Location(place.account_id, place.bucket, self.count.prefix + name), is_blob)

    def _chosen(self) -> Amount | None:
        rows = self.tables.table.selectionModel().selectedRows()
        return self.tables.contents.rows[rows[0].row()] if rows else None

    def _show_menu(self, row: Amount, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions(self.part_actions(row, menu))
        if not menu.isEmpty():
            menu.popup(at)

    def part_actions(self, row: Amount, menu: QMenu) -> list[QAction]:
        """What can be done with a part: look inside, open it in the browser, copy its URI."""
        part = row.part
        if part is None or part.kind not in {SliceKind.PREFIX, SliceKind.BLOB}:
            return []
        look, go, copy = (QAction(text, menu) for text in ("Look inside", "Open in browser", "Copy URI"))
        look.triggered.connect(lambda: self._open_part(row))
        go.triggered.connect(lambda: self._go_to(part.name, is_blob=not row.is_prefix))
        uri = uri_of(self.count.record.kind, self.count.place.bucket, self.count.prefix + part.name)
        copy.triggered.connect(lambda: QGuiApplication.clipboard().setText(uri))
        return [look, go, copy] if row.is_prefix else [go, copy]

    def _ask_export(self, form: ReportForm) -> None:
        name = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in self.count.place.name)
        start = str(Path.home() / f"usage-{name[:60] or 'bucket'}.{form}")
        path, _ = QFileDialog.getSaveFileName(self, "Export usage", start, f"{form.upper()} (*.{form})")
        if path:
            self.count.export(form, Path(path))

    # -- what is shown ------------------------------------------------------------------------------------------
    def show_state(self, state: CountState) -> None:
        """How far the whole is."""
        verb, icon_name = _VERBS[state.status]
        if self.main.text() != verb:
            self.main.setText(verb)
            self.main.setIcon(icon(icon_name, "accent_text"))
            set_kind(self.chip, _CHIPS[state.status])
            if state.status is not CountStatus.COUNTING:
                announce(self, f"{words.status_chip(state)}: {words.whole_figure(state)} {words.whole_facts(state)}")
        self.chip.setText(words.status_chip(state))
        self.figure.setText(words.whole_figure(state))
        self.figure.setToolTip(exact_size(state.counted.size_bytes))
        self.facts.setText(words.whole_facts(state))
        self.how.setText(words.how_facts(state))
        self.export.setEnabled(self.count.view is not None)
        if state.status is CountStatus.FAILED and state.error is not None and self.count.view is not None:
            kept = "What was counted so far is kept."
            detail = " ".join(part for part in (state.error.detail, state.error.todo, kept) if part)
            self.note.show_text(detail, Kind.NOTE_BAD, heading=state.error.title)
        elif state.status is CountStatus.COUNTING and self.note.text():
            self.note.show_text("")
        self._choose_left()

    def show_view(self, view: UsageView | None) -> None:
        """The level that is looked at."""
        if view is None:
            self.tables.begin_level()
        elif view.prefix == self.count.prefix:
            self.tables.show_view(view, self._measure)
        self.level.setText(words.level_facts(view) if view is not None and view.prefix != self.count.place.key else "")
        said = "Current versions are counted; earlier ones of buckets with versions are not."
        if view is not None and view.cut:
            said += " Deeper prefixes are not told apart here: count one of them by itself to see more."
        self.left_out.setText(said)
        self.export.setEnabled(view is not None)
        self._choose_left()

    def show_uploads(self, found: UploadsCounted | None, trouble: str = "") -> None:
        self.uploads.setText(words.uploads_words(found, trouble))

    def _paint_picture(self) -> None:
        self._picture.setPixmap(icon("layers", "dim").pixmap(16, 16))

    def _choose_left(self) -> None:
        """The treemap, or why there is none."""
        state, view = self.count.state, self.count.view
        if view is not None and self.tables.contents.rows and self.treemap.cells():
            self._left.setCurrentWidget(self.treemap)
            if not self._begun:
                self._begun = True
                self.treemap.setFocus()
            return
        shown = view is not None and view.prefix == self.count.prefix
        has_blobs = view is not None and view.blobs > 0 if shown else state.counted.blobs > 0
        self._left.setCurrentWidget(self.state)
        if state.status is CountStatus.COUNTING:
            self.state.show_state(State.BUSY, "Counting\u2026")
        elif not shown and has_blobs and self.count.is_looking:
            self.state.show_state(State.BUSY, "Reading what was counted\u2026")
        elif shown and has_blobs:
            self.state.show_state(
                State.EMPTY, "Every blob here is empty.", detail="Choose \u201cBy number of blobs\u201d."
            )
        elif state.status is CountStatus.COMPLETE:
            said = "Nothing is counted here any more." if has_blobs else "Nothing is stored here."
            self.state.show_state(State.EMPTY, said)
        elif state.error is not None and state.status is CountStatus.FAILED:
            self.state.show_error(state.error, action_label="Try again", action=self.count.go_on)
        else:
            self.state.show_state(
                State.PARTIAL, "Stopped before anything was counted.", action_label="Continue", action=self.count.go_on
            )

    def _show_failure(self, error: ArtifactBrowserError) -> None:
        self.note.show_text(" ".join(part for part in (error.detail, error.todo) if part), heading=error.title)

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self.closed.emit()


def _beside(tables: QWidget) -> QWidget:
    """The tables, away from the line between."""
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(_BESIDE_PX, 0, 0, 0)
    column.addWidget(tables)
    return made
