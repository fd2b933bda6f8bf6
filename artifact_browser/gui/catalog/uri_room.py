"""Opening artifacts by their ``flyte://`` addresses: asks, finds the place in the current bucket, tells it; and copying them."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.catalog import name_jobs
from artifact_browser.catalog.artifact_uri import parse_artifact_uri
from artifact_browser.catalog.own_address import Addressed
from artifact_browser.errors import ArtifactBrowserError, InputError
from artifact_browser.gui.catalog.uri_dialog import UriDialog
from artifact_browser.gui.common.bridge import Bridge, Task
from artifact_browser.gui.common.error_sheet import show_error
from artifact_browser.gui.common.format import printable
from artifact_browser.storage.location import Location, uri_of


class UriRoom(QObject):
    """``window``: what its dialogs stand over."""

    #: the artifact's :class:`Location`, and what the address stands for (:class:`Addressed`)
    found = Signal(object, object)
    #: a typed address leads nowhere: why
    refused = Signal(str)

    def __init__(self, bridge: Bridge, window: QWidget) -> None:
        super().__init__(window)
        self._bridge, self._window = bridge, window
        self._looking: Task | None = None

    def ask(self, record: AccountRecord, location: Location) -> UriDialog:
        """Ask for an address of an artifact in the bucket of ``location``."""
        dialog = UriDialog(printable(uri_of(record.kind, location.bucket)), self._window)

        def look() -> None:
            uri = dialog.choice
            dialog.show_looking()
            self._bridge.run(
                name_jobs.find_addressed, record, location.bucket, uri,
                owner=dialog, on_done=done, on_error=dialog.show_failure,
            )  # fmt: skip

        def done(found: Addressed) -> None:
            dialog.accept()
            self._tell(location, found)

        dialog.look_wanted.connect(look)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        return dialog

    def go_to(self, record: AccountRecord, location: Location, text: str) -> None:
        """Find the artifact of a typed address in the bucket of ``location``, where none is open in the account's buckets;
        the next call takes the place of this one.
        """
        try:
            uri = parse_artifact_uri(text)
        except InputError as error:
            self._refuse(error)
            return
        if self._looking is not None:
            self._looking.cancel()
        self._looking = self._bridge.run(
            name_jobs.find_addressed, record, location.bucket, uri,
            owner=self, on_done=lambda found: self._tell(location, found), on_error=self._refuse,
        )  # fmt: skip

    def _tell(self, location: Location, found: Addressed) -> None:
        self.found.emit(Location(location.account_id, found.place.bucket, found.place.prefix), found)

    def _refuse(self, error: ArtifactBrowserError) -> None:
        self.refused.emit(error.detail)
        show_error(self._window, error)
