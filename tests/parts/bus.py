"""A private D-Bus session bus: nothing of the developer's own session is touched."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.parts.process import spawn, stop


@contextmanager
def session_bus(env: Mapping[str, str]) -> Iterator[str]:
    """Run a bus and give its address."""
    reading, writing = os.pipe()
    with ExitStack() as ending:
        try:
            daemon = spawn(
                ["dbus-daemon", "--session", "--nofork", "--nopidfile", f"--print-address={writing}"],
                env=env,
                pass_fds=[writing],
            )
        finally:
            os.close(writing)
        ending.callback(stop, daemon)
        with os.fdopen(reading) as answer:
            address = answer.readline().strip()
        if not address:
            raise RuntimeError(f"dbus-daemon ended with {daemon.wait()}")
        yield address


@contextmanager
def running(command: list[str], env: Mapping[str, str], feed: bytes | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A program beside the test."""
    child = spawn(command, env=env, feed=feed)
    try:
        yield child
    finally:
        stop(child)


def call(
    address: str,
    destination: str,
    path: str,
    interface: str,
    method: str,
    signature: str | None = None,
    body: tuple[Any, ...] = (),
) -> tuple[Any, ...]:
    """One method call on a bus. :raises RuntimeError: the answer is an error"""
    from jeepney import DBusAddress, MessageType, new_method_call
    from jeepney.io.blocking import open_dbus_connection

    with open_dbus_connection(bus=address) as connection:
        target = DBusAddress(path, bus_name=destination, interface=interface)
        reply = connection.send_and_get_reply(new_method_call(target, method, signature, body), timeout=10)
    if reply.header.message_type is MessageType.error:
        raise RuntimeError(f"{interface}.{method}: {reply.body}")
    return tuple(reply.body)


def has_owner(address: str, name: str) -> bool:
    """Whether somebody offers this name on the bus."""
    bus = "org.freedesktop.DBus"
    return bool(call(address, bus, "/org/freedesktop/DBus", bus, "NameHasOwner", "s", (name,))[0])


def private_folders(home: Path) -> dict[str, str]:
    """HOME and the XDG folders below ``home``, made."""
    folders = {
        "HOME": home,
        "XDG_DATA_HOME": home / ".local/share",
        "XDG_CONFIG_HOME": home / ".config",
        "XDG_CACHE_HOME": home / ".cache",
        "XDG_STATE_HOME": home / ".local/state",
        "XDG_RUNTIME_DIR": home / ".run",
    }
    for folder in folders.values():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {name: str(folder) for name, folder in folders.items()}
