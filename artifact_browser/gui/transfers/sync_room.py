"""Compare and sync: runs the comparisons a dialog asks for, and hands what was confirmed to the queue."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.gui.common.bridge import Bridge, Task
from artifact_browser.gui.transfers.sync_dialog import ROWS_SHOWN, SyncChoice, SyncDialog
from artifact_browser.storage.location import Location
from artifact_browser.transfers.compare import compare, read_rows
from artifact_browser.transfers.compare_file import By, Comparison, Direction, Group, Row, discard


class SyncRoom(QObject):
    """Controller of one :class:`SyncDialog`; lives as long as that.

    :param confirmed: called with what to do; the comparison's file is the caller's from then on
    """

    def __init__(
        self, bridge: Bridge, record: AccountRecord, location: Location, confirmed: Callable[[SyncChoice], object],
        window: QWidget,
    ) -> None:  # fmt: skip
        self.dialog = SyncDialog(location, window, read_only=record.read_only)
        super().__init__(self.dialog)
        self._bridge, self._record, self._location = bridge, record, location
        self._confirmed = confirmed
        self._comparing: Task | None = None
        self._reading: Task | None = None
        self._files: set[str] = set()
        self.dialog.compare_wanted.connect(self._compare)
        self.dialog.rows_wanted.connect(self._read)
        self.dialog.browse_wanted.connect(self._browse)
        self.dialog.finished.connect(self._finish)
        self.dialog.finished.connect(self.dialog.deleteLater)

    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self.dialog, "Compare with", self.dialog.folder.text())
        if folder:
            self.dialog.set_folder(folder)

    def _compare(self, folder: str, by: By) -> None:
        if self._comparing is not None:
            self._comparing.cancel()
        if not folder:
            return
        self._comparing = self._bridge.run(
            compare,
            self._record,
            self._location,
            folder,
            by,
            owner=self.dialog,
            on_progress=self.dialog.show_progress,
            on_done=self._compared,
            on_error=self.dialog.show_failure,
        )

    def _compared(self, comparison: Comparison) -> None:
        self._forget()
        self._files.add(comparison.file)
        self.dialog.show_comparison(comparison)

    def _read(self, direction: Direction, group: Group) -> None:
        comparison = self.dialog.comparison
        if comparison is None:
            return
        if self._reading is not None:
            self._reading.cancel()

        def show(rows: list[Row]) -> None:
            if direction is self.dialog.direction and self.dialog.comparison is comparison:
                self.dialog.show_rows(group, rows)

        self._reading = self._bridge.run(
            read_rows,
            comparison.file,
            direction,
            group,
            ROWS_SHOWN,
            owner=self.dialog,
            on_done=show,
            on_error=self.dialog.show_failure,
        )

    def _finish(self, accepted: int) -> None:
        if self._comparing is not None:
            self._comparing.cancel()
        if accepted:
            choice = self.dialog.choice
            self._files.discard(choice.comparison.file)
            self._confirmed(choice)
        self._forget()

    def _forget(self) -> None:
        for file in self._files:
            discard(file)
        self._files.clear()
