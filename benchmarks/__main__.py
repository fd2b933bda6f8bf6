"""``packaging/bench NAME ...``: runs one benchmark; without a name it says which there are."""

from __future__ import annotations

import sys
from pathlib import Path

# run as a folder (python -P benchmarks): the checkout, not this folder, is where modules come from
sys.path[0] = str(Path(__file__).resolve().parent.parent)

from benchmarks import catalog, gallery, listing, million, startup, table, transfers, ui  # noqa: E402 - after the path is right

BENCHMARKS = {
    "ui": ui.main,
    "startup": startup.main,
    "transfers": transfers.main,
    "table": table.main,
    "gallery": gallery.main,
    "listing": listing.main,
    "million": million.main,
    "catalog": catalog.main,
}


def main() -> int:
    """Run what was named; the exit code."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in BENCHMARKS:
        print(f"usage: packaging/bench {{{'|'.join(BENCHMARKS)}}} [--help]", file=sys.stderr)
        return 2
    return BENCHMARKS[name](sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
