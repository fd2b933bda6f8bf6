"""The short questions around accounts: remove, a one-time code, keys for this run, signing in in the browser."""

from __future__ import annotations

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QLineEdit, QWidget

from artifact_browser.accounts.record import AccountRecord, KeySource
from artifact_browser.accounts.sign_in import SignInCode
from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.widgets import Kind, label


class RemoveAccountDialog(AppDialog):
    """*Remove account*: says what goes and what stays."""

    def __init__(self, account: AccountRecord, parent: QWidget | None = None) -> None:
        super().__init__(
            "Remove account",
            "Remove",
            parent,
            subtitle=f"\u201c{account.name}\u201d leaves the list.",
            destructive=True,
        )
        keys = {
            KeySource.KEYCHAIN: "Its keys are removed from the keychain of this computer.",
            KeySource.SESSION: "Its keys, kept for this run only, are forgotten.",
            KeySource.PROFILE: "The AWS profile itself stays as it is.",
            KeySource.NONE: "There are no keys to remove.",
        }[account.key_source]
        self.body.addWidget(label(keys, wrap=True))
        self.body.addWidget(label("Buckets and blobs stay where they are: nothing is deleted in the store.", wrap=True))
        self.body.addWidget(
            label("Transfers of this account that are under way cannot sign in any more.", Kind.DIM, wrap=True)
        )


class KeepForRunDialog(AppDialog):
    """The keychain said no: keep the keys for this run only, or go back."""

    def __init__(self, error: ArtifactBrowserError, parent: QWidget | None = None) -> None:
        super().__init__(
            "Keep keys for this run only", "Keep for this run", parent, subtitle=error.title, cancel="Back"
        )
        self.body.addWidget(label(error.detail or error.title, wrap=True))
        self.body.addWidget(
            label(
                "The keys can be kept in memory: after a restart they must be typed again. Nothing is written to a file.",
                wrap=True,
            )
        )


class CodeDialog(AppDialog):
    """*Enter code*: the one-time code a role asks for."""

    def __init__(self, account_name: str, prompt: str, parent: QWidget | None = None) -> None:
        super().__init__(
            "Enter code", "Sign in", parent, subtitle=f"\u201c{account_name}\u201d asks for a one-time code."
        )
        self.code = QLineEdit()
        self.code.setMaxLength(64)
        self.add_field("Code", self.code, hint=prompt[:200])
        self.primary.setEnabled(False)
        self.code.textChanged.connect(lambda text: self.primary.setEnabled(bool(text.strip())))

    def typed(self) -> str:
        return self.code.text().strip()


class SignInDialog(AppDialog):
    """*Sign in*: the code to compare, and the button that opens the browser. The room closes it when done."""

    def __init__(self, account_name: str, parent: QWidget | None = None) -> None:
        super().__init__(
            "Sign in", "Open browser", parent, subtitle=f"Sign in to \u201c{account_name}\u201d in the browser."
        )
        self._url = ""
        self._code = label("\u2026", Kind.TITLE, copyable=True)
        self._code.setAccessibleName("Code")
        self.body.addWidget(self._code)
        self._hint = label("Asking the sign-in service for a code.", Kind.DIM, wrap=True)
        self.body.addWidget(self._hint)
        self.primary.setEnabled(False)

    def show_code(self, shown: SignInCode) -> None:
        """The code has come; opening the browser is the person's choice."""
        self._url = shown.url
        self._code.setText(shown.code)
        host = QUrl(shown.url).host()
        self._hint.setText(f"Check that {host} shows this code, and confirm there. This closes by itself.")
        self.primary.setEnabled(True)

    def accept(self) -> None:
        """The primary button opens the browser; the dialog waits on."""
        QDesktopServices.openUrl(QUrl(self._url))
        self._hint.setText("Waiting for you to confirm in the browser\u2026")

    def finish(self) -> None:
        """Signed in."""
        super().accept()
