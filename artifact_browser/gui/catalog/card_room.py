"""Editing cards and schemas: opens the dialog, runs its jobs, tells how it ended."""

from __future__ import annotations

from collections.abc import Callable

import shiboken6
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.catalog import card_jobs, name_jobs
from artifact_browser.catalog.artifact_name import ArtifactName
from artifact_browser.catalog.card_text import CardText
from artifact_browser.catalog.layout import Place, place_of
from artifact_browser.catalog.schema_text import SchemaText
from artifact_browser.errors import ArtifactBrowserError, CommitConflict, InputError
from artifact_browser.gui.catalog.edit_card_dialog import CardChoice, CardDraft, EditCardDialog
from artifact_browser.gui.catalog.schema_dialog import SchemaChoice, SchemaDialog, SchemaDraft
from artifact_browser.gui.common.bridge import Bridge, Task
from artifact_browser.gui.common.error_sheet import show_error
from artifact_browser.gui.common.format import printable
from artifact_browser.gui.common.toast import show_toast
from artifact_browser.storage.location import Location
from artifact_browser.workers.job import Job

#: Letters of a text that is edited here; a longer one is a file to be edited as one.
MAX_LETTERS = 1_000_000


class CardRoom(QObject):
    """``parent`` is the window its dialogs stand over."""

    #: cards at or below this :class:`Location` are not what they were: look again
    catalog_changed = Signal(object)
    #: ``(record, location)``: what was staged is to be committed
    commit_requested = Signal(object, object)
    #: a child's :class:`Location` to go to
    location_chosen = Signal(object)

    def __init__(self, bridge: Bridge, parent: QWidget) -> None:
        super().__init__(parent)
        self._bridge, self._window = bridge, parent
        self._schemas: dict[tuple[str, Place], SchemaDialog] = {}

    # -- cards --------------------------------------------------------------------------------------------------
    def edit_card(self, record: AccountRecord, location: Location) -> None:
        """Open the card at ``location`` (an artifact's or a collection's) for editing."""

        def show(card: CardText) -> None:
            if len(card.text) > MAX_LETTERS:
                self._show(_too_long())
                return
            dialog = EditCardDialog(card, self._window)
            _CardWork(
                self._bridge, dialog, record, place_of(location), card, lambda: self._staged(record, location, "Card")
            )
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()
            dialog.begin()

        self._bridge.run(card_jobs.open_card, record, place_of(location), owner=self, on_done=show, on_error=self._show)

    # -- schemas ------------------------------------------------------------------------------------------------
    def edit_schema(self, record: AccountRecord, location: Location) -> None:
        """Open the schema of the collection at ``location``; its window lets one work on children beside it."""
        place = place_of(location)
        opened = self._schemas.get((record.id, place))
        if opened is not None and shiboken6.isValid(opened) and opened.isVisible():
            opened.raise_()
            opened.activateWindow()
            return

        def show(schema: SchemaText) -> None:
            if len(schema.text) > MAX_LETTERS:
                self._show(_too_long())
                return
            dialog = SchemaDialog(schema, self._window, read_only=record.read_only)
            _SchemaWork(self._bridge, dialog, record, place, lambda: self._staged(record, location, "Schema"))
            dialog.child_chosen.connect(
                lambda prefix: self.location_chosen.emit(Location(location.account_id, location.bucket, prefix))
            )
            dialog.finished.connect(dialog.deleteLater)
            self._schemas[(record.id, place)] = dialog
            dialog.show()
            dialog.begin()

        self._bridge.run(card_jobs.open_schema, record, place, owner=self, on_done=show, on_error=self._show)

    # -- inside -------------------------------------------------------------------------------------------------
    def _staged(self, record: AccountRecord, location: Location, what: str) -> None:
        place = place_of(location)
        folder = Location(location.account_id, location.bucket, place.prefix)
        show_toast(
            self._window,
            f"{what} of \u201c{printable(place.name)}\u201d staged",
            "Commit\u2026",
            lambda: self.commit_requested.emit(record, folder),
        )
        self.catalog_changed.emit(folder)

    def _show(self, error: ArtifactBrowserError) -> None:
        show_error(self._window, error)


