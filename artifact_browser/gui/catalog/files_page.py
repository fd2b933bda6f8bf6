"""An artifact's files: names, sizes, checksums, and in a staged manifest what is new or changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from artifact_browser.catalog.files import StagedFile
from artifact_browser.gui.catalog.artifact_page import ArtifactPage, PageTools, ShownArtifact
from artifact_browser.gui.catalog.copying import fill_copy_menu
from artifact_browser.gui.catalog.file_list import FileList
from artifact_browser.gui.catalog.file_list_model import FileListModel, FileRow, SortableRows
from artifact_browser.gui.common.format import count, size
from artifact_browser.gui.common.widgets import Kind, label

#: What is shown of a file, from the strongest on; all that is known stands in the hint.
_STRONGEST = ("sha256", "md5", "crc64nvme", "crc32c")
#: Files that are copied as text at once.
_MOST_COPIED = 1000
_MOST_COMPARED = 10_000


class FilesPage(ArtifactPage):
    """Holds the table ``Files``; a click on a head sorts."""

    TITLE = "Files"
    ALWAYS_TOLD = True

    #: keys of files: a presigned link to each is wanted on the clipboard
    links_requested = Signal(object)

    def __init__(self, tools: PageTools, parent: QWidget | None = None) -> None:
        super().__init__(tools, parent)
        self._shown: ShownArtifact | None = None
        self.files = FileListModel(self)
        self.table = FileList(self.files, checksums=True)
        self.table.setSortingEnabled(True)
        self.table.horizontalHeader().setSortIndicator(0, Qt.SortOrder.AscendingOrder)
        self.table.menu_wanted.connect(lambda paths, place: self.menu(paths).popup(place))
        self._empty = label("No files yet. Drop files here, or choose \u201cStage files\u2026\u201d.", Kind.DIM)
        self._sum = label("", Kind.DIM, copyable=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._empty)
        column.addWidget(self._sum)
        column.addWidget(self.table, 1)
        column.addStretch(0)
        self.setFocusProxy(self.table)

    def show_artifact(self, shown: ShownArtifact) -> None:
        self._shown = shown
        rows = _Rows(shown)
        head = self.table.horizontalHeader()
        self.files.show(rows)
        self.files.sort(head.sortIndicatorSection(), head.sortIndicatorOrder())
        self.table.show_states(rows.have_states)
        words = f"{count(len(rows), 'file')}, {size(sum(file.size_bytes or 0 for file in shown.files))}"
        self._sum.setText(words)
        self._sum.setVisible(bool(rows))
        self._empty.setVisible(not rows)
        self.table.setVisible(bool(rows))
        self.table.setAccessibleDescription(words)

    def menu(self, paths: list[str]) -> QMenu:
        """What can be done with these files: copy them, as what."""
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        shown = self._shown
        if shown is None or not paths:
            return menu
        keys = [shown.place.file_key(path) for path in paths[:_MOST_COPIED]]
        link = menu.addAction("Copy presigned link" if len(keys) == 1 else "Copy presigned links")
        link.triggered.connect(lambda: self.links_requested.emit(tuple(keys)))
        fill_copy_menu(menu, self, self.tools.services, shown.record, shown.location.bucket, keys)
        return menu


class _Rows(SortableRows):
    """The files of what is shown, each a row when it is looked at."""

    def __init__(self, shown: ShownArtifact) -> None:
        self._files: Sequence[StagedFile] = shown.files
        before = {file.path: file for file in shown.opened.committed_files} if shown.before is not None else None
        self._before = before

    @property
    def have_states(self) -> bool:
        """Whether anything is new or changed; of very many files, whether it may be: comparing all takes too long."""
        if self._before is None:
            return False
        some = self._files[:_MOST_COMPARED]
        return len(self._files) > len(some) or any(self._before.get(file.path) != file for file in some)

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, at: int) -> FileRow:  # type: ignore[override]  # no slices
        file = self._files[at]
        return FileRow(file.path, file.size_bytes, self._state(file), "", _checksum(file), _hint(file))

    def sort(self, column: int, *, down: bool) -> None:
        keys: tuple[Callable[[StagedFile], Any], ...] = (
            lambda file: file.path,
            lambda file: -1 if file.size_bytes is None else file.size_bytes,
            self._state,
            _checksum,
        )
        self._files = sorted(self._files, key=keys[column], reverse=down)

    def _state(self, file: StagedFile) -> str:
        if self._before is None:
            return ""
        old = self._before.get(file.path)
        return "new" if old is None else "" if old == file else "changed"


def _checksum(file: StagedFile) -> str:
    """The strongest that is known, by its name; an ETag is said to be one."""
    known = dict(file.checksums)
    strongest = next((name for name in _STRONGEST if known.get(name)), "")
    return f"{strongest} {known[strongest]}" if strongest else f"ETag {file.etag}" if file.etag else ""


def _hint(file: StagedFile) -> str:
    etag = [f"ETag {file.etag}"] if file.etag else []
    return "\n".join([*(f"{name} {value}" for name, value in file.checksums), *etag])
