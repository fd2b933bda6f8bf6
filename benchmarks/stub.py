"""The stub server as a benchmark holds it: started, asked what it has served, ended."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class Stub:
    """Use it in a ``with`` block.

    :param nice: how far it steps back; 5, and in every other way as our own movers do, in a session of its own, since it
        stands for machines that are elsewhere
    """

    def __init__(self, nice: int = 5) -> None:
        command = [sys.executable, "-m", "benchmarks.stub_server", "--nice", str(nice)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self._process.stdout is not None
        port = self._process.stdout.readline().strip()
        if not port:
            raise RuntimeError("The stub server did not start.")
        self.endpoint = f"http://127.0.0.1:{port}"

    def counts(self) -> dict[str, int]:
        """What was served so far: ``pages``, ``puts``, ``checked``, ``received``, ``sent`` (bytes)."""
        with urllib.request.urlopen(f"{self.endpoint}/-/counts", timeout=10) as answer:
            found: dict[str, int] = json.load(answer)
            return found

    def __enter__(self) -> Stub:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
