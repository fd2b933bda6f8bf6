"""Compare a folder with a place in a store, look at every difference, then make one side like the other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.format import count, elided, natural_time, printable, size
from artifact_browser.gui.common.plain_table import PlainTable
from artifact_browser.gui.common.widgets import Kind, button, label, set_kind
from artifact_browser.gui.transfers.text_table import Line, TextTable
from artifact_browser.storage.location import Location
from artifact_browser.transfers.compare import CompareProgress
from artifact_browser.transfers.compare_file import By, Comparison, Direction, Group, Row, Total

#: so many names of a group are shown; the sync takes all of them
ROWS_SHOWN = 500
_ORDER = (Group.NEW, Group.CHANGED, Group.NEWER, Group.EXTRA, Group.LEFT_OUT, Group.SAME)


@dataclass(frozen=True, slots=True)
class SyncChoice:
    """What was confirmed."""

    comparison: Comparison
    direction: Direction
    remove: bool
    keep_newer: bool


class SyncDialog(AppDialog):
    """Named ``Compare and sync``; main button ``Sync``, usable once something would be done.

    Comparing starts as soon as there is a folder (:attr:`compare_wanted`), and anew with every change of what is
    compared; the lists are asked for with :attr:`rows_wanted`.
    """

    #: compare with this folder (str), deciding by this (:class:`By`); with no folder: stop comparing
    compare_wanted = Signal(str, object)
    #: a direction and a group of the comparison
    rows_wanted = Signal(object, object)
    #: ask the person for a folder
    browse_wanted = Signal()

    def __init__(self, location: Location, parent: QWidget | None = None, *, read_only: bool = False) -> None:
        self._place = printable(f"{location.bucket}/{location.key}".rstrip("/"))
        super().__init__(
            "Compare and sync", "Sync", parent, subtitle=f"A folder of this computer with {elided(self._place, 70)}",
            width=820,
        )  # fmt: skip
        self.enter_accepts = False  # in the folder's field it must not delete
        self._comparison: Comparison | None = None
        self.folder = QLineEdit()
        self.folder.setPlaceholderText("Choose a folder")
        self.folder.setAccessibleName("Folder")
        self.folder.editingFinished.connect(self._compare_changed)
        self._compared_with = ""
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.folder, 1)
        self.browse = button("Choose folder\u2026", icon_name="folder-open", clicked=self.browse_wanted.emit)
        row.addWidget(self.browse)
        self.body.addLayout(row)
        self._add_choices(read_only=read_only)
        self.progress = label("", Kind.DIM, wrap=True)
        self.body.addWidget(self.progress)
        self._add_lists()
        self.remove = QCheckBox()
        self.keep_newer = QCheckBox("Keep what is newer at the target")
        self.keep_newer.setChecked(True)
        for box in (self.keep_newer, self.remove):
            box.toggled.connect(self._tell)
            self.body.addWidget(box)
        self.outcome = label("", Kind.HEADING, wrap=True)
        self.body.addWidget(self.outcome)
        self.again = self.add_secondary("Compare again", icon_name="refresh-cw")
        self.again.clicked.connect(self._compare)
        self._tell()

    @property
    def choice(self) -> SyncChoice:
        assert self._comparison is not None
        return SyncChoice(
            self._comparison, self.direction, remove=self.remove.isChecked(), keep_newer=self.keep_newer.isChecked()
        )

    @property
    def comparison(self) -> Comparison | None:
        """What is shown."""
        return self._comparison

    @property
    def direction(self) -> Direction:
        return Direction.UPLOAD if self.upload.isChecked() else Direction.DOWNLOAD

    # -- news ---------------------------------------------------------------------------------------------------
    def set_folder(self, folder: str) -> None:
        """The person has chosen one."""
        self.folder.setText(folder)
        self._compare_changed()

    def show_progress(self, now: CompareProgress) -> None:
        read = f" \u00b7 {size(now.bytes_read)} read" if now.bytes_read else ""
        self.progress.setText(
            f"Comparing\u2026 {count(now.local, 'name')} here \u00b7 {count(now.remote, 'name')} there{read}"
        )

    def show_comparison(self, comparison: Comparison) -> None:
        self._comparison = comparison
        self.unsetCursor()
        how = "contents" if comparison.by is By.CONTENT else "sizes and times"
        self.progress.setText(f"Compared by their {how}. Nothing has been changed.")
        self._tell()

    def show_rows(self, group: Group, rows: list[Row]) -> None:
        """The names of the group that is looked at."""
        if group is not self._group():
            return
        lines = [_name_line(row) for row in rows]
        if (rest := self._totals()[group].items - len(rows)) > 0:
            lines.append(Line((f"and {rest:,} more", "", ""), rest=True))
        self._names.show_lines(lines)

    def show_failure(self, error: ArtifactBrowserError) -> None:
        """It could not be compared, so nothing can be synced."""
        self.unsetCursor()
        self.progress.setText("Not compared")
        self.show_note(f"{error.title}. {error.detail} {error.todo}".strip())

    # -- making -------------------------------------------------------------------------------------------------
    def _add_choices(self, *, read_only: bool) -> None:
        place = elided(self._place, 50).replace("&", "&&")
        self.upload = QRadioButton(f"Upload: make {place} like the folder")
        self.download = QRadioButton(f"Download: make the folder like {place}")
        self.by_time = QRadioButton("By size and time")
        self.by_content = QRadioButton("By content")
        self.by_content.setToolTip("Reads every file that has the size of its blob, and compares checksums")
        self.upload.setEnabled(not read_only)
        if read_only:
            self.upload.setToolTip("This account is read-only")
        (self.download if read_only else self.upload).setChecked(True)
        self.by_time.setChecked(True)
        self._groups = [QButtonGroup(self), QButtonGroup(self)]
        columns = QHBoxLayout()
        for group, choices in zip(
            self._groups, ((self.upload, self.download), (self.by_time, self.by_content)), strict=True
        ):
            column = QVBoxLayout()
            column.setSpacing(6)
            for radio in choices:
                group.addButton(radio)
                column.addWidget(radio)
            columns.addLayout(column, 1)
        self.body.addLayout(columns)
        self.upload.toggled.connect(self._tell)
        self.by_time.toggled.connect(lambda _: self._compare())

    def _add_lists(self) -> None:
        self._groups_shown: list[Group] = []
        self._differences = TextTable(("What", "Names", "Size"), right=(1, 2), parent=self)
        self._names = TextTable(("Name", "Here", "There"), parent=self)
        self.differences = _table("Differences", self._differences)
        self.names = _table("Names", self._names)
        self.differences.selectionModel().currentRowChanged.connect(self._show_group)
        lists = QHBoxLayout()
        lists.setSpacing(12)
        lists.addWidget(self.differences, 2)
        lists.addWidget(self.names, 3)
        self.body.addLayout(lists, 1)

    # -- what changes -------------------------------------------------------------------------------------------
    def _compare_changed(self) -> None:
        if self.folder.text() != self._compared_with:
            self._compare()

    def _compare(self) -> None:
        folder = self.folder.text().strip()
        self._compared_with = self.folder.text()
        self._comparison = None
        self.show_note("")
        self._tell()
        if not folder:
            self.progress.setText("")
            self.unsetCursor()
            self.compare_wanted.emit("", By.TIME)
            return
        try:
            whole = str(Path(folder).expanduser())
        except RuntimeError:  # nobody has that name
            self.progress.setText("There is no such folder.")
            self.unsetCursor()
            self.compare_wanted.emit("", By.TIME)
            return
        self.setCursor(Qt.CursorShape.BusyCursor)
        self.progress.setText("Comparing\u2026")
        by = By.TIME if self.by_time.isChecked() else By.CONTENT
        self.compare_wanted.emit(whole, by)

    def _totals(self) -> dict[Group, Total]:
        nothing = {group: Total() for group in Group}
        return nothing | dict(self._comparison.totals[self.direction]) if self._comparison else nothing

    def _tell(self) -> None:
        """Show the comparison as the choices stand."""
        uploading = self.direction is Direction.UPLOAD
        self.remove.setText(
            "Delete what is only in the store" if uploading else "Move to the trash what is only in the folder"
        )
        self.again.setEnabled(bool(self.folder.text()))
        totals = self._totals()
        chosen = self._group()
        self._groups_shown = [group for group in _ORDER if self._comparison and totals[group].items]
        titles = dict(_TITLES[self.direction])
        if self._comparison is not None and self._comparison.by is By.TIME:
            titles[Group.CHANGED] = "Of another size or time"
        self._differences.show_lines(
            [Line((titles[at], f"{totals[at].items:,}", size(totals[at].bytes))) for at in self._groups_shown]
        )
        if self._groups_shown:
            row = self._groups_shown.index(chosen) if chosen in self._groups_shown else 0
            self.differences.selectRow(row)
        else:
            self._show_group()
        words = self._outcome(totals)
        self.outcome.setText(words if self._comparison else "")
        self.primary.setEnabled(bool(self._doing(totals)))
        deletes = uploading and self.remove.isChecked() and totals[Group.EXTRA].items
        set_kind(self.primary, Kind.DESTRUCTIVE if deletes else Kind.PRIMARY)

    def _group(self) -> Group | None:
        row = self.differences.currentIndex().row()
        return self._groups_shown[row] if 0 <= row < len(self._groups_shown) else None

    def _show_group(self, current: QModelIndex | None = None) -> None:
        self._names.show_lines(())
        group = self._group()
        if group is not None and self._comparison is not None:
            self.rows_wanted.emit(self.direction, group)

    def _doing(self, totals: dict[Group, Total]) -> list[str]:
        """What would be done, in words; empty when nothing."""
        verb = "uploaded" if self.direction is Direction.UPLOAD else "downloaded"
        replaced = totals[Group.CHANGED].items
        if not self.keep_newer.isChecked():
            replaced += totals[Group.NEWER].items
        gone = totals[Group.EXTRA].items if self.remove.isChecked() else 0
        fate = "deleted" if self.direction is Direction.UPLOAD else "moved to the trash"
        return [
            f"{number:,} {what}"
            for number, what in ((totals[Group.NEW].items, verb), (replaced, "replaced"), (gone, fate))
            if number
        ]

    def _outcome(self, totals: dict[Group, Total]) -> str:
        if doing := self._doing(totals):
            return f"To be done: {', '.join(doing)}."
        alike = not any(totals[group].items for group in _ORDER if group is not Group.SAME)
        return "Both sides are alike." if alike else "Nothing would be done."


_COMMON = {Group.CHANGED: "Different", Group.SAME: "Identical", Group.LEFT_OUT: "Not compared"}
_TITLES = {
    Direction.UPLOAD: _COMMON
    | {Group.NEW: "Only in the folder", Group.EXTRA: "Only in the store", Group.NEWER: "Newer in the store"},
    Direction.DOWNLOAD: _COMMON
    | {Group.NEW: "Only in the store", Group.EXTRA: "Only in the folder", Group.NEWER: "Newer in the folder"},
}


def _table(name: str, model: TextTable) -> PlainTable:
    made = PlainTable(name, model)
    made.setMinimumHeight(200)
    made.setTextElideMode(Qt.TextElideMode.ElideMiddle)
    header = made.horizontalHeader()
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    for column in (1, 2):
        header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
    return made


def _name_line(row: Row) -> Line:
    here = row.note or _facts(row.local_size, row.local_us, exists=bool(row.path))
    return Line((printable(row.key), here, _facts(row.remote_size, row.remote_us, exists=row.remote_size is not None)))


def _facts(size_bytes: int | None, modified_us: int, *, exists: bool) -> str:
    if not exists or size_bytes is None:
        return "\u2013"
    return f"{size(size_bytes)}, {natural_time(modified_us)}" if modified_us else "folder"
