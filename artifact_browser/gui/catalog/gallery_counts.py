"""Counts and order of the gallery: what is read for cards and page, and the order that is remembered.

One job for all cards of a collection, however many (:mod:`artifact_browser.catalog.child_counts`); one for a page.
"""

from __future__ import annotations

import logging

from PySide6.QtCore import QObject

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.catalog import stats_jobs
from artifact_browser.catalog.layout import Place
from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.catalog.artifact_view import ArtifactView
from artifact_browser.gui.catalog.gallery_header import GalleryHeader
from artifact_browser.gui.catalog.gallery_model import GalleryModel, SortBy
from artifact_browser.gui.catalog.statistics_line import StatisticsLine
from artifact_browser.gui.common.bridge import Bridge, Task
from artifact_browser.settings import Settings

SORT_SETTING = "gallery.sort"
_log = logging.getLogger(__name__)


class GalleryCounts(QObject):
    """Belongs to a gallery. ``line`` is what its artifact page shows."""

    def __init__(
        self,
        settings: Settings,
        bridge: Bridge,
        model: GalleryModel,
        header: GalleryHeader,
        page: ArtifactView,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._settings, self._bridge, self._model = settings, bridge, model
        self._shown: tuple[AccountRecord, Place] | None = None
        self._task: Task | None = None
        self.line = StatisticsLine(bridge)
        page.under_state.addWidget(self.line)
        sort = _remembered(settings)
        header.show_sort(sort)
        model.set_sort(sort)
        header.sort_chosen.connect(self._choose)

    def read_children(self, record: AccountRecord, place: Place) -> None:
        """Read what is known of the cards of a collection; behind its first page, and never in its way."""
        self.stop()
        self._shown = (record, place)
        self._task = self._bridge.run(
            stats_jobs.read_counts,
            record,
            place,
            owner=self,
            on_event=self._model.take_counts,
            on_done=self._done,
            on_error=self._failed,
        )

    def read_again(self, bucket: str, prefixes: tuple[str, ...]) -> None:
        """Somebody here has counted or reset in these: read what is shown of them anew."""
        for prefix in prefixes:
            self.line.read_again(bucket, prefix)
        if self._shown is None:
            return
        record, place = self._shown
        if place.bucket == bucket and any(Place(bucket, prefix).parent == place for prefix in prefixes):
            self.read_children(record, place)

    def stop(self) -> None:
        """Stop reading; what was found stays."""
        self.line.stop()
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _done(self, _: object) -> None:
        self._task = None
        self._model.arrange()

    def _failed(self, error: ArtifactBrowserError) -> None:
        self._task = None
        _log.info("counts cannot be read: %s", error.title)  # cards without counts say nothing wrong

    def _choose(self, sort: SortBy) -> None:
        self._model.set_sort(sort)
        try:
            self._settings.set(SORT_SETTING, sort.value)
        except ArtifactBrowserError as error:
            _log.info("the order is not remembered: %s", error.title)


def _remembered(settings: Settings) -> SortBy:
    found = settings.get(SORT_SETTING)
    return SortBy(found) if isinstance(found, str) and found in set(SortBy) else SortBy.NAME
