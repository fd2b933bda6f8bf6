"""When the CPU is short the workers wait for the window, and for nobody else's programs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from artifact_browser.paths import Paths
from artifact_browser.workers.job import Lane
from artifact_browser.workers.pool import WorkerPool
from artifact_browser.workers.priority import NICE, has_share_of_its_own
from tests.workers import jobs


@pytest.mark.skipif(os.name != "posix", reason="nice values: not on Windows")
@pytest.mark.parametrize("steps_back", [False, True])
def test_workers_step_back_for_the_window(paths: Paths, request: pytest.FixtureRequest, steps_back: bool) -> None:
    pool = WorkerPool(paths, steps_back=steps_back)
    request.addfinalizer(pool.close)
    here = os.getpriority(os.PRIO_PROCESS, 0)
    interactive, engine = pool.run(jobs.standing), pool.run(jobs.standing, lane=Lane.ENGINE)
    mover = pool.run(jobs.standing_of_mover, lane=Lane.ENGINE, timeout_s=30)
    assert len({interactive.pid, engine.pid, mover.pid}) == 3
    assert [one.nice for one in (interactive, engine, mover)] == [here, max(NICE, here), max(NICE, here)]
    if sys.platform == "linux":
        policy = os.SCHED_IDLE if steps_back else os.SCHED_OTHER
        assert {one.policy for one in (interactive, engine, mover)} == {policy}
        assert os.sched_getscheduler(0) != os.SCHED_IDLE


def system(root: Path, groups: str, weights: tuple[str, ...], autogroup: str, *, leads: bool) -> bool:
    """What a machine with these files says."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/sys/kernel").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(groups)
    (root / "proc/sys/kernel/sched_autogroup_enabled").write_text(f"{autogroup}\n")
    for weight in weights:
        (root / "cgroup" / weight).mkdir(parents=True)
        (root / "cgroup" / weight / "cpu.weight").write_text("100\n")
    return has_share_of_its_own(root / "proc", root / "cgroup", leads=leads)


@pytest.mark.parametrize(
    ("groups", "weights", "autogroup", "own"),
    [
        ("0::/\n", (), "1", True),
        ("0::/\n", (), "0", False),
        ("0::/user.slice/session-1.scope\n", (), "1", True),
        ("0::/user.slice/session-1.scope\n", ("user.slice",), "1", False),
        ("0::/user.slice/app-x.scope\n", ("user.slice", "user.slice/app-x.scope"), "0", True),
        ("0::/\n", (".",), "0", True),  # a container
        ("2:cpu,cpuacct:/\n0::/\n", (), "1", True),
        ("2:cpu,cpuacct:/\n0::/\n", (), "0", False),
        ("2:cpu,cpuacct:/user\n0::/user\n", (), "1", False),
        ("", (), "1", False),
        ("nonsense", (), "1", False),
    ],
)
def test_a_share_of_its_own_is_recognised(
    tmp_path: Path, groups: str, weights: tuple[str, ...], autogroup: str, own: bool
) -> None:
    assert system(tmp_path, groups, weights, autogroup, leads=True) is own


@pytest.mark.parametrize(
    ("groups", "weights", "own"),
    [("0::/\n", (), False), ("2:cpu:/\n0::/\n", (), False), ("0::/app-x.scope\n", ("app-x.scope",), True)],
)
def test_a_session_shared_with_other_programs_is_no_share_of_its_own(
    tmp_path: Path, groups: str, weights: tuple[str, ...], own: bool
) -> None:
    assert system(tmp_path, groups, weights, "1", leads=False) is own


@pytest.mark.skipif(sys.platform != "linux", reason="sessions share the CPU on Linux only")
@pytest.mark.parametrize("new_session", [False, True])
def test_the_app_and_what_it_starts_lead_a_session_or_do_not(new_session: bool) -> None:
    program = "from artifact_browser.workers.priority import _leads_session; print(_leads_session())"
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, start_new_session=new_session
    )
    assert said.stdout.strip() == str(new_session), said.stderr


def test_a_system_that_tells_nothing_has_none(tmp_path: Path) -> None:
    assert not has_share_of_its_own(tmp_path, tmp_path)
