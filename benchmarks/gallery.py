"""``packaging/bench gallery``: a collection of 10,000 artifacts with covers on *This computer*, filled and scrolled.

The window is the app's own; offscreen, so a frame costs what painting costs, and no screen paces it.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from typing import Any

from artifact_browser import bootstrap
from artifact_browser.accounts.record import THIS_COMPUTER
from artifact_browser.catalog import jobs
from artifact_browser.catalog.layout import COLLECTION_TYPE, Place
from artifact_browser.paths import in_home
from benchmarks.gallery_window import BUCKET, COLLECTION
from benchmarks.report import Row, add_json_option, publish
from benchmarks.watched import child_report

CARDS, PICTURES = 10_000, 16
FRAMES, FRAME_MS, LATE_MS = 60.0, 1000 / 60, 50.0
_TIMEOUT_S = 180.0
_NAMES = ("gallery frames while scrolling", "gallery frame p99", "gallery lateness max, scrolling",
          "gallery lateness max, filling", "gallery filled")  # fmt: skip


def main(argv: list[str]) -> int:
    """Run the benchmark; the exit code."""
    parser = argparse.ArgumentParser(prog="packaging/bench gallery", description=__doc__.split("\n")[0])
    parser.add_argument("--cards", type=int, default=CARDS)
    parser.add_argument("--seconds", type=float, default=10.0, help="how long it is scrolled")
    add_json_option(parser)
    arguments = parser.parse_args(argv)
    place = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(prefix="abb-", dir=place) as folder:
        home = Path(folder) / "home"
        make_collection(home, arguments.cards)
        report = child_report("benchmarks.gallery_window", str(home), str(arguments.seconds), timeout_s=_TIMEOUT_S)
    faults = faults_of(report, arguments.cards)
    for fault in faults:
        print(f"WRONG: {fault}")
    return publish([] if faults else rows(report), arguments.json, missing=list(_NAMES) if faults else [])


def rows(report: dict[str, Any]) -> list[Row]:
    values = (report["frames_per_s"], report["frame_p99_ms"], report["scrolling_late_ms"]["max"],
              report["filling_late_ms"]["max"], report["filled_s"])  # fmt: skip
    targets = (FRAMES, FRAME_MS, LATE_MS, LATE_MS, None)
    units = ("1/s", "ms", "ms", "ms", "s")
    return [
        Row(name, value, unit, target=target, higher_is_better=unit == "1/s")
        for name, value, unit, target in zip(_NAMES, values, units, targets, strict=True)
    ]


def faults_of(report: dict[str, Any], cards: int) -> list[str]:
    if "fault" in report:
        return [report["fault"]]
    found = [] if report["cards"] == cards else [f"{report['cards']} cards are shown"]
    return found + ([] if report["covers"] else ["no cover was loaded while scrolling"])


def make_collection(home: Path, cards: int) -> None:
    """As other programs would leave it in the bucket; the index as the app makes it."""
    paths = in_home(home)
    services = bootstrap.build(paths)
    services.settings.set("first_run_done", True)
    root = paths.store / BUCKET / COLLECTION
    root.mkdir(parents=True)
    (root / "manifest.yaml").write_text(f"type: {COLLECTION_TYPE}\nname: Many\n")
    pictures = _pictures()
    for number in range(cards):
        child = root / f"set-{number:05}"
        child.mkdir()
        (child / "manifest.yaml").write_text(
            f"type: {('dataset', 'model', 'application')[number % 3]}\nname: Recording {number}\n"
            f"description: What the microscope saw on day {number}, in forty channels and two views of each\n"
            f"tags: [day-{number % 365}, microscopy]\nversion: 1.{number % 9}\ncovers: [cover.png]\n"
        )
        (child / "cover.png").write_bytes(pictures[number % PICTURES])
    services.pool.run(jobs.rebuild_index, services.book.get(THIS_COMPUTER), Place(BUCKET, COLLECTION))
    services.close()


def _pictures() -> list[bytes]:
    """Of 640 x 360, with something in every pixel."""
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice
    from PySide6.QtGui import QImage

    made = []
    for number in range(PICTURES):
        image = QImage(os.urandom(64 * 36 * 3), 64, 36, 64 * 3, QImage.Format.Format_RGB888).scaled(640, 360)
        held = QByteArray()
        buffer = QBuffer(held)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        image.save(buffer, "PNG")  # type: ignore[call-overload]
        made.append(held.data())
        del number
    return made
