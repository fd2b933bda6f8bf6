"""What the window asks the engine to do: orders as plain data, each knowing how to plan itself there.

An order can be given again for some of its items (a retry): the items keep their numbers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.transfers.planning import Planning
from artifact_browser.transfers.policy import Decision, Policy
from artifact_browser.transfers.state import Counts, Item, JobSnapshot
from artifact_browser.transfers.task import Course, Task
from artifact_browser.transfers.upload_marks import given_up


@dataclass(frozen=True, slots=True, kw_only=True)
class Order(ABC):
    """Base of the orders.

    :ivar head: the job's row before anything is known of it
    :ivar again: only these items, if there are any
    :ivar run: which run of the job this is, from 1
    :ivar resumes: a run before has planned items, and what of it is to be done again stands in the journal alone
    :ivar afresh: then, what such items have begun is not taken up, for it is being removed
    """

    record: AccountRecord
    head: JobSnapshot
    policy: Decision = Policy.ASK
    again: tuple[Item, ...] = ()
    run: int = 1
    resumes: bool = False
    afresh: bool = False

    @property
    def records(self) -> tuple[AccountRecord, ...]:
        """The accounts it needs: its own; the one that is copied to second, where that is another."""
        return (self.record,)

    def with_accounts(self, accounts: Mapping[str, AccountRecord]) -> Self:
        """The same order (of a run of the app before) with what it needs of the accounts of today, by id.

        :raises AccountNotFound: one that it needs beside its own is gone
        """
        return self

    @abstractmethod
    def plan(self, planning: Planning) -> Iterable[Course]:
        """What is to be carried out, every item of it in the book. Runs in the engine.

        :raises ArtifactBrowserError: nothing can be done at all
        """

    def syncing(self) -> Task | None:
        """What has everything that was written on this computer so far reach the disk; ``None``: nothing is."""
        return None

    @property
    def goes_on(self) -> bool:
        """Whether a run before has begun with it: the journal knows what that has planned."""
        return bool(self.again) or self.resumes

    def doubted(self, item: Item) -> Item:
        """A finished item that may have been lost with the computer's power, to be looked at again; where a file has its
        place that is ours by its time, but has not its bytes, it is written over.
        """
        return item

    def ends_of(self, item: Item) -> tuple[str | Path, str, str] | None:
        """Of an item that was moved: its file, and bucket and key of its blob; ``None`` where there is no file."""
        return None

    def versions_read(self) -> Mapping[str, str]:
        """Of the items (name, NUL, source) that are read in a version of their own: which."""
        return {}

    def closing(self, planning: Planning, counts: Counts) -> Iterable[Course]:
        """What to carry out after everything else, knowing how that went."""
        return ()

    def given_up(self, item: Item) -> Item:
        """An item that begins anew. What it has begun is removed by the run it ended in; or before it begins, for a network
        that is gone may have kept it from that.
        """
        return replace(item, begun=given_up(item.begun))

    def debris(self, items: Sequence[Item]) -> Sequence[Task]:
        """What to run so that nothing is left of these items, which an engine that died had begun."""
        return ()

    def for_items(self, items: Sequence[Item], head: JobSnapshot, policy: Decision) -> Self:
        """The same order for ``items`` only."""
        return replace(self, again=tuple(items), head=head, policy=policy)
