"""The window's entry to transfers: orders in, handles out, one place to listen. No Qt here."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from artifact_browser.accounts.credentials import sign_in_alike
from artifact_browser.accounts.record import AccountKind, AccountRecord
from artifact_browser.errors import InputError, TimedOut, WorkerDied
from artifact_browser.storage.location import Location
from artifact_browser.transfers.choice import EVERYTHING, PLAIN_UPLOAD, TreeChoice
from artifact_browser.transfers.clearing import ClearingAway, wait_cleared
from artifact_browser.transfers.compare_file import Comparison, Direction
from artifact_browser.transfers.copy import CopyOrder, FolderOrder, RenameOrder
from artifact_browser.transfers.delete import DeleteOrder, DeletePlan, discard
from artifact_browser.transfers.download import DownloadOrder
from artifact_browser.transfers.engine import forget_jobs, settle
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.history import ItemsKept, JobKept, LeftBehind
from artifact_browser.transfers.order import Order
from artifact_browser.transfers.pins import Pin
from artifact_browser.transfers.policy import ConflictFound, Decision, Policy
from artifact_browser.transfers.state import Counts, JobSnapshot, JobState, Verb
from artifact_browser.transfers.sync import DownloadSync, UploadSync
from artifact_browser.transfers.telling import Telling
from artifact_browser.transfers.transfer_listener import TransferListener
from artifact_browser.transfers.upload import UploadOrder
from artifact_browser.workers.job import Lane
from artifact_browser.workers.pool import WorkerPool

_NOT_SHOWN_AGAIN = frozenset({JobState.DONE, JobState.CANCELLED})
#: how many engines in a row may die over settling
_SETTLING_TRIES = 3


class TransferQueue:
    """All transfers of this run of the app. Its methods return at once and are called from one thread."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool
        self._lock = threading.Lock()
        self._handles: list[TransferHandle] = []
        self._listeners: list[TransferListener] = []
        #: of runs of the app before: what they have begun may still be there
        self._left_behind: list[Order] = []

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
        self,
        record: AccountRecord,
        target: Location,
        paths: Sequence[str | Path],
        policy: Decision = Policy.ASK,
        choice: TreeChoice = PLAIN_UPLOAD,
    ) -> TransferHandle:
        """Files and folders, or what ``choice`` takes of them, to the prefix ``target``. :raises InputError: no path"""
        names = [Path(path).name or str(path) for path in paths]
        head = self._head(Verb.UPLOAD, record, _title(names, "items"), _place(target))
        order = UploadOrder(
            record=record,
            head=head,
            policy=policy,
            target=target,
            paths=tuple(str(path) for path in paths),
            choice=choice,
        )
        return self._start(order)

    def download(
        self,
        record: AccountRecord,
        sources: Sequence[Location],
        folder: str | Path,
        policy: Decision = Policy.ASK,
        choice: TreeChoice = EVERYTHING,
        *,
        paths_from: int = -1,
        names: Sequence[str] = (),
        versions: Sequence[str] = (),
        pins: Sequence[Pin] = (),
        job_id: str = "",
        title: str = "",
    ) -> TransferHandle:
        """Blobs and prefixes of one bucket, or what ``choice`` takes of them, into ``folder``; ``paths_from`` to ``pins``
        as in :class:`DownloadOrder`.

        :param title: what it is called; by default as what is downloaded
        :param job_id: for who must know later whether it was begun; no job may have had it before
        :raises InputError: no source, or several buckets
        """
        _one_bucket(sources)
        head = self._head(
            Verb.DOWNLOAD,
            record,
            title or _title([name.rpartition("/")[2] for name in names] or [_name(at) for at in sources], "items"),
            _home(str(folder)),
            job_id=job_id,
        )
        order = DownloadOrder(
            record=record, head=head, policy=policy, sources=tuple(sources), folder=str(folder), choice=choice,
            paths_from=paths_from, names=tuple(names), versions=tuple(versions), pins=tuple(pins),
        )  # fmt: skip
        return self._start(order)

    def delete(
        self, record: AccountRecord, plan: DeletePlan, title: str = "", above: Location | None = None
    ) -> TransferHandle:
        """Exactly what ``plan`` holds. ``above``: the prefix it was chosen in; the bucket by default."""
        counts = Counts(items=plan.count, bytes=plan.size_bytes)
        title = title or f"{plan.count:,} blob{'' if plan.count == 1 else 's'}"
        head = self._head(Verb.DELETE, record, title, "" if plan.with_bucket else plan.bucket, counts)
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
        to_record: AccountRecord | None = None,
    ) -> TransferHandle:
        """Blobs and prefixes of one bucket to a prefix of any bucket of any account.

        :param to_record: the target's account, where it is another than ``record``
        :raises InputError: no source, or several buckets
        """
        _one_bucket(sources)
        verb = Verb.MOVE if move else Verb.COPY
        other = to_record if to_record is not None and to_record.id != record.id else None
        place = f"{other.name}: {_place(target)}" if other else _place(target)
        head = self._head(verb, record, _title([_name(at) for at in sources], "items"), place)
        order = CopyOrder(
            record=record, head=head, policy=policy, sources=tuple(sources), target=target, move=move, to_record=other
        )
        return self._start(order)

    def rename(self, record: AccountRecord, source: Location, name: str) -> TransferHandle:
        """One blob or prefix under another name; what has that name already is kept."""
        head = self._head(Verb.RENAME, record, source.name, name)
        return self._start(RenameOrder(record=record, head=head, source=source, name=name))

    def new_folder(self, record: AccountRecord, parent: Location, name: str) -> TransferHandle:
        """An empty folder below ``parent``."""
        head = self._head(Verb.NEW_FOLDER, record, name, _place(parent))
        return self._start(FolderOrder(record=record, head=head, parent=parent, name=name))

    def sync(
        self,
        record: AccountRecord,
        comparison: Comparison,
        direction: Direction,
        *,
        remove: bool = False,
        keep_newer: bool = True,
    ) -> TransferHandle:
        """Make one side of a comparison like the other. From here on its file is the transfer's.

        :param remove: delete what is only at the target; files of this computer go to the trash
        :param keep_newer: leave alone what differs and is the younger one at the target
        """
        at, folder = comparison.location, comparison.folder
        if direction is Direction.UPLOAD:
            head = self._head(Verb.SYNC_UP, record, _folder_name(folder), _place(at))
            return self._start(
                UploadSync(
                    record=record, head=head, policy=Policy.SKIP, target=at, paths=(folder,),
                    file=comparison.file, remove=remove, keep_newer=keep_newer,
                )
            )  # fmt: skip
        head = self._head(Verb.SYNC_DOWN, record, _name(at) if at.key else at.bucket, _home(folder))
        return self._start(
            DownloadSync(
                record=record, head=head, policy=Policy.SKIP, sources=(at,), folder=folder,
                file=comparison.file, remove=remove, keep_newer=keep_newer,
            )
        )  # fmt: skip

    # -- all of them --------------------------------------------------------------------------------------------
    def has_running(self) -> bool:
        return any(handle.running for handle in self.handles)

    def cancel_all(self) -> None:
        """Those that run; what is paused stays so."""
        for handle in self.handles:
            if handle.running:
                handle.cancel()

    def pause_all(self) -> None:
        for handle in self.handles:
            handle.pause()

    def continue_all(self) -> None:
        for handle in self.handles:
            if handle.snapshot.state.at_rest:
                handle.retry_failed()

    def put_first(self, handle: TransferHandle) -> None:
        """Before all others: among the rows, and for the movers."""
        with self._lock:
            self._handles.remove(handle)
            self._handles.append(handle)
        handle.put_first()
        self.on_changed(handle)

    def use(self, record: AccountRecord, *, signed_in: bool = False) -> None:
        """An account was changed, or somebody has ``signed_in`` to it again: what waits for its credentials goes on."""
        if signed_in:
            self._clear_up_at({record.id})
        for handle in self.handles:
            for before in handle.order.records:
                if before.id == record.id and (signed_in or before != record):
                    handle.use(record, renewed=signed_in or not sign_in_alike(before, record))

    def settle(self, timeout_s: float = 10.0) -> None:
        """Wait until what cancelled jobs left half-done is removed; before quitting, never on the GUI thread.

        :raises TimedOut: it took longer than ``timeout_s``
        """
        ended = tuple(handle.job_id for handle in self.handles if not handle.running)
        if not wait_cleared(self._pool, timeout_s):
            raise TimedOut("What cancelled transfers have left is still being removed.")
        for tries_left in reversed(range(_SETTLING_TRIES)):
            try:
                self._pool.run(settle, ended, lane=Lane.ENGINE, timeout_s=timeout_s)
                return
            except WorkerDied:  # nobody had noticed yet that the engine is gone: what it left is its successor's
                if not tries_left:
                    raise

    def clear_up(self, order: Order) -> None:
        """Have removed what a transfer of a run of the app before has left; as soon as its accounts are used, so that nobody
        is asked to sign in for it.
        """
        with self._lock:
            self._left_behind.append(order)
        self._clear_up_at(set())

    def _clear_up_at(self, account_ids: set[str]) -> None:
        """``account_ids``: of accounts that are used now."""

        def can_be_used(order: Order) -> bool:
            return all(one.kind is AccountKind.LOCAL or one.id in account_ids for one in order.records)

        with self._lock:
            now = [order for order in self._left_behind if can_be_used(order)]
            self._left_behind = [order for order in self._left_behind if not can_be_used(order)]
        for order in now:
            ClearingAway(self._pool, order, (), order.run).start()

    def remove(self, handle: TransferHandle) -> None:
        """Forget a job that has ended, and have removed what it may have left."""
        if handle.ended:
            with self._lock:
                self._handles.remove(handle)
            handle.clear_up()
            if handle.from_before or handle.snapshot.state not in _NOT_SHOWN_AGAIN:
                Telling(self._pool, forget_jobs, (handle.job_id,)).start()

    # -- TransferListener, for the handles ----------------------------------------------------------------------
    def on_changed(self, handle: TransferHandle) -> None:
        if self._left_behind and handle.running:
            self._clear_up_at({record.id for record in handle.order.records})
        for listener in self._listeners:
            listener.on_changed(handle)

    def on_conflict(
        self, handle: TransferHandle, question: ConflictFound, answer: Callable[[Decision | None], None]
    ) -> None:
        if self._listeners:
            self._listeners[-1].on_conflict(handle, question, answer)
        else:
            answer(None if question.groups else Policy.ASK)

    def take_over(self, handle: TransferHandle) -> None:
        """A transfer of a run before, complete with its items."""
        with self._lock:
            if any(known.job_id == handle.job_id for known in self._handles):
                return
            self._handles.append(handle)
        self.on_changed(handle)

    # -- making -------------------------------------------------------------------------------------------------
    def handle_for(self, order: Order) -> TransferHandle:
        return TransferHandle(self._pool, order, self)

    def _start(self, order: Order) -> TransferHandle:
        handle = self.handle_for(order)
        with self._lock:
            self._handles.append(handle)
        handle.start()
        self.on_changed(handle)
        return handle

    def _head(
        self, verb: Verb, record: AccountRecord, title: str, target: str, counts: Counts | None = None, job_id: str = ""
    ) -> JobSnapshot:
        return JobSnapshot(job_id or uuid.uuid4().hex, verb, title, target, record.id, counts=counts or Counts())


