"""Comparing: opens the dialog at once, runs the job that compares, writes and copies what was found."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.catalog import jobs
from artifact_browser.catalog.diff_export import ComputedDiff, DiffForm, Titles, copy_diff, export_diff
from artifact_browser.catalog.layout import place_of
from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.catalog.diff_dialog import DiffDialog
from artifact_browser.gui.common.bridge import Bridge
from artifact_browser.gui.common.error_sheet import show_error
from artifact_browser.storage.location import Location
from artifact_browser.workers.job import Job


class DiffRoom(QObject):
    """:param window: what the dialogs stand over, where nothing else is named"""

    def __init__(self, bridge: Bridge, window: QWidget) -> None:
        super().__init__(window)
        self._bridge, self._window = bridge, window

    def compare_staged(self, record: AccountRecord, location: Location, over: QWidget | None = None) -> DiffDialog:
        """What a commit of the artifact at ``location`` would change."""
        place = place_of(location)
        titles = Titles("Committed", "Staged")
        return self.open("Compare with committed", titles, place.name, jobs.compare_staged, record, place, over=over)

    def open(
        self, title: str, titles: Titles, about: str, job: Job, *args: object, over: QWidget | None = None
    ) -> DiffDialog:
        """Compare any two states.

        :param title: the dialog's; :param about: whose states they are, for the dialog and a file's name
        :param job: ``job(context, *args)`` returns a :class:`ComputedDiff`
        :param over: the dialog that this one is opened from
        """
        dialog = DiffDialog(title, titles, about, over or self._window)
        found: list[ComputedDiff] = []

        def compare() -> None:
            dialog.show_busy()
            self._bridge.run(
                job, *args, owner=dialog, on_done=done, on_error=lambda error: dialog.show_failure(error, compare)
            )

        def done(computed: ComputedDiff) -> None:
            found[:] = [computed]
            dialog.show_diff(computed.diff)

        def export(form: DiffForm, path: str) -> None:
            self._bridge.run(
                export_diff, found[0].data, titles, form, path,
                owner=dialog, on_done=lambda _: dialog.show_exported(path), on_error=failed,
            )  # fmt: skip

        def copy() -> None:
            self._bridge.run(copy_diff, found[0].data, titles, owner=dialog, on_done=copied, on_error=failed)

        def copied(text: str) -> None:
            QGuiApplication.clipboard().setText(text)
            dialog.show_copied()

        def failed(error: ArtifactBrowserError) -> None:
            show_error(dialog, error)

        dialog.export_requested.connect(export)
        dialog.copy_requested.connect(copy)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        compare()
        return dialog
