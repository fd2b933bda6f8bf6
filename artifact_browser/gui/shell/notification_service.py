"""The desktop's notification service (freedesktop.org), spoken to in a thread of its own: D-Bus may take its time.

jeepney rather than QtDBus, which cannot say the unsigned numbers that ``Notify`` wants. No Qt in here.
"""

from __future__ import annotations

import html
import logging
import select
import socket
import sys
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

_log = logging.getLogger(__name__)
_NAME, _PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
_ANSWERS_WITHIN_S = 5.0
_URGENT, _NORMAL = 2, 1


@dataclass(frozen=True, slots=True)
class Note:
    """What a notification says; plain text. ``key``: one of the same key is replaced."""

    key: str
    title: str
    text: str
    urgent: bool = False


class NotificationService:
    """The thread starts with the first note and ends with :meth:`close`.

    :param program: name and icon of the program, as its desktop file has them
    :param chosen: called with a note's key when a person clicks it, on the thread
    :param refused: called with a note nobody took: there is no service; on the thread
    """

    def __init__(self, program: str, chosen: Callable[[str], None], refused: Callable[[Note], None]) -> None:
        self._program, self._chosen, self._refused = program, chosen, refused
        self._notes: SimpleQueue[Note | None] = SimpleQueue()
        self._button: socket.socket | None = None
        self._closed = False
        self._ids: dict[int, str] = {}

    def show(self, note: Note) -> None:
        """Returns at once."""
        if self._closed:
            return
        self._notes.put(note)
        if self._button is None:
            ear, self._button = socket.socketpair()
            threading.Thread(target=self._run, args=(ear,), name="notifications", daemon=True).start()
        self._button.send(b"\0")

    def close(self, *_: object) -> None:
        """No more notes; those that are shown stay. Twice is harmless."""
        self._closed = True
        if self._button is not None:
            self._notes.put(None)
            self._button.close()  # which wakes the thread
            self._button = None

    # -- the thread ---------------------------------------------------------------------------------------------
    def _run(self, ear: socket.socket) -> None:
        with ear:
            try:
                if sys.platform == "linux":
                    self._talk(ear)
                    return
            except Exception:  # noqa: BLE001 - no bus, no service, one that goes away: all the same to a person
                _log.info("the desktop takes no notifications", exc_info=True)
            while (note := self._notes.get()) is not None:
                self._refused(note)

    def _talk(self, ear: socket.socket) -> None:
        """Until it is closed."""
        from jeepney import DBusAddress, MatchRule, message_bus
        from jeepney.io.blocking import Proxy, open_dbus_connection

        rule = MatchRule(type="signal", interface=_NAME, path=_PATH)
        signals: deque[Any] = deque()
        with open_dbus_connection(bus="SESSION") as bus, bus.filter(rule, queue=signals):
            Proxy(message_bus, bus).AddMatch(rule)
            service = DBusAddress(_PATH, bus_name=_NAME, interface=_NAME)
            markup = "body-markup" in _call(bus, service, "GetCapabilities")[0]
            while True:
                if ear in select.select([bus.sock, ear], [], [])[0]:
                    ear.recv(64)
                if not self._send_all(bus, service, markup=markup):
                    return
                try:
                    while True:
                        bus.recv_messages(timeout=0)
                except TimeoutError:
                    pass
                while signals:
                    self._hear(signals.popleft())

    def _send_all(self, bus: Any, service: Any, *, markup: bool) -> bool:
        """What waits to be shown; whether to go on."""
        while True:
            try:
                note = self._notes.get_nowait()
            except Empty:
                return True
            if note is None:
                return False
            before = next((number for number, key in self._ids.items() if key == note.key), 0)
            text = html.escape(note.text, quote=False) if markup else note.text
            hints = {"urgency": ("y", _URGENT if note.urgent else _NORMAL), "desktop-entry": ("s", self._program)}
            values = (self._program, before, self._program, note.title, text, ["default", "Show"], hints, -1)
            try:
                (number,) = _call(bus, service, "Notify", "susssasa{sv}i", values)
            except Exception:
                self._refused(note)
                raise
            self._ids[number] = note.key

    def _hear(self, message: Any) -> None:
        member = next((value for field, value in message.header.fields.items() if field.name == "member"), "")
        if member == "ActionInvoked":
            key = self._ids.get(message.body[0])
            if key is not None:
                self._chosen(key)
        elif member == "NotificationClosed":
            self._ids.pop(message.body[0], None)


def _call(bus: Any, service: Any, method: str, signature: str | None = None, values: tuple[Any, ...] = ()) -> Any:
    """:raises RuntimeError: the service refuses; :raises TimeoutError: it does not answer"""
    from jeepney import MessageType, new_method_call

    reply = bus.send_and_get_reply(new_method_call(service, method, signature, values), timeout=_ANSWERS_WITHIN_S)
    if reply.header.message_type is MessageType.error:
        raise RuntimeError(f"{method}: {reply.body}")
    return reply.body
