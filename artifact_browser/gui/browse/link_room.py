"""Presigned links: *Copy link* with the last used expiry, and the *Share* dialog."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from artifact_browser.accounts.record import AccountKind, AccountRecord
from artifact_browser.bootstrap import Services
from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.browse.link_words import until_words
from artifact_browser.gui.browse.share_dialog import ShareDialog, ShareRequest
from artifact_browser.gui.common.bridge import Bridge, Task
from artifact_browser.gui.common.error_sheet import show_error
from artifact_browser.gui.common.toast import show_toast
from artifact_browser.storage.blobs import presign_blobs
from artifact_browser.storage.driver import Link, LinkOptions
from artifact_browser.storage.location import Location

_SETTING = "last_expiry_s"


class LinkRoom(QObject):
    """Signs in the interactive worker; puts links on the clipboard and says until when they work."""

    def __init__(self, services: Services, bridge: Bridge, window: QWidget) -> None:
        super().__init__(window)
        self._services, self._bridge, self._window = services, bridge, window
        self._task: Task | None = None

    def copy_links(self, record: AccountRecord, bucket: str, keys: tuple[str, ...]) -> None:
        """One download link a line, with the last used expiry."""
        if not keys:
            return
        options = LinkOptions("GET", self._services.settings.last_expiry_s)
        self._bridge.run(
            presign_blobs,
            record,
            bucket,
            keys,
            options,
            owner=self,
            on_done=lambda links: self._copy(record, links),
            on_error=self._fail,
        )

    def share(self, record: AccountRecord, location: Location, keys: tuple[str, ...]) -> ShareDialog:
        """Open the dialog for the selected blobs, or for an upload link below ``location``."""
        dialog = ShareDialog(
            keys,
            location.key,
            self._services.settings.last_expiry_s,
            local=record.kind is AccountKind.LOCAL,
            read_only=record.read_only,
            parent=self._window,
        )

        def sign(request: ShareRequest) -> None:
            if self._task is not None:
                self._task.cancel()
            self._task = self._bridge.run(
                presign_blobs,
                record,
                location.bucket,
                request.keys,
                request.options,
                owner=dialog,
                on_done=dialog.show_links,
                on_error=dialog.show_failure,
            )

        def accept() -> None:
            self._services.settings.set(_SETTING, dialog.request.options.expires_in_s)
            self._copy(record, dialog.links)

        dialog.request_changed.connect(sign)
        dialog.accepted.connect(accept)
        dialog.finished.connect(dialog.deleteLater)
        dialog.start()
        dialog.open()
        return dialog

    def _copy(self, record: AccountRecord, links: tuple[Link, ...]) -> None:
        QGuiApplication.clipboard().setText("\n".join(link.url for link in links))
        words, _ = until_words(links[0], local=record.kind is AccountKind.LOCAL)
        show_toast(self._window, f"{'Link' if len(links) == 1 else f'{len(links)} links'} copied. {words}")

    def _fail(self, error: ArtifactBrowserError) -> None:
        show_error(self._window, error)
