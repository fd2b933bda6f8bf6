"""Statistics and deletion of artifacts, wired: what transfers finish is counted, what they delete leaves its collection."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject

from artifact_browser.errors import DiskError
from artifact_browser.gui.catalog.statistics_room import StatisticsRoom
from artifact_browser.gui.shell.main_window import MainWindow
from artifact_browser.gui.shell.wiring_browse import BrowseWiring
from artifact_browser.gui.shell.wiring_catalog import CatalogWiring
from artifact_browser.gui.shell.wiring_transfers import TransferWiring
from artifact_browser.storage.location import Location
from artifact_browser.transfers.download import DownloadOrder
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.state import ItemState, JobState

#: Jobs that were counted and may be taken up by a later run of the app, so that nothing of them counts twice.
_COUNTED_JOBS = "counted_jobs"
_MAX_JOBS = 200


class StatisticsWiring(QObject):
    """Owns the statistics room."""

    def __init__(
        self, window: MainWindow, browse: BrowseWiring, transfers: TransferWiring, catalog: CatalogWiring
    ) -> None:
        super().__init__(window)
        self._window, self._browse, self._transfers, self._catalog = window, browse, transfers, catalog
        self._deleting: dict[TransferHandle, Location] = {}
        #: numbers of the items that were counted, by job; ``None``: all there will ever be
        self._counted: dict[str, set[int] | None] = dict.fromkeys(self._counted_before())
        self.room = StatisticsRoom(window.services, window.bridge, window)
        gallery = catalog.gallery
        gallery.artifact_visited.connect(self._visited)
        self.room.counts_changed.connect(gallery.counts.read_again)
        self.room.index_changed.connect(self._leave_deleted)
        transfers.room.job_finished.connect(self._finished)
        window.actions_["reset_stats"].triggered.connect(self._reset)
        window.actions_["delete_artifact"].triggered.connect(self._delete)
        window.actions_["download_weights"].triggered.connect(self._weigh)
        self.room.staged.connect(catalog.room.catalog_changed)

    def _reset(self) -> None:
        artifact = self._catalog.gallery.at_hand.artifact
        if artifact is not None:
            self.room.reset(self._browse.record(), artifact)

    def _weigh(self) -> None:
        artifact = self._catalog.gallery.at_hand.artifact
        if artifact is not None:
            self.room.weigh(self._browse.record(), artifact)

    def _visited(self, location: Location) -> None:
        self.room.keeper.viewed(self._browse.record(), location.bucket, location.key)

    # -- downloads ----------------------------------------------------------------------------------------------
    def _finished(self, handle: TransferHandle) -> None:
        location = self._deleting.pop(handle, None)
        if location is not None:
            self.room.forget(handle.order.record, location)
        order = handle.order
        if not isinstance(order, DownloadOrder):
            return
        if self.room.keeper.wants(order.record):
            self._count(handle, order)
        else:
            self._counted[handle.job_id] = None  # silent, and stays so when the rest of it is tried again

    def _count(self, handle: TransferHandle, order: DownloadOrder) -> None:
        """What has arrived since the job was counted the last time, if it was."""
        keeper, counted = self.room.keeper, self._counted.get(handle.job_id, set())
        if counted is None:
            return
        if handle.knows_all:
            done = handle.items({ItemState.DONE}, count=1_000_000)
            new = [one.item for one in done if not one.item.folder and one.item.number not in counted]
            counted.update(item.number for item in new)
            self._counted[handle.job_id] = counted
            if new:
                keeper.downloaded(order.record, order.bucket, [item.source for item in new])
        elif not counted:  # the window forgets some of very many: the journal has them
            self._counted[handle.job_id] = None
            keeper.downloaded(order.record, order.bucket, (), handle.job_id)
        if handle.snapshot.state is not JobState.DONE:
            self._remember(handle.job_id)

    def _counted_before(self) -> Iterable[str]:
        listed = self._window.services.settings.get(_COUNTED_JOBS)
        return [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []

    def _remember(self, job_id: str) -> None:
        known = [one for one in self._counted_before() if one != job_id]
        try:
            self._window.services.settings.set(_COUNTED_JOBS, [*known, job_id][-_MAX_JOBS:])
        except DiskError:
            pass  # at worst, a few downloads count twice

    # -- deletion -----------------------------------------------------------------------------------------------
    def _delete(self) -> None:
        """Count, show, have the name typed; then delete as everything is deleted, and tell the collection."""
        gallery = self._catalog.gallery
        location = gallery.at_hand.place
        if location is None:
            return
        kind = "collection" if gallery.at_hand.place_is_collection else "artifact"

        def begun(handle: TransferHandle) -> None:
            self._deleting[handle] = location
            self._window.actions_["transfers"].setChecked(True)

        self._transfers.room.delete(self._browse.record(), [location], kind=kind, begun=begun)

    def _leave_deleted(self, location: Location) -> None:
        """What was deleted is no place to stay; what is above it has changed."""
        here = self._window.navigator.current
        if (here.account_id, here.bucket) == (location.account_id, location.bucket) and here.key.startswith(
            location.key
        ):
            self._window.navigator.go(location.parent)
        self._catalog.room.catalog_changed.emit(location.parent)
