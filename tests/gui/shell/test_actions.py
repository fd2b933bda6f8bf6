from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from artifact_browser.gui.shell.actions import MENUS
from artifact_browser.gui.shell.context import Context
from artifact_browser.gui.shell.window import Window

#: Names a person (and a screen reader) meets; they are part of the interface.
PROMISED = {
    "Add account…", "New bucket…", "New folder…", "Upload files…", "Upload folder…", "Download…", "Copy link", "Share…",
    "Delete…", "Refresh", "Back", "Forward", "Up", "Table view", "Gallery view", "New collection…", "New artifact…",
    "Stage files…", "Commit…", "Rename…", "Copy URI", "Copy", "Cut", "Paste", "Copy to…", "Move to…", "Open", "Stop", "Discard…", "Test connection", "Preferences…",
}  # fmt: skip
KEYS = {
    "copy_link": "Ctrl+Shift+C", "address": "Ctrl+L", "filter": "Ctrl+F", "refresh": "F5", "table_view": "Ctrl+1",
    "gallery_view": "Ctrl+2", "rename": "F2", "delete": "Del", "details": "Alt+Return", "stop": "Esc", "next_pane": "F6",
    "previous_pane": "Shift+F6", "copy": "Ctrl+C", "cut": "Ctrl+X", "paste": "Ctrl+V", "quit": "Ctrl+Q",
}  # fmt: skip
#: A situation in which everything can be used.
ALL = Context(
    can_go_back=True, can_go_forward=True, can_go_up=True, built_in_account=False, bucket=True, listing=True,
    selected_blobs=1, collection=True, artifact=True, staged_artifact=True, card=True, schema=True,
    catalog_place=True,
)  # fmt: skip


def menu_actions(menu: QMenu) -> list[QAction]:
    return [action for action in menu.actions() if not action.isSeparator()]


def test_the_promised_names_are_there(window: Window) -> None:
    assert {action.text() for action in window.main.actions_} >= PROMISED


def test_every_action_explains_itself_with_its_shortcut(window: Window) -> None:
    for action in window.main.actions_:
        head, _, explanation = action.toolTip().partition("\n")
        assert head.startswith(action.text().rstrip("…"))
        assert explanation
        if not action.shortcut().isEmpty():
            assert action.shortcut().toString(QKeySequence.SequenceFormat.NativeText) in head


def test_every_action_stands_in_exactly_one_menu(window: Window) -> None:
    menus = [action.menu() for action in window.main.menuBar().actions()]
    assert [menu.title() for menu in menus] == list(MENUS)
    placed = Counter(action.objectName() for menu in menus for action in menu_actions(menu))
    assert placed == Counter(action.objectName() for action in window.main.actions_)


def test_no_two_actions_share_a_key(window: Window) -> None:
    keys = Counter(keys.toString() for action in window.main.actions_ for keys in action.shortcuts())
    assert {key: times for key, times in keys.items() if times > 1} == {}


@pytest.mark.parametrize(("name", "keys"), KEYS.items())
def test_the_keys_people_know(window: Window, name: str, keys: str) -> None:
    assert QKeySequence(keys) in window.main.actions_[name].shortcuts()


def test_everything_can_be_used_somewhere(window: Window) -> None:
    window.main.actions_.apply(ALL)
    assert [action.text() for action in window.main.actions_ if not action.isEnabled()] == []


@pytest.mark.parametrize(
    ("change", "name", "reason"),
    [
        ({"bucket": False}, "upload_files", "open a bucket first"),
        ({"read_only": True}, "delete", "this account is read-only"),
        ({"read_only": True}, "commit", "this account is read-only"),
        ({"selected_blobs": 0}, "copy_link", "select a blob first"),
        ({"selected_folders": 1}, "copy_link", "folders are selected too"),
        ({"selected_blobs": 2}, "rename", "select one blob or folder first"),
        ({"selected_blobs": 0}, "copy_to", "select blobs or folders first"),
        ({"read_only": True}, "cut", "this account is read-only"),
        ({"built_in_account": True}, "remove_account", "This computer is built in"),
        ({"listing": False}, "stop", "nothing is being listed"),
        ({"staged_artifact": False}, "discard", "staged changes"),
        ({"card": False}, "edit_card", "choose an artifact or open a collection"),
        ({"schema": False}, "schema", "open or choose a collection first"),
    ],
)
def test_a_disabled_action_says_why(window: Window, change: dict[str, object], name: str, reason: str) -> None:
    actions = window.main.actions_
    actions.apply(replace(ALL, **change))
    assert not actions[name].isEnabled()
    assert reason in actions[name].toolTip()
    actions.apply(ALL)
    assert actions[name].isEnabled()
    assert "Not now" not in actions[name].toolTip()


def test_reading_stays_possible_in_a_read_only_account(window: Window) -> None:
    actions = window.main.actions_
    actions.apply(replace(ALL, read_only=True))
    for name in ("download", "copy_link", "copy_uri", "copy", "copy_to", "open", "refresh", "share"):
        assert actions[name].isEnabled()
