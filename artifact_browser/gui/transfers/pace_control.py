"""How fast transfers may go and how many move at once: remembered, in force, and a menu to change it while they run."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from artifact_browser.bootstrap import Services
from artifact_browser.errors import DiskError
from artifact_browser.gui.common.error_sheet import show_error
from artifact_browser.gui.common.format import count
from artifact_browser.gui.transfers.limit_dialog import LimitDialog
from artifact_browser.gui.transfers.limit_words import PRESETS, limit_text
from artifact_browser.transfers.pace import MOST_AT_ONCE, Pace

LIMIT, AT_ONCE = "transfers_limit_bps", "transfers_at_once"
_CHOICES_AT_ONCE = (1, 2, 4, 8, 16, MOST_AT_ONCE)
_log = logging.getLogger(__name__)


class PaceControl(QObject):
    """One per window. Writing down what was chosen takes no time: a few bytes that movers look at."""

    changed = Signal()

    def __init__(self, services: Services, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self._settings = services.settings
        self._pace = Pace(services.paths)
        weakref.finalize(self, self._pace.close)
        self._put_in_force()

    @property
    def limit_bps(self) -> int:
        """Bytes a second each way, 0 without a limit."""
        return max(0, int(self._settings.get(LIMIT)))

    @property
    def at_once(self) -> int:
        return min(MOST_AT_ONCE, max(1, int(self._settings.get(AT_ONCE))))

    def choose(self, *, limit_bps: int | None = None, at_once: int | None = None) -> None:
        """From now on, in the runs to come as well."""
        try:
            for name, value in ((LIMIT, limit_bps), (AT_ONCE, at_once)):
                if value is not None:
                    self._settings.set(name, value)
        except DiskError as error:
            show_error(self._window, error)
        self._put_in_force()
        self.changed.emit()

    def fill(self, menu: QMenu) -> None:
        """Offer what can be chosen now."""
        menu.clear()
        menu.addAction("Speed limit, each way").setEnabled(False)
        limits = sorted({0, *PRESETS, self.limit_bps})
        self._offer(menu, limits, self.limit_bps, limit_text, lambda value: self.choose(limit_bps=value))
        menu.addAction("Own limit\u2026").triggered.connect(self._ask)
        menu.addSeparator()
        more = menu.addMenu(f"{count(self.at_once, 'transfer')} at once")
        self._offer(more, choices_at_once(self.at_once), self.at_once, str, lambda value: self.choose(at_once=value))

    @property
    def words(self) -> str:
        """What holds now, for the header: empty without a limit."""
        return "" if not self.limit_bps else f"limit {limit_text(self.limit_bps)}"

    def _offer(
        self, menu: QMenu, values: list[int], now: int, words: Callable[[int], str], choose: Callable[[int], None]
    ) -> None:
        group = QActionGroup(menu)
        for value in values:
            action = menu.addAction(words(value))
            action.setCheckable(True)
            action.setChecked(value == now)
            action.triggered.connect(partial(_chosen, choose, value))
            group.addAction(action)

    def _ask(self) -> None:
        dialog = LimitDialog(self.limit_bps, self._window)
        dialog.accepted.connect(lambda: self.choose(limit_bps=dialog.choice.limit_bps))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _put_in_force(self) -> None:
        try:
            self._pace.choose(self.limit_bps, self.at_once)
        except OSError:
            _log.exception("the pace of transfers could not be written down")


def choices_at_once(now: int) -> list[int]:
    """What is offered; what holds now is among them."""
    return sorted({*_CHOICES_AT_ONCE, now})


def _chosen(choose: Callable[[int], None], value: int, _checked: bool = False) -> None:
    choose(value)
