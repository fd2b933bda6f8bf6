"""``packaging/run --install``: a launcher with icon in the person's menu and on the desktop; ``--uninstall`` undoes it.

A freedesktop entry in the person's own folders: no root, nothing outside the home.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from environment import Refusal, say

APP_ID = "artifact-browser"


def quoted(path: Path) -> str:
    """A path as one argument of an ``Exec`` line: quoted, then escaped as every string value of an entry is."""
    argument = "".join("\\" + char if char in '"`$\\' else char for char in str(path)).replace("%", "%%")
    return f'"{argument}"'.replace("\\", "\\\\")


def entry(root: Path) -> str:
    """The desktop entry that starts this checkout."""
    template = (root / "resources" / f"{APP_ID}.desktop").read_text(encoding="utf-8")
    return template.replace("@EXEC@", quoted(root / "packaging" / "run"))


def data_home() -> Path:
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")


def desktop_folder() -> Path:
    """The desktop, whatever it is called in the person's language."""
    if shutil.which("xdg-user-dir"):
        said = subprocess.run(["xdg-user-dir", "DESKTOP"], capture_output=True, text=True, check=False).stdout.strip()
        if said:
            return Path(said)
    return Path.home() / "Desktop"


def places() -> tuple[Path, Path, Path]:
    """Menu entry, desktop entry, icon."""
    data = data_home()
    return (
        data / "applications" / f"{APP_ID}.desktop",
        desktop_folder() / f"{APP_ID}.desktop",
        data / "icons/hicolor/scalable/apps" / f"{APP_ID}.svg",
    )


def install(root: Path) -> int:
    """Write entry and icon. :raises Refusal: not a freedesktop system"""
    if not sys.platform.startswith("linux"):
        raise Refusal("A launcher is made on Linux desktops only so far; start packaging/run instead.")
    menu, desktop, icon = places()
    icon.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(root / "resources/icons" / f"{APP_ID}.svg", icon)
    for file in (menu, desktop):
        if file is desktop and file.parent == Path.home():
            continue  # the person has no desktop folder (user-dirs says: the home itself)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(entry(root), encoding="utf-8")
        file.chmod(0o755)  # desktops start only executable entries
    if desktop.exists() and shutil.which("gio"):
        subprocess.run(["gio", "set", str(desktop), "metadata::trusted", "true"], capture_output=True, check=False)
    refresh(menu.parent)
    say(f"Installed. Artifact Browser is in the menu and on the desktop ({desktop}).")
    return 0


def uninstall() -> int:
    """Remove what :func:`install` wrote, and only that."""
    menu, _, _ = files = places()
    for file in files:
        file.unlink(missing_ok=True)
    refresh(menu.parent)
    say("The launcher is removed. Accounts, settings and files are untouched.")
    return 0


def refresh(applications: Path) -> None:
    """Tell the menu; desktops that watch the folder need no telling."""
    if shutil.which("update-desktop-database") and applications.is_dir():
        subprocess.run(["update-desktop-database", "-q", str(applications)], capture_output=True, check=False)
