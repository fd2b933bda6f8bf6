"""numpy where it is loaded anyway: worth using for one page, not worth 0.1 s of loading before the first one."""

from __future__ import annotations

import sys
from typing import Any


def loaded_numpy() -> Any:
    """The module, or ``None``: not loaded in this process, or another thread is amid its import and half of it is there."""
    module = sys.modules.get("numpy")
    if module is None or getattr(module.__spec__, "_initializing", False):  # importlib's own mark, until it is whole
        return None
    return module
