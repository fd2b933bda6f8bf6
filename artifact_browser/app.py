"""Starts Qt, the services and the window, and ends them again. In the order it happens:

1. arguments, folders, log, crash traces;
2. the application object and its look;
3. one window per home: a second start hands its addresses over and ends;
4. services (no process is started yet), window, first paint;
5. workers warm up, the asyncio loop (qasync) runs on top of Qt's until the window closes;
6. workers end, the lock is given back.
"""

from __future__ import annotations

import gc
import logging
import os
import sys
import tempfile
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QApplication

import artifact_browser
from artifact_browser import bootstrap, log
from artifact_browser.gui.common.garbage import GarbageCollector
from artifact_browser.gui.common.icons import app_icon
from artifact_browser.gui.shell.arguments import Arguments, parsed
from artifact_browser.gui.shell.faults import CrashTrace, Faults
from artifact_browser.gui.shell.instance import Instance, Joined
from artifact_browser.gui.shell.main_window import MainWindow
from artifact_browser.gui.shell.preferences import remembered
from artifact_browser.gui.shell.quit_signals import QuitSignals
from artifact_browser.gui.shell.theme import Look
from artifact_browser.gui.shell.window import Window
from artifact_browser.paths import APP_ID, Paths, in_home, of_user
from artifact_browser.workers.crash_file import keep_no_core

_LOG = logging.getLogger(__name__)


def run(argv: Sequence[str]) -> int:
    """Run the application until its window closes; the exit code."""
    arguments = parsed(argv)
    _restore_environment()
    if arguments.tour is not None:
        with _tour_home() as home:
            return _run(replace(arguments, home=home))
    return _run(arguments)


def _run(arguments: Arguments) -> int:
    keep_no_core()
    paths = (in_home(arguments.home) if arguments.home else of_user()).make()
    log.start_log(paths, "window")
    with CrashTrace(paths.log), Faults() as faults:
        app = _application()
        instance = Instance(paths, app)
        joined = instance.join(list(arguments.addresses))
        if joined is not Joined.FIRST:
            return _said(joined)
        try:
            with GarbageCollector(app):
                return _run_window(app, paths, arguments, instance, faults)
        finally:
            instance.release()


def _run_window(app: QApplication, paths: Paths, arguments: Arguments, instance: Instance, faults: Faults) -> int:
    services = bootstrap.build(paths)
    try:
        Look(app, remembered(services.settings).theme)
        window = Window(services)
        faults.show_in(window.main)
        instance.opened.connect(window.open_handed_over)
        signals = QuitSignals(window.main.close, app)
        window.main.show()
        app.processEvents()  # the first paint; what follows may take its time
        services.start()
        window.start(arguments.addresses)
        gc.freeze()  # what stands now stays: a full collection need not walk it (11-22 ms of the window's time)
        code = _run_loop(app, window.main, _tour(services, window, arguments) if arguments.tour else None)
        signals.release()
        window.close()
        return code
    finally:
        services.close()


def _run_loop(app: QApplication, window: MainWindow, tour: Coroutine[Any, Any, bool] | None = None) -> int:
    """Run Qt's loop with asyncio on it, until the window has closed (hidden is not closed) or the tour is over; the exit
    code.
    """
    import asyncio

    import qasync

    loop = qasync.QEventLoop(app)
    asyncio.set_event_loop(loop)
    with loop:
        window.closing.connect(loop.stop)
        if tour is not None:
            return 0 if loop.run_until_complete(tour) else 1
        loop.run_forever()
    return 0


async def _tour(services: bootstrap.Services, window: Window, arguments: Arguments) -> bool:
    from artifact_browser.gui.tour.run import run_tour

    assert arguments.tour is not None
    return await run_tour(services, window, arguments.tour, arguments.tour_endpoint)


@contextmanager
def _tour_home() -> Iterator[Path]:
    """A home of the tour's own, gone afterwards; without a screen the window is painted in memory."""
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory(prefix="artifact-browser-home-", ignore_cleanup_errors=True) as home:
        yield Path(home)


def _application() -> QApplication:
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_DontShowIconsInMenus, False)
    app = QApplication([APP_ID])
    app.setApplicationName(APP_ID)
    app.setApplicationDisplayName("Artifact Browser")
    app.setApplicationVersion(artifact_browser.__version__)
    app.setDesktopFileName(APP_ID)
    app.setWindowIcon(app_icon())
    app.setQuitOnLastWindowClosed(False)  # the loop ends when the window has, see _run_loop
    return app


def _said(joined: Joined) -> int:
    if joined is Joined.DELIVERED:
        return 0
    _LOG.error("the window that is open does not answer")
    sys.stderr.write("Artifact Browser is already running but does not answer.\n")
    return 1


def _restore_environment() -> None:
    """A frozen bundle points the loader at its own libraries; programs it starts must not inherit that."""
    if not getattr(sys, "frozen", False):
        return
    for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LIBPATH"):
        original = os.environ.pop(f"{name}_ORIG", None)
        if original is not None:
            os.environ[name] = original
        else:
            os.environ.pop(name, None)
