"""From the figures of the ``listing`` benchmark to rows with verdicts: medians, the cost of 1,000 keys, the targets."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.listing_run import Figures
from benchmarks.report import Row

OURS, WINDOW = "ours", "ours in window"
#: with so many keys the targets hold
TARGET_KEYS = 1_000_000
BOUNDS = {"s5cmd": 0.6, "rclone": 0.6, "obstore": 2.0}
FIRST_PAINT_MS, MEMORY_MIB = 150.0, 350.0


@dataclass(slots=True)
class Results:
    """Of one participant with one number of keys. A fault in any run makes it fail."""

    runs: list[Figures] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        return bool(self.faults) or not self.runs

    def median(self, name: str) -> float:
        return statistics.median(getattr(run, name) for run in self.runs)

    def behind_first_ms(self, count: int) -> float:
        """The wall of 1,000 keys behind the first page, start and first connection left out."""
        return statistics.median(1e6 * (run.wall_s - run.first_s) / max(1, count - 1000) for run in self.runs)

    @property
    def memory_mib(self) -> float:
        """The highest of all runs."""
        return max(run.memory_mib for run in self.runs)


def rows_of(count: int, results: Mapping[str, Results], *, real: bool) -> tuple[list[Row], list[str]]:
    """The rows of one number of keys, and the names of those that are missing; targets only on the own server."""
    label, held = f"{count} keys", count >= TARGET_KEYS and not real
    rows: list[Row] = []
    missing: list[str] = []
    ours = results.get(OURS, Results())
    for name, peer in results.items():
        if name in (OURS, WINDOW):
            continue
        if ours.failed or peer.failed:
            missing += [f"{label} {measure} vs {name}" for measure in ("wall", "cpu")]
            continue
        bound = BOUNDS.get(name) if held else None
        for measure, asked in (("wall", bound), ("cpu", bound if name != "obstore" else None)):
            mine, other = ours.median(f"{measure}_s"), peer.median(f"{measure}_s")
            rows.append(Row(f"{label} {measure} vs {name}", mine, "s", other, target=asked, target_is_ratio=True))
    if not ours.failed:
        rows.append(Row(f"{label} first-page", 1000 * ours.median("first_s"), "ms"))
        rows.append(Row(f"{label} memory", ours.memory_mib, "MiB"))
        rows.append(Row(f"{label} page cpu", 1e6 * ours.median("cpu_s") / count, "ms"))
        rows.append(Row(f"{label} page wall", 1e6 * ours.median("inside_s") / count, "ms"))
    window = results.get(WINDOW)
    if window is not None and window.failed:
        missing.append(f"{label} window first-page")
    elif window is not None:
        first_ms = 1000 * window.median("first_s")
        rows.append(Row(f"{label} window first-page", first_ms, "ms", target=None if real else FIRST_PAINT_MS))
        rows.append(Row(f"{label} window memory", window.memory_mib, "MiB", target=MEMORY_MIB))
        rows.append(Row(f"{label} window wall", window.median("wall_s"), "s"))
    return rows, missing


def table_of(count: int, results: Mapping[str, Results]) -> list[str]:
    """Everybody's figures as a table in Markdown."""
    lines = [
        f"| {count:,} keys | first page ms | wall s | CPU s | CPU ms a 1,000 keys | behind the first page, wall ms a 1,000 "
        "| memory MiB | runs |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, one in results.items():
        if one.failed:
            lines.append(f"| {name} | failed: {'; '.join(dict.fromkeys(one.faults)) or 'no run'} | | | | | |")
            continue
        first, wall, cpu = (one.median(field) for field in ("first_s", "wall_s", "cpu_s"))
        lines.append(
            f"| {name} | {1000 * first:.0f} | {wall:.2f} | {cpu:.2f} | {1e6 * cpu / count:.2f} "
            f"| {one.behind_first_ms(count):.2f} | {one.memory_mib:.0f} | {len(one.runs)} |"
        )
    return lines
