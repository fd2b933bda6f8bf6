"""What every benchmark prints: a table for people and, with ``--json FILE``, rows for programs.

A row is ``{name, ours, reference, ratio, unit}``; ``name`` is ``<work> <measure> vs <peer>`` (or without a peer),
``ratio`` is ours / reference, ``null`` where there is no reference. A row whose work was not done or not checked is
absent, and the command exits non-zero.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    name: str
    ours: float
    unit: str
    reference: float | None = None
    target: float | None = None
    #: whether the target is a bound of the ratio instead of the figure itself
    target_is_ratio: bool = False
    higher_is_better: bool = False

    @property
    def ratio(self) -> float | None:
        return self.ours / self.reference if self.reference else None

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        value = self.ratio if self.target_is_ratio else self.ours
        if value is None:
            return ""
        reached = value >= self.target if self.higher_is_better else value <= self.target
        sign = ">=" if self.higher_is_better else "<="
        return f"{'reached' if reached else 'MISSED'} ({sign} {self.target:g}{' x' if self.target_is_ratio else ''})"


def add_json_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows to FILE")


def publish(rows: list[Row], json_file: Path | None, *, missing: list[str]) -> int:
    """Print and write; the exit code: 1 when a row is missing."""
    cpus = os.cpu_count()
    print(f"{datetime.date.today()}  {platform.machine()}, {cpus} cores, {platform.system()}, "
          f"Python {platform.python_version()}")  # fmt: skip
    width = max([len(row.name) for row in rows] + [10])
    print(f"{'row':<{width}}  {'ours':>12}  {'reference':>12}  {'ratio':>6}  unit    target")
    for row in rows:
        reference = f"{row.reference:12.2f}" if row.reference is not None else " " * 12
        ratio = f"{row.ratio:6.2f}" if row.ratio is not None else " " * 6
        print(f"{row.name:<{width}}  {row.ours:12.2f}  {reference}  {ratio}  {row.unit:<6}  {row.verdict}")
    for name in missing:
        print(f"ABSENT: {name}")
    if json_file is not None:
        fields = ("name", "ours", "reference", "unit")
        data = [{**{k: v for k, v in asdict(row).items() if k in fields}, "ratio": row.ratio} for row in rows]
        json_file.write_text(json.dumps(data, indent=1) + "\n")
    return 1 if missing else 0
