"""What a screen reader meets in the main window, wide and narrow."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import pytest
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from artifact_browser.gui.shell.window import Window

Role = QAccessible.Role
INTERACTIVE = {
    Role.Button, Role.ButtonMenu, Role.ButtonDropDown, Role.CheckBox, Role.RadioButton, Role.EditableText, Role.ComboBox,
    Role.SpinBox, Role.MenuItem, Role.Table, Role.Tree, Role.List, Role.PageTab, Role.PageTabList, Role.Slider, Role.Link,
    Role.ProgressBar,
}  # fmt: skip
#: Their children are cells: asked for, never walked.
VIEWS = {Role.Table, Role.Tree, Role.List}


@dataclass(frozen=True, slots=True)
class Met:
    """One element as plain data: Qt's own interfaces must not outlive the window."""

    parent: int
    role: QAccessible.Role
    name: str
    description: str


def walk(node: QAccessibleInterface) -> list[Met]:
    found = []
    for number in range(node.childCount()):
        child = node.child(number)
        if child is None or child.state().invisible:
            continue
        name, description = (child.text(what) for what in (QAccessible.Text.Name, QAccessible.Text.Description))
        found.append(Met(QAccessible.uniqueId(node), child.role(), name, description))
        if child.role() not in VIEWS:
            found += walk(child)
    return found


def met_in(window: Window) -> list[Met]:
    return walk(QAccessible.queryAccessibleInterface(window.main))


@pytest.mark.parametrize("width", [1440, 640])
def test_everything_interactive_has_a_name_of_its_own(
    qtbot: QtBot, look: QApplication, window: Window, width: int
) -> None:
    window.main.resize(width, 800)
    qtbot.waitUntil(lambda: window.main.width() == width)
    interactive = [one for one in met_in(window) if one.role in INTERACTIVE]
    assert len(interactive) > 15
    assert [one for one in interactive if not one.name] == []
    siblings = defaultdict(list)
    for one in interactive:
        siblings[one.parent, one.role].append(one.name)
    assert [names for names in siblings.values() if len(names) != len(set(names))] == []


def test_the_promised_places_are_there(window: Window) -> None:
    names = {one.name for one in met_in(window)}
    assert {"Bucket tree", "Address", "Filter", "Details", "Transfers", "Add account…", "Upload", "Share…"} <= names
    assert window.main.accessibleName() == "Artifact Browser"
