"""Opening *This computer*: the root with its hidden folder and index, made at first use."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.paths import Paths, make_private
from artifact_browser.storage.drivers.local.disk_errors import disk_errors
from artifact_browser.storage.drivers.local.driver import LocalDriver
from artifact_browser.storage.drivers.local.index import Index
from artifact_browser.storage.drivers.local.links import LinkService
from artifact_browser.storage.drivers.local.publish import has_intents, heal
from artifact_browser.storage.drivers.local.store import Store
from artifact_browser.storage.drivers.local.tree import HIDDEN, Tree, is_case_blind
from artifact_browser.workers.cancel import CancelToken


def open_local(
    record: AccountRecord, paths: Paths, cancel: CancelToken, link_service: Callable[[], LinkService]
) -> LocalDriver:
    """The driver for the account's root (made if need be); cheap, one per job. Runs in a worker.

    :raises DiskPermissionDenied, DiskFull, DiskError: the root cannot be used
    """
    root = root_of(record, paths)
    with disk_errors("local://"):
        index = _open_index(root, cancel)
    try:
        with disk_errors("local://"):
            store = Store(Tree(str(root), case_blind=is_case_blind(str(root))), index, cancel, heal)
            if has_intents(store):
                with index.writing():
                    heal(store)
    except BaseException:
        index.close()
        raise
    return LocalDriver(store, link_service, read_only=record.read_only)


def root_of(record: AccountRecord, paths: Paths) -> Path:
    """The account's root, with links in the path to it (not below it) resolved."""
    root = Path(record.root).expanduser() if record.root else paths.store
    return Path(os.path.realpath(root.absolute()))


def _open_index(root: Path, cancel: CancelToken) -> Index:
    """The root's index; one in memory where the folder is there but may not be written (a read-only medium)."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        hidden = make_private(root / HIDDEN)
    except OSError as error:
        if error.errno not in {errno.EACCES, errno.EPERM, errno.EROFS} or not os.access(root, os.R_OK | os.X_OK):
            raise
        return Index(":memory:", cancel)
    return Index(str(hidden / "index.sqlite"), cancel)
