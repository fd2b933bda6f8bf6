"""The first cards of a large collection in the real window, and what the window and its worker hold then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from artifact_browser.catalog import jobs
from benchmarks.catalog_jobs import make_children
from benchmarks.catalog_run import PLACE, Fault, Setting, account
from benchmarks.counted import Counted
from benchmarks.report import Row
from benchmarks.watched import child_report

FIRST_S, MEMORY_MB = 1.0, 200.0
_MEASURES = ("first cards wall", "all cards wall", "memory", "with previews memory")
NAMES = tuple(f"catalog gallery {measure}" for measure in _MEASURES)
NAMES_ELSEWHERE = tuple(f"catalog gallery elsewhere {measure}" for measure in _MEASURES)
_TIMEOUT_S = 180.0


def rows(setting: Setting) -> list[Row]:
    """On *This computer*."""
    home = setting.folder / "gallery-local"
    _make(home, "", setting.children)
    return _rows(NAMES, _report(home, "", setting.children))


def rows_elsewhere(setting: Setting) -> list[Row]:
    """Over the server that answers after a while."""
    home = setting.folder / "gallery"
    with Counted("benchmarks.shelf_server") as shelf:
        _make(home, shelf.endpoint, setting.children)
        shelf.set_latency(setting.latency_ms)
        return _rows(NAMES_ELSEWHERE, _report(home, shelf.endpoint, setting.children))


def _make(home: Path, endpoint: str, children: int) -> None:
    with account(home, endpoint) as (services, record):
        services.pool.run(make_children, record, PLACE, children, picture())
        services.pool.run(jobs.rebuild_index, record, PLACE)


def _rows(names: tuple[str, ...], report: dict[str, Any]) -> list[Row]:
    return [
        Row(names[0], report["first_s"], "s", target=FIRST_S),
        Row(names[1], report["all_s"], "s"),
        Row(names[2], report["memory_mb"], "MB", target=MEMORY_MB),
        Row(names[3], report["whole_mb"], "MB"),
    ]


def picture() -> bytes:
    """A cover of 320 x 180."""
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice
    from PySide6.QtGui import QColor, QImage

    image = QImage(320, 180, QImage.Format.Format_RGB32)
    for column in range(image.width()):
        for row in range(image.height()):
            image.setPixelColor(column, row, QColor(column % 256, row % 256, (column * row) % 256))
    held = QByteArray()
    buffer = QBuffer(held)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return held.data()


def _report(home: Path, endpoint: str, children: int) -> dict[str, Any]:
    report = child_report("benchmarks.catalog_window", str(home), endpoint, timeout_s=_TIMEOUT_S)
    if "fault" in report:
        raise Fault(str(report["fault"]))
    if report["cards"] != children:
        raise Fault(f"{report['cards']} cards are shown instead of {children}")
    if report["first_cards"] < 1:
        raise Fault("nothing was painted")
    if not report["covers"]:
        raise Fault("no cover was loaded")
    print(f"gallery {endpoint or 'on this computer'}: {report}", flush=True)
    return report
