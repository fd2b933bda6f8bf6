"""The account dialogs as a person uses them, over the real services, on moto."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from artifact_browser.accounts.keychain import KeychainState
from artifact_browser.accounts.lease import CodeWanted
from artifact_browser.accounts.record import AccountKind, KeySource
from artifact_browser.accounts.sign_in import Profile
from artifact_browser.bootstrap import Services
from artifact_browser.errors import CredentialsMissing
from artifact_browser.gui.accounts.account_dialog import AccountDialog
from artifact_browser.gui.accounts.accounts_room import AccountsRoom
from artifact_browser.gui.accounts.choose_kind_dialog import ChooseKindDialog
from artifact_browser.gui.accounts.draft import Flavour, blank_record
from artifact_browser.gui.accounts.small_dialogs import CodeDialog, RemoveAccountDialog
from artifact_browser.gui.common.bridge import Bridge
from tests.parts.s3_server import S3Server

HAVE = KeychainState(True, "Secret Service")
NONE = KeychainState(False, reason="There is none.")


@pytest.fixture
def parent(qtbot: QtBot, look: QApplication) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(900, 700)
    made.show()
    return made


@pytest.fixture
def room(parent: QWidget, services: Services) -> Iterator[AccountsRoom]:
    bridge = Bridge(services.pool, parent)
    yield AccountsRoom(services, bridge, parent)
    bridge.close()


def opened(qtbot: QtBot, parent: QWidget, kind: type[QDialog]) -> QDialog:
    """The dialog of this kind that is shown."""

    def find() -> QDialog | None:
        return next((one for one in parent.findChildren(kind) if one.isVisible()), None)

    qtbot.waitUntil(lambda: find() is not None, timeout=20_000)
    found = find()
    assert found is not None
    return found


def dialog_of(qtbot: QtBot, flavour: Flavour, keychain: KeychainState = HAVE, *profiles: Profile) -> AccountDialog:
    made = AccountDialog(blank_record(flavour, "abc", "#1A7F4B"), profiles, keychain)
    qtbot.addWidget(made)
    made.show()
    return made


def test_labels_are_the_fields_names(qtbot: QtBot, look: QApplication) -> None:
    dialog = dialog_of(qtbot, Flavour.S3)
    assert dialog.accessibleName() == "Add account"
    named = {edit.accessibleName() for edit in dialog.findChildren(QLineEdit)}
    assert {"Name", "Endpoint", "Access key", "Secret key", "Region", "CA file", "Public endpoint for links"} <= named
    assert dialog.test.text() == "Test connection"


def test_what_is_wrong_is_said_beside_the_field(qtbot: QtBot, look: QApplication) -> None:
    dialog = dialog_of(qtbot, Flavour.S3)
    dialog.form.endpoint.setText("s3.example.org")
    qtbot.mouseClick(dialog.primary, Qt.MouseButton.LeftButton)
    assert dialog.isVisible()
    problems = {name: field.problem() for name, field in dialog.form.fields.items() if field.problem()}
    assert set(problems) == {"name", "endpoint", "access_key", "secret_key"}
    assert "https://" in problems["endpoint"]
    qtbot.keyClicks(dialog.form.name, "Lab")
    assert dialog.form.fields["name"].problem() == ""


def test_the_secret_is_hidden_until_shown_and_not_in_the_drafts_text(qtbot: QtBot, look: QApplication) -> None:
    dialog = dialog_of(qtbot, Flavour.AWS_KEYS)
    qtbot.keyClicks(dialog.form.name, "Prod")
    qtbot.keyClicks(dialog.form.access_key, "AKIAX")
    qtbot.keyClicks(dialog.form.secret_key, "hush-hush")
    assert dialog.form.secret_key.displayText() != "hush-hush"
    dialog.accept()
    draft = dialog.draft()
    assert draft is not None
    assert draft.secret is not None
    assert draft.secret.secret_key == "hush-hush"
    assert "hush" not in repr(draft)
    assert draft.record.key_source is KeySource.KEYCHAIN


def test_where_the_keys_go_is_said(qtbot: QtBot, look: QApplication) -> None:
    kept = dialog_of(qtbot, Flavour.S3, HAVE)
    assert kept.form.remember.text() == "Keep the keys in Secret Service"
    assert kept.form.remember.isVisible()
    lost = dialog_of(qtbot, Flavour.S3, NONE)
    assert lost.form.run_only.isVisible()
    assert lost.form.run_only.text().startswith("For this run only")
    lost.form.anonymous.setChecked(True)
    assert not lost.form.run_only.isVisible()
    assert not lost.form.access_key.isVisible()


def test_editing_leaves_keys_unchanged_unless_typed(qtbot: QtBot, look: QApplication) -> None:
    record = blank_record(Flavour.AWS_KEYS, "abc", "#1A7F4B")
    dialog = AccountDialog(record, (), HAVE, editing=True)
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.form.secret_key.text() == ""
    assert dialog.form.secret_key.placeholderText() == "unchanged"
    qtbot.keyClicks(dialog.form.name, "Prod")
    dialog.accept()
    draft = dialog.draft()
    assert draft is not None
    assert draft.secret is None
    assert draft.saved_record().secret_revision == 0


def test_a_profile_account_goes_by_its_profile(qtbot: QtBot, look: QApplication) -> None:
    dialog = dialog_of(qtbot, Flavour.PROFILE, HAVE, Profile("lab", sso=True))
    dialog.accept()
    draft = dialog.draft()
    assert draft is not None
    assert (draft.record.name, draft.record.profile, draft.record.key_source) == ("AWS lab", "lab", KeySource.PROFILE)


def test_add_test_and_remove_an_account(
    qtbot: QtBot, room: AccountsRoom, parent: QWidget, services: Services, moto: S3Server
) -> None:
    room.add()
    chooser = opened(qtbot, parent, ChooseKindDialog)
    assert isinstance(chooser, ChooseKindDialog)
    qtbot.mouseClick(chooser.cards[Flavour.S3], Qt.MouseButton.LeftButton)
    dialog = opened(qtbot, parent, AccountDialog)
    assert isinstance(dialog, AccountDialog)
    for edit, text in ((dialog.form.name, "Moto"), (dialog.form.endpoint, moto.endpoint),
                       (dialog.form.access_key, moto.access_key), (dialog.form.secret_key, moto.secret_key)):  # fmt: skip
        qtbot.keyClicks(edit, text)
    qtbot.mouseClick(dialog.test, Qt.MouseButton.LeftButton)
    assert dialog.test.text() == "Testing\u2026"
    qtbot.waitUntil(lambda: dialog.note.text() != "", timeout=30_000)
    assert dialog.note.text().startswith("Connected")
    assert [record.id for record in services.book.all()] == ["this-computer"]
    with qtbot.waitSignal(room.account_added, timeout=10_000) as added:
        qtbot.mouseClick(dialog.primary, Qt.MouseButton.LeftButton)
    record = services.book.get(added.args[0])
    assert (record.kind, record.name, record.key_source) == (AccountKind.S3, "Moto", KeySource.SESSION)
    assert moto.secret_key not in services.paths.accounts_file.read_text()
    room.remove(record.id)
    question = opened(qtbot, parent, RemoveAccountDialog)
    assert question.accessibleName() == "Remove account"
    with qtbot.waitSignal(room.accounts_changed, timeout=10_000):
        question.accept()
    assert [one.id for one in services.book.all()] == ["this-computer"]


@pytest.mark.parametrize("typed", ["123456", ""])
def test_who_closes_the_dialog_for_a_code_has_answered(
    qtbot: QtBot, room: AccountsRoom, parent: QWidget, typed: str
) -> None:
    """Whoever waits for it would ask again otherwise, without end."""
    answers: list[object] = []
    room._on_code_wanted(CodeWanted("a", "MFA code: "), answers.append)
    dialog = opened(qtbot, parent, CodeDialog)
    assert isinstance(dialog, CodeDialog)
    if typed:
        qtbot.keyClicks(dialog.code, typed)
        qtbot.mouseClick(dialog.primary, Qt.MouseButton.LeftButton)
    else:
        qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: bool(answers), timeout=20_000)
    assert answers == [typed] if typed else isinstance(answers[0], CredentialsMissing)


def test_a_failed_test_says_why(qtbot: QtBot, room: AccountsRoom, parent: QWidget) -> None:
    room.add(Flavour.S3)
    dialog = opened(qtbot, parent, AccountDialog)
    assert isinstance(dialog, AccountDialog)
    for edit, text in ((dialog.form.name, "X"), (dialog.form.endpoint, "http://127.0.0.1:9"),
                       (dialog.form.access_key, "A"), (dialog.form.secret_key, "B")):  # fmt: skip
        qtbot.keyClicks(edit, text)
    qtbot.mouseClick(dialog.test, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.note.text() != "", timeout=30_000)
    assert dialog.note.text().startswith("No connection")
    assert dialog.test.isEnabled()
    dialog.reject()
