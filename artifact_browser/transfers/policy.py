"""What to do when the target is already there: asked before bytes move, and held for the whole job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest

from artifact_browser.workers.job import Question

_SECOND_US = 1_000_000


class Policy(StrEnum):
    #: ask with :class:`ConflictFound` when there is a conflict; nothing is asked when there is none
    ASK = "ask"
    SKIP = "skip"
    REPLACE = "replace"
    #: a second name beside the first: ``report (2).csv``
    KEEP_BOTH = "keep both"
    #: only what is newer than what is there, or different from it; see :func:`updates`
    UPDATE = "update"
    #: only what is missing or longer than what is there, which is taken for the beginning of it
    CONTINUE = "continue"

    @property
    def skips_newcomers(self) -> bool:
        """What comes to the target while the job runs is left alone, and no failure."""
        return self in {Policy.SKIP, Policy.UPDATE, Policy.CONTINUE}


class Group(StrEnum):
    """What a target that exists is to its source.

    Identical: the same bytes by a checksum of the store's, or where that says nothing, the same size and time. Times
    are compared in whole seconds where one of them has no fractions (S3's have none).
    """

    SOURCE_NEWER = "source newer"
    TARGET_NEWER = "target newer"
    #: of the same time, or one that is not known
    DIFFERENT = "different"
    IDENTICAL = "identical"


@dataclass(frozen=True, slots=True)
class GroupPolicies:
    """``SKIP``, ``REPLACE`` or ``KEEP_BOTH`` for each :class:`Group`, in its order; ``ASK`` where nothing is decided yet."""

    source_newer: Policy = Policy.REPLACE
    target_newer: Policy = Policy.SKIP
    different: Policy = Policy.SKIP
    identical: Policy = Policy.SKIP

    def of(self, group: Group) -> Policy:
        return {
            Group.SOURCE_NEWER: self.source_newer,
            Group.TARGET_NEWER: self.target_newer,
            Group.DIFFERENT: self.different,
            Group.IDENTICAL: self.identical,
        }[group]

    @property
    def skips_newcomers(self) -> bool:
        """As of a :class:`Policy`: only where everything is skipped, for nobody knows their group."""
        return all(self.of(group) is Policy.SKIP for group in Group)

    def __str__(self) -> str:
        """For the journal; :func:`decision_of` reads it."""
        return ", ".join(f"{group}: {self.of(group)}" for group in Group)


#: what a person decides: one policy for all, or one for each group
Decision = Policy | GroupPolicies


def policy_for(decision: Decision, group: Group) -> Policy:
    """What ``decision`` says about a group."""
    return decision.of(group) if isinstance(decision, GroupPolicies) else decision


def merged(before: Decision, answer: Decision) -> Decision:
    """``answer`` for all that was not decided ``before``."""
    if before is Policy.ASK or not isinstance(before, GroupPolicies):
        return answer if before is Policy.ASK else before
    kept = (before.of(group) for group in Group)
    return GroupPolicies(
        *(policy_for(answer, group) if one is Policy.ASK else one for group, one in zip(Group, kept, strict=True))
    )


def decision_of(text: str) -> Decision:
    """From its ``str``. :raises ValueError: it is none"""
    if ":" not in text:
        return Policy(text)
    pairs = (part.partition(": ") for part in text.split(", "))
    told = {Group(group): Policy(policy) for group, _, policy in pairs}
    if len(told) != len(Group):
        raise ValueError("not a policy for each group")
    return GroupPolicies(*(told[group] for group in Group))


@dataclass(frozen=True, slots=True)
class Conflict:
    """One target that exists. Sizes in bytes, times in microseconds UTC (0: not known)."""

    name: str
    size_bytes: int
    modified_us: int
    existing_size_bytes: int
    existing_modified_us: int


@dataclass(frozen=True, slots=True)
class GroupFound:
    """How many conflicts are of a group; the first few of them."""

    group: Group
    count: int
    examples: tuple[Conflict, ...]


@dataclass(frozen=True, slots=True)
class ConflictFound(Question):
    """Asked by the plan of a job: when something is there already, and before many files move at all. Meanwhile more may be
    found: the job's snapshots say so. Answer: a :data:`Decision`; for groups that it leaves to ``ASK`` it is asked again,
    once everything else is done, or when one turns up that was not in the question.

    :ivar total: how many of the ``planned`` items exist at the target so far
    :ivar groups: what they are, none of them empty
    :ivar begins: nothing has moved yet, and nothing moves before the answer
    :ivar size_bytes: of the planned items; :ivar scanning: more may be found
    """

    job_id: str
    target: str
    planned: int
    total: int
    groups: tuple[GroupFound, ...]
    begins: bool = True
    size_bytes: int = 0
    scanning: bool = False

    @property
    def examples(self) -> tuple[Conflict, ...]:
        """The first of each group, then the second of each ..."""
        rows = zip_longest(*(found.examples for found in self.groups))
        return tuple(conflict for row in rows for conflict in row if conflict is not None)


EXAMPLES = 10


def group_of(conflict: Conflict, same: bool | None) -> Group:
    """:param same: whether the bytes are the same; ``None``: nobody knows"""
    same_size = conflict.size_bytes == conflict.existing_size_bytes
    later = _compared(conflict.modified_us, conflict.existing_modified_us)
    if same or (same is None and same_size and later == 0 and conflict.modified_us):
        return Group.IDENTICAL
    if not later:
        return Group.DIFFERENT
    return Group.SOURCE_NEWER if later > 0 else Group.TARGET_NEWER


def updates(conflict: Conflict, group: Group, same: bool | None, *, target_is_store: bool) -> str:
    """Why :attr:`Policy.UPDATE` leaves this target alone; empty when it is replaced.

    A file on this computer that is newer is never written over: somebody has worked on it. A blob's time is when it
    was written, not how new its bytes are: it is left alone if it is newer and of the same size, and replaced if its
    size or checksum is another.
    """
    if group is Group.IDENTICAL:
        return "the same is there already"
    if group is Group.TARGET_NEWER and not target_is_store:
        return "what is there is newer"
    if group is Group.TARGET_NEWER and same is None and conflict.size_bytes == conflict.existing_size_bytes:
        return "it was not changed since the one there was written"
    return ""


def _compared(one_us: int, other_us: int) -> int:
    """Positive when ``one_us`` is later; 0 for the same time, or where one is not known."""
    if not one_us or not other_us:
        return 0
    if one_us % _SECOND_US == 0 or other_us % _SECOND_US == 0:
        return one_us // _SECOND_US - other_us // _SECOND_US
    return one_us - other_us


def second_name(target: str, taken: Callable[[str], bool]) -> str:
    """``target`` with `` (2)``, `` (3)`` ... before its suffix: the first that is not ``taken``."""
    folder, slash, name = target.rpartition("/")
    stem, dot, suffix = name.rpartition(".")
    if not stem:  # no suffix, or a name like ".hidden"
        stem, dot, suffix = name, "", ""
    number = 2
    while taken(wanted := f"{folder}{slash}{stem} ({number}){dot}{suffix}"):
        number += 1
    return wanted
