"""Window, engine and movers are killed at random moments, together or one by one, and the app is started again: every
transfer goes on, and in the end every byte is where it belongs and nothing else is.
"""

from __future__ import annotations

import os
import random
import select
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from artifact_browser.transfers.task import LARGE_BYTES
from tests.parts.s3_server import S3Server
from tests.storms.processes import NEEDS_SIGKILL, SEED, children_of, kill
from tests.storms.restart_child import DOWN, up
from tests.storms.test_kills import uploads_left
from tests.transfers.conftest import Bench, tree, wait_for

pytestmark = NEEDS_SIGKILL
ROOT = Path(__file__).parents[2]
MOVED_CLOCK = Path(__file__).parent / "moved_clock"
END_S = 240.0


class App:
    """One start of the app after the other. ``clock``: a file with the seconds that its clock is off by."""

    def __init__(self, arguments: list[str], clock: Path | None = None) -> None:
        self._arguments = arguments
        self._env = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
        if clock is not None:
            self._env |= {"PYTHONPATH": os.pathsep.join([str(MOVED_CLOCK), str(ROOT)]), "ABT_CLOCK": str(clock)}
        self.said: list[str] = []
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tests.storms.restart_child", *self._arguments],
            cwd=ROOT, env=self._env, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def hear(self, seconds: float) -> bool:
        """Listen; whether it said that it is done."""
        ends_at = time.monotonic() + seconds
        out = self.process.stdout
        assert out is not None
        while (left := ends_at - time.monotonic()) > 0 and select.select([out], [], [], left)[0]:
            line = out.readline()
            if not line:
                break
            self.said.append(line.strip())
            if line == "done\n":
                return True
        return False

    def pids(self) -> tuple[list[int], list[int]]:
        """Its workers, and their movers."""
        workers = children_of([self.process.pid])
        return workers, children_of(workers)

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


class Storm:
    """Kills until ``kills`` are spent, over as many rounds as that takes."""

    def __init__(self, kills: int) -> None:
        self._kills = kills
        self._rng = random.Random(SEED)
        self.killed: Counter[str] = Counter()

    @property
    def spent(self) -> bool:
        return self.killed.total() >= self._kills

    def rage(self, app: App) -> None:
        """See one round through."""
        done = False
        while not done and not self.spent:
            done = app.hear(self._rng.uniform(0.2, 1.8))
            if not done:
                self._strike(app)
        assert done or app.hear(END_S), app.said[-5:]
        assert app.process.wait(20) == 0

    def _strike(self, app: App) -> None:
        workers, movers = app.pids()
        whom = self._rng.choice(["window", "window", "all", "worker", "mover"])
        one_of = {"worker": workers, "mover": movers}.get(whom)
        pids = {"window": [app.process.pid], "all": [app.process.pid, *workers, *movers]}.get(whom, [])
        if one_of:
            pids = [self._rng.choice(one_of)]
        struck = [kill(pid) for pid in pids]
        if not any(struck):
            return
        self.killed[whom] += 1
        if app.process.pid in pids:
            app.process.communicate()
            app.start()


def test_everything_goes_on_after_every_kill(
    bench: Bench, server: S3Server, tmp_path: Path, size: Callable[[int, int], int],
    record_property: Callable[[str, object], None],
) -> None:  # fmt: skip
    rng, storm, source = random.Random(SEED), Storm(size(6 if server.name == "moto" else 3, 40)), tmp_path / "source"
    for number in range(size(150, 1000)):
        file = source / f"{number % 5}" / f"{number:04d}.bin"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(rng.randbytes(rng.randrange(60_000)))
    (source / "large.bin").write_bytes(rng.randbytes(LARGE_BYTES) + rng.randbytes(LARGE_BYTES // 2))
    wanted = {name: data for name, data in tree(source).items() if data is not None}
    bench.finish(bench.queue.upload(bench.record, bench.at(), [source]))
    said: list[str] = []
    rounds = 0
    while not storm.spent:
        rounds += 1
        down = tmp_path / f"down-{rounds}"
        app = App([
            str(tmp_path / "home"), server.name, server.endpoint, server.access_key, server.secret_key,
            bench.bucket, str(source), str(down), str(rounds),
        ])  # fmt: skip
        try:
            storm.rage(app)
        finally:
            app.end()
            said += app.said
        prefix = f"{up(str(rounds))}source/"
        assert {key: bench.content(key) for key in bench.listed(up(str(rounds)))} == {
            prefix + name: data for name, data in wanted.items()
        }
        assert tree(down / DOWN.rstrip("/")) == wanted
        assert [path.name for path in down.rglob("*.part")] == []
        wait_for(lambda: not uploads_left(bench), f"{uploads_left(bench)} are dropped")
    record_property(
        "storm", f"seed {SEED}, {rounds} rounds, {len(wanted)} files each way, killed {dict(storm.killed)},"
        f" {said.count('going')} starts, {sum(line.startswith('again') for line in said)} retries,"
        f" {sum(line.startswith('conflict') for line in said)} conflicts"
    )  # fmt: skip
