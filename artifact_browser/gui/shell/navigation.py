"""Where the window is, and how it got there: current location, history, up."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from artifact_browser.storage.location import Location

#: Steps kept; older ones fall off.
_MOST_STEPS = 200


class Navigator(QObject):
    """The one who knows the current location. Rooms ask it to go and listen to ``location_changed``."""

    #: the new current :class:`Location`
    location_changed = Signal(object)
    #: the current location should be listed anew
    refresh_requested = Signal()

    def __init__(self, start: Location, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._steps = [start]
        self._at = 0

    @property
    def current(self) -> Location:
        return self._steps[self._at]

    @property
    def can_go_back(self) -> bool:
        return self._at > 0

    @property
    def can_go_forward(self) -> bool:
        return self._at + 1 < len(self._steps)

    @property
    def can_go_up(self) -> bool:
        return bool(self.current.bucket)

    def go(self, location: Location) -> None:
        """Go there; what was ahead is forgotten. Going where one is refreshes."""
        if location == self.current:
            self.refresh()
            return
        self._steps = [*self._steps[: self._at + 1], location][-_MOST_STEPS:]
        self._at = len(self._steps) - 1
        self.location_changed.emit(location)

    def back(self) -> None:
        """One step back in the history, if there is one."""
        self._move(-1)

    def forward(self) -> None:
        """One step forward again, if there is one."""
        self._move(+1)

    def up(self) -> None:
        """To the prefix above, the bucket, the account."""
        if self.can_go_up:
            self.go(self.current.parent)

    def refresh(self) -> None:
        """Have the current location listed anew."""
        self.refresh_requested.emit()

    def forget_account(self, account_id: str, instead: Location) -> None:
        """Drop a removed account from the history; if the window is in it, it goes to ``instead``."""
        current = self.current
        kept = [step for step in self._steps if step.account_id != account_id]
        if current.account_id == account_id:
            self._steps = [*kept, instead]
            self._at = len(self._steps) - 1
            self.location_changed.emit(instead)
            return
        self._at = sum(step.account_id != account_id for step in self._steps[: self._at + 1]) - 1
        self._steps = kept

    def _move(self, by: int) -> None:
        to = self._at + by
        if 0 <= to < len(self._steps):
            self._at = to
            self.location_changed.emit(self.current)
