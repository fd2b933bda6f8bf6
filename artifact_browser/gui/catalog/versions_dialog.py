"""An artifact's versions: which there are, what one holds, and what can be done with it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QItemSelectionModel, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QScrollArea, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from artifact_browser.catalog.aliases import Alias
from artifact_browser.catalog.versions import WHY_GONE, FileAt, VersionLine, VersionList, VersionShown, Where
from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.catalog import versions_model as columns
from artifact_browser.gui.catalog.alias_chips import AliasChips
from artifact_browser.gui.catalog.file_list import FileList
from artifact_browser.gui.catalog.file_list_model import FileListModel, FileRow
from artifact_browser.gui.catalog.versions_model import VersionsModel, short_name
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.format import count, elided, moment, printable, size
from artifact_browser.gui.common.plain_table import PlainTable
from artifact_browser.gui.common.plain_tip import plain_tip
from artifact_browser.gui.common.state_view import State, StateView
from artifact_browser.gui.common.widgets import Kind, button, label, set_kind

_WIDTH, _HEIGHT = 940, 640
_FACTS_PX = 110
#: Versions that the chosen one can be compared with: what a menu shows without scrolling.
MOST_COMPARED = 20
_WIDTHS = {columns.NUMBER: 44, columns.NAME: 130, columns.ALIASES: 200, columns.WHEN: 110, columns.WHO: 110}
_FIRST = ("name", "description", "type", "version", "tags")
_WORDS = {Where.CURRENT: "", Where.KEPT: "kept", Where.VERSION: "kept by the bucket", Where.GONE: ""}
_GONE = "gone: its bytes are kept nowhere"
_GONE_VERSION = "gone: the bucket\u2019s version was removed"


class VersionsDialog(AppDialog):
    """Named ``Versions``; main button ``Restore…``. It shows what it is given; others read and act."""

    #: a version is looked at: :class:`VersionLine`
    chosen_changed = Signal(object)
    restore_wanted = Signal(object)
    #: :class:`VersionShown`
    download_wanted = Signal(object)
    alias_wanted = Signal(object)
    #: what differs between two versions: the lines of the earlier and the later one
    compare_wanted = Signal(object, object)
    #: a version's ``flyte://`` address on the clipboard
    copy_wanted = Signal(object)
    #: new versions are to be watched
    watch_wanted = Signal()
    #: versions from this one on
    more_wanted = Signal(str)
    #: the list is to be read again
    retry_wanted = Signal()

    def __init__(self, where: str, parent: QWidget | None = None, *, writable: bool = True) -> None:
        super().__init__("Versions", "Restore\u2026", parent, subtitle=where, cancel="Close", width=_WIDTH)
        self.writable = writable
        self.enter_accepts = False
        self.aliases: tuple[Alias, ...] = ()
        self.shown: VersionShown | None = None
        self._more = self._wanted = self._flag = ""
        self._count = 0
        self.versions, self.files = VersionsModel(self), FileListModel(self)
        self.table = _Table(self.versions)
        self.table.setItemDelegateForColumn(columns.ALIASES, AliasChips(self.table))
        self.state = StateView()
        self.file_list = FileList(self.files)
        self.chosen_name = label("", Kind.HEADING, copyable=True)
        self.chosen_mark = label("", Kind.CHIP)
        self.chosen_facts = label("", Kind.DIM, wrap=True, copyable=True)
        self.fields = label("", wrap=True, copyable=True)
        self.fields.setAccessibleName("Fields of this version")
        self.more = button("Show older versions", Kind.LINK, clicked=lambda: self.more_wanted.emit(self._more))
        self._lay_out()
        self.download = self.add_secondary("Download\u2026", icon_name="download")
        self.download.clicked.connect(lambda: self.download_wanted.emit(self.shown))
        self.compare = self.add_secondary("Compare with", icon_name="arrow-left-right")
        self.compare.setMenu(QMenu(self.compare))
        self.compare.menu().aboutToShow.connect(self._fill_compare_menu)
        self.copy = self.add_secondary("Copy URI", icon_name="copy")
        self._address = ""
        self.copy.setToolTip("Looking whether the artifact has a registered name\u2026")
        self.copy.clicked.connect(lambda: self.copy_wanted.emit(self.chosen))
        self.alias = self.add_secondary("Set alias\u2026", icon_name="pencil")
        self.alias.clicked.connect(lambda: self.alias_wanted.emit(self.chosen))
        self.watch = self.add_secondary("Watch\u2026", icon_name="eye")
        self.watch.clicked.connect(self.watch_wanted)
        self.primary.clicked.disconnect()
        self.primary.clicked.connect(lambda: self.restore_wanted.emit(self.chosen))
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._on_chosen())
        self.show_busy()
        self.resize(_WIDTH, _HEIGHT)

    def _lay_out(self) -> None:
        listed = QWidget()
        above = QVBoxLayout(listed)
        above.setContentsMargins(0, 0, 0, 0)
        above.addWidget(self.table, 1)
        above.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        facts = QScrollArea()
        facts.setWidgetResizable(True)
        facts.setFrameShape(QScrollArea.Shape.NoFrame)
        facts.setMaximumHeight(_FACTS_PX)
        self.fields.setAlignment(Qt.AlignmentFlag.AlignTop)
        facts.setWidget(self.fields)
        below = QWidget()
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 12, 0, 0)
        column.setSpacing(4)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self.chosen_name)
        head.addWidget(self.chosen_mark, 0, Qt.AlignmentFlag.AlignTop)
        head.addStretch(1)
        column.addLayout(head)
        for part in (self.chosen_facts, facts):
            column.addWidget(part)
        column.addWidget(self.file_list, 1)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setHandleWidth(1)
        split.setChildrenCollapsible(False)
        for widget in (listed, below):
            split.addWidget(widget)
        split.setSizes([260, 280])
        self._pages = QStackedWidget()
        self._pages.addWidget(split)
        self._pages.addWidget(self.state)
        self.body.addWidget(self._pages, 1)

    @property
    def chosen(self) -> VersionLine | None:
        row = self.table.currentIndex().row()
        return self.versions.line(row) if 0 <= row < self.versions.rowCount() else None

    def want(self, version: str, flag: str = "") -> None:
        """Look at ``version`` first, and say ``flag`` of it; to be called before the list is shown."""
        self._wanted, self._flag = version, flag

    # -- what is shown ------------------------------------------------------------------------------------------
    def show_address(self, address: str, why_not: str = "") -> None:
        """The artifact's ``flyte://`` address, empty where it has none."""
        self._address = address
        self.copy.setToolTip(plain_tip(why_not) if why_not else "Copy the flyte:// address of this version")
        self.enable_buttons()

    def show_busy(self) -> None:
        """The list is being read."""
        self._turn_to_state(State.BUSY, "Reading the versions\u2026")

    def show_error(self, error: ArtifactBrowserError) -> None:
        """The list could not be read."""
        self._turn_to_state(State.FAILED, "")
        self.state.show_error(error, action_label="Try again", action=self.retry_wanted.emit)

    def show_versions(self, found: VersionList, *, older: bool = False) -> None:
        """The list, or what comes behind it; the latest version is looked at first."""
        self._more = found.more
        self.more.setVisible(bool(found.more))
        self.more.setEnabled(True)
        self.aliases = found.aliases
        if older:
            self.versions.append(found.lines)
        else:
            self.versions.show(found.lines)
            self._count = found.lines[0].sequence if found.lines else 0
        if found.broken:
            self.show_note(f"The record of the version before ({printable(found.broken)}) is missing or damaged.")
        if not self.versions.rowCount():
            self._turn_to_state(State.EMPTY, "No versions yet: the next commit makes the first.")
        elif self._wanted:
            self._pages.setCurrentIndex(0)
            self._go_to_wanted(older=older)
        elif not older:
            self._pages.setCurrentIndex(0)
            self._go_to(0)

    def _go_to_wanted(self, *, older: bool) -> None:
        """The wanted version; one that is not among the first is asked for, with those behind it."""
        row = self.versions.row_of(self._wanted)
        if row < 0 and not older and self._more:
            self._go_to(0)
            self.more_wanted.emit(self._wanted)
            return
        wanted, self._wanted = self._wanted, ""
        self._go_to(max(0, row))
        before = self.versions.line(row - 1).sequence if older and row > 0 else 0
        gap = before - self.versions.line(row).sequence if before else 1
        if row < 0 or gap < 1:
            self.show_note(f"Version {printable(wanted)} is not in this history: no later version builds on it.")
        elif gap > 1:
            self.show_note(f"The versions between {before - gap:,} and {before:,} are not shown.", Kind.NOTE_WARNING)
        elif self._flag:
            self.show_note(f"Its partitions are not as declared. {printable(self._flag)}", Kind.NOTE_WARNING)

    def _go_to(self, row: int) -> None:
        flags = QItemSelectionModel.SelectionFlag
        self.table.selectionModel().setCurrentIndex(self.versions.index(row, 0), flags.ClearAndSelect | flags.Rows)
        self.table.scrollTo(self.versions.index(row, 0), PlainTable.ScrollHint.PositionAtCenter)
        self.table.setFocus()
        self._on_chosen()

    def show_version(self, shown: VersionShown) -> None:
        """What the chosen version holds."""
        line = self.chosen
        if line is None or line.version != shown.version:
            return
        self.shown = shown
        names = [name for name in _FIRST if shown.fields.get(name)]
        names += sorted(name for name, value in shown.fields.items() if value and name not in _FIRST)
        lines = [f"{printable(name)}: {printable(shown.fields[name])}" for name in names]
        self.fields.setText("\n".join(lines) or shown.error)
        self.files.show(
            [FileRow(at.file.path, at.file.size_bytes, _WORDS[at.where], _why_gone(at)) for at in shown.files]
        )
        self.file_list.show_states(any(at.where is not Where.CURRENT for at in shown.files))
        gone = sum(at.where is Where.GONE for at in shown.files)
        words = f" {count(gone, 'file')} cannot be found any more." if gone else ""
        if any(at.where is Where.GONE and at.file.version_id for at in shown.files):
            words += f" {WHY_GONE}"
        self._tell(line, words)
        self.enable_buttons()

    def show_version_error(self, error: ArtifactBrowserError) -> None:
        """The chosen version could not be read."""
        self.chosen_facts.setText(f"{error.title}. {error.detail}")

    # -- inside -------------------------------------------------------------------------------------------------
    def _fill_compare_menu(self) -> None:
        """The versions beside the chosen one, nearest first, a screenful of them."""
        menu, chosen = self.compare.menu(), self.chosen
        menu.clear()
        if chosen is None:
            return
        lines = [self.versions.line(row) for row in range(self.versions.rowCount())]
        others = [line for line in lines if line.version != chosen.version]
        others.sort(key=lambda line: (abs(line.sequence - chosen.sequence), line.sequence))
        for line in sorted(others[:MOST_COMPARED], key=lambda line: -line.sequence):
            earlier, later = sorted((chosen, line), key=lambda one: one.sequence)
            words = f"{line.sequence} \u00b7 {short_name(line)}{' (committed)' if line.committed else ''}"
            menu.addAction(words.replace("&", "&&"), partial(self.compare_wanted.emit, earlier, later))

    def _on_chosen(self) -> None:
        line = self.chosen
        self.shown = None
        self.fields.setText("")
        self.files.show(())
        self.enable_buttons()
        if line is not None:
            self._tell(line, "")
            self.chosen_changed.emit(line)

    def _tell(self, line: VersionLine, more: str) -> None:
        self.chosen_name.setText(f"{line.sequence} \u00b7 {elided(printable(line.version), 72)}")
        self.chosen_name.setToolTip(plain_tip(printable(line.version)))
        latest = "the latest" if line.committed else "not the latest"
        self.chosen_mark.setText(f"version {line.sequence:,} of {self._count:,}, {latest}")
        set_kind(self.chosen_mark, Kind.CHIP_OK if line.committed else Kind.CHIP_WARNING)
        when = f"{moment(line.time_us)}, by " if line.time_us else "By "
        who = printable(line.author) or "nobody knows whom"
        facts = f"{when}{who}: {count(line.file_count, 'file')}, {size(line.size_bytes)}.{more}"
        self.chosen_facts.setText(f"{printable(line.message)}\n{facts}" if line.message else facts)

    def enable_buttons(self) -> None:
        """What can be done with the chosen version."""
        line, shown = self.chosen, self.shown
        wheres = {at.where for at in shown.files} if shown is not None else {Where.GONE}
        elsewhere = not wheres.isdisjoint({Where.KEPT, Where.VERSION})  # an upload may have been given up
        new = line is not None and (not line.committed or elsewhere)
        self.primary.setEnabled(self.writable and new and Where.GONE not in wheres)
        self.download.setEnabled(shown is not None and any(at.key for at in shown.files))
        self.alias.setEnabled(self.writable and line is not None)
        self.copy.setEnabled(bool(self._address) and line is not None and line.recorded)
        self.compare.setEnabled(line is not None and self.versions.rowCount() > 1)

    def _turn_to_state(self, state: State, sentence: str) -> None:
        self.state.show_state(state, sentence)
        self._pages.setCurrentIndex(1)
        for part in (self.primary, self.download, self.compare, self.copy, self.alias):
            part.setEnabled(False)


class _Table(PlainTable):
    def __init__(self, model: VersionsModel) -> None:
        super().__init__("Versions", model)
        self.horizontalHeader().setStretchLastSection(True)
        for column, width in _WIDTHS.items():
            self.setColumnWidth(column, width)

    def resizeEvent(self, event: QResizeEvent) -> None:
        narrow = self.viewport().width() < 700
        self.setColumnHidden(columns.WHO, narrow)
        super().resizeEvent(event)


def _why_gone(at: FileAt) -> str:
    if at.where is not Where.GONE:
        return ""
    return _GONE_VERSION if at.file.version_id else _GONE
