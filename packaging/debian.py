"""System packages: what is missing is found by trying to load it, and installed by apt where we may."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from pathlib import Path

from environment import Refusal, say

#: Libraries Qt and its X11 plugin load, and where Debian keeps them.
LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xinerama.so.0": "libxcb-xinerama0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}
FONT_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".local/share/fonts")
#: Programs the tests start, and where Debian keeps them.
PROGRAMS = {
    "Xvfb": "xvfb",
    "cc": "gcc",
    "git": "git",  # whose rules our ignore files are compared with
    "ceph": "ceph-common",
    "ceph-mon": "ceph-mon",
    "ceph-osd": "ceph-osd",
    "curl": "curl",
    "dbus-daemon": "dbus-daemon",
    "desktop-file-validate": "desktop-file-utils",
    "gnome-keyring-daemon": "gnome-keyring",
    "monmaptool": "ceph-base",
    "openbox": "openbox",
    "radosgw": "radosgw",
    "setpriv": "util-linux",
    "xclip": "xclip",
    "xdotool": "xdotool",
    "xprop": "x11-utils",
}
C_HEADER = Path("/usr/include/stdio.h")
AT_SPI = (Path("/usr/libexec/at-spi-bus-launcher"), Path("/usr/lib/at-spi2-core/at-spi-bus-launcher"))


def loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def provide_for_qt() -> None:
    """The libraries Qt needs, and a font. :raises Refusal: something is missing and we may not install it"""
    missing = [package for library, package in LIBRARIES.items() if not loads(library)]
    if not any(folder.is_dir() and any(folder.rglob("*.[to]tf")) for folder in FONT_FOLDERS):
        missing.append("fonts-dejavu-core")
    if missing:
        install([*missing, "fonts-inter?"], "Qt needs libraries that are not there")


def provide_for_tests() -> None:
    """The servers and tools of the tests. :raises Refusal: something is missing and we may not install it"""
    missing = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    if not any(launcher.exists() for launcher in AT_SPI):
        missing.append("at-spi2-core")
    if not C_HEADER.exists():
        missing.append("libc6-dev")
    if missing:
        install(missing, "The tests' real parts are not there")


def install(packages: list[str], why: str) -> None:
    """Install by apt, with sudo when we are not root. A name with ``?`` at its end is only a recommendation.

    :raises Refusal: no apt, no right to, or apt failed; the text has the command to run by hand
    """
    names = [name for name in packages if not name.endswith("?")]
    by_hand = f"apt install {' '.join(names)}"
    if not shutil.which("apt-get"):
        raise Refusal(f"{why}: {', '.join(names)} (Debian's names). Install your system's packages of these.")
    prefix: list[str] = []
    if os.geteuid() != 0:
        if not shutil.which("sudo"):
            raise Refusal(f"{why}, and there is no sudo. Have root run: {by_hand}")
        prefix = ["sudo"] if os.isatty(0) else ["sudo", "-n"]
        say(f"{why}. Installing with sudo: {' '.join(names)}")
    else:
        say(f"{why}. Installing: {' '.join(names)}")
    get = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y"]
    command = [*get, "install", "--no-install-recommends"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    if subprocess.call([*command, *names], **quiet):  # type: ignore[call-overload]
        subprocess.call([*get, "update"], stdout=subprocess.DEVNULL)  # the package lists may be old or absent
        if subprocess.call([*command, *names], stdout=subprocess.DEVNULL):
            raise Refusal(f"{why}, and apt could not install them (see above). Run as root: {by_hand}")
    for name in packages:
        if name.endswith("?"):
            subprocess.call([*command, name.rstrip("?")], **quiet)  # type: ignore[call-overload]
