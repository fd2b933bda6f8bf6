"""What travels to a mover together: a large task alone, or small ones in a batch that fits how fast they move."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from artifact_browser.accounts.record import AccountKind, AccountRecord
from artifact_browser.transfers.flight import Flight
from artifact_browser.transfers.patience import Setbacks
from artifact_browser.transfers.task import SMALL_BYTES, Course, Task
from artifact_browser.workers.turns import MOST_TOGETHER

_BATCH_TASKS = 16
#: of those that take turns: so many that a mover has enough to do while the engine writes down and tells a thousand items,
#: and not for longer than a pause likes to wait
_TURN_TASKS, _MOST_TURN_TASKS = 64, 512
_SHORT_S, _LONG_S = 0.05, 0.25
#: at its end a batch waits for its last ones, and for the next
_ROUNDS = 4
_BATCH_BYTES = 4 * SMALL_BYTES
#: small files at one place: they wait for the store's distance, not for the line; more as long as each comes soon
_PLACE_TASKS, _MOST_PLACE_TASKS = 4, 16
_SOON_S, _LATE_S = 0.5, 1.0
_PLACE_BYTES = 256 * 1024


@dataclass(slots=True, eq=False)
class Run:
    """A course under way. ``flying``: its tasks that movers have; ``dead``: it failed, its other tasks are dropped."""

    course: Course
    flying: int = 0
    dead: bool = False
    bytes_done: int = 0
    partial_bytes: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Load:
    """A task on its way: waiting, or with a mover."""

    run: Run
    task: Task
    tries: int = 0
    setbacks: Setbacks = field(default_factory=Setbacks)


class Batches:
    """One job run's; in its loop's thread.

    :param records: the job's accounts: only our own S3 core lets others go on while it waits
    """

    def __init__(self, records: Sequence[AccountRecord]) -> None:
        self._own_core = all(one.kind is not AccountKind.LOCAL and not one.compatibility for one in records)
        self._turn_tasks, self._place_tasks = _TURN_TASKS, _PLACE_TASKS

    def takes_turns(self, load: Load) -> bool:
        """Whether it may share a mover's thread with others, each waiting for the store while others go on."""
        return self._own_core and load.task.takes_turns and load.task.moved_bytes <= SMALL_BYTES and not load.tries

    def pick(
        self,
        take: Callable[[], Load | None],
        give_back: Callable[[Load], None],
        *,
        places: int,
        waiting: int,
        share: int,
    ) -> list[Load]:
        """The next tasks for one mover.

        :param places: how many of them may move at the same time; ``share``: how many the job may expect to have in all
        :param waiting: tasks that are left, about: the last ones are spread over all movers
        """
        loads: list[Load] = []
        weight, most, together = 0, 1, False
        while len(loads) < most and (load := take()):
            alone = load.task.alone or load.task.moved_bytes > SMALL_BYTES or load.tries > 0
            turns = self.takes_turns(load)
            if not loads:
                together = turns
                flights = max(1, share // places)
                most = max(1, min(self._fitting(places) if turns else _BATCH_TASKS, waiting // (2 * flights)))
            elif alone or turns != together or weight + load.task.moved_bytes > places * _BATCH_BYTES:
                give_back(load)
                break
            loads.append(load)
            weight += load.task.moved_bytes
            if alone:
                break
        return loads

    def _fitting(self, places: int) -> int:
        """How many that take turns travel together: several rounds of those that move at the same time."""
        return max(self._turn_tasks, _ROUNDS * min(MOST_TOGETHER, places * self._place_tasks))

    def spread(self, loads: Sequence[Load], places: int, *, shared: bool) -> tuple[int, int]:
        """How many of a batch move at the same time, and how many of the granted ``places`` that takes.

        :param shared: several small files may move at one place: as many as fit into 256 KiB, 4 to 16
        """
        if not self.takes_turns(loads[0]):
            return 1, 1
        each = 1
        if shared:
            mean_bytes = sum(load.task.moved_bytes for load in loads) // len(loads)
            each = max(1, min(self._place_tasks, _PLACE_BYTES // max(1, mean_bytes)))
        together = min(len(loads), places * each, MOST_TOGETHER)
        return together, -(-together // each)

    def refused(self) -> None:
        """The store, or the way to it, is in trouble: fewer at the same time."""
        self._place_tasks = _PLACE_TASKS

    def landed(self, flight: Flight) -> None:
        """All tasks of a batch have ended: it says how many fit, and how long each waited."""
        if flight.tasks >= 2 * flight.together > 2:
            waited_s = flight.flew_s * flight.together / flight.tasks
            if waited_s < _SOON_S:
                self._place_tasks = min(_MOST_PLACE_TASKS, self._place_tasks * 2)
            elif waited_s > _LATE_S:
                self._place_tasks = max(_PLACE_TASKS, self._place_tasks // 2)
        if flight.tasks < self._turn_tasks:
            return
        if flight.flew_s < _SHORT_S:
            self._turn_tasks = min(_MOST_TURN_TASKS, self._turn_tasks * 2)
        elif flight.flew_s > _LONG_S:
            self._turn_tasks = max(_TURN_TASKS, self._turn_tasks // 2)
