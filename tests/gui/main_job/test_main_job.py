"""The main job by hand, in a real X session: a drop from another program, the real clipboard, the real keychain."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.parts.desktop import Desktop
from tests.parts.process import wait_for
from tests.parts.s3_server import S3Server

SECRET = "dEsK-" + "t0Px" * 8
FILES = {"readings +1.csv": b"second,celsius\n1,20.5\n", "deep/er/\u00fc 100%.bin": os.urandom(70_000), "empty": b""}
#: What a person works with, by AT-SPI's words.
INTERACTIVE = {
    "push button", "button menu", "toggle button", "check box", "radio button", "text", "entry", "combo box", "spin button",
    "menu item", "check menu item", "menu", "table", "tree", "tree table", "list", "page tab", "page tab list", "slider",
    "link",
}  # fmt: skip


@dataclass
class App:
    """The running app and its private home."""

    process: subprocess.Popen[str]
    home: Path
    desktop: Desktop

    @property
    def store(self) -> Path:
        return self.home / "Artifact Browser"

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "artifact_browser", "--home", str(self.home), *arguments]

    def processes(self) -> list[int]:
        """The window's process and everything it has started."""
        mark = f"ABT_DESKTOP={self.home}".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
            except OSError:
                continue
        return found


@pytest.fixture(scope="module")
def app(desktop: Desktop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    home = tmp_path_factory.mktemp("home")
    env = desktop.env | {"ABT_DESKTOP": str(home)}
    command = [sys.executable, "-m", "artifact_browser", "--home", str(home), "local://welcome/"]
    with subprocess.Popen(command, env=env, text=True, stdout=subprocess.DEVNULL) as process:
        made = App(process, home, desktop)
        try:
            desktop.find("cell", "gallery*")
            yield made
        finally:
            for pid in made.processes():
                os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as somebody has it on their disk."""
    made = tmp_path_factory.mktemp("outside") / "roof run"
    for name, data in FILES.items():
        path = made / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return made


def test_every_control_has_a_name(app: App) -> None:
    window = app.desktop.find("any", "Artifact Browser")
    met = [(element.role, element.name) for element in window.walk()]
    controls = [one for one in met if one[0] in INTERACTIVE]
    assert len(controls) > 20
    assert [one for one in controls if not one[1].strip()] == []
    names = {name for _, name in met}
    promised = {"Bucket tree", "Blob table", "Address", "Filter", "Details", "Transfers", "Add account\u2026",
                "Upload", "Share\u2026", "Back", "Forward", "Up", "Table view", "Gallery view"}  # fmt: skip
    assert promised - names == set()


def test_a_dropped_folder_is_uploaded_and_its_link_works(app: App, folder: Path) -> None:
    desktop = app.desktop
    assert desktop.drop([folder], "table", "Blob table") == "CopyAction"
    desktop.find("label", "1 done", timeout_s=30)
    stored = app.store / "welcome" / "roof run"
    assert {str(path.relative_to(stored)) for path in stored.rglob("*") if path.is_file()} == set(FILES)
    assert all((stored / name).read_bytes() == data for name, data in FILES.items())
    desktop.click("cell", "roof run*", times=2)
    desktop.click("cell", "readings +1.csv")
    wait_for(lambda: (desktop.keys("ctrl+shift+c"), desktop.clipboard())[1], "a link is on the clipboard", interval_s=1)
    link = desktop.clipboard()
    curl = shutil.which("curl")
    assert curl, "curl is not installed"
    got = subprocess.run([curl, "-sSfg", link], capture_output=True, check=True, timeout=20)
    assert got.stdout == FILES["readings +1.csv"]


def test_tab_leaves_the_table(app: App) -> None:
    desktop = app.desktop
    desktop.click("cell", "readings +1.csv")
    desktop.keys("Tab")
    desktop.type("x")  # would search in the table
    desktop.keys("ctrl+f")
    desktop.type("empty")
    wait_for(lambda: desktop.find("any", "Filter").text == "empty", "the filter has what was typed")
    desktop.keys("Escape")


def test_a_second_start_hands_over_and_ends(app: App) -> None:
    place = app.store / "welcome" / "gallery"
    done = subprocess.run(
        app.command(str(place)), env=app.desktop.env, capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    app.desktop.find("any", "Go to gallery")
    assert app.process.poll() is None


def test_typed_keys_are_in_the_keychain_and_in_no_file(app: App, moto: S3Server) -> None:
    desktop = app.desktop
    desktop.click("push button", "Add account\u2026")
    desktop.click("push button", "S3-compatible")
    for field, value in (("Name", "Lab"), ("Endpoint", moto.endpoint), ("Access key", "AKDESK")):
        desktop.click("text", field)
        desktop.type(value)
    desktop.keys("Tab")
    desktop.type(SECRET)
    desktop.click("push button", "Add")
    accounts = app.home / "config" / "accounts.json"
    wait_for(lambda: accounts.exists() and "Lab" in accounts.read_text(), "the account is written down")
    (account,) = [one for one in json.loads(accounts.read_text())["accounts"] if one["name"] == "Lab"]
    assert account["key_source"] == "keychain"
    read = (
        f"from artifact_browser.accounts.keychain import Keychain; print(Keychain().read({account['id']!r}).secret_key)"
    )
    assert desktop.keychain.run([sys.executable, "-c", read]).stdout.strip() == SECRET
    desktop.find("any", "Go to Lab")
    written = [file for file in app.home.rglob("*") if file.is_file() and SECRET.encode() in file.read_bytes()]
    assert written == []
    seen = [Path(f"/proc/{pid}/{name}").read_bytes() for pid in app.processes() for name in ("cmdline", "environ")]
    assert not any(SECRET.encode() in text for text in seen)


def test_a_killed_window_leaves_no_process(app: App) -> None:
    assert len(app.processes()) >= 3  # window, interactive worker, engine
    app.process.kill()
    app.process.wait(10)
    wait_for(lambda: not app.processes(), "the workers have ended", timeout_s=5)
