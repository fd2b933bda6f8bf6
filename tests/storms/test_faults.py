"""Uploads and downloads over a link that drops, stalls, cuts short, changes bytes and answers that it is overloaded: what
is said to be done is the same byte for byte, what is not has a reason, and nothing else is left anywhere.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from artifact_browser.errors import BlobNotFound
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.state import ItemState, JobState
from artifact_browser.transfers.task import LARGE_BYTES
from tests.parts.faulty_link import Fault, FaultyLink
from tests.parts.s3_server import S3Server
from tests.storms.processes import SEED
from tests.storms.test_kills import uploads_left
from tests.transfers.conftest import Bench, tree, wait_for

Size = Callable[[int, int], int]
END_S = 1200.0
SHARE = 0.25
#: how often what failed is tried again over the same link
ROUNDS = 30


@pytest.fixture
def source(tmp_path: Path, size: Size) -> Path:
    rng, source = random.Random(SEED), tmp_path / "source"
    for number in range(size(60, 1500)):
        file = source / f"{number % 5}" / f"{number:04d}.bin"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(rng.randbytes(rng.randrange(60_000)))
    for number in range(size(1, 3)):
        (source / f"large-{number}.bin").write_bytes(rng.randbytes(LARGE_BYTES + number) + b"end")
    return source


def blob(bench: Bench, key: str) -> bytes | None:
    try:
        return bench.content(key)
    except BlobNotFound:
        return None


class Watched:
    """One transfer, and where it puts what.

    :ivar reasons: of everything that failed so far
    """

    def __init__(self, handle: TransferHandle, wanted: dict[str, bytes], found: Callable[[str], bytes | None]) -> None:
        self.handle, self._wanted, self._found = handle, wanted, found
        self.reasons: Counter[str] = Counter()

    def check(self) -> None:
        """Count in is count out; what is done is there, byte for byte; what is not has a reason and left nothing wrong."""
        snapshot, items = self.handle.snapshot, self.handle.items(count=1_000_000)
        if not self.handle.planned:
            assert snapshot.error is not None
            self.reasons[f"plan {snapshot.error.kind}"] += 1
            return
        assert len(items) == len(self._wanted)
        done = [one for one in items if one.state is ItemState.DONE]
        assert len(done) == snapshot.counts.items_done
        broken_off = snapshot.error is not None and snapshot.scanning  # a retry that could not look at what is there
        if broken_off:
            assert snapshot.error is not None
            self.reasons[f"plan {snapshot.error.kind}"] += 1
        else:
            assert len(items) - len(done) == snapshot.counts.items_failed
        for one in items:
            name = one.item.name.partition("/")[2]
            there = self._found(name)
            if one.state is ItemState.DONE:
                assert there == self._wanted[name], (name, one.verified)
                assert one.verified, name
            elif broken_off and one.state is not ItemState.FAILED:
                assert there in {None, self._wanted[name]}, name
            else:
                assert one.error is not None, one
                assert one.error.title, one
                assert there in {None, self._wanted[name]}, (name, one.error)
                self.reasons[one.error.kind] += 1


def test_everything_arrives_as_it_was_or_says_why_not(
    bench: Bench, server: S3Server, source: Path, tmp_path: Path, size: Size,
    record_property: Callable[[str, object], None],
) -> None:  # fmt: skip
    wanted = {name: data for name, data in tree(source).items() if data is not None}
    bench.finish(bench.queue.upload(bench.record, bench.at(), [source]))
    down = tmp_path / "down"
    with FaultyLink(server.endpoint, SEED, SHARE, stall_s=size(1, 10)) as link:
        record = replace(bench.record, endpoint=link.endpoint)
        both = [
            Watched(
                bench.queue.upload(record, bench.at("up/"), [source]), wanted,
                lambda name: blob(bench, f"up/source/{name}"),
            ),
            Watched(
                bench.queue.download(record, [bench.at("source/")], down), wanted, tree_of(down / "source").get
            ),
        ]  # fmt: skip
        rounds = 0
        while any(one.handle.snapshot.state is not JobState.DONE for one in both):
            rounds += 1
            assert rounds < ROUNDS, [one.reasons for one in both]
            ends_at = time.monotonic() + END_S
            while not all(one.handle.ended for one in both):
                assert time.monotonic() < ends_at, [one.handle.snapshot for one in both]
                time.sleep(0.05)
            bench.queue.settle(60)
            both[1]._found = tree_of(down / "source").get
            for one in both:
                one.check()
                one.handle.retry_failed()
    assert sorted(bench.listed("up/")) == sorted(f"up/source/{name}" for name in wanted)
    assert tree(down / "source") == wanted
    wait_for(lambda: not uploads_left(bench), f"{uploads_left(bench)} are dropped")
    assert [fault for fault in Fault if not link.suffered[fault]] == []
    record_property(
        "storm", f"seed {SEED}, {len(wanted)} files each way, {link.suffered.total()} faults, {rounds} rounds, failed on the"
        f" way: {dict(both[0].reasons + both[1].reasons)}"
    )  # fmt: skip


def tree_of(folder: Path) -> dict[str, bytes | None]:
    """Temporary files stand for themselves: nobody wants any."""
    return tree(folder) if folder.exists() else {}
