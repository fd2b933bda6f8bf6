"""An artifact's lineage: what it was made from and what uses it, as a drawing to walk and as a list."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QHeaderView, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from artifact_browser.catalog import lineage_jobs
from artifact_browser.catalog.lineage import VersionRef
from artifact_browser.catalog.lineage_jobs import LineageShown
from artifact_browser.errors import ArtifactBrowserError, BlobNotFound
from artifact_browser.gui.catalog.artifact_page import ArtifactPage, PageTools, ShownArtifact
from artifact_browser.gui.catalog.lineage_dialogs import AddParentDialog, AddReferenceDialog
from artifact_browser.gui.catalog.lineage_graph import LineageGraph, scrolled
from artifact_browser.gui.catalog.lineage_list import LineageList
from artifact_browser.gui.catalog.lineage_map import LineageMap, Node, NodeKind, version_words
from artifact_browser.gui.catalog.link_dialog import LinkDialog
from artifact_browser.gui.common.bridge import Task
from artifact_browser.gui.common.error_sheet import show_error
from artifact_browser.gui.common.plain_table import PlainTable
from artifact_browser.gui.common.state_view import State, StateView
from artifact_browser.gui.common.toast import show_toast
from artifact_browser.gui.common.widgets import Kind, button, label
from artifact_browser.storage.location import uri_of

_WHAT = "Lineage tells what an artifact was made from, and what was made from it."
_WEB = ("https://", "http://")


class LineagePage(ArtifactPage):
    """Holds the drawing ``Lineage graph`` and the table ``Parents and uses``."""

    TITLE = "Lineage"

    #: the prefix of an artifact that is to be opened, and its version
    artifact_wanted = Signal(str, str)
    #: what is staged has changed
    changed = Signal()

    def __init__(self, tools: PageTools, parent: QWidget | None = None) -> None:
        super().__init__(tools, parent)
        self._shown: ShownArtifact | None = None
        self._version: VersionRef | None = None  # that is looked at instead of the committed one
        self._task: Task | None = None
        self.map: LineageMap | None = None
        self.words = label("", Kind.DIM, wrap=True, copyable=True)
        self.committed = button("Show the committed version", Kind.LINK, clicked=self._show_committed)
        self.add_parent = button("Add parent\u2026", icon_name="plus", clicked=self._ask_parent)
        self.add_reference = button("Add reference\u2026", icon_name="link", clicked=self._ask_reference)
        self.remove = button("Remove", clicked=self._remove)
        self.open = button("Open", clicked=lambda: self._open(self.graph.chosen))
        self.graph = LineageGraph()
        self.list = LineageList(self)
        self.table = PlainTable("Parents and uses", self.list)
        self.state = StateView()
        self._lay_out()
        self.graph.chosen_changed.connect(self._choose_row)
        self.graph.activated.connect(self._open)
        self.graph.expand_wanted.connect(self._expand)
        self.table.selectionModel().currentRowChanged.connect(self._choose_box)
        self.table.activated.connect(lambda at: self._open(self.list.node(at.row())))

    def _lay_out(self) -> None:
        head = self.table.horizontalHeader()
        head.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.words, 1)
        for made in (self.committed, self.open, self.remove, self.add_reference, self.add_parent):
            row.addWidget(made)
        parts = QSplitter(Qt.Orientation.Vertical)  # the drawing and the names need the width
        parts.setChildrenCollapsible(False)
        parts.setHandleWidth(1)
        parts.addWidget(scrolled(self.graph))
        parts.addWidget(self.table)
        parts.setStretchFactor(0, 3)
        parts.setStretchFactor(1, 2)
        parts.setSizes([300, 200])
        self._stack = QStackedWidget()
        self._stack.addWidget(parts)
        self._stack.addWidget(self.state)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(row)
        column.addWidget(self._stack, 1)
        self.setFocusProxy(self.graph)

    # -- showing ------------------------------------------------------------------------------------------------
    def show_artifact(self, shown: ShownArtifact) -> None:
        self._shown = shown
        if self._version is not None and self._version.prefix != shown.place.prefix:
            self._version = None
        self._look()

    def leave(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _look(self) -> None:
        shown = self._shown
        if shown is None:
            return
        self.leave()
        version = self._version.version if self._version is not None else ""
        staged = shown.staged and not version
        self.map = None
        self.words.setText("")
        self.add_parent.setVisible(shown.writable and not version)
        self.add_reference.setVisible(shown.writable and not version)
        for made in (self.committed, self.remove, self.open):
            made.hide()
        self._say(State.BUSY, "Looking for parents and uses\u2026", "", "Stop", self._stop)
        self._task = self.tools.bridge.run(
            lineage_jobs.look, shown.record, shown.place, version, staged, owner=self,
            on_done=self._take, on_error=self._failed,
        )  # fmt: skip

    def _take(self, found: LineageShown) -> None:
        self._task = None
        shown = self._shown
        assert shown is not None
        start = found.lineage.start
        self.map = LineageMap(found.lineage, shown.fields.get("name") or shown.place.name)
        self.committed.setVisible(found.earlier)
        if self.map.is_empty and not found.earlier:
            todo = "Add what it was made from, then commit." if shown.writable else "This account is read-only."
            self._say(State.EMPTY, "Nothing is known of its lineage.", f"{_WHAT} {todo}", icon="git-commit-horizontal")
            return
        earlier = (
            f"Version {version_words(start.version)}, not the committed one \u00b7 " if found.earlier and start else ""
        )
        self._show_map(earlier)

    def _show_map(self, before: str = "") -> None:
        assert self.map is not None
        self._stack.setCurrentIndex(0)
        self.words.setText(before + self.map.words())
        self.list.show(self.map.nodes)
        for column in (0, 2):
            self.table.resizeColumnToContents(column)
        self.graph.show_map(self.map)
        if self.graph.chosen is not None:
            self._choose_row(self.graph.chosen)

    def _failed(self, error: ArtifactBrowserError) -> None:
        self._task = None
        self.committed.setVisible(self._version is not None)
        self._stack.setCurrentWidget(self.state)
        self.state.show_error(error, action_label="Try again", action=self._look)

    def _stop(self) -> None:
        self.leave()
        self._say(State.EMPTY, "Stopped.", "", "Look again", self._look)

    def _say(
        self, state: State, sentence: str, detail: str, action_label: str = "", action: object = None, icon: str = ""
    ) -> None:
        self._stack.setCurrentWidget(self.state)
        act = action if callable(action) else None
        self.state.show_state(state, sentence, detail=detail, action_label=action_label, action=act, icon_name=icon)

    def _show_committed(self) -> None:
        self._version = None
        self._look()

    # -- walking ------------------------------------------------------------------------------------------------
    def _choose_row(self, node: Node) -> None:
        row = self.list.row_of(node)
        if row != self.table.currentIndex().row():
            self.table.selectRow(row)
        self._offer(node)

    def _choose_box(self, *_: object) -> None:
        row = self.table.currentIndex().row()
        if row < 0:
            return
        node = self.list.node(row)
        if self.graph.chosen is None or node.key != self.graph.chosen.key:
            self.graph.choose(node)
        self._offer(node)

    def _offer(self, node: Node) -> None:
        """The buttons that mean the chosen line."""
        shown = self._shown
        own = node.kind is NodeKind.REFERENCE or node.level == -1
        editing = shown is not None and shown.writable and shown.staged and self._version is None
        self.remove.setVisible(editing and own)
        self.open.setVisible(node.level != 0 and (node.ref is not None or node.text.startswith(_WEB)))

    def _open(self, node: Node | None) -> None:
        if node is None or node.level == 0 or self._shown is None:
            return
        if node.ref is not None:
            self._version = node.ref
            if node.ref.prefix == self._shown.place.prefix:
                self._look()
            else:
                self.artifact_wanted.emit(node.ref.prefix, node.ref.version)
        elif node.text.startswith(_WEB):
            dialog = LinkDialog(node.text, self)
            dialog.subtitle.setText("This artifact names this address:")
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()
        else:
            show_toast(self.window(), "This is outside the bucket: it is not opened from here.")

    def _expand(self, node: Node) -> None:
        shown, ref = self._shown, node.ref
        if shown is None or ref is None or self._task is not None:
            return

        def done(more: object) -> None:
            self._task = None
            if self.map is not None:
                self.map.take(more)  # type: ignore[arg-type]
                self._show_map()

        def failed(error: ArtifactBrowserError) -> None:
            self._task = None
            if isinstance(error, BlobNotFound) and self.map is not None:
                self.map.mark_missing(ref)
                self._show_map()
            else:
                show_error(self.window(), error)

        self._task = self.tools.bridge.run(
            lineage_jobs.expand, shown.record, shown.place.bucket, ref, node.level < 0, owner=self,
            on_done=done, on_error=failed,
        )  # fmt: skip

    # -- changing -----------------------------------------------------------------------------------------------
    def _ask_parent(self) -> None:
        shown = self._shown
        if shown is None:
            return
        dialog = AddParentDialog(uri_of(shown.record.kind, shown.place.bucket), self.window())
        self._run_dialog(dialog, lineage_jobs.add_parent, shown)
        self.tools.bridge.run(
            lineage_jobs.neighbours, shown.record, shown.place, owner=dialog,
            on_done=dialog.show_nearby, on_error=lambda _: dialog.show_nearby(()),
        )  # fmt: skip

    def _ask_reference(self) -> None:
        if self._shown is not None:
            self._run_dialog(AddReferenceDialog(self.window()), lineage_jobs.add_reference, self._shown)

    def _run_dialog(self, dialog: AddParentDialog | AddReferenceDialog, job: object, shown: ShownArtifact) -> None:
        def add() -> None:
            dialog.show_adding()
            self.tools.bridge.run(
                job, shown.record, shown.place, dialog.choice, owner=dialog,  # type: ignore[arg-type]
                on_done=lambda _: done(), on_error=dialog.show_failure,
            )  # fmt: skip

        def done() -> None:
            dialog.accept()
            self.changed.emit()

        dialog.add_wanted.connect(add)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _remove(self) -> None:
        shown, node = self._shown, self.graph.chosen
        if shown is None or node is None:
            return
        parent = None if node.kind is NodeKind.REFERENCE else node.ref or node.text
        self.tools.bridge.run(
            lineage_jobs.remove, shown.record, shown.place, parent, node.text, owner=self,
            on_done=lambda _: self.changed.emit(), on_error=self._show_error,
        )  # fmt: skip

    def _show_error(self, error: ArtifactBrowserError) -> None:
        show_error(self.window(), error)
