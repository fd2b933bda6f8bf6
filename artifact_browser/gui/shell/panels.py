"""Side bar, details and transfers: shown when wanted, filled, and when the window is wide enough.

A window that grows narrow folds a panel away and brings it back when it grows wide again; whoever wants it in the
narrow window opens it with its action. What is remembered is the wish in the wide window.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from artifact_browser.gui.shell.slot import Slot
from artifact_browser.settings import Settings

_SETTING = "window.panels"


@dataclass(slots=True)
class _Panel:
    action: QAction
    widget: QWidget
    from_px: int
    folded: bool = False
    suspended: bool = False


class Panels(QObject):
    """Keeps each panel's visibility and its checkable action in step."""

    def __init__(self, settings: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self._settings = settings
        self._panels: list[_Panel] = []

    def add(self, action: QAction, widget: QWidget, from_px: int = 0) -> None:
        """``widget`` follows ``action``; it is folded away in windows narrower than ``from_px``."""
        action.setChecked(self._remembered().get(action.objectName()) is not False)
        panel = _Panel(action, widget, from_px)
        self._panels.append(panel)
        action.toggled.connect(self._follow)
        if isinstance(widget, Slot):
            widget.filled.connect(self._follow)
        self._follow()

    def fit(self, width: int) -> None:
        """The window is ``width`` pixels wide now."""
        for panel in self._panels:
            narrow = width < panel.from_px
            if narrow and not panel.folded and panel.action.isChecked():
                panel.folded = True
                panel.action.setChecked(False)
            elif not narrow and panel.folded:
                panel.folded = False
                panel.action.setChecked(True)

    def suspend(self, action: QAction, suspended: bool) -> None:
        """Keep the panel of ``action`` away for a while; what is wanted of it stays."""
        for panel in self._panels:
            if panel.action is action:
                panel.suspended = suspended
        self._follow()

    def save(self) -> None:
        """Remember what is wanted. :raises DiskError: it cannot be written down"""
        wanted = {panel.action.objectName(): panel.action.isChecked() or panel.folded for panel in self._panels}
        self._settings.set(_SETTING, wanted)

    def _remembered(self) -> dict[str, object]:
        stored = self._settings.get(_SETTING)
        return stored if isinstance(stored, dict) else {}

    def _follow(self) -> None:
        for panel in self._panels:
            empty = isinstance(panel.widget, Slot) and panel.widget.widget is None
            panel.widget.setVisible(panel.action.isChecked() and not empty and not panel.suspended)
