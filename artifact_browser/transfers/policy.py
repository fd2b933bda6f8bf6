"""What to do when the target is already there: asked once, before bytes move, and held for the whole job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from artifact_browser.workers.job import Question


class Policy(StrEnum):
    #: ask with :class:`ConflictFound` when there is a conflict; nothing is asked when there is none
    ASK = "ask"
    SKIP = "skip"
    REPLACE = "replace"
    #: a second name beside the first: ``report (2).csv``
    KEEP_BOTH = "keep both"


@dataclass(frozen=True, slots=True)
class Conflict:
    """One target that exists. Sizes in bytes, times in microseconds UTC (0: not known)."""

    name: str
    size_bytes: int
    modified_us: int
    existing_size_bytes: int
    existing_modified_us: int


@dataclass(frozen=True, slots=True)
class ConflictFound(Question):
    """Asked by the plan of a job. Answer: a :class:`Policy` other than ``ASK``, for all of them.

    :ivar total: how many of the ``planned`` items exist at the target
    :ivar examples: the first few of them
    """

    job_id: str
    target: str
    planned: int
    total: int
    same_size: int
    existing_newer: int
    examples: tuple[Conflict, ...]


EXAMPLES = 50


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
