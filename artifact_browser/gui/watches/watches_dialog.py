"""*Watches*: all there are, how each is, and what it has found."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import QAbstractItemModel, Qt, Signal, SignalInstance
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QPushButton, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from artifact_browser.catalog.watch import Action
from artifact_browser.catalog.watch_file import Kept, News
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.format import moment, printable
from artifact_browser.gui.common.plain_table import PlainTable
from artifact_browser.gui.common.state_view import State, StateView
from artifact_browser.gui.common.widgets import Kind, button, label
from artifact_browser.gui.watches import watch_words as words
from artifact_browser.gui.watches.watches_model import NewsModel, WatchesModel

_WIDTH, _HEIGHT = 960, 620
EMPTY = "Nothing is watched yet."
EMPTY_DETAIL = "Choose an artifact in the gallery, then Catalog, Watch\u2026 to hear of its new versions."


class WatchesDialog(AppDialog):
    """Named ``Watches``; main button ``Look now``. It shows what it is given; others act."""

    #: ids of watches
    look_wanted = Signal(object)
    #: those that look are to stop
    stop_wanted = Signal()
    edit_wanted = Signal(str)
    pause_wanted = Signal(str)
    remove_wanted = Signal(str)
    add_wanted = Signal()
    #: a version is to be shown: :class:`Kept`, :class:`News`
    version_wanted = Signal(object, object)
    #: somebody looks at what this watch has found
    watch_read = Signal(str)

    def __init__(self, parent: QWidget | None = None, *, trouble: str = "", can_add: bool = True) -> None:
        super().__init__("Watches", "Look now", parent, cancel="Close", width=_WIDTH)
        self.enter_accepts = False
        self._read_only = bool(trouble)
        self._looking = False
        self.watches, self.news = WatchesModel(self), NewsModel(self)
        self.table = _Table("Watches", self.watches, (4, 4, 3, 3, 5))
        self.news_table = _Table("New versions", self.news, (3, 4, 2, 4))
        self.state = StateView()
        self.chosen_name = label("", Kind.HEADING, wrap=True, copyable=True)
        self.chosen_facts = label("", Kind.DIM, wrap=True, copyable=True)
        self.found_none = label("It has found nothing new yet.", Kind.DIM, wrap=True)
        self._lay_out()
        self.add = self.add_secondary("New watch\u2026", icon_name="plus")
        self.add.clicked.connect(self.add_wanted)
        self.add.setEnabled(can_add and not self._read_only)
        if not can_add:
            self.add.setToolTip("Open the bucket first that holds the artifact")
        self.edit = self._chosen_button("Edit\u2026", "pencil", self.edit_wanted)
        self.pause = self._chosen_button("Pause", "pause", self.pause_wanted)
        self.remove = self._chosen_button("Remove\u2026", "trash-2", self.remove_wanted)
        self.primary.clicked.disconnect()
        self.primary.clicked.connect(self._look_or_stop)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._show_chosen())
        self.watches.modelReset.connect(self._keep_chosen)
        self.news_table.activated.connect(lambda _: self._open_version())
        self.news_table.selectionModel().currentRowChanged.connect(lambda *_: self._enable())
        self.show_note(trouble)
        self._chosen_id = ""
        self.resize(_WIDTH, _HEIGHT)

    def _lay_out(self) -> None:
        below = QWidget()
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 12, 0, 0)
        column.setSpacing(4)
        self.show_version = button("Show version\u2026", Kind.LINK_FLUSH, clicked=self._open_version)
        column.addWidget(self.chosen_name)
        column.addWidget(self.chosen_facts)
        column.addWidget(self.found_none, 1, Qt.AlignmentFlag.AlignTop)
        column.addWidget(self.news_table, 1)
        column.addWidget(self.show_version, 0, Qt.AlignmentFlag.AlignLeft)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setHandleWidth(1)
        split.setChildrenCollapsible(False)
        split.addWidget(self.table)
        split.addWidget(below)
        split.setSizes([260, 260])
        self._pages = QStackedWidget()
        self._pages.addWidget(split)
        self._pages.addWidget(self.state)
        self.body.addWidget(self._pages, 1)

    def _chosen_button(self, text: str, icon_name: str, signal: SignalInstance) -> QPushButton:
        made = self.add_secondary(text, icon_name=icon_name)
        made.clicked.connect(lambda: signal.emit(self._chosen_id))
        return made

    # -- what is shown ------------------------------------------------------------------------------------------
    def show_watches(self, rows: Sequence[Kept], looking: Collection[str], accounts: dict[str, str]) -> None:
        """All of them. ``looking``: ids of those that look now; ``accounts``: names by id."""
        self._accounts = accounts
        self.watches.show(rows, looking, accounts)
        self._looking = bool(looking)
        self.primary.setText("Stop" if looking else "Look now")
        self.primary.setToolTip("" if looking else "Let all watches look that are not paused")
        self._pages.setCurrentIndex(0 if rows else 1)
        if not rows:
            self.state.show_state(State.EMPTY, EMPTY, detail=EMPTY_DETAIL, icon_name="eye")
        elif self.chosen is None:
            self.table.selectRow(0)
        self._show_chosen()

    def choose(self, watch_id: str) -> None:
        """Look at this one."""
        for row, kept in enumerate(self.watches.rows):
            if kept.watch.id == watch_id:
                self.table.selectRow(row)

    @property
    def chosen(self) -> Kept | None:
        row = self.table.currentIndex().row()
        return self.watches.rows[row] if 0 <= row < len(self.watches.rows) else None

    def _keep_chosen(self) -> None:
        """Rows came or went: the same watch stays chosen, else its neighbour."""
        ids = [kept.watch.id for kept in self.watches.rows]
        if ids:
            self.table.selectRow(ids.index(self._chosen_id) if self._chosen_id in ids else 0)

    def _show_chosen(self) -> None:
        kept = self.chosen
        self._chosen_id = kept.watch.id if kept is not None else ""
        self.news.show(kept.news if kept is not None else (), kept.watch.action if kept is not None else Action.NOTIFY)
        self.news_table.setVisible(bool(kept and kept.news))
        self.show_version.setVisible(bool(kept and kept.news))
        self.found_none.setVisible(kept is not None and not kept.news)
        if kept is not None:
            watch = kept.watch
            account = self._accounts.get(watch.account_id, "an account that was removed")
            looked = f"Looked last {moment(kept.looked_us)}." if kept.looked_us else "It has not looked yet."
            state = self.watches.state_of(kept)
            does = f"{words.does_words(watch)}, looks {words.interval_words(watch.interval_s)}. {looked}"
            self.chosen_name.setText(words.what_words(watch))
            trouble = f"\n{printable(state)}" if self.watches.is_orphan(kept) or kept.trouble or kept.note else ""
            self.chosen_facts.setText(f"{words.where_words(watch, account)}\n{does}{trouble}")
            self.pause.setText("Pause" if watch.enabled else "Go on")
            if self.isVisible() and words.unread_count(kept):
                self.watch_read.emit(watch.id)
        self._enable()

    def _enable(self) -> None:
        kept = self.chosen
        able = kept is not None and not self._read_only
        orphan = kept is not None and self.watches.is_orphan(kept)
        for part in (self.edit, self.pause):
            part.setEnabled(able and not orphan)
        self.remove.setEnabled(able)
        self.primary.setEnabled(not self._read_only and bool(self._ids()))
        self.show_version.setEnabled(kept is not None and not orphan and self._chosen_news() is not None)

    def _ids(self) -> list[str]:
        rows = self.watches.rows
        return [kept.watch.id for kept in rows if kept.watch.enabled and not self.watches.is_orphan(kept)]

    def _look_or_stop(self) -> None:
        if self._looking:
            self.stop_wanted.emit()
        else:
            self.look_wanted.emit(self._ids())

    def _chosen_news(self) -> News | None:
        row = self.news_table.currentIndex().row()
        rows = self.news.rows
        if not 0 <= row < len(rows):
            return rows[0] if rows else None
        return rows[row]

    def _open_version(self) -> None:
        kept, one = self.chosen, self._chosen_news()
        if kept is not None and one is not None and not self.watches.is_orphan(kept):
            self.version_wanted.emit(kept, one)


class _Table(PlainTable):
    """:param shares: how the width is divided"""

    def __init__(self, name: str, model: QAbstractItemModel, shares: tuple[int, ...]) -> None:
        super().__init__(name, model)
        self._shares = shares
        self.setTextElideMode(Qt.TextElideMode.ElideRight)

    def resizeEvent(self, event: QResizeEvent) -> None:
        width = self.viewport().width()
        for column, share in enumerate(self._shares):
            self.setColumnWidth(column, width * share // sum(self._shares))
        super().resizeEvent(event)
