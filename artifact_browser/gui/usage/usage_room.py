"""The usage room: one window a place, and the counts of this run, so that a place that was counted is shown at once."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QObject, Signal

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.bootstrap import Services
from artifact_browser.gui.common.bridge import Bridge
from artifact_browser.gui.usage.usage_count import CountStatus, UsageCount
from artifact_browser.gui.usage.usage_window import UsageWindow
from artifact_browser.storage.location import Location

#: So many counts are kept whose windows are closed, the latest.
MOST_KEPT = 6


class UsageRoom(QObject):
    """Opens windows; closing one stops its count and keeps it."""

    #: ``(Location, whether it is a blob)``: to be shown in the main window
    place_wanted = Signal(object, bool)

    def __init__(self, services: Services, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent)
        self._services, self._bridge = services, bridge
        self._counts: dict[Location, UsageCount] = {}
        self.windows: dict[Location, UsageWindow] = {}

    def open(self, record: AccountRecord, place: Location) -> UsageWindow:
        """The window of ``place``. One that was not counted yet is counted at once."""
        if place in self.windows:
            window = self.windows[place]
            window.raise_()
            window.activateWindow()
            return window
        count = self._counts.pop(place, None)
        if count is None or _store(count.record) != _store(record):
            if count is not None:
                count.forget()
            count = UsageCount(self._services, self._bridge, record, place, self)
        self._counts[place] = count  # the latest
        window = UsageWindow(count)
        window.place_wanted.connect(self.place_wanted)
        window.closed.connect(lambda: self._close(place))
        self.windows[place] = window
        window.show()
        if not count.state.counted.requests and count.state.status is CountStatus.STOPPED:
            count.count_anew()
        return window

    def keep_accounts(self, known: Collection[str]) -> None:
        """Other accounts are gone: their windows and counts go, too."""
        for place in [place for place in self._counts if place.account_id not in known]:
            if place in self.windows:
                self.windows[place].close()
            count = self._counts.pop(place, None)
            if count is not None:
                count.forget()
                count.deleteLater()

    def close_windows(self) -> None:
        """The main window goes out of sight: none of these stays alone."""
        for window in list(self.windows.values()):
            window.close()

    def close(self) -> None:
        """Close every window and remove what was counted."""
        self.close_windows()
        for count in self._counts.values():
            count.close()
            count.deleteLater()
        self._counts.clear()

    def _close(self, place: Location) -> None:
        window = self.windows.pop(place, None)
        if window is None:
            return
        window.count.stop()
        window.deleteLater()
        idle = [kept for kept in self._counts if kept not in self.windows]
        for old in idle[:-MOST_KEPT]:
            count = self._counts.pop(old)
            count.forget()
            count.deleteLater()


def _store(record: AccountRecord) -> tuple[str, str]:
    """Where an account's bytes are: edited, its old counts are of another store."""
    return record.endpoint, record.root
