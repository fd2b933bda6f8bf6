"""Conditional writes in the window: asks for consent when a job wants it, shows what is known, checks again.

A job that asks waits; the window answers with what stands in the account's record, or once the person has chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from artifact_browser.accounts.record import AccountRecord, Probing
from artifact_browser.bootstrap import Services
from artifact_browser.catalog.layout import place_of
from artifact_browser.errors import AccountNotFound, ArtifactBrowserError
from artifact_browser.gui.catalog.conditions_dialog import ConditionsDialog, ConsentDialog
from artifact_browser.gui.common.bridge import Bridge, Task
from artifact_browser.gui.common.calls import Calls
from artifact_browser.gui.common.error_sheet import show_error
from artifact_browser.gui.common.toast import show_toast
from artifact_browser.storage.consent import ProbeConsentWanted
from artifact_browser.storage.driver import ConditionalWrites
from artifact_browser.storage.location import Location
from artifact_browser.storage.trying import known_conditions, try_conditions
from artifact_browser.workers.handle import Answer


class ConditionsRoom(QObject):
    """Controller; ``parent`` is the window its dialogs stand over."""

    #: more is known of the store at this :class:`Location`
    conditions_changed = Signal(object)

    def __init__(self, services: Services, bridge: Bridge, parent: QWidget) -> None:
        super().__init__(parent)
        self._services, self._bridge, self._window = services, bridge, parent
        self._waiting: dict[str, list[Answer]] = {}
        #: accounts whose person said "not now": not asked again in this run
        self._put_off: set[str] = set()
        later = Calls(self)
        # on a reader thread
        services.broker.register(ProbeConsentWanted, lambda wanted, answer: later.call(self._ask, wanted, answer))

    # -- consent ------------------------------------------------------------------------------------------------
    def _ask(self, wanted: ProbeConsentWanted, answer: Answer) -> None:
        record = self._find(wanted.account_id)
        if record is None or record.id in self._put_off:
            answer(False)
            return
        if record.probing is not Probing.ASK:
            answer(record.probing is Probing.ALLOWED)
            return
        waiting = self._waiting.setdefault(record.id, [])
        waiting.append(answer)
        if len(waiting) > 1:
            return  # asked already: one answer for all
        dialog = ConsentDialog(record, wanted.bucket, self._window)
        dialog.finished.connect(lambda result: self._answered(record.id, dialog, bool(result)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _answered(self, account_id: str, dialog: ConsentDialog, agreed: bool) -> None:
        if agreed or dialog.refused:
            self._remember(account_id, Probing.ALLOWED if agreed else Probing.REFUSED)
        else:
            self._put_off.add(account_id)
        if agreed:
            show_toast(self._window, "Checking what the store can do\u2026")
        for answer in self._waiting.pop(account_id, []):
            answer(agreed)

    def _remember(self, account_id: str, probing: Probing) -> None:
        """Into the account's record. One that cannot be saved counts for this question only."""
        record = self._find(account_id)
        if record is None or record.probing is probing:
            return
        try:
            self._services.book.replace(replace(record, probing=probing))
        except ArtifactBrowserError as error:
            show_error(self._window, error)

    # -- what is known ------------------------------------------------------------------------------------------
    def show(self, record: AccountRecord, location: Location, parent: QWidget | None = None) -> None:
        """Say what is known of the store at ``location``, with *Check again*."""

        def open_dialog(writes: ConditionalWrites) -> None:
            dialog = ConditionsDialog(record, location.bucket, writes, parent or self._window)
            dialog.check_requested.connect(lambda: self._check(dialog, record.id, location))
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()

        self._bridge.run(
            known_conditions, record, location.bucket, owner=self, on_done=open_dialog, on_error=self._show
        )

    def _check(self, dialog: ConditionsDialog, account_id: str, location: Location) -> None:
        """Pressing the button is consent: the dialog says what is written."""
        self._put_off.discard(account_id)
        self._remember(account_id, Probing.ALLOWED)
        record = self._find(account_id)
        if record is None:
            dialog.show_failed(AccountNotFound("The account is not in the list any more."))
            return

        def found(writes: ConditionalWrites) -> None:
            dialog.show_found(writes)
            self.conditions_changed.emit(location)

        task: Task = self._bridge.run(
            try_conditions, replace(record, probing=Probing.ALLOWED), location.bucket, place_of(location).prefix,
            owner=dialog, on_done=found, on_error=dialog.show_failed,
        )  # fmt: skip
        stop: Callable[[], object] = task.cancel
        dialog.check_stopped.connect(stop)

    # -- inside -------------------------------------------------------------------------------------------------
    def _find(self, account_id: str) -> AccountRecord | None:
        try:
            return self._services.book.get(account_id)
        except AccountNotFound:
            return None

    def _show(self, error: ArtifactBrowserError) -> None:
        show_error(self._window, error)
