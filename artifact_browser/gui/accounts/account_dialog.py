"""*Add account* and *Edit account*: the fields, and *Test connection* with its plain answer.

It returns an :class:`AccountDraft` and does nothing itself: testing is asked for with ``test_requested`` and answered
with :meth:`AccountDialog.show_tested`; the room saves.
"""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from artifact_browser.accounts.keychain import KeychainState
from artifact_browser.accounts.record import AccountRecord
from artifact_browser.accounts.sign_in import Profile
from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.accounts.account_form import AccountForm
from artifact_browser.gui.accounts.draft import AccountDraft, Flavour, flavour_of
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.widgets import Kind

_SUBTITLES = {
    Flavour.PROFILE: "AWS, with a profile found on this computer.",
    Flavour.AWS_KEYS: "AWS, with an access key.",
    Flavour.S3: "A store that speaks S3: MinIO, Ceph, Cloudflare, Hetzner and many more.",
    Flavour.PUBLIC: "Buckets that everybody may read; no keys needed.",
    Flavour.LOCAL: "Built in: ordinary files in a folder of this computer.",
}


class AccountDialog(AppDialog):
    """One account's settings.

    :param account: what to start from: a blank record, or the account that is edited
    """

    #: the draft to try; answer with :meth:`show_tested` or :meth:`show_failed`
    test_requested = Signal(object)

    def __init__(
        self,
        account: AccountRecord,
        profiles: tuple[Profile, ...],
        keychain: KeychainState,
        parent: QWidget | None = None,
        *,
        editing: bool = False,
    ) -> None:
        title = "Edit account" if editing else "Add account"
        super().__init__(
            title, "Save" if editing else "Add", parent, subtitle=_SUBTITLES[flavour_of(account)], width=560
        )
        self.form = AccountForm(account, profiles, keychain, editing=editing)
        self.body.addWidget(self.form)
        self._draft: AccountDraft | None = None
        self._test_had_focus = False
        self.test = self.add_secondary("Test connection")
        self.test.clicked.connect(self._test)
        self.test.setVisible(self.form.flavour is not Flavour.LOCAL)
        self.form.edited.connect(self._edited)

    def draft(self) -> AccountDraft | None:
        """What was confirmed; ``None`` before that."""
        return self._draft

    def accept(self) -> None:
        """Close if everything can be used; else the fields say what is wrong."""
        self._draft = self.form.draft()
        if self._draft is not None:
            super().accept()
        else:
            self.grow()

    def show_tested(self, sentences: list[str]) -> None:
        """The account works; further sentences are remarks."""
        self._tested()
        remark = len(sentences) > 1 and ("not encrypted" in " ".join(sentences) or "clock" in " ".join(sentences))
        self.show_note(" ".join(sentences), Kind.NOTE_WARNING if remark else Kind.NOTE_OK)

    def show_failed(self, error: ArtifactBrowserError) -> None:
        """The account does not work, in the error's words."""
        self._tested()
        self.show_note(" ".join(part for part in (f"{error.title}.", error.detail, error.todo) if part))

    def _test(self) -> None:
        draft = self.form.draft()
        if draft is None:
            self.grow()
            return
        self._test_had_focus = self.test.hasFocus()
        self.test.setEnabled(False)
        self.test.setText("Testing\u2026")
        self.show_note("")
        self.test_requested.emit(draft)

    def _tested(self) -> None:
        self.test.setEnabled(True)
        self.test.setText("Test connection")
        if self._test_had_focus:  # disabling it has sent the focus on
            self.test.setFocus()

    def _edited(self) -> None:
        self.show_note("")
        self.grow()
