"""The actions on buckets: new, open by name. Deleting one is a transfer's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject

from artifact_browser.accounts.record import AccountKind
from artifact_browser.gui.browse.bucket_dialogs import NewBucketDialog, OpenBucketDialog
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.shell.main_window import MainWindow
from artifact_browser.gui.shell.wiring_browse import BrowseWiring
from artifact_browser.storage.blobs import check_bucket, create_bucket
from artifact_browser.storage.location import Location


class BucketWiring(QObject):
    """Asks with the browse room's dialogs, does with the storage jobs, and shows what became of it."""

    def __init__(self, window: MainWindow, browse: BrowseWiring) -> None:
        super().__init__(window)
        self._window, self._browse = window, browse
        for name, slot in {
            "new_bucket": self._new,
            "open_bucket": self._open_by_name,
        }.items():
            window.actions_[name].triggered.connect(slot)
        browse.tree.bucket_wanted.connect(self._open_in)

    def _new(self) -> None:
        record = self._browse.record()
        dialog = NewBucketDialog(record.name, self._window)

        def create() -> None:
            bucket = dialog.choice.name
            self._run(create_bucket, record.id, bucket, lambda: self._go(record.id, bucket))

        self._ask(dialog, create)

    def _open_by_name(self) -> None:
        self._open_in(self._browse.record().id)

    def _open_in(self, account_id: str) -> None:
        dialog = OpenBucketDialog(self._window.services.book.get(account_id).name, self._window)

        def check() -> None:
            bucket = dialog.choice.name
            self._run(check_bucket, account_id, bucket, lambda: self._remember(account_id, bucket))

        self._ask(dialog, check)

    def _remember(self, account_id: str, bucket: str) -> None:
        """Keep a bucket that was opened by name: the account's list may never show it."""
        record = self._window.services.book.get(account_id)
        if bucket not in record.buckets and record.kind is not AccountKind.LOCAL:
            self._window.services.book.replace(replace(record, buckets=(*record.buckets, bucket)))
        self._go(account_id, bucket)

    def _go(self, account_id: str, bucket: str) -> None:
        self._browse.tree.reload(Location(account_id))
        self._window.navigator.go(Location(account_id, bucket))

    def _run(self, job: Callable[..., object], account_id: str, bucket: str, done: Callable[[], object]) -> None:
        record = self._window.services.book.get(account_id)
        self._window.bridge.run(job, record, bucket, owner=self, on_done=lambda _: done())  # type: ignore[arg-type]

    def _ask(self, dialog: AppDialog, accepted: Callable[[], object]) -> None:
        dialog.accepted.connect(accepted)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
