"""A window that finds versions: of which artifact, with which partitions, when; and what can be done with each."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QDialog, QHBoxLayout, QStackedWidget, QVBoxLayout

from artifact_browser.catalog.found_versions import FoundPage, FoundVersion, Scope, Wanted, Which
from artifact_browser.catalog.own_address import Several
from artifact_browser.errors import ArtifactBrowserError, InputError
from artifact_browser.gui.catalog.facet_side import FacetSide
from artifact_browser.gui.catalog.find_words import footer_words, nothing_words
from artifact_browser.gui.catalog.found_model import FoundModel
from artifact_browser.gui.catalog.found_table import FoundTable
from artifact_browser.gui.catalog.name_picker import NamePicker
from artifact_browser.gui.common.announce import announce
from artifact_browser.gui.common.format import count, elided, printable
from artifact_browser.gui.common.state_view import State, StateView
from artifact_browser.gui.common.widgets import Kind, button, label, line

_WIDTH, _HEIGHT = 1080, 680
_WAYS = (
    ("All versions", Which.ALL),
    ("The latest", Which.LATEST),
    ("The latest of each set of partitions", Which.LATEST_PER_PARTITION),
)


class FindWindow(QDialog):
    """Named ``Find versions``. Not modal; it shows what it is given, others ask and act."""

    #: ``(wanted, more)``: a page of versions is to be found
    find_wanted = Signal(object, str)
    stop_wanted = Signal()
    #: what went wrong is to be tried again
    retry_wanted = Signal()
    #: the index is to be made anew
    reindex_wanted = Signal()
    #: a :class:`FoundVersion`
    open_wanted = Signal(object)
    download_wanted = Signal(object)
    copy_wanted = Signal(object)

    def __init__(self, where: str, *, writable: bool = True) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Find versions")
        self.setAccessibleName("Find versions")
        self.setMinimumSize(720, 480)
        self.resize(_WIDTH, _HEIGHT)
        self.scope: Scope | None = None
        #: what is chosen at first
        self.preset: Several | None = None
        self._wanted = Wanted()
        self._more = ""
        self._asked = self._around = self._left_out = self._unread = 0
        self.busy = False
        self.where = label(where, Kind.DIM, copyable=True)
        self.picker = NamePicker()
        self.which = QComboBox()
        self.which.setAccessibleName("Show")
        for words, way in _WAYS:
            self.which.addItem(words, way)
        self.side = FacetSide()
        self.find_button = button("Find", Kind.PRIMARY, icon_name="search", clicked=self.ask)
        self.stop = button("Stop", icon_name="circle-stop", clicked=self.stop_wanted.emit)
        self.found = FoundModel(self)
        self.table = FoundTable(self.found)
        self.state = StateView()
        self.footer = label("", Kind.DIM, copyable=True)
        self.more = button("Show more", Kind.LINK, clicked=lambda: self.find_wanted.emit(self._wanted, self._more))
        self.update_index = button("Update index", Kind.LINK, clicked=self.reindex_wanted.emit)
        self.update_index.setToolTip("Read the records of all versions and write their index anew")
        self.update_index.setVisible(writable)
        self.open_button = button("Open", icon_name="history", clicked=lambda: self.open_wanted.emit(self.chosen))
        self.download = button(
            "Download\u2026", icon_name="download", clicked=lambda: self.download_wanted.emit(self.chosen)
        )
        self.copy = button("Copy URI", icon_name="copy", clicked=lambda: self.copy_wanted.emit(self.chosen))
        self._lay_out()
        self.which.activated.connect(lambda _: self.ask())
        self.side.changed.connect(self.ask)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._enable())
        self.table.activated.connect(self._activated)
        self.show_looking()

    def _lay_out(self) -> None:
        head = QVBoxLayout()
        head.setContentsMargins(20, 16, 20, 12)
        head.setSpacing(2)
        head.addWidget(label("Find versions", Kind.TITLE))
        head.addWidget(self.where)
        head.addSpacing(10)
        head.addWidget(self.picker)
        above = QHBoxLayout()
        above.setSpacing(8)
        above.addWidget(self.which)
        above.addStretch(1)
        above.addWidget(self.stop)
        above.addWidget(self.find_button)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.state)
        below = QHBoxLayout()
        below.setSpacing(8)
        below.addWidget(self.footer, 1)
        below.addWidget(self.more)
        below.addWidget(self.update_index)
        right = QVBoxLayout()
        right.setContentsMargins(16, 12, 20, 8)
        right.setSpacing(8)
        right.addLayout(above)
        right.addWidget(self._stack, 1)
        right.addLayout(below)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        left = QVBoxLayout()
        left.setContentsMargins(20, 12, 4, 0)
        left.addWidget(self.side)
        middle.addLayout(left)
        middle.addWidget(line(vertical=True))
        middle.addLayout(right, 1)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(16, 10, 16, 12)
        buttons.setSpacing(8)
        for made in (self.open_button, self.download, self.copy):
            buttons.addWidget(made)
        buttons.addStretch(1)
        buttons.addWidget(button("Close", clicked=self.close))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(line())
        column.addLayout(middle, 1)
        column.addWidget(line())
        column.addLayout(buttons)

    @property
    def chosen(self) -> FoundVersion | None:
        return self.found.row(self.table.currentIndex().row())

    # -- what is shown ------------------------------------------------------------------------------------------
    def show_looking(self) -> None:
        """It is being looked what can be chosen."""
        self.scope = None
        self.side.clear()
        self._begin("Looking what there is\u2026")

    def show_scope(self, scope: Scope) -> None:
        """What can be chosen; everything is looked for at first."""
        self.scope = scope
        self._around = scope.requests
        self.side.show_scope(scope)
        if self.preset is not None:
            self.side.choose(self.preset)
            self.preset = None
        self.ask()

    def ask(self) -> None:
        """Look for what is chosen; a time that is none is told beside its field."""
        if self.scope is None:
            return
        try:
            self._wanted = self.side.wanted(Which(self.which.currentData()))
        except InputError:
            return
        self.find_wanted.emit(self._wanted, "")

    def show_finding(self, *, more: bool) -> None:
        """A page is being found."""
        if more:
            self._set_busy(True)
            self.footer.setText("Finding more\u2026")
        else:
            self._begin("Finding versions\u2026")

    def show_reindexing(self, number: int) -> None:
        """The index is being made anew; so many versions were read."""
        self._begin(f"Reading the records of all versions\u2026 {number:,}")

    def show_page(self, page: FoundPage, *, more: bool) -> None:
        """What was found, or what comes behind it."""
        self._set_busy(False)
        if not more:
            self._asked = self._left_out = self._unread = 0
        self._asked += page.requests
        self._left_out += page.untrue
        self._unread += page.unread
        self._more = page.more
        (self.found.append if more else self.found.show)(page.rows)
        several = self._wanted.which is not Which.LATEST
        self.more.setVisible(bool(page.more) and several)
        self.footer.setText(self._sentence(all_seen=not page.more))
        self.footer.setToolTip(f"And {count(self._around, 'request')} before, to see what can be chosen")
        if self.found.rowCount():
            self._stack.setCurrentWidget(self.table)
            if not more:
                self.table.selectRow(0)
        else:
            self._say_nothing(page)
        self._enable()
        announce(self, self.footer.text())

    def show_stopped(self) -> None:
        """The person stopped it; what was found before stays."""
        self._set_busy(False)
        if self.found.rowCount():
            self.footer.setText("Stopped: there are more.")
            return
        self.footer.setText("Stopped.")
        self._stack.setCurrentWidget(self.state)
        self.state.show_state(
            State.PARTIAL, "Stopped.", action_label="Find again", action=self.retry_wanted.emit, icon_name="circle-stop"
        )

    def show_error(self, error: ArtifactBrowserError) -> None:
        """It could not be found out; rows that were there stay."""
        self._set_busy(False)
        if self.found.rowCount():
            self.footer.setText(f"{error.title}. {printable(error.detail)}")
            return
        self.footer.setText("")
        self._stack.setCurrentWidget(self.state)
        self.state.show_error(error, action_label="Try again", action=self.retry_wanted.emit)

    def show_no_names(self) -> None:
        """No artifact of the bucket is registered."""
        self._set_busy(False)
        self._stack.setCurrentWidget(self.state)
        self.state.show_state(
            State.EMPTY, "No artifact of this bucket has a registered name.", icon_name="search",
            detail="Give one a name or partitions in \u201cEdit card\u2026\u201d and commit it, or choose an artifact and find its "
            "versions.",
        )  # fmt: skip

    # -- inside -------------------------------------------------------------------------------------------------
    def _begin(self, words: str) -> None:
        self.found.show(())
        self.more.hide()
        self._more = ""
        self.footer.setText("")
        self._stack.setCurrentWidget(self.state)
        self.state.show_state(State.BUSY, words)
        self._set_busy(True)

    def _set_busy(self, busy: bool) -> None:
        self.busy = busy
        if not busy and self.stop.hasFocus():
            self.find_button.setFocus()
        self.stop.setEnabled(busy)
        self.find_button.setEnabled(self.scope is not None and not busy)
        self.which.setEnabled(self.scope is not None)
        self.more.setEnabled(not busy)
        self.update_index.setEnabled(self.scope is not None and not busy)
        self._enable()

    def _sentence(self, *, all_seen: bool) -> str:
        several = self._wanted.which is not Which.LATEST
        return footer_words(self.found.rowCount(), self._asked, self._left_out, self._unread, all_seen, several)

    def _say_nothing(self, page: FoundPage) -> None:
        self._stack.setCurrentWidget(self.state)
        partial = State.PARTIAL if page.more else State.EMPTY
        sentence, detail = nothing_words(self.scope, more=bool(page.more))
        self.state.show_state(partial, sentence, detail=detail, icon_name="search")

    def _enable(self) -> None:
        chosen = self.chosen is not None
        named = self.scope is not None and self.scope.name is not None
        self.open_button.setEnabled(chosen)
        self.download.setEnabled(chosen)
        self.copy.setEnabled(chosen and named)
        self.copy.setToolTip(
            "Copy the flyte:// address of this version" if named else "This artifact has no registered name"
        )

    def _activated(self, index: QModelIndex) -> None:
        found = self.found.row(index.row())
        if found is not None:
            self.open_wanted.emit(found)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.busy:
            self.stop_wanted.emit()
            return
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            return  # there is no default button: a typed time is looked for by its own field
        super().keyPressEvent(event)

    def tell_whose(self, words: str) -> None:
        """Whose versions these are, below the title."""
        self.where.setText(elided(words, 160))
