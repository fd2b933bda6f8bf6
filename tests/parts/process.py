"""Child processes of the tests that never outlive them, and polling with a deadline instead of sleeping."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

Found = TypeVar("Found")


class PartMissing(Exception):
    """A real part cannot be had on this machine; the text says why, in a sentence."""


def need_programs(part: str, *programs: str) -> None:
    """:raises PartMissing: naming the programs that are not installed"""
    if not sys.platform.startswith("linux"):
        raise PartMissing(f"{part} runs on Linux only")
    missing = [name for name in ("setpriv", *programs) if not shutil.which(name)]
    if missing:
        raise PartMissing(f"{part} needs {', '.join(missing)} (packaging/test installs them on Debian as root)")


def spawn(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    log: Path | None = None,
    feed: bytes | None = None,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a child that the kernel kills when this process dies, however it dies. Call it from the main thread.

    ``setpriv`` sets the death signal between fork and exec (no ``preexec_fn``, which is unsafe beside threads).
    """
    output = log.open("ab") if log else subprocess.DEVNULL
    try:
        child = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *map(str, command)],
            env=env,
            stdin=subprocess.PIPE if feed is not None else subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=pass_fds,
        )
    finally:
        if log:
            output.close()  # type: ignore[union-attr]
    if feed is not None:
        assert child.stdin
        child.stdin.write(feed)
        child.stdin.close()
    return child


def stop(child: subprocess.Popen[bytes], patience_s: float = 5.0) -> None:
    """End a child politely, then not."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(patience_s)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def wait_for(
    probe: Callable[[], Found | None],
    what: str,
    *,
    timeout_s: float = 20.0,
    interval_s: float = 0.05,
    alive: Sequence[subprocess.Popen[bytes]] = (),
) -> Found:
    """Poll until ``probe`` gives something true.

    :raises TimeoutError: it never did; also when one of ``alive`` ended meanwhile
    """
    deadline = time.monotonic() + timeout_s
    while True:
        found = probe()
        if found:
            return found
        dead = [child for child in alive if child.poll() is not None]
        if dead:
            raise TimeoutError(f"{what}: {dead[0].args} ended with {dead[0].returncode}")  # type: ignore[str-bytes-safe]
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {timeout_s:g} s")
        time.sleep(interval_s)


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether something accepts connections on this port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
