"""The double-click entry. Nothing heavy is imported here: every worker process passes through this file too."""

from __future__ import annotations

import multiprocessing
import sys


def main() -> int:
    """Run the application; the process's exit code."""
    multiprocessing.freeze_support()  # in a frozen worker this does not return
    from artifact_browser.app import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
