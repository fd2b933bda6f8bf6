from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from artifact_browser.gui.common.palette import (
    DARK,
    DARK_HUES,
    LIGHT,
    LIGHT_HUES,
    Hue,
    Theme,
    Tokens,
    contrast,
    palette,
    tokens,
)

SURFACES = ("background", "side", "panel")
TEXT_ON_SURFACES = ("text", "dim", "faint", "accent", "ok", "warning", "bad")
PAIRS = (
    ("selection_text", "selection"),
    ("dim", "selection"),
    ("accent_text", "accent"),
    ("accent_text", "accent_hover"),
    ("text", "hover"),
    ("dim", "hover"),
    ("ok", "ok_tint"),
    ("warning", "warning_tint"),
    ("bad", "bad_tint"),
    ("text", "ok_tint"),
    ("text", "warning_tint"),
    ("text", "bad_tint"),
    ("background", "bad"),
)


@pytest.mark.parametrize("held", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("text", TEXT_ON_SURFACES)
@pytest.mark.parametrize("surface", SURFACES)
def test_text_is_legible_on_every_surface(held: Tokens, text: str, surface: str) -> None:
    assert contrast(getattr(held, text), getattr(held, surface)) >= 4.5


@pytest.mark.parametrize("held", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "surface"), PAIRS)
def test_pairs_are_legible(held: Tokens, text: str, surface: str) -> None:
    assert contrast(getattr(held, text), getattr(held, surface)) >= 4.5


@pytest.mark.parametrize(("held", "hues"), [(LIGHT, LIGHT_HUES), (DARK, DARK_HUES)], ids=["light", "dark"])
def test_text_is_legible_on_every_hue(held: Tokens, hues: tuple[Hue, ...]) -> None:
    for colour in [colour for hue in hues for colour in (hue.area, hue.part)]:
        assert contrast(held.text, colour) >= 4.5, colour.name()
    assert len({colour.name() for hue in hues for colour in (hue.area, hue.part)}) == 2 * len(hues)


@pytest.mark.parametrize("held", [LIGHT, DARK], ids=["light", "dark"])
def test_the_focus_ring_can_be_seen(held: Tokens) -> None:
    for surface in (*SURFACES, "hover", "selection"):
        assert contrast(held.accent, getattr(held, surface)) >= 3


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast(QColor("black"), QColor("white")) == pytest.approx(21)
    assert contrast(QColor("#777777"), QColor("white")) == pytest.approx(4.48, abs=0.01)


def test_the_system_turning_dark_turns_the_window_dark(qtbot: QtBot, look: QApplication) -> None:
    system = QGuiApplication.styleHints().colorSchemeChanged
    palette().choose(Theme.SYSTEM)
    system.emit(Qt.ColorScheme.Light)
    with qtbot.waitSignal(palette().changed):
        system.emit(Qt.ColorScheme.Dark)
    assert tokens() is DARK
    assert "#14171c" in look.styleSheet().lower()
    with qtbot.waitSignal(palette().changed):
        system.emit(Qt.ColorScheme.Light)
    assert tokens() is LIGHT


def test_a_choice_outranks_the_system(qtbot: QtBot, look: QApplication) -> None:
    system = QGuiApplication.styleHints().colorSchemeChanged
    palette().choose(Theme.DARK)
    with qtbot.assertNotEmitted(palette().changed):
        system.emit(Qt.ColorScheme.Light)
    assert tokens() is DARK
    palette().choose(Theme.LIGHT)
    with qtbot.assertNotEmitted(palette().changed):
        system.emit(Qt.ColorScheme.Dark)
        system.emit(Qt.ColorScheme.Unknown)
    assert tokens() is LIGHT
