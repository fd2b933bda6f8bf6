"""From the figures of the ``transfers`` benchmark to rows with verdicts: medians, spreads, the fastest peer, the targets."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.report import Row

OURS, WHOLE = "ours", "ours, whole process"
SPREAD_MOST = 0.25
MEMORY_MIB = 300.0
#: (verb, shape) of the rows with the wider bound; all others are held to the closer one
_DOWN_LARGE = {("down", "big"), ("down", "mid")}
_CLOSE, _WIDE, _REAL_WALL = (1.0, 1.2), (1.3, 1.8), 1.05


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one run. ``durable_s``: until all is on the disk, where somebody says it."""

    wall_s: float
    cpu_s: float
    memory_mib: float = 0.0
    durable_s: float = 0.0
    verified: str = ""


@dataclass(slots=True)
class Results:
    """Of one participant in one row. A fault in any run makes it fail."""

    runs: list[Figures] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        return bool(self.faults) or not self.runs

    @property
    def wall_s(self) -> float:
        return statistics.median(run.wall_s for run in self.runs)

    @property
    def cpu_s(self) -> float:
        return statistics.median(run.cpu_s for run in self.runs)

    @property
    def durable_s(self) -> float:
        return statistics.median(run.durable_s for run in self.runs)

    @property
    def memory_mib(self) -> float:
        """The highest of all runs."""
        return max(run.memory_mib for run in self.runs)

    @property
    def spread(self) -> float:
        """How far the walls lie apart, in parts of their median."""
        return spread([run.wall_s for run in self.runs])


def spread(values: Sequence[float]) -> float:
    return (max(values) - min(values)) / statistics.median(values)


def targets(verb: str, shape: str, *, real: bool) -> tuple[float, float | None]:
    """The bounds of our wall and CPU as parts of the fastest peer's; on a real server CPU has none."""
    if real:
        return _REAL_WALL, None
    return _WIDE if (verb, shape) in _DOWN_LARGE else _CLOSE


def references(results: Mapping[str, Results], peers: Sequence[str]) -> tuple[str, str]:
    """The fastest of ``peers`` by wall and by CPU, of those that did not fail; "" when all did."""
    fit = [name for name in peers if name in results and not results[name].failed]
    by_wall = min(fit, key=lambda name: results[name].wall_s, default="")
    return by_wall, min(fit, key=lambda name: results[name].cpu_s, default="")


def rows_of(
    label: str, results: Mapping[str, Results], peers: Sequence[str], bounds: tuple[float, float | None]
) -> tuple[list[Row], list[str]]:
    """The rows of one kind of work, and the names of those that are missing.

    :param label: what was done ("up 64 x 16 MiB"); :param peers: whom the targets are measured against
    """
    ours, whole = results.get(OURS, Results()), results.get(WHOLE, Results())
    by_wall, by_cpu = references(results, peers)
    if ours.failed or not by_wall:
        return [], [f"{label} {measure}" for measure in ("wall", "cpu", "memory")]
    wall, cpu = results[by_wall].wall_s, results[by_cpu].cpu_s
    rows = [
        Row(f"{label} wall vs {by_wall}", ours.wall_s, "s", wall, target=bounds[0], target_is_ratio=True),
        Row(f"{label} cpu vs {by_cpu}", ours.cpu_s, "s", cpu, target=bounds[1], target_is_ratio=True),
        Row(f"{label} memory", ours.memory_mib, "MiB", target=MEMORY_MIB),
        Row(f"{label} durable wall", ours.durable_s, "s"),
    ]
    if whole.failed:
        return rows, [f"{label} process wall"]
    return [*rows, Row(f"{label} process wall vs {by_wall}", whole.wall_s, "s", wall)], []


def restless(results: Mapping[str, Results], peers: Sequence[str]) -> list[str]:
    """Who of those a verdict rests on has walls too far apart."""
    names = dict.fromkeys((OURS, *filter(None, references(results, peers))))
    return [name for name in names if not results[name].failed and results[name].spread > SPREAD_MOST]


def table_of(label: str, results: Mapping[str, Results], checks: Mapping[str, str]) -> list[str]:
    """Everybody's figures as a table in Markdown."""
    lines = [
        f"| {label} | wall s (spread) | CPU s | memory MiB | verified by |",
        "|---|---|---|---|---|",
    ]
    for name, one in results.items():
        if one.failed:
            lines.append(f"| {name} | failed: {'; '.join(dict.fromkeys(one.faults)) or 'no run'} | | | |")
            continue
        checked = checks.get(name, "") or one.runs[-1].verified
        lines.append(
            f"| {name} | {one.wall_s:.2f} ({100 * one.spread:.0f} %) | {one.cpu_s:.2f} | {one.memory_mib:.0f} | {checked} |"
        )
    return lines
