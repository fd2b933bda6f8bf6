"""The window's entry to transfers: orders in, handles out, one place to listen. No Qt here."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.errors import InputError, WorkerDied
from artifact_browser.storage.location import Location
from artifact_browser.transfers.copy import CopyOrder, FolderOrder, RenameOrder
from artifact_browser.transfers.delete import DeleteOrder, DeletePlan, discard
from artifact_browser.transfers.download import DownloadOrder
from artifact_browser.transfers.engine import settle
from artifact_browser.transfers.handle import TransferHandle, TransferListener
from artifact_browser.transfers.order import Order
from artifact_browser.transfers.policy import ConflictFound, Policy
from artifact_browser.transfers.state import Counts, JobSnapshot, Verb
from artifact_browser.transfers.upload import UploadOrder
from artifact_browser.workers.job import Lane
from artifact_browser.workers.pool import WorkerPool

#: how many engines in a row may die over settling
_SETTLING_TRIES = 3


class TransferQueue:
    """All transfers of this run of the app. Its methods return at once and are called from one thread."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool
        self._lock = threading.Lock()
        self._handles: list[TransferHandle] = []
        self._listeners: list[TransferListener] = []

    @property
    def handles(self) -> list[TransferHandle]:
        """Every job that was not removed, oldest first."""
        with self._lock:
            return list(self._handles)

    def listen(self, listener: TransferListener) -> None:
        """Follow all transfers from now on; conflicts go to the listener that came last."""
        self._listeners.append(listener)

    # -- orders -------------------------------------------------------------------------------------------------
    def upload(
        self, record: AccountRecord, target: Location, paths: Sequence[str | Path], policy: Policy = Policy.ASK
    ) -> TransferHandle:
        """Files and folders to the prefix ``target``. :raises InputError: no path"""
        names = [Path(path).name or str(path) for path in paths]
        head = self._head(Verb.UPLOAD, record, _title(names, "items"), _place(target))
        order = UploadOrder(
            record=record, head=head, policy=policy, target=target, paths=tuple(str(path) for path in paths)
        )
        return self._start(order)

    def download(
        self, record: AccountRecord, sources: Sequence[Location], folder: str | Path, policy: Policy = Policy.ASK
    ) -> TransferHandle:
        """Blobs and prefixes of one bucket into ``folder``. :raises InputError: no source, or several buckets"""
        _one_bucket(sources)
        head = self._head(Verb.DOWNLOAD, record, _title([_name(at) for at in sources], "items"), _home(str(folder)))
        order = DownloadOrder(record=record, head=head, policy=policy, sources=tuple(sources), folder=str(folder))
        return self._start(order)

    def delete(
        self, record: AccountRecord, plan: DeletePlan, title: str = "", above: Location | None = None
    ) -> TransferHandle:
        """Exactly what ``plan`` holds. ``above``: the prefix it was chosen in; the bucket by default."""
        counts = Counts(items=plan.count, bytes=plan.size_bytes)
        head = self._head(Verb.DELETE, record, title or f"{plan.count:,} blobs", plan.bucket, counts)
        return self._start(
            DeleteOrder(record=record, head=head, delete=plan, above=above or Location(record.id, plan.bucket))
        )

    def discard(self, plan: DeletePlan) -> None:
        """Forget a plan that was not confirmed."""
        discard(plan.file)

    def copy(
        self,
        record: AccountRecord,
        sources: Sequence[Location],
        target: Location,
        *,
        move: bool = False,
        policy: Policy = Policy.ASK,
    ) -> TransferHandle:
        """Blobs and prefixes of one bucket to another prefix of the account, on the server.

        :raises InputError: no source, or several buckets
        """
        _one_bucket(sources)
        verb = Verb.MOVE if move else Verb.COPY
        head = self._head(verb, record, _title([_name(at) for at in sources], "items"), _place(target))
        return self._start(
            CopyOrder(record=record, head=head, policy=policy, sources=tuple(sources), target=target, move=move)
        )

    def rename(self, record: AccountRecord, source: Location, name: str) -> TransferHandle:
        """One blob under another name; what has that name already is kept."""
        head = self._head(Verb.RENAME, record, source.name, name)
        return self._start(RenameOrder(record=record, head=head, source=source, name=name))

    def new_folder(self, record: AccountRecord, parent: Location, name: str) -> TransferHandle:
        """An empty folder below ``parent``."""
        head = self._head(Verb.NEW_FOLDER, record, name, _place(parent))
        return self._start(FolderOrder(record=record, head=head, parent=parent, name=name))

    # -- all of them --------------------------------------------------------------------------------------------
    def has_running(self) -> bool:
        return any(not handle.ended for handle in self.handles)

    def cancel_all(self) -> None:
        for handle in self.handles:
            handle.cancel()

    def settle(self, timeout_s: float = 10.0) -> None:
        """Wait until what cancelled jobs left half-done is removed; before quitting, never on the GUI thread.

        :raises TimedOut: it took longer than ``timeout_s``
        """
        ended = tuple(handle.job_id for handle in self.handles if handle.ended)
        for tries_left in reversed(range(_SETTLING_TRIES)):
            try:
                self._pool.run(settle, ended, lane=Lane.ENGINE, timeout_s=timeout_s)
                return
            except WorkerDied:  # nobody had noticed yet that the engine is gone: what it left is its successor's
                if not tries_left:
                    raise

    def remove(self, handle: TransferHandle) -> None:
        """Forget a job that has ended."""
        if handle.ended:
            with self._lock:
                self._handles.remove(handle)

    # -- TransferListener, for the handles ----------------------------------------------------------------------
    def on_changed(self, handle: TransferHandle) -> None:
        for listener in self._listeners:
            listener.on_changed(handle)

    def on_conflict(
        self, handle: TransferHandle, question: ConflictFound, answer: Callable[[Policy | None], None]
    ) -> None:
        if self._listeners:
            self._listeners[-1].on_conflict(handle, question, answer)
        else:
            answer(None)

    # -- making -------------------------------------------------------------------------------------------------
    def _start(self, order: Order) -> TransferHandle:
        handle = TransferHandle(self._pool, order, self)
        with self._lock:
            self._handles.append(handle)
        handle.start()
        self.on_changed(handle)
        return handle

    def _head(
        self, verb: Verb, record: AccountRecord, title: str, target: str, counts: Counts | None = None
    ) -> JobSnapshot:
        return JobSnapshot(uuid.uuid4().hex, verb, title, target, record.id, counts=counts or Counts())


def _title(names: Sequence[str], many: str) -> str:
    if not names:
        raise InputError("Nothing was chosen.")
    return names[0] if len(names) == 1 else f"{len(names)} {many}"


def _name(location: Location) -> str:
    name = location.name or "(empty name)"
    return f"{name}/" if location.key.endswith("/") else name


def _place(location: Location) -> str:
    return f"{location.bucket}/{location.key}".rstrip("/")


def _home(folder: str) -> str:
    home = str(Path.home())
    return f"~{folder[len(home) :]}" if folder.startswith(home) else folder


def _one_bucket(sources: Sequence[Location]) -> None:
    if len({source.bucket for source in sources}) > 1:
        raise InputError("Items of one bucket at a time, please.")
