"""``packaging/run --install`` puts a valid launcher into the person's menu and desktop; ``--uninstall`` removes it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.parts.bus import private_folders

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="freedesktop entries: Linux only")
CALL = (
    "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]); import environment, launcher;"
    "sys.exit(launcher.install(Path(sys.argv[1]).parent) if sys.argv[2] == 'install' else launcher.uninstall())"
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What a launcher needs of a checkout, on a path that is a trap."""
    root = tmp_path / 'my check-out 100% "it\'s" $HOME `x` \\n'
    shutil.copytree(ROOT / "packaging", root / "packaging")
    shutil.copytree(ROOT / "resources", root / "resources")
    return root


def call(verb: str, checkout: Path, home: Path) -> None:
    command = [sys.executable, "-c", CALL, str(checkout / "packaging"), verb]
    subprocess.run(command, env=dict(os.environ) | private_folders(home), check=True, timeout=30)


def files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_install_and_uninstall(checkout: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    call("install", checkout, home)
    call("install", checkout, home)  # twice is no error
    menu = home / ".local/share/applications/artifact-browser.desktop"
    desktop = home / "Desktop/artifact-browser.desktop"
    icon = home / ".local/share/icons/hicolor/scalable/apps/artifact-browser.svg"
    for entry in (menu, desktop):
        assert entry.stat().st_mode & 0o100
        done = subprocess.run(["desktop-file-validate", entry], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, "")
    assert icon.read_bytes().startswith(b"<svg")
    assert started_by(menu) == [str(checkout / "packaging" / "run"), "%U"]
    call("uninstall", checkout, home)
    call("uninstall", checkout, home)
    assert not {menu, desktop, icon} & set(files_below(home))


def started_by(entry: Path) -> list[str]:
    """The words of the ``Exec`` line, read as the Desktop Entry Specification says: string, then quoting, then %%."""
    line = next(line for line in entry.read_text().splitlines() if line.startswith("Exec="))
    unescaped = line.removeprefix("Exec=").replace("\\\\", "\0").replace("\\s", " ").replace("\0", "\\")
    quoted, rest = re.fullmatch(r'"((?:[^"\\]|\\.)*)" (.*)', unescaped).groups()  # type: ignore[union-attr]
    return [re.sub(r"\\(.)", r"\1", quoted).replace("%%", "%"), rest]
