"""Weighing an artifact's files, resetting its statistics, and what is left to do at a collection when an artifact was deleted."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.bootstrap import Services
from artifact_browser.catalog import stats_jobs
from artifact_browser.catalog.layout import place_of
from artifact_browser.catalog.stats import Statistics, remembered_client
from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.catalog.count_keeper import CountKeeper
from artifact_browser.gui.catalog.reset_dialog import ResetDialog
from artifact_browser.gui.catalog.weights_dialog import WeightsDialog
from artifact_browser.gui.common.bridge import Bridge
from artifact_browser.gui.common.error_sheet import show_error
from artifact_browser.gui.common.format import count
from artifact_browser.gui.common.toast import show_toast
from artifact_browser.storage.location import Location


class StatisticsRoom(QObject):
    """Controller; ``parent`` is the window its dialogs stand over."""

    #: these artifacts have other counts now: the bucket and their prefixes
    counts_changed = Signal(str, object)
    #: the index above this :class:`Location` was brought up to date
    index_changed = Signal(object)

    #: the artifact at this :class:`Location` has something staged
    staged = Signal(object)

    def __init__(self, services: Services, bridge: Bridge, parent: QWidget) -> None:
        super().__init__(parent)
        self._services, self._bridge, self._window = services, bridge, parent
        self.keeper = CountKeeper(services, bridge, self)
        self.keeper.counted.connect(self.counts_changed)

    def reset(self, record: AccountRecord, location: Location) -> None:
        """Show what is counted, and reset it when agreed to."""
        place = place_of(location)

        def agree(found: Statistics) -> None:
            dialog = ResetDialog(place.name, found, self._window)
            dialog.accepted.connect(begin)
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()

        def begin() -> None:
            try:
                client = remembered_client(self._services.settings)
            except ArtifactBrowserError as error:
                self._show(error)
                return
            self._bridge.run(
                stats_jobs.reset_stats, record, place, client, owner=self, on_done=done, on_error=self._show
            )

        def done(_: int) -> None:
            show_toast(self._window, "Statistics reset")
            self.counts_changed.emit(place.bucket, (place.prefix,))

        self._bridge.run(stats_jobs.read_stats, record, place, owner=self, on_done=agree, on_error=self._show)

    def weigh(self, record: AccountRecord, location: Location) -> None:
        """Ask what downloads count, and stage it."""
        place = place_of(location)
        dialog = WeightsDialog(place.name, self._window)

        def stage() -> None:
            choice = dialog.choice
            self._bridge.run(
                stats_jobs.set_weights, record, place, choice.weight, choice.documents,
                owner=self, on_done=done, on_error=self._show,
            )  # fmt: skip

        def done(weighed: int) -> None:
            show_toast(self._window, f"Weights staged: {count(weighed, 'file')} will count")
            self.staged.emit(location)

        dialog.accepted.connect(stage)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def forget(self, record: AccountRecord, location: Location) -> None:
        """The artifact or collection at ``location`` was deleted: its collection lists it no more."""
        self._bridge.run(
            stats_jobs.forget_deleted,
            record,
            place_of(location),
            owner=self,
            on_done=lambda _: self.index_changed.emit(location),
            on_error=self._show,
        )

    def _show(self, error: ArtifactBrowserError) -> None:
        show_error(self._window, error)
