"""Faults of ours: into the log with their traceback, and onto the screen as one error sheet without it."""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
import threading
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import TextIO

from PySide6.QtCore import QMessageLogContext, QObject, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QWidget

from artifact_browser.errors import ArtifactBrowserError, InternalError
from artifact_browser.gui.common.doorbell import Doorbell
from artifact_browser.gui.common.error_sheet import show_error

_LOG = logging.getLogger(__name__)
_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}
#: Qt 6.11 says this once per start on Linux; it means nothing.
_NOISE = ("GetApplicationBusAddress",)


class Faults(QObject):
    """While inside, uncaught exceptions of every thread and Qt's own messages go to the log."""

    def __init__(self) -> None:
        super().__init__()
        self._window: QWidget | None = None
        self._open = False
        self._happened: deque[BaseException] = deque()
        self._bell: Doorbell | None = None

    def show_in(self, window: QWidget) -> None:
        """From now on faults are shown over ``window`` too."""
        self._window = window
        window.destroyed.connect(self._window_gone)
        self._bell = Doorbell(self)
        self._bell.rung.connect(self._show_waiting)

    def __enter__(self) -> Faults:
        sys.excepthook = self._excepthook
        threading.excepthook = self._threading_hook
        sys.unraisablehook = self._unraisable_hook
        qInstallMessageHandler(_qt_message)
        return self

    def __exit__(self, *_: object) -> None:
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__
        sys.unraisablehook = sys.__unraisablehook__
        qInstallMessageHandler(None)

    def _excepthook(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        _LOG.critical("uncaught", exc_info=(kind, error, trace))
        if self._bell is not None:
            self._happened.append(error)
            self._bell.ring()

    def _threading_hook(self, fault: threading.ExceptHookArgs) -> None:
        if fault.exc_value is not None:
            self._excepthook(fault.exc_type, fault.exc_value, fault.exc_traceback)

    def _unraisable_hook(self, fault: sys.UnraisableHookArgs) -> None:
        _LOG.error("in %r: %s", fault.object, fault.err_msg, exc_info=fault.exc_value)

    def _show_waiting(self) -> None:
        while self._happened:
            self._show(self._happened.popleft())

    def _show(self, error: BaseException) -> None:
        if self._window is None or self._open:
            return  # one sheet at a time: a fault in a paint event comes back with every frame
        shown = (
            error
            if isinstance(error, ArtifactBrowserError)
            else InternalError("Something unexpected happened.", technical=f"{type(error).__name__}: {error}")
        )
        self._open = True
        show_error(self._window, shown).finished.connect(self._closed)

    def _closed(self) -> None:
        self._open = False

    def _window_gone(self) -> None:
        self._window = None


class CrashTrace:
    """While inside, a crash of the process writes every thread's stack to a file of its own; a clean end removes it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / f"window-{os.getpid()}.crash"
        self._file: TextIO | None = None

    def __enter__(self) -> CrashTrace:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._file = os.fdopen(descriptor, "w", encoding="utf-8")
        faulthandler.enable(self._file, all_threads=True)
        return self

    def __exit__(self, *_: object) -> None:
        faulthandler.disable()
        if self._file is not None:
            self._file.close()
        self._path.unlink(missing_ok=True)


def _qt_message(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    if not any(noise in text for noise in _NOISE):
        _LOG.log(_LEVELS.get(kind, logging.WARNING), "Qt: %s", text)
