"""A real Hypha server of the generation that keeps its manifests in the bucket, with moto as its store.

It wants libraries as old as itself, so it gets an environment of its own (``.venv-hypha`` beside ours), made when it is
first needed and kept; ``hypha.txt`` says of what. The artifact manager is called over HTTP, as any script would.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
import venv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.parts import moto
from tests.parts.process import PartMissing, free_port, need_programs, spawn, stop, wait_for
from tests.parts.s3_server import S3Server

ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / ".venv-hypha"
REQUIREMENTS = Path(__file__).with_name("hypha.txt")
WORKSPACE_SCRIPT = Path(__file__).with_name("hypha_workspace.py")
STAMP = ".made-of"
BUCKET, WORKSPACE = "hypha-workspaces", "lab"
#: How long a first run waits for the environment to be made and the server to answer.
READY_S = 400.0


class HyphaError(Exception):
    """What the server refused; the text is the last line of its traceback."""


@dataclass(frozen=True, slots=True)
class Hypha:
    """The running server, and the store below it. Its prefixes are relative to ``lab/`` in its bucket."""

    url: str
    store: S3Server
    _token: str = field(repr=False)

    def call(self, method: str, **arguments: Any) -> Any:
        """A method of the artifact manager. :raises HyphaError: it refused"""
        request = urllib.request.Request(
            f"{self.url}/public/services/artifact-manager/{method}",
            json.dumps(arguments).encode(),
            {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as refused:
            said = json.loads(refused.read()).get("detail", "")
            raise HyphaError(str(said).strip().rpartition("\n")[2]) from None


def check() -> None:
    """:raises PartMissing: it cannot be started here"""
    need_programs("hypha")


class Server:
    """In the keeper's process: moto, and the server as its child."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self._store = moto.Server(folder)
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> dict[str, Any]:
        python = environment()
        store = self._store.start()
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        env = os.environ | {"JWT_SECRET": secrets.token_hex(32), "PYTHONWARNINGS": "ignore"}
        env["HYPHA_JWT_SECRET"] = env["JWT_SECRET"]
        said = {
            "--host": "127.0.0.1", "--port": str(port), "--endpoint-url": store["endpoint"],
            "--endpoint-url-public": store["endpoint"], "--access-key-id": store["access_key"],
            "--secret-access-key": store["secret_key"], "--region-name": "us-east-1", "--workspace-bucket": BUCKET,
            "--s3-admin-type": "generic",
        }  # fmt: skip
        words = [word for pair in said.items() for word in pair]
        log = self._folder / "hypha.out"
        command = [python, "-m", "hypha.server", "--enable-s3", "--reset-redis", *words]
        self._child = spawn(command, env=env, log=log)
        wait_for(lambda: _healthy(url), f"Hypha answers ({log})", timeout_s=60, alive=[self._child])
        made = subprocess.run(
            [python, "-P", WORKSPACE_SCRIPT, url, WORKSPACE],
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if made.returncode:
            raise RuntimeError(f"no workspace: {made.stderr.strip()[-500:]}")
        return store | {"url": url, "token": made.stdout.split()[-1]}

    def stop(self) -> None:
        if self._child is not None:
            stop(self._child)
        self._store.stop()


def environment() -> Path:
    """Its Python, in an environment made now unless it is there. :raises PartMissing: the packages cannot be had"""
    python = ENVIRONMENT / "bin" / "python"
    stamp = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if _is_made(ENVIRONMENT, stamp):
        return python
    draft = ROOT / f".venv-hypha-{os.getpid()}"
    try:
        venv.create(draft, with_pip=True, symlinks=True)
        command = [draft / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-input", "--no-compile"]
        proxies = json.loads(os.environ.get("ARTIFACT_BROWSER_TEST_PROXIES", "{}"))
        done = subprocess.run(
            [*map(str, command), "--disable-pip-version-check", "-r", str(REQUIREMENTS)],
            env=os.environ | proxies, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise PartMissing(f"its packages cannot be installed: {' '.join(done.stderr.split())[-300:]}")
        (draft / STAMP).write_text(stamp)
        if not _is_made(ENVIRONMENT, stamp):  # else another run was quicker
            shutil.rmtree(ENVIRONMENT, ignore_errors=True)
            draft.rename(ENVIRONMENT)  # scripts in it name the draft; it is only ever asked as ``python -m``
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return python


def _is_made(folder: Path, stamp: str) -> bool:
    file = folder / STAMP
    if not file.exists() or file.read_text() != stamp:
        return False
    asked = [folder / "bin" / "python", "-c", "import sys"]  # the Python it was made of may be gone
    try:
        return subprocess.run(asked, check=False).returncode == 0
    except OSError:
        return False


def _healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health/liveness", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


if __name__ == "__main__":
    sys.stdout.write(f"{environment()}\n")
