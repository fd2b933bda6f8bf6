"""Servers that count what they are asked, as a benchmark holds them: moto, and the shelf (:mod:`benchmarks.shelf_server`)."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request

from benchmarks.stub import ROOT


class Counted:
    """Use it in a ``with`` block.

    :param module: ``benchmarks.shelf_server`` or ``benchmarks.moto_server``
    """

    def __init__(self, module: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        port = self._process.stdout.readline().strip()
        if not port:
            raise RuntimeError(f"{module} did not start.")
        self.endpoint = f"http://127.0.0.1:{port}"

    def counts(self) -> dict[str, int]:
        """Requests by kind (``get``, ``head``, ``put``, ``list``, ``copy``, ``delete`` ...) since the last time this was asked."""
        return self._ask("counts")

    def set_latency(self, milliseconds: float) -> None:
        """Of each answer from now on; the shelf only."""
        self._ask(f"latency?ms={milliseconds:g}")

    def _ask(self, what: str) -> dict[str, int]:
        with urllib.request.urlopen(f"{self.endpoint}/-/{what}", timeout=30) as answer:
            found: dict[str, int] = json.load(answer)
            return found

    def __enter__(self) -> Counted:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
