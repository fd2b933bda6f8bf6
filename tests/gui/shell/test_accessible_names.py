"""What a screen reader meets in the main window, wide and narrow."""

from __future__ import annotations

from collections import defaultdict

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


def walk(node: QAccessibleInterface) -> list[tuple[QAccessibleInterface | None, QAccessibleInterface]]:
    found = []
    for number in range(node.childCount()):
        child = node.child(number)
        if child is None or child.state().invisible:
            continue
        found.append((node, child))
        if child.role() not in VIEWS:
            found += walk(child)
    return found


def name_of(node: QAccessibleInterface) -> str:
    return node.text(QAccessible.Text.Name)


@pytest.mark.parametrize("width", [1440, 640])
def test_everything_interactive_has_a_name_of_its_own(
    qtbot: QtBot, look: QApplication, window: Window, width: int
) -> None:
    window.main.resize(width, 800)
    qtbot.waitUntil(lambda: window.main.width() == width)
    met = walk(QAccessible.queryAccessibleInterface(window.main))
    interactive = [(parent, node) for parent, node in met if node.role() in INTERACTIVE]
    assert len(interactive) > 15
    assert [
        (str(node.role()), node.text(QAccessible.Text.Description)) for _, node in interactive if not name_of(node)
    ] == []
    siblings = defaultdict(list)
    for parent, node in interactive:
        siblings[QAccessible.uniqueId(parent), node.role()].append(name_of(node))
    assert [names for names in siblings.values() if len(names) != len(set(names))] == []


def test_the_promised_places_are_there(window: Window) -> None:
    met = walk(QAccessible.queryAccessibleInterface(window.main))
    names = {name_of(node) for _, node in met}
    assert {"Bucket tree", "Address", "Filter", "Details", "Add account…", "Upload", "Share…"} <= names
    assert window.main.accessibleName() == "Artifact Browser"


def test_names_end_in_dots_only_where_a_dialog_opens(window: Window) -> None:
    met = walk(QAccessible.queryAccessibleInterface(window.main))
    dotted = {name_of(node) for _, node in met if name_of(node).endswith("…") and node.role() in INTERACTIVE}
    assert dotted <= {action.text() for action in window.main.actions_ if action.text().endswith("…")}
