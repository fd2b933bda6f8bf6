"""What every plan does alike: put items into the book, look for what is there already, ask once."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.storage.driver import Driver
from artifact_browser.transfers.ledger import Ledger
from artifact_browser.transfers.lookup import Blob
from artifact_browser.transfers.policy import EXAMPLES, Conflict, ConflictFound, Policy, second_name
from artifact_browser.transfers.state import Item, JobState
from artifact_browser.workers.job import JobContext

_TICK_S = 0.1


class Planning:
    """The plan phase of one job: lives in the engine job's thread."""

    def __init__(self, context: JobContext, driver: Driver, ledger: Ledger) -> None:
        self.context = context
        self.driver = driver
        self._ledger = ledger
        self._told_at = 0.0
        self._targets: set[str] = set()
        self._count = 0

    def number(self) -> int:
        """The next item's number."""
        self._count += 1
        return self._count - 1

    def add(self, item: Item, exists: Callable[[str], bool]) -> Item:
        """Put ``item`` into the book; two items of one name get two names."""
        if item.target in self._targets and not item.folder:
            item = replace(item, target=second_name(item.target, lambda name: name in self._targets or exists(name)))
        self._targets.add(item.target)
        self._ledger.plan(item)
        self.tick()
        return item

    def skip(self, item: Item, note: str) -> None:
        """An item that is reported, but not moved."""
        self._ledger.plan(item)
        self._ledger.skip(item, note)
        self.tick()

    def fail(self, item: Item, error: ArtifactBrowserError) -> None:
        """An item that cannot be moved; the others can."""
        self._ledger.plan(item)
        self._ledger.fail(item, error.record())
        self.tick()

    def tick(self) -> None:
        """Tell how far the plan is, at most ten times a second. :raises JobCancelled:"""
        self.context.cancel.raise_if_cancelled()
        now = time.monotonic()
        if now - self._told_at >= _TICK_S:
            self._told_at = now
            self.context.progress(self._ledger.snapshot())

    def settle(
        self, items: Sequence[Item], existing: Mapping[str, Blob], policy: Policy, exists: Callable[[str], bool]
    ) -> list[Item]:
        """The items to move after what is there already was dealt with; asks when there is something to ask.

        :param existing: what stands at the items' targets
        :param exists: whether a name is taken at the target (for second names)
        """
        clashes = [item for item in items if item.target in existing and not item.folder and not item.replace]
        if clashes and policy is Policy.ASK:
            policy = self._ask(items, clashes, existing)
        changed = {item.number: self._apply(item, policy, exists) for item in clashes}
        return [now for item in items if (now := changed.get(item.number, item)) is not None]

    def _apply(self, item: Item, policy: Policy, exists: Callable[[str], bool]) -> Item | None:
        if policy is Policy.SKIP:
            self._ledger.skip(item, "it was there already")
            return None
        if policy is Policy.REPLACE:
            item = replace(item, replace=True)
        else:
            item = replace(item, target=second_name(item.target, lambda name: name in self._targets or exists(name)))
            self._targets.add(item.target)
        self._ledger.alter(item)
        return item

    def _ask(self, items: Sequence[Item], clashes: Sequence[Item], existing: Mapping[str, Blob]) -> Policy:
        pairs = [(item, existing[item.target]) for item in clashes]
        self._ledger.state, self._ledger.waiting_for = JobState.WAITING, "your answer"
        self.context.progress(self._ledger.snapshot())
        answer = self.context.ask(
            ConflictFound(
                job_id=self._ledger.job_id,
                target=self._ledger.target,
                planned=len(items),
                total=len(clashes),
                same_size=sum(item.size_bytes == there.size_bytes for item, there in pairs),
                existing_newer=sum(item.modified_us < there.modified_us for item, there in pairs),
                examples=tuple(
                    Conflict(item.name, item.size_bytes, item.modified_us, there.size_bytes, there.modified_us)
                    for item, there in pairs[:EXAMPLES]
                ),
            )
        )
        self._ledger.state, self._ledger.waiting_for = JobState.SCANNING, ""
        return Policy(answer)
