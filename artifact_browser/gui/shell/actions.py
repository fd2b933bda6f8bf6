"""The one registry of actions: menus, tool bar, context menus and tests take them from here.

Actions are enabled by the window's :class:`Context`; one that cannot be used says why in its tooltip.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from artifact_browser.gui.common.icons import icon
from artifact_browser.gui.shell.action_table import ACTIONS, ActionSpec
from artifact_browser.gui.shell.context import Context

MENUS = ("File", "Edit", "View", "Go", "Account", "Catalog", "Help")


class Actions(QObject):
    """Makes the QActions for ``window`` and keeps them in step with the context."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._specs = {spec.name: spec for spec in ACTIONS}
        self._actions = {spec.name: self._make(spec) for spec in ACTIONS}
        self.context = Context()
        window.addActions(list(self._actions.values()))
        views = QActionGroup(self)
        for name in ("table_view", "gallery_view"):
            views.addAction(self[name])
        self.apply(self.context)

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def __iter__(self) -> Iterator[QAction]:
        return iter(self._actions.values())

    def apply(self, context: Context) -> None:
        """Enable what can be used in ``context``; tell of the rest what is missing."""
        self.context = context
        for name, action in self._actions.items():
            spec = self._specs[name]
            missing = next((need.reason for need in spec.needs if not need.holds(context)), "")
            action.setEnabled(not missing)
            tooltip = _tooltip(spec, action, missing)
            action.setToolTip(tooltip)
            action.setStatusTip(tooltip)

    def fill(self, bar: QMenuBar) -> None:
        """The menu bar, from the registry alone: every action stands in exactly one menu."""
        for title in MENUS:
            menu = bar.addMenu(title)
            menu.setToolTipsVisible(True)
            self._fill_menu(menu, title)

    def _fill_menu(self, menu: QMenu, title: str) -> None:
        specs = [spec for spec in ACTIONS if spec.menu == title]
        for section, members in groupby(specs, key=lambda spec: spec.section):
            if section and not menu.isEmpty():
                menu.addSeparator()
            menu.addActions([self[spec.name] for spec in members])

    def menu(self, parent: QWidget, *names: str) -> QMenu:
        """A menu of the named actions (``""`` is a separator): for context menus and menu buttons."""
        made = QMenu(parent)
        made.setToolTipsVisible(True)
        for name in names:
            if name:
                made.addAction(self[name])
            else:
                made.addSeparator()
        return made

    def _make(self, spec: ActionSpec) -> QAction:
        action = QAction(spec.text, self)
        action.setObjectName(spec.name)
        action.setIconText(spec.text)  # buttons keep the dots
        action.setCheckable(spec.checkable)
        action.setMenuRole(spec.role)
        action.setShortcuts(_sequences(spec))
        if spec.icon:
            action.setIcon(icon(spec.icon))
        return action


def _sequences(spec: ActionSpec) -> list[QKeySequence]:
    """The keys of a spec without repetitions (a platform's standard key may be the explicit one too)."""
    found: list[QKeySequence] = []
    for keys in spec.keys:
        bound = [QKeySequence(keys)] if isinstance(keys, str) else QKeySequence.keyBindings(keys)
        found += [sequence for sequence in bound if not sequence.isEmpty() and sequence not in found]
    return found


def _tooltip(spec: ActionSpec, action: QAction, missing: str) -> str:
    name = spec.text.rstrip("\u2026")
    keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    head = f"{name} ({keys})" if keys else name
    return f"{head}\n{f'Not now: {missing}' if missing else spec.explanation}"
