"""gnome-keyring, unlocked, in a private D-Bus session: the real keychain of the tests."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.parts.bus import call, has_owner, private_folders, running, session_bus
from tests.parts.process import need_programs, wait_for

SERVICE = "org.freedesktop.secrets"
COLLECTION = "/org/freedesktop/secrets/aliases/default"


def check() -> None:
    """:raises PartMissing: with what is not installed"""
    need_programs("gnome-keyring", "dbus-daemon", "gnome-keyring-daemon")


@dataclass(frozen=True, slots=True)
class Keychain:
    """A Secret Service. Run a child with ``env`` and its ``keyring`` talks to this one.

    :ivar address: the session bus
    """

    env: dict[str, str]
    address: str

    def run(self, command: list[str], timeout_s: float = 60.0) -> subprocess.CompletedProcess[str]:
        """Run a program against this keychain and return what it said (not checked)."""
        return subprocess.run(
            command, env=self.env, capture_output=True, text=True, timeout=timeout_s, check=False, stdin=-3
        )

    def lock(self) -> None:
        """Lock it, as a screen lock might; nothing here can unlock it again (there is no prompter)."""
        call(self.address, SERVICE, "/org/freedesktop/secrets", "org.freedesktop.Secret.Service", "Lock", "ao",
             ([COLLECTION],))  # fmt: skip


@contextmanager
def unlocked_keyring(env: dict[str, str], address: str) -> Iterator[Keychain]:
    """gnome-keyring on an existing bus."""
    env = env | {"DBUS_SESSION_BUS_ADDRESS": address}
    env.pop("PYTHON_KEYRING_BACKEND", None)
    command = ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"]
    with running(command, env, feed=b"proving\n") as daemon:
        wait_for(lambda: has_owner(address, SERVICE), "gnome-keyring answers", alive=[daemon])
        yield Keychain(env, address)


@contextmanager
def open_keychain(home: Path) -> Iterator[Keychain]:
    """A keychain of its own in ``home``."""
    env = dict(os.environ) | private_folders(home)
    with session_bus(env) as address, unlocked_keyring(env, address) as keychain:
        yield keychain