class _EditWork(QObject):
    """The jobs of a dialog that edits a manifest as text; ends with it."""

    save_job: Job
    open_job: Job

    def __init__(
        self,
        bridge: Bridge,
        dialog: EditCardDialog | SchemaDialog,
        record: AccountRecord,
        place: Place,
        staged: Callable[[], None],
    ) -> None:
        super().__init__(dialog)
        self._bridge, self._editor, self._record, self._place = bridge, dialog, record, place
        self._staged = staged
        self._checking: Task | None = None
        dialog.save_wanted.connect(self._save)

    def _begin_check(self, number: int, job: Job, *args: object) -> None:
        """Check a draft in the place of the one before."""
        if self._checking is not None:
            self._checking.cancel()
        self._checking = self._bridge.run(
            job, *args, owner=self, on_done=lambda found: self._editor.show_check(number, found),
            on_error=self._editor.show_failure,
        )  # fmt: skip

    def _save(self, choice: CardChoice | SchemaChoice) -> None:
        def done(written: bool) -> None:
            self._editor.accept()
            if written:
                self._staged()

        self._bridge.run(
            self.save_job, self._record, self._place, choice.text, choice.base_text,
            owner=self, on_done=done, on_error=self._failed,
        )  # fmt: skip

    def _failed(self, error: ArtifactBrowserError) -> None:
        if not isinstance(error, CommitConflict):
            self._editor.show_failure(error)
            return
        self._bridge.run(
            self.open_job, self._record, self._place, owner=self,
            on_done=lambda theirs: self._editor.show_conflict(error, theirs), on_error=self._editor.show_failure,
        )  # fmt: skip


class _CardWork(_EditWork):
    save_job = staticmethod(card_jobs.save_card)
    open_job = staticmethod(card_jobs.open_card)

    def __init__(
        self,
        bridge: Bridge,
        dialog: EditCardDialog,
        record: AccountRecord,
        place: Place,
        card: CardText,
        staged: Callable[[], None],
    ) -> None:
        super().__init__(bridge, dialog, record, place, staged)
        self._card = card
        dialog.check_wanted.connect(self._check)
        self._page = dialog.naming
        self._page.name_wanted.connect(self._ask_name)

    def _ask_name(self, name: ArtifactName) -> None:
        self._bridge.run(
            name_jobs.resolve_name, self._record, self._place.bucket, name, owner=self,
            on_done=lambda entry: self._page.show_entry(name, entry, self._place),
            on_error=lambda error: self._page.show_unknown(name, error),
        )  # fmt: skip

    def _check(self, draft: CardDraft) -> None:
        self._begin_check(
            draft.number, card_jobs.check_card, draft.text, dict(draft.edits), self._card.schema,
            self._card.is_collection, draft.naming,
        )  # fmt: skip


class _SchemaWork(_EditWork):
    save_job = staticmethod(card_jobs.save_schema)
    open_job = staticmethod(card_jobs.open_schema)

    def __init__(
        self, bridge: Bridge, dialog: SchemaDialog, record: AccountRecord, place: Place, staged: Callable[[], None]
    ) -> None:
        super().__init__(bridge, dialog, record, place, staged)
        self._dialog = dialog
        self._children: Task | None = None
        dialog.check_wanted.connect(self._check)
        dialog.children_wanted.connect(self._check_children)
        dialog.stop_wanted.connect(self._stop)

    def _check(self, draft: SchemaDraft) -> None:
        self._begin_check(draft.number, card_jobs.check_schema, draft.text)

    def _check_children(self, text: str) -> None:
        self._stop()
        self._children = self._bridge.run(
            card_jobs.check_children, self._record, self._place, text, owner=self,
            on_event=self._dialog.show_children, on_done=self._dialog.end_children,
            on_error=self._dialog.fail_children,
        )  # fmt: skip

    def _stop(self) -> None:
        if self._children is not None:
            self._children.cancel()
            self._children = None


def _too_long() -> InputError:
    return InputError(
        f"Its text has more than {MAX_LETTERS:,} letters: too many to be edited here.",
        todo="Download the manifest, edit it as a file, and upload it again.",
    )
