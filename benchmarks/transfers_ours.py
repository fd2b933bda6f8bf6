"""Our side of the ``transfers`` benchmark: the app's pool, engine and queue in a process without a window.

``python -m benchmarks.transfers_ours SPEC`` does the jobs of the JSON in order, the last of them timed: from the order
to the last item that is done, verified and told, and to the end of the job. It prints ``{"engine": pid}`` before that one
and ``{"jobs": [...], ...}`` at its end.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from artifact_browser import bootstrap
from artifact_browser.accounts.lease import Secret
from artifact_browser.paths import in_home
from artifact_browser.storage.location import Location
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.policy import ConflictFound, Decision, Policy
from artifact_browser.transfers.queue import TransferQueue
from artifact_browser.workers.job import Lane
from benchmarks.loads import ACCOUNT, open_account
from benchmarks.machine import Bystanders
from benchmarks.processes import own_cpu_s

DEADLINE_S = 300.0


class _Watch:
    """A :class:`TransferListener`: when the last item was done, and when the job had ended."""

    def __init__(self) -> None:
        self.last_item = 0.0
        self.ended = threading.Event()

    def on_changed(self, handle: TransferHandle) -> None:
        counts, scanning = handle.snapshot.counts, handle.snapshot.scanning
        if not self.last_item and counts.items and not counts.items_left and not scanning:
            self.last_item = time.monotonic()
        if handle.ended:
            self.ended.set()

    def on_conflict(
        self, handle: TransferHandle, question: ConflictFound, answer: Callable[[Decision | None], None]
    ) -> None:
        assert not question.groups, "every target is new"
        answer(Policy.ASK)  # they are many: start


def work(spec: dict[str, Any]) -> dict[str, Any]:
    """Do the jobs; what came of them."""
    services = bootstrap.build(in_home(Path(spec["home"])))
    try:
        access = spec["access"]
        secret = Secret(access["access_key"], access["secret_key"])
        record = open_account(services, access["endpoint"], secret, region=access["region"], ca_file=access["ca_file"])
        *warming, last = spec["jobs"]
        jobs = [_move(services, record, job) for job in warming]
        others = Bystanders(os.getppid()) if warming else None
        if warming:
            print(json.dumps({"engine": services.pool.pids(Lane.ENGINE)[0]}), flush=True)
        before = own_cpu_s() if warming else 0.0
        jobs.append(_move(services, record, last))
        return {"jobs": jobs, "cpu": own_cpu_s() - before, "others_cores": others.cores() if others else None}
    finally:
        services.close()


def _move(services: bootstrap.Services, record: Any, job: dict[str, Any]) -> dict[str, Any]:
    watch, queue = _Watch(), TransferQueue(services.pool)
    queue.listen(watch)
    began = time.monotonic()
    place = Location(ACCOUNT, job["bucket"], job["prefix"])
    if job["verb"] == "up":
        handle = queue.upload(record, place, [job["folder"]])
    else:
        handle = queue.download(record, [place], job["folder"])
    if not watch.ended.wait(DEADLINE_S):
        return {"state": "it did not end", "errors": [], "verified": {}}
    ended = time.monotonic()
    items = handle.items(count=handle.count())
    return {
        "state": str(handle.snapshot.state),
        "errors": [[one.item.name, one.error.kind, one.error.detail] for one in items if one.error is not None],
        "error": handle.snapshot.error.detail if handle.snapshot.error else "",
        "verified": Counter(one.verified or "not" for one in items if one.error is None),
        "wall": (watch.last_item or ended) - began,
        "durable": ended - began,
    }


if __name__ == "__main__":
    print(json.dumps(work(json.loads(sys.argv[1]))), flush=True)
