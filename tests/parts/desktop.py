"""A real X session without a screen: Xvfb, a window manager, D-Bus, a keychain and the accessibility bus.

The program under test runs as a child with :attr:`Desktop.env` and is used as a person uses it: mouse, keys, files
dropped from another program, the clipboard, screenshots.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.parts import accessibility
from tests.parts.bus import call, has_owner, private_folders, running, session_bus
from tests.parts.keychain import Keychain, unlocked_keyring
from tests.parts.process import PartMissing, need_programs, spawn, stop, wait_for

LAUNCHERS = (Path("/usr/libexec/at-spi-bus-launcher"), Path("/usr/lib/at-spi2-core/at-spi-bus-launcher"))
DRAG_SOURCE = Path(__file__).with_name("drag_source.py")
SCREENSHOT = (
    "import sys; from PySide6.QtWidgets import QApplication; app = QApplication([]);"
    "assert app.primaryScreen().grabWindow(0).save(sys.argv[1])"
)


def check() -> None:
    """:raises PartMissing: with what is not installed"""
    need_programs(
        "The X session", "Xvfb", "openbox", "xdotool", "xclip", "xprop", "dbus-daemon", "gnome-keyring-daemon"
    )
    if not any(launcher.exists() for launcher in LAUNCHERS):
        raise PartMissing("The X session needs at-spi2-core")


@dataclass(frozen=True, slots=True)
class Desktop:
    """A running session.

    :ivar env: environment for programs in it; :ivar keychain: its Secret Service
    """

    env: dict[str, str]
    keychain: Keychain

    def run(self, *command: str, timeout_s: float = 30.0) -> str:
        """Run a program in the session and return what it printed. :raises subprocess.CalledProcessError:"""
        return subprocess.run(
            command, env=self.env, stdout=subprocess.PIPE, text=True, timeout=timeout_s, check=True, stdin=-3
        ).stdout

    def find(self, role: str, name: str, timeout_s: float = 15.0) -> accessibility.Element:
        """See :func:`tests.parts.accessibility.find`."""
        address = call(self.keychain.address, "org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress")[0]
        return accessibility.find(address, role, name, timeout_s)

    def click(self, role: str, name: str, *, button: int = 1, times: int = 1) -> None:
        x, y = self.find(role, name).middle
        self.run("xdotool", "mousemove", str(x), str(y), "click", "--repeat", str(times), "--delay", "80", str(button))

    def keys(self, *keys: str) -> None:
        """Press keys by xdotool's names (``ctrl+c``, ``Return``) in the focused window."""
        self.run("xdotool", "key", *keys)

    def type(self, text: str) -> None:
        self.run("xdotool", "type", "--delay", "10", text)

    def clipboard(self) -> str:
        """The clipboard's text; empty when nothing owns it."""
        got = subprocess.run(
            ["xclip", "-o", "-selection", "clipboard"],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=10,
            stdin=-3,
        )
        return got.stdout

    def screenshot(self, file: Path) -> None:
        """The whole screen as PNG."""
        self.run(sys.executable, "-c", SCREENSHOT, str(file))

    def drop(self, files: list[Path], role: str, name: str) -> str:
        """Drag files out of another program onto an element; the action the taker chose (``CopyAction``).

        :raises AssertionError: the drag never began
        """
        x, y = self.find(role, name).middle
        with subprocess.Popen(
            [sys.executable, str(DRAG_SOURCE), *map(str, files)], env=self.env, stdout=subprocess.PIPE, text=True
        ) as source:
            try:
                assert source.stdout
                word, from_x, from_y = source.stdout.readline().split()
                assert word == "ready"
                self._drag(int(from_x), int(from_y), x, y)
                for line in source.stdout:
                    if line.startswith("dropped "):
                        source.wait(10)  # it stays a little: the taker fetches the data after the drop
                        return line.split()[1]
            finally:
                source.kill()
        raise AssertionError("the drag never began")

    def _drag(self, from_x: int, from_y: int, x: int, y: int) -> None:
        """A hand moves in steps: programs react to the motion, not to its end."""
        steps = ["mousemove", str(from_x), str(from_y), "sleep", "0.1", "mousedown", "1"]
        for i in range(1, 16):
            steps += ["mousemove", str(from_x + (x - from_x) * i // 15), str(from_y + (y - from_y) * i // 15)]
            steps += ["sleep", "0.03"]
        self.run("xdotool", *steps, "mousemove", str(x + 1), str(y + 1), "sleep", "0.2", "mouseup", "1")


@contextmanager
def display(size: str, env: dict[str, str]) -> Iterator[str]:
    """An X server on a free display; its name.

    ``-noreset``: else it starts anew whenever its last client leaves, and who connects at that moment is turned away.
    """
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{size}x24", "-nolisten", "tcp", "-noreset"]
    server = spawn(command, env=env, pass_fds=[writing])
    os.close(writing)
    try:
        with os.fdopen(reading) as answer:
            number = answer.readline().strip()
        if not number:
            raise RuntimeError(f"Xvfb ended with {server.wait()}")
        yield f":{number}"
    finally:
        stop(server)


@contextmanager
def window_manager(env: dict[str, str], log: Path) -> Iterator[None]:
    """openbox; it gives up at once when the X server is slow to take it in, so it gets three chances."""
    for chance in (1, 2, 3):
        child = spawn(["openbox", "--sm-disable"], env=env, log=log)
        try:
            wait_for(lambda: managed(env), "the window manager runs", alive=[child])
        except TimeoutError as error:
            stop(child)
            if chance == 3:
                raise RuntimeError(f"{error}: {log.read_text()[-300:]}") from error
            continue
        break
    try:
        yield
    finally:
        stop(child)


def managed(env: dict[str, str]) -> bool:
    """Whether a window manager has taken charge of the screen."""
    got = subprocess.run(
        ["xprop", "-root", "_NET_SUPPORTING_WM_CHECK"], env=env, capture_output=True, text=True, timeout=10, stdin=-3
    )
    return "window id" in got.stdout


@contextmanager
def open_desktop(home: Path, size: str = "1440x900") -> Iterator[Desktop]:
    """A session of its own with ``home`` as the person's home."""
    env = dict(os.environ) | private_folders(home)
    env |= {"QT_QPA_PLATFORM": "xcb", "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1", "LANG": "C.UTF-8"}
    launcher = next(path for path in LAUNCHERS if path.exists())
    with display(size, env) as screen:
        env["DISPLAY"] = screen
        with session_bus(env) as address, unlocked_keyring(env, address) as keychain:
            env = keychain.env
            with (
                window_manager(env, home / "openbox.log"),
                running([str(launcher), "--launch-immediately"], env) as accessible,
            ):
                wait_for(lambda: has_owner(address, "org.a11y.Bus"), "AT-SPI runs", alive=[accessible])
                yield Desktop(env, keychain)
