"""The colours of the window, in one place: tokens for light and dark, and which of the two holds now.

Every room asks :func:`tokens` when it paints and listens to ``palette().changed``; nobody else names a colour.
The window follows the system at run time (``QStyleHints.colorSchemeChanged``) unless the person chose one.
Text colours keep a contrast of at least 4.5:1 on every surface they stand on (a test computes it).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication


class Theme(StrEnum):
    """What a person may choose in the preferences."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Tokens:
    """Named colours. ``faint`` is for hints (still legible), ``disabled`` only for what cannot be used now."""

    dark: bool
    background: QColor
    side: QColor
    panel: QColor
    line: QColor
    hover: QColor
    text: QColor
    dim: QColor
    faint: QColor
    disabled: QColor
    selection: QColor
    selection_text: QColor
    accent: QColor
    accent_hover: QColor
    accent_text: QColor
    ok: QColor
    ok_tint: QColor
    warning: QColor
    warning_tint: QColor
    bad: QColor
    bad_tint: QColor


def _tokens(dark: bool, **colours: str) -> Tokens:
    return Tokens(dark=dark, **{name: QColor(f"#{value}") for name, value in colours.items()})


LIGHT = _tokens(
    False,
    background="FFFFFF",
    side="F6F7F9",
    panel="FAFBFC",
    line="E4E7EC",
    hover="EDEFF3",
    text="1B2430",
    dim="586274",
    faint="687184",
    disabled="A3ACBA",
    selection="E3EDFF",
    selection_text="0B3B8C",
    accent="2563EB",
    accent_hover="1D55D0",
    accent_text="FFFFFF",
    ok="1A7A49",
    ok_tint="E3F5EB",
    warning="8F6000",
    warning_tint="FFF4D6",
    bad="B42318",
    bad_tint="FEE9E7",
)
DARK = _tokens(
    True,
    background="14171C",
    side="191D23",
    panel="181B21",
    line="2A303A",
    hover="232932",
    text="E6EAF0",
    dim="A3ACBA",
    faint="8B95A4",
    disabled="566070",
    selection="1E3358",
    selection_text="BFD6FF",
    accent="4C8DFF",
    accent_hover="6BA1FF",
    accent_text="0B1220",
    ok="4CC38A",
    ok_tint="173427",
    warning="F0B429",
    warning_tint="3A2E10",
    bad="FF7A6E",
    bad_tint="3C1A18",
)


@dataclass(frozen=True, slots=True)
class Hue:
    """A calm colour for one of several parts of a whole: ``area`` around, ``part`` for what lies inside it. ``text`` and
    ``dim`` of the tokens stand on both.
    """

    area: QColor
    part: QColor


def _hues(*pairs: str) -> tuple[Hue, ...]:
    return tuple(Hue(*(QColor(f"#{value}") for value in pair.split())) for pair in pairs)


LIGHT_HUES = _hues(
    "DCE7FF C3D6FF", "D2F0EA B2E3D9", "E9DFFB D8C8F7", "FDEBC9 F8DCA0", "FBDDE4 F6C4CF", "DDF1DA C0E4BB",
    "FFE2D0 FBCDB1", "D5EEF8 B5E0F2",
)  # fmt: skip
DARK_HUES = _hues(
    "1D2E4E 29437A", "16372F 1F5146", "2F2549 46376C", "3B3014 55461C", "43242C 61333F", "20381F 2F522D",
    "43291A 5F3B25", "173543 214E62",
)  # fmt: skip

#: Token names an icon or text may be tinted with.
ROLES = frozenset(field.name for field in fields(Tokens)) - {"dark"}


class Palette(QObject):
    """Which tokens hold now. Lives in the GUI thread."""

    #: light became dark or the other way round: repaint
    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._choice = Theme.SYSTEM
        self._system = Qt.ColorScheme.Unknown
        self._tokens = LIGHT

    @property
    def tokens(self) -> Tokens:
        return self._tokens

    @property
    def choice(self) -> Theme:
        return self._choice

    def choose(self, choice: Theme) -> None:
        """Follow the system, or stay light or dark whatever it says."""
        self._choice = choice
        self._hold()

    def follow_system(self) -> None:
        """Start listening to the system's colour scheme; call once the application object exists."""
        hints = QGuiApplication.styleHints()
        hints.colorSchemeChanged.connect(self._system_changed)
        self._system_changed(hints.colorScheme())

    def _system_changed(self, scheme: Qt.ColorScheme) -> None:
        self._system = scheme
        self._hold()

    def _hold(self) -> None:
        tokens = DARK if self._wants_dark() else LIGHT
        if tokens is not self._tokens:
            self._tokens = tokens
            self.changed.emit()

    def _wants_dark(self) -> bool:
        if self._choice is Theme.SYSTEM:
            return self._system is Qt.ColorScheme.Dark
        return self._choice is Theme.DARK


_PALETTE = Palette()


def palette() -> Palette:
    """The application's palette (one per process, as the application object is)."""
    return _PALETTE


def tokens() -> Tokens:
    """The colours that hold now; ask when painting, do not keep them."""
    return _PALETTE.tokens


def hues() -> tuple[Hue, ...]:
    """Colours that tell parts of a whole apart, as they hold now."""
    return DARK_HUES if _PALETTE.tokens.dark else LIGHT_HUES


def luminance(colour: QColor) -> float:
    """Relative luminance after WCAG 2.1, 0 to 1."""

    def linear(channel: float) -> float:
        return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF())


def contrast(one: QColor, other: QColor) -> float:
    """Contrast ratio after WCAG 2.1, 1 to 21. Rooms use it to pick legible text on a colour they were given."""
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)
