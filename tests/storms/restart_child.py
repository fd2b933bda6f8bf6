"""The window's side of an app without a screen, as a process to be killed: begins transfers, or goes on with those that
it finds, and says ``done`` when all are.

Arguments: home, name, endpoint and keys of a server, bucket, source folder, target folder, number of the round.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from artifact_browser.accounts.lease import LeaseWanted, SecretWanted
from artifact_browser.paths import in_home
from artifact_browser.storage.location import Location
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.history import read_history
from artifact_browser.transfers.policy import ConflictFound, Policy
from artifact_browser.transfers.queue import Restoring, TransferQueue
from artifact_browser.transfers.state import JobState, Verb
from artifact_browser.workers.pool import WorkerPool
from tests.parts.s3_server import S3Server

DOWN = "source/"


class Follower:
    """Nobody is there to decide: what is found in the way is an error of the test."""

    def on_changed(self, handle: TransferHandle) -> None:
        del handle

    def on_conflict(self, handle: TransferHandle, question: ConflictFound, answer: object) -> None:
        assert callable(answer)
        if not question.groups:  # many files: they may begin
            answer(Policy.ASK)
            return
        print(f"conflict {handle.snapshot.verb} {[one.name for one in question.examples]}", flush=True)
        answer(Policy.REPLACE)


def up(number: str) -> str:
    """Where a round's upload goes."""
    return f"up-{number}/"


def main(
    home: str, name: str, endpoint: str, access: str, secret: str, bucket: str, source: str, target: str, number: str
) -> None:
    server = S3Server(name, endpoint, access, secret)
    pool = WorkerPool(in_home(Path(home)).make())
    pool.answer(LeaseWanted, lambda _, answer: answer(server.lease))
    pool.answer(SecretWanted, lambda _, answer: answer(server.secret))
    queue = TransferQueue(pool)
    queue.listen(Follower())
    restoring = Restoring(queue)
    for event in pool.iterate(read_history, (server.record,)):
        restoring.take(event)
    restoring.end()
    marker = Path(home, f"begun-{number}")
    if not marker.exists():  # killed before both were in the journal, perhaps half-planned: what is there goes on
        there = {handle.snapshot.verb for handle in queue.handles}
        if Verb.UPLOAD not in there:
            queue.upload(server.record, Location(server.record.id, bucket, up(number)), [source])
        if Verb.DOWNLOAD not in there:
            queue.download(server.record, [Location(server.record.id, bucket, DOWN)], target)
        while any(handle.snapshot.state is JobState.QUEUED for handle in queue.handles):
            time.sleep(0.01)
        marker.touch()
    print("going", flush=True)
    queue.continue_all()
    while True:
        for handle in queue.handles:
            if handle.ended and handle.snapshot.state is not JobState.DONE:
                print(f"again {handle.snapshot.verb} {handle.snapshot.state} {handle.snapshot.error}", flush=True)
                handle.retry_failed()
        if all(handle.snapshot.state is JobState.DONE for handle in queue.handles):
            break
        time.sleep(0.02)
    queue.settle(30)
    pool.close()
    print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
