"""Commits a second into one large collection, from several processes at once: told together, and each for itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.bootstrap import Services
from artifact_browser.catalog import jobs
from artifact_browser.catalog.layout import Place
from artifact_browser.workers.job import Lane
from benchmarks.catalog_jobs import commit_all, listed, make_children, stage
from benchmarks.catalog_run import PLACE, Setting, account, require, seconds
from benchmarks.counted import Counted
from benchmarks.report import Row

NAMES = (
    "catalog commits elsewhere work vs each for itself",
    "catalog commits on this computer work vs each for itself",
)


def rows(setting: Setting) -> list[Row]:
    with Counted("benchmarks.shelf_server") as shelf:
        found = [_row(NAMES[0], setting, setting.folder / "commits", shelf)]
    return [*found, _row(NAMES[1], setting, setting.folder / "commits-local", None)]


def _row(name: str, setting: Setting, home: Path, shelf: Counted | None) -> Row:
    with ExitStack() as stack:
        processes = []
        for number in range(setting.processes):  # each with a worker of its own
            here = home / str(number) if shelf else home
            processes.append(stack.enter_context(account(here, shelf.endpoint if shelf else "", new=not number)))
        services, record = processes[0]
        services.pool.run(make_children, record, PLACE, setting.children)
        services.pool.run(jobs.rebuild_index, record, PLACE)
        for number, (one, its) in enumerate(processes):  # each knows by then what the store can do
            place = PLACE.child(f"warm-{number}")
            one.pool.run(stage, its, [place], 1, {})
            one.pool.run(commit_all, its, [place], True)
        rates = {}
        for word, together in (("alone", False), ("together", True)):
            places = [
                [PLACE.child(f"{word}-{number}-{at}") for at in range(setting.commits)]
                for number in range(setting.processes)
            ]
            services.pool.run(stage, record, [place for some in places for place in some], 1, {})
            if shelf:
                shelf.set_latency(setting.latency_ms)  # forgets what was counted
            rates[together] = _rate(name, processes, places, together)
            if shelf:
                print(f"{name}, {word}: {dict(sorted(shelf.counts().items()))}", flush=True)
                shelf.set_latency(0)
            services.pool.run(jobs.rebuild_index, record, PLACE)  # what was left to it
        wanted = setting.children + setting.processes * (1 + 2 * setting.commits)
        entries = services.pool.run(listed, record, PLACE)
        require(entries == (wanted, wanted), f"{name}: the index has {entries} entries and not {wanted}")
    return Row(name, rates[True], "1/s", rates[False], higher_is_better=True)


def forget_peaks(pids: Sequence[int]) -> None:
    """What these processes had at their highest counts from now on, where the kernel is Linux."""
    for pid in pids:
        with suppress(OSError):
            Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_mb(pid: int) -> float:
    """Resident memory of a process at its highest, libraries included; 0 where that is not told."""
    try:
        told = re.search(r"VmHWM:\s*(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0.0
    return int(told[1]) / 1000 if told else 0.0


def _rate(
    name: str, processes: Sequence[tuple[Services, AccountRecord]], places: Sequence[list[Place]], together: bool
) -> float:
    def commit(number: int) -> tuple[int, int]:
        services, record = processes[number]
        told: tuple[int, int] = services.pool.run(commit_all, record, places[number], together)
        return told

    told: list[tuple[int, int]] = []
    workers = [pid for services, _ in processes for pid in services.pool.pids(Lane.INTERACTIVE)]
    forget_peaks(workers)
    with ThreadPoolExecutor(len(processes)) as drivers:
        took = seconds(lambda: told.extend(drivers.map(commit, range(len(processes)))))
    done, pending = (sum(column) for column in zip(*told, strict=True))
    wanted = sum(map(len, places))
    require(done == wanted, f"{name}: {done} of {wanted} were committed")
    print(
        f"{name}, {'together' if together else 'alone'}: {done} in {took:.2f} s, {pending} left to a rebuild, "
        f"{max(map(peak_mb, workers), default=0):.0f} MB in the largest of {len(workers)} workers",
        flush=True,
    )
    return done / took
