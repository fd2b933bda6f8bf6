"""The ``listing`` benchmark in the real window: navigate to the prefix, see the first rows painted, wait for its end."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, QTimer

from artifact_browser.accounts.lease import Secret
from artifact_browser.bootstrap import Services
from artifact_browser.gui.browse.listing_state import ListingState, ListingStatus
from artifact_browser.gui.shell.window import Window
from artifact_browser.paths import in_home
from artifact_browser.settings import Settings
from artifact_browser.storage.location import Location
from artifact_browser.workers.job import Lane
from benchmarks.loads import ACCOUNT, open_account
from benchmarks.pages import PREFIX, bucket_of, real_size_of
from benchmarks.processes import cpu_s, tree
from benchmarks.store import Access
from benchmarks.stub_server import key_of, size_of
from benchmarks.watched import run_watched

#: listed before, so that the worker runs and has connected: the app is running when a person opens a prefix
_WARMING = 1000
_SETTLE_MS = 500


class Watch(QObject):
    """Opens the prefix and notes the moments. GUI thread."""

    def __init__(self, services: Services, window: Window, order: dict[str, Any], count: int) -> None:
        super().__init__(window.main)
        self._services, self._window, self._order, self._count = services, window, order, count
        access = Access(**order["access"])
        secret = Secret(access.access_key, access.secret_key)
        open_account(services, access.endpoint, secret, region=access.region, ca_file=access.ca_file)
        self._bucket = access.bucket
        self._size = real_size_of if order["real"] else size_of
        self._painted_ns = self._asked_ns = 0
        self._before_s = 0.0
        self._pids: list[int] = []
        self.report: dict[str, object] = {"fault": "it did not come to its end"}

    def start(self) -> None:
        view = self._window.browse.view
        view.listing.state_changed.connect(self._follow)
        self._window.main.resize(1440, 900)
        warm_bucket = self._bucket if self._order["real"] else bucket_of(_WARMING)
        self._window.navigator.go(Location(ACCOUNT, warm_bucket, "none/" if self._order["real"] else PREFIX))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        here = self._window.browse.view.listing
        if event.type() == QEvent.Type.Paint and not self._painted_ns and here.model.rowCount() and self._asked_ns:
            QTimer.singleShot(0, self._note_painted)
        return False

    def _note_painted(self) -> None:
        self._painted_ns = self._painted_ns or time.monotonic_ns()

    def _follow(self, state: ListingState) -> None:
        ended = state.status in {ListingStatus.COMPLETE, ListingStatus.FAILED, ListingStatus.PARTIAL}
        if not ended:
            return
        if not self._asked_ns and not self._pids:
            self._pids = [self._services.pool.pids(Lane.INTERACTIVE)[0]]
            QTimer.singleShot(_SETTLE_MS, self._open)
        elif self._asked_ns and "fault" in self.report and self.report["fault"]:
            self._end(state)

    def _open(self) -> None:
        print(json.dumps({"pids": [os.getpid(), *self._pids]}), flush=True)
        self._before_s = cpu_s(tree(os.getpid()))
        self._window.browse.view.table.viewport().installEventFilter(self)
        self._asked_ns = time.monotonic_ns()
        self._window.navigator.go(Location(ACCOUNT, self._bucket, PREFIX))

    def _end(self, state: ListingState) -> None:
        wall_s = (time.monotonic_ns() - self._asked_ns) / 1e9
        model = self._window.browse.view.listing.model
        found = (str(state.status), model.rowCount(), state.grown.size_bytes)
        wanted = (str(ListingStatus.COMPLETE), self._count, sum(map(self._size, range(self._count))))
        fault = "" if found == wanted else f"{wanted} came as {found}: {state.error}"
        for number in range(0, 0 if fault else self._count, max(1, self._count // 1000)):
            entry = model.entry(number)
            if (entry.key, entry.size_bytes) != (key_of(PREFIX, number), self._size(number)):
                fault = f"row {number} is {entry}"
        self.report = {
            "fault": fault,
            "asked_ns": self._asked_ns,
            "painted_ns": self._painted_ns or time.monotonic_ns(),
            "wall": wall_s,
            "cpu": cpu_s(tree(os.getpid())) - self._before_s,
        }
        QTimer.singleShot(200, self._window.main.close)  # a look more at the memory


def main(order: dict[str, Any], count: int) -> int:
    Settings(in_home(Path(order["home"])).make().settings_file).set("first_run_done", True)
    return run_watched(order["home"], lambda services, window: Watch(services, window, order, count))


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1]), int(sys.argv[2])))
