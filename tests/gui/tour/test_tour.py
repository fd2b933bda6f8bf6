"""``--tour DIR`` as a person starts it: the whole main job on every store, and nothing left behind but DIR."""

from __future__ import annotations

import json
import os
import re
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.parts.process import wait_for
from tests.parts.s3_server import S3Server

STEPS = [
    "start", "new bucket", "upload folder", "browse folder", "copy link", "fetch link", "share", "new collection",
    "new artifact", "stage files", "commit", "card",
]  # fmt: skip
TIMEOUT_S = 100


@dataclass
class Toured:
    """What a tour left: its exit code, its report, its folder, and the private folder it had for the rest."""

    code: int
    report: dict[str, Any]
    folder: Path
    temporary: Path
    said: str

    @property
    def steps(self) -> list[dict[str, Any]]:
        steps: list[dict[str, Any]] = self.report["steps"]
        return steps


def tour(folder: Path, *arguments: str, **environment: str) -> Toured:
    """Run it; its temporary folder is a private one, so that what stays behind can be seen."""
    temporary = folder / "t"
    temporary.mkdir()
    env = {**os.environ, "TMPDIR": str(temporary), "HOME": str(folder), **environment}
    command = [sys.executable, "-m", "artifact_browser", "--tour", str(folder / "shown"), *arguments]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    file = folder / "shown" / "tour.json"
    report = json.loads(file.read_text("utf-8")) if file.exists() else {}
    return Toured(done.returncode, report, folder / "shown", temporary, done.stdout + done.stderr)


def on_server(folder: Path, server: S3Server, secret_key: str = "") -> Toured:
    return tour(
        folder, "--tour-endpoint", server.endpoint,
        AWS_ACCESS_KEY_ID=server.access_key, AWS_SECRET_ACCESS_KEY=secret_key or server.secret_key,
    )  # fmt: skip


def check_whole(toured: Toured) -> None:
    """Every step succeeded and has its picture."""
    assert toured.code == 0, toured.report or toured.said
    assert toured.report["ok"] is True
    assert [step["name"] for step in toured.steps][: len(STEPS)] == STEPS
    for step in toured.steps:
        assert set(step) == {"name", "ok", "seconds", "detail"}
        assert (step["ok"], type(step["seconds"]), type(step["detail"])) == (True, float, str)
    check_pictures(toured)
    check_nothing_left(toured)


def check_pictures(toured: Toured) -> None:
    """One picture a step, all of the window's size, no two that follow one another alike where something changed."""
    expected = [f"{n:02d}-{step['name'].replace(' ', '-')}.png" for n, step in enumerate(toured.steps, start=1)]
    assert sorted(file.name for file in toured.folder.iterdir()) == [*expected, "tour.json"]
    sizes = {struct.unpack(">II", (toured.folder / name).read_bytes()[16:24]) for name in expected}
    assert len(sizes) == 1
    assert min(sizes.pop()) >= 700
    assert (
        len({(toured.folder / name).read_bytes() for name in expected}) >= len(expected) - 1
    )  # fetching shows nothing


def check_nothing_left(toured: Toured) -> None:
    """No temporary folder, nothing else in the home, no process that was started by it."""
    assert list(toured.temporary.iterdir()) == []
    assert {file.name for file in toured.folder.parent.iterdir()} <= {"t", "shown", ".config", ".cache", ".local"}
    mark = f"TMPDIR={toured.temporary}".encode()
    wait_for(lambda: not processes_with(mark), "its processes have ended", timeout_s=5)


def processes_with(mark: bytes) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def test_on_this_computer(short_folder: Path) -> None:
    toured = tour(short_folder)
    check_whole(toured)
    assert toured.report["store"] == "This computer"
    details = {step["name"]: step["detail"] for step in toured.steps}
    assert re.fullmatch(r"a link on 127\.0\.0\.1:\d+", details["copy link"])  # never the link itself
    assert "http" not in "".join(details.values())


def test_on_moto(short_folder: Path, moto: S3Server) -> None:
    toured = on_server(short_folder, moto)
    check_whole(toured)
    assert toured.report["store"] == moto.endpoint
    everything = b"".join(file.read_bytes() for file in toured.folder.glob("*.json")) + toured.said.encode()
    assert moto.secret_key.encode() not in everything


def test_on_ceph(short_folder: Path, ceph: S3Server) -> None:
    check_whole(on_server(short_folder, ceph))


def test_a_step_that_fails_ends_it(short_folder: Path, ceph: S3Server) -> None:
    toured = on_server(short_folder, ceph, secret_key="wrong" * 8)
    assert toured.code != 0
    assert toured.report["ok"] is False
    failed = toured.steps[-1]
    assert failed["ok"] is False
    assert "Access denied" in failed["detail"]
    assert all(step["ok"] for step in toured.steps[:-1])
    check_pictures(toured)
    check_nothing_left(toured)


@pytest.mark.parametrize("missing", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_without_keys_it_says_what_it_needs(short_folder: Path, missing: str) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"} | {missing: ""}
    toured = tour(short_folder, "--tour-endpoint", "http://127.0.0.1:9", **keys)
    assert toured.code != 0
    assert missing in toured.said
    assert "Traceback" not in toured.said
    check_nothing_left(toured)
