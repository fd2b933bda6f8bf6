"""The look, in one place: style, font, Qt palette and style sheet, all made from the palette's tokens.

Fusion is the base on every platform, so that what was looked at is what people get. Widgets are told apart by the
``kind`` property (``gui/common/widgets.py``). Rhythm: 4 px grid, radius 6 rows, 8 controls, 12 cards, 14 dialogs.
"""

from __future__ import annotations

from string import Template

from PySide6.QtCore import QObject
from PySide6.QtGui import QFont, QFontInfo, QPalette
from PySide6.QtWidgets import QApplication

from artifact_browser.gui.common.icons import ICONS
from artifact_browser.gui.common.palette import Theme, Tokens, palette
from artifact_browser.gui.shell.style_sheet import STYLE_SHEET

TEXT_PX = 13
#: A system font up to this size means "normal"; above it everything grows in proportion.
_NORMAL_SYSTEM_PX = 15


class Look(QObject):
    """Dresses the application and keeps it dressed when light turns dark. Lives as long as the application."""

    def __init__(self, app: QApplication, theme: Theme) -> None:
        super().__init__(app)
        self._app = app
        system_px = QFontInfo(app.font()).pixelSize()
        self._scale = max(1.0, system_px / _NORMAL_SYSTEM_PX)
        app.setStyle("Fusion")
        app.setFont(_font(app.font(), self._px(TEXT_PX)))
        palette().choose(theme)
        palette().follow_system()
        palette().changed.connect(self._dress)
        self._dress()

    def _dress(self) -> None:
        held = palette().tokens
        self._app.setPalette(qt_palette(held))
        self._app.setStyleSheet(style_sheet(held, self._scale))

    def _px(self, pixels: int) -> int:
        return round(pixels * self._scale)


def _font(system: QFont, pixels: int) -> QFont:
    font = QFont(system)
    font.setFamilies(["Inter", *system.families()])
    font.setPixelSize(pixels)
    font.setFeature(QFont.Tag("tnum"), 1)  # figures of one width, so that columns of numbers line up
    return font


def style_sheet(held: Tokens, scale: float = 1.0) -> str:
    """The application's style sheet in the colours given; ``scale`` enlarges text only."""
    values = {name: getattr(held, name).name() for name in Tokens.__dataclass_fields__ if name != "dark"}
    values |= {f"px{size}": f"{round(size * scale)}px" for size in (11, 12, 13, 18, 26)}
    values["icons"] = ICONS.as_posix()
    values["mode"] = "dark" if held.dark else "light"
    return Template(STYLE_SHEET).substitute(values)


def qt_palette(held: Tokens) -> QPalette:
    """The tokens in Qt's own roles, for everything the style sheet does not name."""
    role = QPalette.ColorRole
    colours = {
        role.Window: held.background,
        role.WindowText: held.text,
        role.Base: held.background,
        role.AlternateBase: held.panel,
        role.Text: held.text,
        role.PlaceholderText: held.faint,
        role.Button: held.panel,
        role.ButtonText: held.text,
        role.BrightText: held.bad,
        role.ToolTipBase: held.panel,
        role.ToolTipText: held.text,
        role.Highlight: held.selection,
        role.HighlightedText: held.selection_text,
        role.Accent: held.accent,
        role.Link: held.accent,
        role.LinkVisited: held.accent,
        role.Light: held.hover,
        role.Midlight: held.hover,
        role.Mid: held.line,
        role.Dark: held.line,
    }
    made = QPalette()
    for one, colour in colours.items():
        made.setColor(one, colour)
    for one in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        made.setColor(QPalette.ColorGroup.Disabled, one, held.disabled)
    return made
