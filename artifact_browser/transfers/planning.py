"""What every plan does alike: put items into the book, look for what is there already, have it decided.

A plan that is whole before anything moves asks once, here; one that is a stream (:mod:`~artifact_browser.transfers.stream`)
has a desk, where what nobody has decided about waits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from artifact_browser.errors import AccessDenied, ArtifactBrowserError, BlobNotFound, ChecksumMismatch, DiskError
from artifact_browser.storage.driver import Driver
from artifact_browser.transfers.content import check_file, has_its_time
from artifact_browser.transfers.desk import Compared, Desk, Parked
from artifact_browser.transfers.ledger import Ledger
from artifact_browser.transfers.lookup import Blob, blobs_below, find_blobs
from artifact_browser.transfers.name_map import NameMap
from artifact_browser.transfers.patience import Patience, Setbacks
from artifact_browser.transfers.policy import (
    EXAMPLES,
    Conflict,
    ConflictFound,
    Decision,
    Group,
    GroupFound,
    GroupPolicies,
    Policy,
    group_of,
    second_name,
    updates,
)
from artifact_browser.transfers.standing import blob_standing, is_of_plan, of_plan
from artifact_browser.transfers.state import ANSWER, Item, JobState, PartDone
from artifact_browser.transfers.task import Task
from artifact_browser.workers.job import JobContext

_TICK_S = 0.1
T = TypeVar("T")


class Paused(Exception):
    """The job is to pause while it is planned: it will be planned anew."""


@dataclass(frozen=True, slots=True)
class Aids:
    """What a plan may ask of the engine.

    :ivar parts: an item's finished parts; :ivar tidy: have tasks run in the background; :ivar pausing: whether to pause
    """

    parts: Callable[[Item], tuple[PartDone, ...]]
    tidy: Callable[[Sequence[Task]], None]
    pausing: Callable[[], bool]


def _blob_standing(there: Blob) -> str:
    return blob_standing(there.etag, there.size_bytes, there.modified_us)


class Planning:
    """The plan phase of one job: lives in the engine job's thread, or in that of its stream.

    :ivar driver: of the job's account; :ivar target: of the account that is copied to, which may be another
    :ivar desk: of a plan that is a stream: nobody is asked here, and progress is told elsewhere
    :ivar waiting_for: what it waits for, in words; empty when all is well
    :param answered: the store has answered in a run before
    """

    def __init__(
        self,
        context: JobContext,
        driver: Driver,
        ledger: Ledger,
        aids: Aids,
        target: Driver | None = None,
        *,
        answered: bool = False,
    ) -> None:
        self.context = context
        self.driver = driver
        self.target = target or driver
        self._ledger = ledger
        self._aids = aids
        self.desk: Desk | None = None
        self._told_at = 0.0
        self._targets = NameMap()
        self._count = 0
        self._patience = Patience()
        #: the stores that have answered: those may be waited for
        self._answered = {id(driver), id(self.target)} if answered else set[int]()

    @property
    def waiting_for(self) -> str:
        return self._patience.waiting_for

    @property
    def gives_up(self) -> bool:
        """Whether the job is cancelled, or to pause: somebody else says so to the window."""
        return self.context.cancel.cancelled or self._aids.pausing()

    def close(self) -> None:
        """Nothing is planned any more."""
        self._targets.close()

    def parts(self, item: Item) -> tuple[PartDone, ...]:
        """What is finished of what ``item`` has begun in a run before."""
        return self._aids.parts(item)

    def tidy(self, tasks: Sequence[Task]) -> None:
        """Remove what is of no use any more, beside the job."""
        if tasks:
            self._aids.tidy(tasks)

    def number_from(self, number: int) -> None:
        """The items before were numbered in a run before."""
        self._count = max(self._count, number)

    def taken(self, target: str) -> None:
        """An item of a run before has it."""
        self._targets.put(target)

    @property
    def next_number(self) -> int:
        """What :meth:`number` is going to say."""
        return self._count

    def parked(self) -> list[Item]:
        """What was put on the desk last."""
        return self.desk.fresh if self.desk is not None else []

    def number(self) -> int:
        """The next item's number."""
        self._count += 1
        return self._count - 1

    def add(self, item: Item, exists: Callable[[str], bool]) -> Item:
        """Put ``item`` into the book; two items of one name get two names."""
        if not self._targets.add(item.target) and not item.folder:
            item = replace(item, target=second_name(item.target, lambda name: name in self._targets or exists(name)))
            self._targets.add(item.target)
        self._ledger.plan(item, shelved=self.desk is not None)
        self.tick()
        return item

    def finished_before(self, path: str, bucket: str, key: str, version_id: str = "") -> str:
        """How a run before had checked what it finished and nobody heard of: the file at ``path`` and the blob are the
        same, by a checksum that says so, or by size and the time that a download gives its files. Empty when it had not.
        """
        try:
            info = self.patiently(lambda: self.driver.head(bucket, key, version_id=version_id))
            how = check_file(Path(path), info, self.tick)
            ours = has_its_time(Path(path), info)
        except (AccessDenied, BlobNotFound, ChecksumMismatch, DiskError, OSError):
            return ""
        return how if how != "size" or ours else ""

    def skip(self, item: Item, note: str) -> None:
        """An item that is reported, but not moved."""
        self._ledger.plan(item)
        self._ledger.skip(item, note)
        self.tick()

    def leave_out(self, by: str, *, folder: bool = False) -> None:
        """Something that is counted only: ``by`` says why it is not moved."""
        self._ledger.leave_out(by, folder=folder)
        self.tick()

    def fail(self, item: Item, error: ArtifactBrowserError) -> None:
        """An item that cannot be moved; the others can."""
        self._ledger.plan(item)
        self._ledger.fail(item, error.record())
        self.tick()

    def give_up(self, item: Item, error: ArtifactBrowserError) -> None:
        """A planned item will not be carried out."""
        self._ledger.fail(item, error.record())

    def tick(self) -> None:
        """Tell how far the plan is, at most ten times a second. :raises JobCancelled: :raises Paused:"""
        self.context.cancel.raise_if_cancelled()
        if self._aids.pausing():
            raise Paused
        now = time.monotonic()
        if self.desk is None and now - self._told_at >= _TICK_S:
            self._told_at = now
            self.context.progress(self._ledger.snapshot())

    def patiently(self, ask: Callable[[], T], at: Driver | None = None) -> T:
        """What a store answers, the account's own or ``at``. Where it has answered before, troubles that pass are waited for, as
        movers do; a plan that cannot reach it from the beginning fails: the address may be wrong.
        """
        store = id(at or self.driver)
        while True:
            try:
                answer = ask()
            except ArtifactBrowserError as error:
                if store not in self._answered or not self._patience.worth_waiting(error.record(), Setbacks()):
                    raise
                self._tell_waiting()
                while not self._patience.share(1):
                    self.tick()
                    time.sleep(_TICK_S)
            else:
                waited = bool(self._patience.waiting_for)
                self._answered.add(store)
                self._patience.got_through()
                if waited:
                    self._tell_waiting()
                return answer

    def _tell_waiting(self) -> None:
        """Whether it waits for the store; of a stream, its loop tells."""
        if self.desk is None:
            words = self._patience.waiting_for
            self._ledger.state = JobState.WAITING_NETWORK if words else JobState.SCANNING
            self._ledger.waiting_for = words

    def find(self, bucket: str, keys: Collection[str], at: Driver | None = None) -> dict[str, Blob]:
        """Those of ``keys`` that exist, as :func:`~.lookup.find_blobs`, :meth:`patiently`; no keys are no question."""
        driver = at or self.driver
        return self.patiently(lambda: find_blobs(driver, bucket, keys, self.tick), driver) if keys else {}

    def below(self, bucket: str, prefix: str) -> Iterator[Blob]:
        """Every blob below ``prefix``; a listing that breaks off goes on behind the last one."""
        after = ""
        blobs = blobs_below(self.driver, bucket, prefix)

        def following() -> Blob | None:
            nonlocal blobs
            try:
                return next(blobs, None)
            except ArtifactBrowserError:
                blobs = blobs_below(self.driver, bucket, prefix, start_after=after)
                raise

        while (blob := self.patiently(following)) is not None:
            after = blob.key
            yield blob

    def settle(
        self,
        items: Sequence[Item],
        existing: Mapping[str, Blob],
        policy: Decision,
        exists: Callable[[str], bool],
        same: Callable[[Item, Blob], bool | None],
        *,
        target_is_store: bool = True,
        standing: Callable[[Blob], str] = _blob_standing,
    ) -> list[Item]:
        """The items to move after what is there already was dealt with; asks when there is something to ask, or has it wait
        on the desk. What a run before had decided to write over is looked at like all others: somebody may have worked on it
        since. Not so what a comparison has shown to be replaced (``expects``): that is checked right before. What is decided
        here by what stands there is checked then as well.

        :param existing: what stands at the items' targets
        :param exists: whether a name is taken at the target (for second names)
        :param same: whether an item's bytes are those at its target; ``None``: nobody knows
        :param standing: what stands at a target, as text
        """
        desk = self.desk
        if desk is not None:
            desk.planned += len(items)
            desk.planned_bytes += sum(item.size_bytes for item in items)
            policy = desk.decision
        items = [self._undecided(item) for item in items]
        clashes = [item for item in items if item.target in existing and not item.folder and not item.expects]
        if not clashes:
            return items
        compared: dict[int, Compared] = {}
        if policy in {Policy.ASK, Policy.UPDATE} or isinstance(policy, GroupPolicies):
            for item in clashes:
                compared[item.number] = _compare(item, existing[item.target], same(item, existing[item.target]))
                self.tick()
        if policy is Policy.ASK and desk is None:
            policy = self._ask(len(items), [compared[item.number] for item in clashes])
        changed: dict[int, Item | None] = {}
        for item in clashes:
            there, one = existing[item.target], compared.get(item.number)
            if one is not None or policy is Policy.CONTINUE:
                item = replace(item, expects=of_plan(standing(there)))
            if desk is not None and one is not None and desk.undecided(one.group):
                desk.park(Parked(item, there, one, desk.again))
                changed[item.number] = None
                continue
            decided, why = _decide(item, there, policy, one, target_is_store=target_is_store)
            changed[item.number] = self._apply(item, decided, why, exists)
            self.tick()
        return [now for item in items if (now := changed.get(item.number, item)) is not None]

    def _undecided(self, item: Item) -> Item:
        """Without what a run before has decided by what stood there then."""
        if not is_of_plan(item.expects):
            return item
        item = replace(item, replace=False, expects="")
        self._ledger.alter(item)
        return item

    def settle_parked(
        self, parked: Sequence[Parked], exists: Callable[[str], bool], *, target_is_store: bool = True
    ) -> list[Item]:
        """Likewise, of what waited on the desk for a decision that there is now."""
        assert self.desk is not None
        self._ledger.hand_out([one.item for one in parked], waited=True)
        going = []
        for one in parked:
            decision = self.desk.decision
            decided, why = _decide(one.item, one.there, decision, one.compared, target_is_store=target_is_store)
            item = self._apply(one.item, decided, why, exists)
            if item is not None:
                going.append(item)
            self.tick()
        return going

    def _apply(self, item: Item, policy: Policy, why: str, exists: Callable[[str], bool]) -> Item | None:
        if policy is Policy.SKIP:
            self._ledger.skip(item, why)
            return None
        if policy is Policy.REPLACE:
            item = replace(item, replace=True)
        else:
            name = second_name(item.target, lambda name: name in self._targets or exists(name))
            item = replace(item, target=name, replace=False, expects="")
            self._targets.add(item.target)
        self._ledger.alter(item)
        return item

    def _ask(self, planned: int, found: Sequence[Compared]) -> Decision:
        self._ledger.state, self._ledger.waiting_for = JobState.WAITING, ANSWER
        self.context.progress(self._ledger.snapshot())
        of_group = {group: [one.conflict for one in found if one.group is group] for group in Group}
        answer = self.context.ask(
            ConflictFound(
                job_id=self._ledger.job_id,
                target=self._ledger.target,
                planned=planned,
                total=len(found),
                groups=tuple(
                    GroupFound(group, len(conflicts), tuple(conflicts[:EXAMPLES]))
                    for group, conflicts in of_group.items()
                    if conflicts
                ),
            )
        )
        self._ledger.state, self._ledger.waiting_for = JobState.SCANNING, ""
        return answer if isinstance(answer, GroupPolicies) else Policy(answer)


def _compare(item: Item, there: Blob, same: bool | None) -> Compared:
    conflict = Conflict(item.name, item.size_bytes, item.modified_us, there.size_bytes, there.modified_us)
    return Compared(conflict, group_of(conflict, same), same)


def _decide(
    item: Item, there: Blob, policy: Decision, compared: Compared | None, *, target_is_store: bool
) -> tuple[Policy, str]:
    """One of ``SKIP``, ``REPLACE``, ``KEEP_BOTH``, and why it is skipped."""
    if compared is not None and policy is Policy.UPDATE:
        why = updates(compared.conflict, compared.group, compared.same, target_is_store=target_is_store)
    elif policy is Policy.CONTINUE:
        why = "" if there.size_bytes < item.size_bytes else "it is there in full length"
    elif compared is not None and isinstance(policy, GroupPolicies):
        same = compared.group is Group.IDENTICAL
        return policy.of(compared.group), "the same is there already" if same else "it was there already"
    else:
        assert isinstance(policy, Policy)
        return policy, "it was there already"
    return (Policy.SKIP if why else Policy.REPLACE), why
