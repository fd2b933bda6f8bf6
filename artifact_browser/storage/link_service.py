"""Starts the server behind links of *This computer* when the first link wants it, in the window's process.

One job in the links lane per store folder, for as long as the app runs. The port is remembered, so that a link copied
yesterday works again today (while the app runs); the key lies in the keychain.
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from artifact_browser.accounts.broker import Broker
from artifact_browser.accounts.record import THIS_COMPUTER
from artifact_browser.errors import ArtifactBrowserError, WorkerDied
from artifact_browser.paths import Paths
from artifact_browser.storage.drivers.local.links import (
    LinkKeyWanted,
    LinkService,
    LinkServiceWanted,
    LinkWriteWanted,
)
from artifact_browser.workers.job import Lane
from artifact_browser.workers.pool import WorkerPool

Answer = Callable[[Any], None]


class LinkServices:
    """Answers the link server's questions, and those who want a link; make one per window process."""

    def __init__(self, broker: Broker, pool: WorkerPool, paths: Paths) -> None:
        self._broker = broker
        self._pool = pool
        self._file = paths.data / "links.json"
        self._lock = threading.Lock()
        self._running: dict[str, LinkService] = {}
        self._waiting: dict[str, list[Answer]] = {}
        broker.register(LinkServiceWanted, self._on_service_wanted)
        broker.register(LinkWriteWanted, lambda _question, answer: answer(broker.may_write(THIS_COMPUTER)))
        broker.register(LinkKeyWanted, lambda _question, answer: broker.link_key(answer))

    def _on_service_wanted(self, question: LinkServiceWanted, answer: Answer) -> None:
        root = question.root
        with self._lock:
            running = self._running.get(root)
            if running is None:
                self._waiting.setdefault(root, []).append(answer)
                if len(self._waiting[root]) > 1:
                    return  # it is being started
        if running is not None:
            answer(running)
        else:
            self._broker.link_key(lambda key: self._start(root, key))

    def _start(self, root: str, key: bytes | ArtifactBrowserError) -> None:
        """On the broker's helper thread."""
        if isinstance(key, ArtifactBrowserError):
            self._settle(root, key)
            return
        from artifact_browser.storage.drivers.local.link_server import serve_links  # not before the first link

        try:
            self._pool.start(
                serve_links, root, _read(self._file).get(root, 0), key, lane=Lane.LINKS, listener=_Server(self, root)
            )
        except ArtifactBrowserError as error:
            self._settle(root, error)

    def started(self, root: str, service: LinkService) -> None:
        """The server answers on ``service.port``."""
        with self._lock:
            self._running[root] = service
            _remember(self._file, root, service.port)
        self._settle(root, service)

    def ended(self, root: str, error: ArtifactBrowserError) -> None:
        """The server is gone; the next link starts it again."""
        with self._lock:
            self._running.pop(root, None)
        self._settle(root, error)

    def _settle(self, root: str, answer: LinkService | ArtifactBrowserError) -> None:
        with self._lock:
            waiting = self._waiting.pop(root, [])
        for one in waiting:
            one(answer)


class _Server:
    """Listens to one ``serve_links`` job."""

    def __init__(self, services: LinkServices, root: str) -> None:
        self._services = services
        self._root = root

    def on_event(self, event: object) -> None:
        if isinstance(event, LinkService):
            self._services.started(self._root, event)

    def on_progress(self, value: object) -> None:
        """There is none."""

    def on_done(self, result: object) -> None:
        self._services.ended(self._root, WorkerDied("The link server ended."))

    def on_error(self, error: ArtifactBrowserError) -> None:
        self._services.ended(self._root, error)


def _read(file: Path) -> dict[str, int]:
    """Ports by store folder; a file that cannot be used costs a new port, never an error."""
    try:
        content = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    ports = content.get("ports") if isinstance(content, dict) else None
    if not isinstance(ports, dict):
        return {}
    return {root: port for root, port in ports.items() if type(port) is int and 1024 <= port <= 65535}


def _remember(file: Path, root: str, port: int) -> None:
    ports = _read(file) | {root: port}
    with suppress(OSError):  # then the port is another one after the next start
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump({"schema": 1, "ports": ports}, out)
        Path(name).replace(file)