class Restoring:
    """Takes what :func:`~artifact_browser.transfers.history.read_history` finds; each transfer appears when it is whole."""

    def __init__(self, queue: TransferQueue) -> None:
        self._queue = queue
        self._last: TransferHandle | None = None

    def take(self, event: JobKept | ItemsKept | LeftBehind) -> None:
        if isinstance(event, LeftBehind):
            self._queue.clear_up(event.order)
            return
        if isinstance(event, ItemsKept):
            assert self._last is not None
            self._last.restore_items(event.items)
            return
        self.end()
        self._last = self._queue.handle_for(event.order)
        self._last.restore(event.snapshot, planned=event.planned, whole=event.whole)

    def end(self) -> None:
        """That was all."""
        if self._last is not None:
            self._queue.take_over(self._last)
            self._last = None


def _title(names: Sequence[str], many: str) -> str:
    if not names:
        raise InputError("Nothing was chosen.")
    return names[0] if len(names) == 1 else f"{len(names)} {many}"


def _name(location: Location) -> str:
    name = location.name or "(empty name)"
    return f"{name}/" if location.key.endswith("/") else name


def _folder_name(folder: str) -> str:
    return f"{Path(folder).name or folder}/"


def _place(location: Location) -> str:
    return f"{location.bucket}/{location.key}".rstrip("/")


def _home(folder: str) -> str:
    home = str(Path.home())
    return f"~{folder[len(home) :]}" if folder == home or folder.startswith(f"{home}{os.sep}") else folder


def _one_bucket(sources: Sequence[Location]) -> None:
    if len({source.bucket for source in sources}) > 1:
        raise InputError("Items of one bucket at a time, please.")
