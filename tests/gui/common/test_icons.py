from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QImage
from PySide6.QtWidgets import QApplication

import artifact_browser
from artifact_browser.gui.common.icons import ICONS, app_icon, icon
from artifact_browser.gui.common.palette import DARK, LIGHT, Theme, palette

PACKAGE = Path(artifact_browser.__file__).parent
ASKED_FOR = re.compile(r"""(?:\b(?:icon|pixmap|icon_button)\(|icon_name=|_button\("[^"]*",\s*)\s*"([a-z0-9-]+)\"""")


def inked(image: QImage) -> list[QColor]:
    return [
        colour
        for x in range(image.width())
        for y in range(image.height())
        if (colour := image.pixelColor(x, y)).alpha() == 255
    ]


def image_of(found: QIcon, size: int, ratio: float = 1.0, mode: QIcon.Mode = QIcon.Mode.Normal) -> QImage:
    return found.pixmap(QSize(size, size), ratio, mode).toImage()


def test_every_icon_the_code_asks_for_is_there() -> None:
    asked = {
        (name, file.name)
        for file in PACKAGE.rglob("*.py")
        for name in ASKED_FOR.findall(file.read_text(encoding="utf-8"))
    }
    assert len(asked) > 10
    assert [pair for pair in sorted(asked) if not (ICONS / f"{pair[0]}.svg").exists()] == []


def test_the_licence_travels_with_the_icons() -> None:
    assert "ISC License" in (ICONS / "LICENSE").read_text(encoding="utf-8")


def test_an_icon_has_the_colour_of_its_role(look: QApplication) -> None:
    for role in ("text", "accent", "bad"):
        colours = inked(image_of(icon("database", role), 24))
        assert colours
        assert set(map(QColor.name, colours)) == {getattr(LIGHT, role).name()}


def test_an_icon_turns_with_light_and_dark_by_itself(look: QApplication) -> None:
    found = icon("folder", "text")
    assert inked(image_of(found, 24))[0].name() == LIGHT.text.name()
    palette().choose(Theme.DARK)
    assert inked(image_of(found, 24))[0].name() == DARK.text.name()


def test_an_icon_is_drawn_at_the_screens_resolution(look: QApplication) -> None:
    once, twice = image_of(icon("cloud"), 18), image_of(icon("cloud"), 18, 2.0)
    assert (once.width(), twice.width()) == (18, 36)
    blown_up = once.scaled(36, 36)
    assert sum(twice.pixel(x, y) != blown_up.pixel(x, y) for x in range(36) for y in range(36)) > 50


def test_a_disabled_icon_is_paler(look: QApplication) -> None:
    colours = inked(image_of(icon("copy"), 24, mode=QIcon.Mode.Disabled))
    assert colours[0].name() == LIGHT.disabled.name()


def test_an_unknown_icon_or_colour_is_a_fault() -> None:
    with pytest.raises(FileNotFoundError):
        icon("no-such-icon")
    with pytest.raises(ValueError, match="no such colour"):
        icon("copy", "pink")


def test_the_app_has_an_icon_of_its_own(look: QApplication) -> None:
    assert len({colour.name() for colour in inked(image_of(app_icon(), 64))}) > 3
