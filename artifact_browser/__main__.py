"""The double-click entry. Nothing heavy is imported here: every worker process passes through this file too."""

from __future__ import annotations

import multiprocessing
import os
import sys
from contextlib import suppress


def main() -> int:
    """Run the application; the process's exit code."""
    multiprocessing.freeze_support()  # in a frozen worker this does not return
    if hasattr(os, "setsid"):  # a session, and so a share of the CPU, of its own (workers/priority.py)
        with suppress(PermissionError):  # it leads one, or a terminal's job: then that is left as it is
            os.setsid()
    from artifact_browser.app import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
