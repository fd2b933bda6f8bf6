"""The command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import artifact_browser


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a start was asked for. ``addresses``: absolute paths and URIs to show."""

    addresses: tuple[str, ...] = ()
    home: Path | None = None
    tour: Path | None = None
    tour_endpoint: str = ""


def parsed(argv: Sequence[str]) -> Arguments:
    """The arguments in ``argv``; ends the process after ``--help``, ``--version`` or a mistake."""
    parser = argparse.ArgumentParser(prog="artifact-browser", description="One window over many object stores.")
    parser.add_argument(
        "addresses", nargs="*", metavar="PATH|URI", help="a folder, s3://bucket/prefix, or behind that flyte://..."
    )
    parser.add_argument("--home", type=Path, metavar="DIR", help="keep settings, cache, log and This computer there")
    parser.add_argument("--tour", type=Path, metavar="DIR", help="show the main job by itself, with pictures in DIR")
    parser.add_argument(
        "--tour-endpoint", default="", metavar="URL", help="do the tour on this S3 endpoint, keys from the environment"
    )
    parser.add_argument("--version", action="version", version=f"Artifact Browser {artifact_browser.__version__}")
    found = parser.parse_args(argv)
    if found.tour_endpoint and not found.tour:
        parser.error("--tour-endpoint goes with --tour DIR")
    return Arguments(
        tuple(absolute(text) for text in found.addresses),
        found.home,
        found.tour.absolute() if found.tour else None,
        found.tour_endpoint,
    )


def absolute(address: str) -> str:
    """A relative path seen from here, made absolute: the window that gets it may stand elsewhere."""
    return address if "://" in address else str(Path(address).absolute())
