"""Dialog, error sheet, toast and state view: what they say, what they keep from saying, how they are reached."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from artifact_browser.errors import AccessDenied, ConnectionFailed, ServerFault
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.error_sheet import show_error
from artifact_browser.gui.common.state_view import State, StateView
from artifact_browser.gui.common.toast import Toast, show_toast

SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"
SIGNATURE = "a1" * 32
SIGNED = f"https://s3.lab.example/b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature={SIGNATURE}"


def texts(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget))


def test_an_error_sheet_says_cause_kept_and_advice(qtbot: QtBot, look: QApplication) -> None:
    sheet = show_error(None, AccessDenied("You may not write here.", subject="s3://b/k", kept="2 of 3 were uploaded."))
    qtbot.addWidget(sheet)
    said = texts(sheet)
    for part in ("Access denied", "You may not write here.", "s3://b/k", "2 of 3 were uploaded.", "Ask the bucket"):
        assert part in said
    assert sheet.accessibleName() == "Access denied"


def test_an_error_sheet_never_shows_or_copies_a_signature(qtbot: QtBot, look: QApplication) -> None:
    technical = f"403 for {SIGNED} with secret_access_key={SECRET}"
    sheet = show_error(None, ServerFault(f"The link {SIGNED} failed.", subject=SIGNED, technical=technical))
    qtbot.addWidget(sheet)
    qtbot.mouseClick(sheet.copy_button, Qt.MouseButton.LeftButton)
    copied = QGuiApplication.clipboard().text()
    assert "403" in copied
    for text in (copied, texts(sheet)):
        assert SIGNATURE not in text
        assert SECRET not in text


def test_an_error_sheets_one_primary_action_runs(qtbot: QtBot, look: QApplication) -> None:
    done: list[bool] = []
    error = ConnectionFailed("No route.")
    sheet = show_error(None, error, action_label="Try again", action=lambda: done.append(True))
    qtbot.addWidget(sheet)
    primaries = [one for one in sheet.findChildren(QPushButton) if one.property("kind") == "primary"]
    assert [one.text() for one in primaries] == ["Try again"]
    qtbot.mouseClick(primaries[0], Qt.MouseButton.LeftButton)
    assert done == [True]


def test_a_dialog_begins_in_its_first_field_and_names_it(qtbot: QtBot, look: QApplication) -> None:
    dialog = AppDialog("New bucket", "Create")
    qtbot.addWidget(dialog)
    field = QLineEdit()
    dialog.add_field("Name", field, hint="3 to 63 letters")
    with qtbot.waitExposed(dialog):
        dialog.open()
    assert dialog.focusWidget() is field
    assert (field.accessibleName(), field.accessibleDescription()) == ("Name", "3 to 63 letters")
    assert dialog.primary.isDefault()
    reached = []
    for _ in range(3):
        reached.append(dialog.focusWidget().accessibleName() or dialog.focusWidget().text())
        qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Tab)
    assert reached == ["Name", "Cancel", "Create"]


def test_a_dialog_that_deletes_does_not_delete_on_enter(qtbot: QtBot, look: QApplication) -> None:
    dialog = AppDialog("Delete bucket", "Delete", destructive=True)
    qtbot.addWidget(dialog)
    with qtbot.waitExposed(dialog):
        dialog.open()
    dialog.cancel.setFocus()
    with qtbot.assertNotEmitted(dialog.accepted):
        qtbot.keyClick(dialog, Qt.Key.Key_Return)


def test_a_note_makes_its_dialog_grow(qtbot: QtBot, look: QApplication) -> None:
    dialog = AppDialog("New bucket", "Create")
    qtbot.addWidget(dialog)
    field = QLineEdit()
    dialog.add_field("Name", field)
    with qtbot.waitExposed(dialog):
        dialog.open()
    before = dialog.height()
    dialog.show_note("Bucket names have small letters only. " * 6)
    assert dialog.height() > before
    assert dialog.note.text().startswith("Bucket names")
    assert field.height() >= 30
    dialog.show_note("")
    assert dialog.note.text() == ""


def test_a_toast_takes_the_place_of_the_one_before(qtbot: QtBot, look: QApplication) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(600, 300)
    window.show()
    done: list[bool] = []
    show_toast(window, "First")
    toast = show_toast(window, "Link copied", "Show", lambda: done.append(True))
    qtbot.waitUntil(lambda: len(window.findChildren(Toast)) == 1)
    assert "Link copied" in texts(toast)
    assert window.rect().contains(toast.geometry())
    window.resize(300, 300)
    assert window.rect().contains(toast.geometry())
    qtbot.mouseClick(toast.action, Qt.MouseButton.LeftButton)
    assert done == [True]
    qtbot.waitUntil(lambda: not window.findChildren(Toast))


def test_states_differ_and_failed_is_not_empty(qtbot: QtBot, look: QApplication) -> None:
    view = StateView()
    qtbot.addWidget(view)
    view.resize(600, 400)
    view.show()
    pictures = []
    for state in State:
        view.show_state(state, "A sentence.", action_label="Do it")
        pictures.append(view.grab().toImage())
    assert all(one != other for i, one in enumerate(pictures) for other in pictures[:i])
    view.show_error(AccessDenied("You may not list."), action_label="Try again")
    assert "Access denied" in texts(view)
    assert "You may not list." in texts(view)
    with qtbot.waitSignal(view.action_chosen):
        qtbot.mouseClick(view.findChild(QPushButton), Qt.MouseButton.LeftButton)
