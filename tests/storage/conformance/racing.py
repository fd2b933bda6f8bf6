"""What a process does that races others for the same blobs."""

from __future__ import annotations

import multiprocessing
import time
import uuid
from dataclasses import dataclass
from typing import Any

from artifact_browser.errors import OutcomeUnknown, PreconditionFailed, ServerFault
from artifact_browser.storage.driver import Condition, Driver
from tests.storage.conformance.stores import Store, content


@dataclass(frozen=True)
class Race:
    """:ivar keys: how many keys all fight for; :ivar commits: entries each process adds to one index"""

    bucket: str
    racers: int
    keys: int
    commits: int


def run(store: Store, race: Race) -> tuple[list[str], set[str]]:
    """Race; the names of all winners (one per create-only key won), and all entries that were acknowledged."""
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(race.racers), context.SimpleQueue()
    racers = [context.Process(target=take_part, args=(store, race, barrier, results)) for _ in range(race.racers)]
    for racer in racers:
        racer.start()
    won: list[str] = []
    entries: set[str] = set()
    waiting = len(racers)
    while waiting:
        if results.empty():
            assert not any(racer.exitcode for racer in racers), "one has failed; its own words are above"
            time.sleep(0.05)
            continue
        its_keys, its_entries = results.get()
        won += its_keys
        entries |= its_entries
        waiting -= 1
    for racer in racers:
        racer.join(10)
    results.close()
    return won, entries


def take_part(store: Store, race: Race, barrier: Any, results: Any) -> None:
    me = uuid.uuid4().hex
    with store.opened() as driver:
        driver.check_bucket(race.bucket)
        barrier.wait(60)
        won = [key for key in (f"once-{i}" for i in range(race.keys)) if create(driver, race.bucket, key, me)]
        entries = {add_entry(driver, race.bucket, f"{me}-{i}") for i in range(race.commits)}
    results.put((won, entries))


def create(driver: Driver, bucket: str, key: str, me: str) -> bool:
    """Whether the blob is ours, also when the store could not tell at once."""
    try:
        driver.put(bucket, key, me.encode(), condition=Condition(if_absent=True))
    except PreconditionFailed:
        return False
    except (OutcomeUnknown, ServerFault):
        return content(driver, bucket, key) == me.encode()
    return True


def add_entry(driver: Driver, bucket: str, entry: str) -> str:
    """Append a line to the index by compare-and-swap until it is in."""
    while True:
        with driver.get(bucket, "index") as reader:
            lines, etag = reader.read().decode().splitlines(), reader.info.etag
        if entry in lines:
            return entry  # an answer was lost, the write was not
        try:
            driver.put(bucket, "index", "\n".join([*lines, entry]).encode(), condition=Condition(if_match=etag))
        except (PreconditionFailed, OutcomeUnknown):
            continue
        return entry
