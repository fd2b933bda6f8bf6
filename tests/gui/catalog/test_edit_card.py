"""Editing cards and schemas as a person does it: on a real store, through the real workers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from artifact_browser.accounts.record import THIS_COMPUTER
from artifact_browser.catalog.commit import commit
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.staging import edit_fields
from artifact_browser.gui.catalog import edit_card_dialog, schema_dialog
from artifact_browser.gui.catalog.edit_card_dialog import EditCardDialog
from artifact_browser.gui.catalog.schema_dialog import SchemaDialog
from artifact_browser.gui.catalog.text_pane import TextPane
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.location import Location
from tests.catalog.making import exists, plain, put, stage, stage_and_commit

TIMEOUT_MS = 15_000
SCHEMA = {
    "required": ["license"],
    "properties": {"version": {"type": "string"}, "cite": {"items": {"required": ["text"]}}},
}


class Hands:
    """Opens dialogs and waits until what is typed was checked."""

    def __init__(self, qtbot: QtBot, room: Any, dialog: Callable[[str], Any]) -> None:
        self.qtbot, self.room, self.dialog = qtbot, room, dialog

    def edit(self, key: str) -> EditCardDialog:
        self.room.editing.edit_card(self.room.record, self.room.at(key))
        opened: EditCardDialog = self.dialog("Edit card")
        self.checked(opened)
        return opened

    def schema(self, key: str) -> SchemaDialog:
        self.room.editing.edit_schema(self.room.record, self.room.at(key))
        opened: SchemaDialog = self.dialog("Schema")
        self.checked(opened)
        return opened

    def checked(self, opened: EditCardDialog | SchemaDialog) -> None:
        def is_checked() -> bool:
            number = opened._draft.number if isinstance(opened, EditCardDialog) else opened._number
            return opened._checked == number

        self.qtbot.waitUntil(is_checked, timeout=TIMEOUT_MS)

    def write(self, pane: TextPane, text: str) -> None:
        pane.selectAll()
        pane.insertPlainText(text)

    def press(self, made: Any) -> None:
        assert made.isEnabled()
        self.qtbot.mouseClick(made, Qt.MouseButton.LeftButton)

    def gone(self, name: str) -> None:
        self.qtbot.waitUntil(
            lambda: not any(w.isVisible() and w.accessibleName() == name for w in QApplication.topLevelWidgets()),
            timeout=TIMEOUT_MS,
        )


@pytest.fixture
def hands(qtbot: QtBot, room: Any, dialog: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> Hands:
    for module in (edit_card_dialog, schema_dialog):
        monkeypatch.setattr(module, "DEBOUNCE_MS", 10)
    return Hands(qtbot, room, dialog)


def set_schema(driver: Driver, zoo: Place, schema: Any) -> None:
    edit_fields(driver, zoo, {"collection_schema": schema})
    commit(driver, zoo)


def test_form_and_text_are_the_same_card_and_unknown_keys_survive(
    qtbot: QtBot, room: Any, driver: Driver, zoo: Place, hands: Hands
) -> None:
    fields = {"type": "dataset", "name": "Lion", "x-lab": {"deep": [1]}, "authors": [{"name": "Ada", "orcid": "1"}]}
    put(driver, "bucket", "zoo/lion/manifest.yaml", yaml.dump({**fields, "files": [{"path": "a", "w": 2}]}))
    opened = hands.edit("zoo/lion/")
    assert not opened.primary.isEnabled()
    assert opened.form.text_of("authors") == "Ada"
    qtbot.keyClicks(opened.form.field("description"), "A large cat")
    opened.form.field("authors").setPlainText("Bob\nAda")
    hands.checked(opened)
    written = yaml.safe_load(opened.text.toPlainText())
    assert written == fields | {
        "description": "A large cat",
        "authors": [{"name": "Bob"}, {"name": "Ada", "orcid": "1"}],
    }
    opened.pages.setCurrentIndex(1)
    hands.write(opened.text, opened.text.toPlainText() + "tags: [big, cat]\nconfig: {a: 1}\n")
    hands.checked(opened)
    assert opened.form.text_of("tags") == "big, cat"
    hands.press(opened.primary)
    hands.gone("Edit card")
    seen = plain(driver, "bucket", "zoo/lion/_manifest.yaml")
    del seen["_commit"]
    assert seen == written | {"tags": ["big", "cat"], "config": {"a": 1}, "files": [{"path": "a", "w": 2}]}
    assert plain(driver, "bucket", "zoo/lion/manifest.yaml")["name"] == "Lion"


def test_a_bad_text_cannot_be_saved_says_where_and_is_not_lost(
    qtbot: QtBot, driver: Driver, zoo: Place, hands: Hands
) -> None:
    stage(driver, zoo, "lion")
    opened = hands.edit("zoo/lion/")
    opened.pages.setCurrentIndex(1)
    bad = "name: Lion\ntype: dataset\ntags: ]\nmine: kept\n"
    hands.write(opened.text, bad)
    hands.checked(opened)
    assert not opened.primary.isEnabled()
    assert "cannot be saved" in opened.note.text()
    assert opened.text.marked_lines() == (3,)
    opened.pages.setCurrentIndex(0)
    assert not opened.form.isEnabled()
    hands.qtbot.mouseClick(
        opened.problems.viewport(),
        Qt.MouseButton.LeftButton,
        pos=opened.problems.visualRect(opened.problems.model_.index(0)).center(),
    )
    assert opened.pages.currentIndex() == 1
    assert opened.text.textCursor().blockNumber() == 2
    assert opened.text.toPlainText() == bad
    hands.write(opened.text, bad.replace("]", "[x]"))
    hands.checked(opened)
    assert opened.primary.isEnabled()
    assert opened.form.isEnabled()
    opened.reject()
    assert opened.isVisible()
    assert "Cancel once more" in opened.note.text()
    opened.reject()
    hands.gone("Edit card")
    assert "mine" not in plain(driver, "bucket", "zoo/lion/_manifest.yaml")


def test_faults_of_the_schema_lead_to_their_field_or_line(driver: Driver, zoo: Place, hands: Hands) -> None:
    set_schema(driver, zoo, SCHEMA)
    stage(driver, zoo, "lion", version=3, git_repo=5, cite=[{"text": "x"}, {}])
    opened = hands.edit("zoo/lion/")
    assert opened.problems_head.text() == "3 things in the way of a commit · 1 to mind"
    assert opened.problems.texts() == [
        "“cite”, entry 2, “text” is missing.",
        "“license” is missing.",
        "“version” must be text, not the number 3 (put it in quotes to make it text).",
        "YAML reads “git_repo” as the number 5: put it in quotes to make it text.",
    ]
    opened.go_to(opened.problems.model_.row(1))
    assert opened.form.field("license").hasFocus()
    hands.qtbot.keyClicks(opened.form.field("license"), "MIT")
    opened.form.field("version").setText("3.1")
    opened.form.field("git_repo").clear()
    hands.checked(opened)
    assert opened.problems.texts() == ["“cite”, entry 2, “text” is missing."]
    opened.problems.chosen.emit(opened.problems.model_.row(0))
    assert opened.pages.currentIndex() == 1
    assert opened.text.textCursor().block().text() == "- {}"
    assert opened.problems.texts() == ["Line 3: “cite”, entry 2, “text” is missing."]
    assert opened.primary.isEnabled()  # a staged card is a draft: it may be saved so
    hands.press(opened.primary)
    hands.gone("Edit card")
    assert plain(driver, "bucket", "zoo/lion/_manifest.yaml")["version"] == "3.1"


def test_somebody_elses_edit_is_told_and_the_text_stays(driver: Driver, zoo: Place, hands: Hands) -> None:
    place = stage(driver, zoo, "lion")
    opened = hands.edit("zoo/lion/")
    opened.form.field("name").setText("Mine")
    hands.checked(opened)
    edit_fields(driver, place, {"name": "Theirs", "tags": ["x"]})
    hands.press(opened.primary)
    hands.qtbot.waitUntil(lambda: opened.primary.text() == "Save mine", timeout=TIMEOUT_MS)
    assert "Somebody changed “name”, “tags” meanwhile" in opened.note.text()
    assert "name: Mine" in opened.text.toPlainText()
    assert plain(driver, "bucket", place.staged_key)["name"] == "Theirs"
    hands.press(opened.load_theirs)
    hands.checked(opened)
    assert opened.form.text_of("name") == "Theirs"
    assert not opened.primary.isEnabled()
    opened.text.undo()
    hands.checked(opened)
    assert opened.form.text_of("name") == "Mine"
    hands.press(opened.primary)
    hands.gone("Edit card")
    assert plain(driver, "bucket", place.staged_key)["name"] == "Mine"


def test_a_collections_card_is_edited_and_committed_with_its_list(
    qtbot: QtBot, room: Any, driver: Driver, zoo: Place, hands: Hands, dialog: Callable[[str], Any]
) -> None:
    stage_and_commit(driver, zoo, "lion")
    room.show(room.at("zoo/"))
    qtbot.waitUntil(lambda: "index up to date" in room.gallery.header.state.text(), timeout=TIMEOUT_MS)
    assert room.gallery.at_hand.subject == room.at("zoo/")
    opened = hands.edit("zoo/")
    assert not opened.form.field("type").isEnabled()
    opened.form.field("description").setPlainText("Animals")
    hands.checked(opened)
    hands.press(opened.primary)
    hands.gone("Edit card")
    qtbot.waitUntil(
        lambda: "an edit of the collection is staged" in room.gallery.header.state.text(), timeout=TIMEOUT_MS
    )
    assert room.gallery.at_hand.subject_is_staged
    room.catalog.commit(room.record, room.gallery.at_hand.subject)
    hands.press(dialog("Commit").primary)
    qtbot.waitUntil(lambda: not exists(driver, "bucket", zoo.staged_key), timeout=TIMEOUT_MS)
    seen = plain(driver, "bucket", zoo.committed_key)
    assert (seen["description"], [entry["_id"] for entry in seen["collection"]]) == ("Animals", ["lion"])
    room.gallery.select("zoo/lion/")
    assert room.gallery.at_hand.subject == room.at("zoo/lion/")
    assert room.gallery.at_hand.subject_collection == room.at("zoo/")


def test_a_schema_is_typed_checked_and_saved(
    qtbot: QtBot, room: Any, driver: Driver, zoo: Place, hands: Hands, dialog: Callable[[str], Any]
) -> None:
    opened = hands.schema("zoo/")
    assert opened.state.text() == "No schema: children may say anything"
    assert not opened.remove.isEnabled()
    hands.write(opened.text, '{\n "required": "license",\n "properties": {"name": {"pattern": "(?=x)"}}}')
    hands.checked(opened)
    assert opened.text.marked_lines() == (2, 3)
    assert not opened.primary.isEnabled()
    assert not opened.check_children.isEnabled()
    opened.problems.chosen.emit(opened.problems.model_.row(1))
    assert opened.text.textCursor().blockNumber() == 2
    opened.templates.setCurrentIndex(1)
    opened.templates.activated.emit(1)
    hands.checked(opened)
    assert "Requires type, name, description, license, authors" in opened.state.text()
    hands.press(opened.primary)
    hands.gone("Schema")
    assert plain(driver, "bucket", zoo.staged_key)["collection_schema"]["title"] == "Data set"
    room.catalog.commit(room.record, room.at("zoo/"))
    hands.press(dialog("Commit").primary)
    qtbot.waitUntil(lambda: not exists(driver, "bucket", zoo.staged_key), timeout=TIMEOUT_MS)
    again = hands.schema("zoo/")
    hands.press(again.remove)
    hands.gone("Schema")
    assert "collection_schema" not in plain(driver, "bucket", zoo.staged_key)


def test_children_that_a_schema_would_refuse_are_listed_and_opened(
    qtbot: QtBot, room: Any, driver: Driver, zoo: Place, hands: Hands
) -> None:
    put(driver, "bucket", "zoo/good/manifest.yaml", "type: dataset\nlicense: MIT\n")
    put(driver, "bucket", "zoo/bad/manifest.yaml", "type: dataset\n")
    opened = hands.schema("zoo/")
    hands.write(opened.text, "required: [license]\n")
    hands.checked(opened)
    hands.press(opened.check_children)
    room.editing.edit_schema(room.record, room.at("zoo/"))  # it is open already
    qtbot.waitUntil(lambda: "1 of 2 children would not pass." in opened.progress.text(), timeout=TIMEOUT_MS)
    rows = opened.children_list.model_
    assert [rows.index(0, column).data() for column in (0, 1)] == ["bad", "“license” is missing."]
    opened.children_list.activated.emit(rows.index(0, 0))
    qtbot.waitUntil(room.gallery.artifact_view.isVisible, timeout=TIMEOUT_MS)
    assert room.gallery.location.key == "zoo/bad/"
    assert opened.isVisible()
    hands.write(opened.text, "type: object\n")
    hands.checked(opened)
    hands.press(opened.check_children)
    qtbot.waitUntil(lambda: "All 2 children pass." in opened.progress.text(), timeout=TIMEOUT_MS)
    hands.press(opened.check_children)
    opened._stop()
    assert opened.progress.text().startswith("Stopped:")
    assert opened.check_children.isEnabled()
    assert len([w for w in QApplication.topLevelWidgets() if isinstance(w, SchemaDialog) and w.isVisible()]) == 1
    opened.reject()
    opened.reject()


def test_a_schema_changed_meanwhile_is_a_conflict(driver: Driver, zoo: Place, hands: Hands) -> None:
    opened = hands.schema("zoo/")
    hands.write(opened.text, "required: [license]\n")
    hands.checked(opened)
    edit_fields(driver, zoo, {"collection_schema": {"required": ["name"]}})
    hands.press(opened.primary)
    hands.qtbot.waitUntil(lambda: opened.primary.text() == "Save mine", timeout=TIMEOUT_MS)
    assert opened.text.toPlainText() == "required: [license]\n"
    assert plain(driver, "bucket", zoo.staged_key)["collection_schema"] == {"required": ["name"]}
    hands.press(opened.primary)
    hands.gone("Schema")
    assert plain(driver, "bucket", zoo.staged_key)["collection_schema"] == {"required": ["license"]}


def test_a_new_artifact_is_asked_for_what_the_schema_requires(
    qtbot: QtBot, room: Any, driver: Driver, zoo: Place, hands: Hands, dialog: Callable[[str], Any]
) -> None:
    known = {
        "license": {"enum": ["MIT", "BSD"]},
        "lab": {"type": "string"},
        "authors": {"type": "array"},
        "type": {"const": "model"},
    }
    set_schema(driver, zoo, {"required": ["license", "authors", "cite", "lab"],
                             "properties": {**known, "cite": {"type": "array"}}})  # fmt: skip
    room.catalog.new_artifact(room.record, room.at("zoo/"))
    asked = dialog("New artifact")
    assert [asked.type.itemText(at) for at in range(asked.type.count())] == ["Model"]
    assert set(asked._more) == {"license", "authors", "lab"}
    assert any("also asks for “cite”" in words.text() for words in asked.findChildren(type(asked.heading)))
    qtbot.keyClicks(asked.name, "Net")
    asked._more["license"].setCurrentText("BSD")
    asked._more["authors"].setPlainText("Ada\nBob")
    asked._more["lab"].setText("B 12")
    hands.press(asked.primary)
    qtbot.waitUntil(lambda: exists(driver, "bucket", "zoo/net/_manifest.yaml"), timeout=TIMEOUT_MS)
    seen = plain(driver, "bucket", "zoo/net/_manifest.yaml")
    assert (seen["type"], seen["license"], seen["lab"]) == ("model", "BSD", "B 12")
    assert seen["authors"] == [{"name": "Ada"}, {"name": "Bob"}]


def test_the_windows_actions_lead_to_the_dialogs(
    qtbot: QtBot, window: Any, driver: Driver, zoo: Place, dialog: Callable[[str], Any]
) -> None:
    stage_and_commit(driver, zoo, "lion")
    actions = window.main.actions_
    window.main.centre.show_gallery()
    window.main.navigator.go(Location(THIS_COMPUTER, "bucket", "zoo/"))
    qtbot.waitUntil(
        lambda: actions["schema"].isEnabled() and window.catalog.gallery.model.total == 1, timeout=TIMEOUT_MS
    )
    for name, title in (("edit_card", "Edit card"), ("schema", "Schema")):
        actions[name].trigger()
        opened = dialog(title)
        assert "The zoo" in opened.subtitle.text()
        opened.reject()
    assert not actions["commit"].isEnabled()
    edit_fields(driver, zoo, {"description": "Animals"})
    window.main.navigator.refresh()
    qtbot.waitUntil(actions["commit"].isEnabled, timeout=TIMEOUT_MS)
    window.catalog.gallery.select("zoo/lion/")
    qtbot.waitUntil(lambda: not actions["commit"].isEnabled(), timeout=TIMEOUT_MS)  # the lion's own card is at hand now
    actions["edit_card"].trigger()
    opened = dialog("Edit card")
    assert "Lion" in opened.subtitle.text()
    opened.reject()
