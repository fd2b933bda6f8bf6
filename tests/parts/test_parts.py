"""The parts themselves: they are what they say, and they end with the run, however it ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.parts.desktop import Desktop
from tests.parts.keychain import Keychain
from tests.parts.process import wait_for
from tests.parts.s3_server import S3Server

ROOT = Path(__file__).parents[2]
ROUND_TRIP = "import keyring; keyring.set_password('proof', 'me', 'pa\u00dfw\u00f6rd'); print(keyring.get_password('proof', 'me'))"


def client(server: S3Server) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        aws_access_key_id=server.access_key,
        aws_secret_access_key=server.secret_key,
        region_name=server.region,
    )


@pytest.mark.parametrize("name", ["moto", pytest.param("ceph", marks=pytest.mark.ceph)])
def test_server_keeps_a_blob(name: str, request: pytest.FixtureRequest) -> None:
    server: S3Server = request.getfixturevalue(name)
    assert server.secret_key not in repr(server)
    s3 = client(server)
    s3.create_bucket(Bucket="parts-proof")
    s3.put_object(Bucket="parts-proof", Key="a", Body=b"bytes")
    assert s3.get_object(Bucket="parts-proof", Key="a")["Body"].read() == b"bytes"
    s3.delete_object(Bucket="parts-proof", Key="a")
    s3.delete_bucket(Bucket="parts-proof")
    s3.close()


def test_keychain_keeps_a_secret_between_processes(keychain: Keychain) -> None:
    assert keychain.run([sys.executable, "-c", ROUND_TRIP]).stdout == "paßwörd\n"
    again = keychain.run([sys.executable, "-c", "import keyring; print(keyring.get_password('proof', 'me'))"])
    assert again.stdout == "paßwörd\n"


def test_without_the_fixture_no_keychain_is_reached() -> None:
    done = subprocess.run([sys.executable, "-c", ROUND_TRIP], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "NoKeyringError" in done.stderr


WINDOW = """
from PySide6.QtWidgets import *
app = QApplication([])
class Target(QPlainTextEdit):
    def __init__(self):
        super().__init__(); self.setAccessibleName("Target"); self.setAcceptDrops(True)
    def dragEnterEvent(self, event): event.acceptProposedAction()
    def dragMoveEvent(self, event): event.acceptProposedAction()
    def dropEvent(self, event):
        event.acceptProposedAction(); print("got", event.mimeData().urls()[0].toLocalFile(), flush=True)
window = QMainWindow(); window.setWindowTitle("Proof")
copy = QPushButton("Copy link"); copy.clicked.connect(lambda: app.clipboard().setText("https://link"))
box = QWidget(); column = QVBoxLayout(box); column.addWidget(Target()); column.addWidget(copy)
window.setCentralWidget(box); window.resize(600, 400); window.move(300, 200); window.show()
app.exec()
"""


def test_desktop_clicks_drops_and_reads_the_clipboard(desktop: Desktop, tmp_path: Path) -> None:
    file = tmp_path / "some data.csv"
    file.write_text("a,b\n")
    with subprocess.Popen([sys.executable, "-c", WINDOW], env=desktop.env, stdout=subprocess.PIPE, text=True) as app:
        try:
            desktop.click("push button", "Copy link")
            assert wait_for(desktop.clipboard, "text on the clipboard") == "https://link"
            assert desktop.drop([file], "text", "Target") == "CopyAction"
            assert app.stdout
            assert app.stdout.readline() == f"got {file}\n"
            desktop.screenshot(tmp_path / "screen.png")
            assert (tmp_path / "screen.png").stat().st_size > 1000
        finally:
            app.kill()


HANGING = """
import time

def test_hang(moto, request):
    (request.path.parent / "began").touch()
    time.sleep(60)
"""


@pytest.mark.skipif(not shutil.which("setpriv"), reason="Linux only: the kernel's death signal")
def test_parts_die_with_a_killed_run(tmp_path: Path) -> None:
    test_file = tmp_path / "test_hang.py"
    test_file.write_text(HANGING)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    command += ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT), str(test_file)]
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}  # not xdist's worker
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL) as run:
        wait_for((tmp_path / "began").exists, "the run uses moto", timeout_s=40)
        keepers = keepers_of(run.pid)
        assert len(keepers) == 1
        folder = Path(f"/proc/{keepers[0]}/cmdline").read_bytes().split(b"\0")[4].decode()
        os.kill(run.pid, signal.SIGKILL)
    wait_for(lambda: not keepers_of(run.pid), "the server is gone")
    assert not Path(folder).exists()


def keepers_of(pid: int) -> list[int]:
    """Keeper processes that serve this run."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"tests.parts.keeper" in words and str(pid).encode() in words:
                found.append(int(folder.name))
    return found
