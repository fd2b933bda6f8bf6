"""The computer's clock is moved by hours, back and forth, in the middle of transfers and between two starts of the app:
every byte arrives, and the journal still knows where each transfer was.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from artifact_browser.transfers.task import LARGE_BYTES
from tests.parts.faulty_link import Fault, FaultyLink
from tests.parts.s3_server import S3Server
from tests.storms.processes import NEEDS_SIGKILL, SEED
from tests.storms.restart_child import DOWN, up
from tests.storms.test_kills import uploads_left
from tests.storms.test_restarts import END_S, App
from tests.transfers.conftest import Bench, tree, wait_for

pytestmark = NEEDS_SIGKILL
HOUR_S = 3600


def test_a_clock_that_is_moved_costs_nothing(
    bench: Bench, server: S3Server, tmp_path: Path, size: Callable[[int, int], int],
    record_property: Callable[[str, object], None],
) -> None:  # fmt: skip
    rng, source, down, clock = random.Random(SEED), tmp_path / "source", tmp_path / "down", tmp_path / "clock"
    source.mkdir()
    for number in range(size(100, 1000)):
        (source / f"{number:04d}.bin").write_bytes(rng.randbytes(rng.randrange(60_000)))
    (source / "large.bin").write_bytes(rng.randbytes(LARGE_BYTES + LARGE_BYTES // 2))
    wanted = tree(source)
    bench.finish(bench.queue.upload(bench.record, bench.at(), [source]))
    clock.write_text("0")
    moved = 0
    with FaultyLink(server.endpoint, SEED, 0.5, (Fault.SLOW,), slow_s=0.3) as link:
        app = App(
            [str(tmp_path / "home"), server.name, link.endpoint, server.access_key, server.secret_key, bench.bucket,
             str(source), str(down), "1"], clock,
        )  # fmt: skip
        try:
            wait_for(lambda: app.hear(0.2) or "going" in app.said, "both are planned")
            for move in range(size(8, 60)):
                if app.hear(rng.uniform(0.3, 1.2)):
                    break
                clock.write_text(str(rng.randrange(-30 * HOUR_S, 30 * HOUR_S)))
                moved += 1
                if move % 4 == 3:  # between two starts as well
                    app.end()
                    app.start()
            link.heal()
            assert "done" in app.said or app.hear(END_S), app.said[-5:]
            assert app.process.wait(20) == 0
        finally:
            app.end()
    prefix = f"{up('1')}source/"
    assert {key: bench.content(key) for key in bench.listed(up("1"))} == {
        prefix + name: data for name, data in wanted.items()
    }
    assert tree(down / DOWN.rstrip("/")) == wanted
    wait_for(lambda: not uploads_left(bench), f"{uploads_left(bench)} are dropped")
    again = [line for line in app.said if line.startswith("again")]
    assert again == [], "nothing failed for the clock's sake"
    record_property("storm", f"seed {SEED}, {len(wanted)} files each way, the clock moved {moved} times")
