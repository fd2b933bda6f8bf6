"""Consent to try out conditional writes, and what was found: asks and shows, does nothing itself."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.catalog.conditions_words import HOW_IT_IS_DONE, found_where, verdict, what_is_written
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.format import printable
from artifact_browser.gui.common.widgets import Kind, label
from artifact_browser.storage.driver import ConditionalWrites, Support


class ConsentDialog(AppDialog):
    """*Check this store*: accepted is consent, :attr:`refused` is a no for good; closed otherwise it is put off."""

    def __init__(self, record: AccountRecord, bucket: str, parent: QWidget | None = None) -> None:
        super().__init__(
            "Check this store",
            "Check",
            parent,
            subtitle=f"Before the first commit with \u201c{printable(record.name)}\u201d",
            cancel="Not now",
            width=540,
        )
        self.refused = False
        for text in (
            "Artifact Browser can find out whether this store keeps two commits apart when several people write at the "
            "same moment.",
            what_is_written(bucket),
            "Without the check, each commit is only looked at before and after: two at the same moment can overwrite each "
            "other. A badge reminds of it.",
        ):
            self.body.addWidget(label(text, wrap=True))
        self.body.addWidget(
            label("Asked once. You can change your answer in the account\u2019s settings.", Kind.DIM, wrap=True)
        )
        self.refuse = self.add_secondary("Do not check")
        self.refuse.clicked.connect(self._refuse)
        self.primary.setFocus()  # what Enter presses

    def _refuse(self) -> None:
        self.refused = True
        self.reject()


class ConditionsDialog(AppDialog):
    """*Atomic writes*: what is known of a bucket's store, and *Check* (again)."""

    #: find it out again; answer with :meth:`show_found` or :meth:`show_failed`
    check_requested = Signal()
    #: the check is not wanted any more
    check_stopped = Signal()

    def __init__(
        self, record: AccountRecord, bucket: str, writes: ConditionalWrites, parent: QWidget | None = None
    ) -> None:
        super().__init__(
            "Atomic writes",
            "Check",
            parent,
            subtitle=f"\u201c{printable(bucket)}\u201d with \u201c{printable(record.name)}\u201d",
            cancel="Close",
            width=560,
        )
        self.verdict = label("", wrap=True, copyable=True)
        self.where = label("", Kind.DIM, wrap=True, copyable=True)
        self.how = label(HOW_IT_IS_DONE, wrap=True)
        for one in (self.verdict, self.where, self.how, label(what_is_written(bucket), Kind.DIM, wrap=True)):
            self.body.addWidget(one)
        self.checking = False
        self._show(writes)
        if writes.known or record.read_only:
            self.primary.setEnabled(False)
            self.primary.setToolTip("This account is read-only" if record.read_only else "There is nothing to find out")

    def accept(self) -> None:
        """*Check again* keeps the dialog open."""
        if self.checking or not self.primary.isEnabled():
            return
        self.checking = True
        self.set_busy(True)
        self.cancel.setText("Stop")
        self.show_note("")
        self.primary.setText("Checking\u2026")
        self.check_requested.emit()

    def reject(self) -> None:
        """*Stop* ends a check, *Close* the dialog."""
        if self.checking:
            self.check_stopped.emit()
            self._ended()
            self.show_note("Stopped. What was written is removed again.", Kind.NOTE_WARNING)
            return
        super().reject()

    def show_found(self, writes: ConditionalWrites) -> None:
        """What the check has found."""
        self._show(writes)
        self._ended()
        if writes.held is Support.YES:
            self.show_note("Commits are safe here when several people write.", Kind.NOTE_OK)
        else:
            self.show_note("Checked: there are no atomic writes here.", Kind.NOTE_WARNING)

    def show_failed(self, error: ArtifactBrowserError) -> None:
        """Why nothing could be found out; what was known before still counts."""
        self._ended()
        self.show_note(" ".join(part for part in (f"{error.title}.", error.detail, error.todo) if part))

    def _show(self, writes: ConditionalWrites) -> None:
        self._verb = "Check again" if writes.asked_us else "Check"
        self.primary.setText(self._verb)
        self.verdict.setText(verdict(writes))
        self.where.setText(found_where(writes))
        self.where.setVisible(bool(self.where.text()))
        self.how.setVisible(writes.held is not Support.YES)

    def _ended(self) -> None:
        self.checking = False
        self.set_busy(False)
        self.primary.setText(self._verb)
        self.cancel.setText("Close")
        self.grow()
