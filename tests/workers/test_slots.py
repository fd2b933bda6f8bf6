"""How many jobs run at once: no place is lost, whatever becomes of those that wait."""

from __future__ import annotations

from artifact_browser.workers.slots import Slots


def test_many_that_were_cancelled_while_they_waited_cost_no_place() -> None:
    """Each gives its place back as soon as it has it."""
    slots, started = Slots(2), list[int]()
    slots.submit(lambda: started.append(-1))
    slots.submit(lambda: started.append(-2))
    for _ in range(20_000):
        slots.submit(slots.release)
    slots.submit(lambda: started.append(1))
    slots.release()
    slots.release()
    slots.submit(lambda: started.append(2))
    slots.submit(lambda: started.append(3))
    assert started == [-1, -2, 1, 2]
    slots.release()
    assert started == [-1, -2, 1, 2, 3]
