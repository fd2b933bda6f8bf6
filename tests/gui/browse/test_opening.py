"""Opening a blob: fetched into the cache and given to the system's program; what could run is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest

from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.error_sheet import ErrorSheet
from artifact_browser.gui.shell import wiring_opening
from tests.gui.browse.person import Person, until

RISKY = [
    "run.sh",
    "setup.EXE",
    "a.desktop",
    "page.html",
    "x.svg",
    "macro.docm",
    "link.url",
    "dots.sh.",
    "blank.sh ",
    "p.py",
]


class Program(QObject):
    """Stands where the system's programs stand: Qt's own way to take over ``file:``."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[Path] = []

    @Slot(QUrl)
    def take(self, url: QUrl) -> None:
        self.opened.append(Path(url.toLocalFile()))


@pytest.fixture
def program() -> Iterator[Program]:
    made = Program()
    QDesktopServices.setUrlHandler("file", made, "take")
    yield made
    QDesktopServices.unsetUrlHandler("file")


def test_a_double_click_opens_what_was_fetched(person: Person, program: Program) -> None:
    person.go(person.new_bucket({"notes +%.txt": b"read me"}))
    person.open("notes +%.txt")
    until(lambda: program.opened, "it is opened")
    (file,) = program.opened
    assert file.read_bytes() == b"read me"
    assert file.is_relative_to(person.services.paths.cache)
    assert file.suffix == ".txt"
    assert file.stat().st_mode & 0o111 == 0  # nobody may run it
    assert file.parent.stat().st_mode & 0o077 == 0


def test_enter_opens_too_and_another_version_is_fetched_anew(person: Person, program: Program) -> None:
    place = person.new_bucket({"a.csv": b"1"})
    person.go(place)
    person.select("a.csv")
    person.keys_pressed(Qt.Key.Key_Return)
    until(lambda: len(program.opened) == 1, "it is opened")
    person.put(place, {"a.csv": b"22"})
    person.refresh()
    person.keys_pressed(Qt.Key.Key_Return)
    until(lambda: len(program.opened) == 2, "it is opened again")
    assert program.opened[1].read_bytes() == b"22"


@pytest.mark.parametrize("name", RISKY)
def test_what_could_run_is_never_opened(person: Person, program: Program, name: str) -> None:
    person.go(person.new_bucket({name: b"#!/bin/sh\n"}))
    person.open(name)
    sheet = person.dialog(ErrorSheet)
    assert "not opened from a store" in sheet.record.detail
    sheet.close()
    person.no_dialog()
    assert program.opened == []


def test_a_large_blob_is_asked_about(person: Person, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring_opening, "ASK_ABOVE_BYTES", 10)
    person.go(person.new_bucket({"large.txt": b"x" * 11, "small.txt": b"x" * 10}))
    person.open("large.txt")
    asked = person.dialog(AppDialog)
    assert (asked.accessibleName(), asked.primary.text()) == ("Open", "Open")
    assert "11 B will be fetched" in person.words(asked)
    asked.reject()
    person.no_dialog()
    assert program.opened == []
    person.open("large.txt")
    QTest.mouseClick(person.dialog(AppDialog).primary, Qt.MouseButton.LeftButton)
    until(lambda: program.opened, "it is opened")
    person.open("small.txt")
    until(lambda: len(program.opened) == 2, "without a question")
