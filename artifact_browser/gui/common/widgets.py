"""Small pieces every room builds from: labels and buttons in the window's look.

The style sheet (``gui/shell/theme.py``) knows widgets by their ``kind`` property, set here once so that a room
never writes style of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QToolButton, QWidget

from artifact_browser.gui.common.icons import icon

ICON_PX = 18
#: An icon beside text, with room around it.
ICON_BESIDE_TEXT = QSize(ICON_PX + 6, ICON_PX)


class Kind(StrEnum):
    """What a widget is, for the style sheet."""

    PRIMARY = "primary"  # the one primary action
    DESTRUCTIVE = "destructive"  # a primary action that deletes
    PLAIN = "plain"  # any other button
    LINK = "link"  # a button that reads as a link
    LINK_FLUSH = "link-flush"  # a link in a column of text: its words begin where the others do
    TOOL = "tool"  # an icon button without a frame
    FIGURE = "figure"  # 26 px: the one number a page is about
    TITLE = "title"  # 18 px
    HEADING = "heading"  # 13 px, semi-bold
    SECTION = "section"  # 11 px, semi-bold, over a group
    DIM = "dim"  # 12 px facts
    HINT = "hint"  # 12 px hints
    FAULT = "fault"  # 12 px, what is wrong with a field
    CHIP = "chip"  # a small rounded label
    CHIP_ACCENT = "chip-accent"
    CHIP_OK = "chip-ok"
    CHIP_WARNING = "chip-warning"
    CHIP_BAD = "chip-bad"
    CARD = "card"  # a frame with a line and radius 12
    NOTE_OK = "note-ok"  # a tinted frame that says how something went
    NOTE_WARNING = "note-warning"
    NOTE_BAD = "note-bad"
    SIDE = "side"  # surface of the side bar
    PANEL = "panel"  # surface of drawer and strip
    BAR = "bar"  # surface of the tool bar and footer
    LINE = "line"  # a 1 px separator


def set_kind(widget: QWidget, kind: Kind) -> None:
    """Give ``widget`` the look of ``kind``; may be changed later."""
    if widget.property("kind") == kind.value:
        return
    widget.setProperty("kind", kind.value)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def label(text: str, kind: Kind | None = None, *, wrap: bool = False, copyable: bool = False) -> QLabel:
    """Plain text, never rich text: what it shows may come from a server.

    :param copyable: can be selected with mouse and keyboard and copied with Ctrl+C
    """
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wrap)
    if kind is not None:
        set_kind(made, kind)
    if copyable:
        flags = Qt.TextInteractionFlag
        made.setTextInteractionFlags(flags.TextSelectableByMouse | flags.TextSelectableByKeyboard)
        made.setCursor(Qt.CursorShape.IBeamCursor)
    return made


def button(
    text: str, kind: Kind = Kind.PLAIN, *, icon_name: str = "", clicked: Callable[[], object] | None = None
) -> QPushButton:
    """A button; its text (without dots: the style guide's verb) is its accessible name."""
    made = QPushButton(text)
    made.setAutoDefault(False)
    set_kind(made, kind)
    if icon_name:
        filled = kind in {Kind.PRIMARY, Kind.DESTRUCTIVE}
        made.setIcon(
            icon(icon_name, "accent_text" if filled else "accent" if kind in {Kind.LINK, Kind.LINK_FLUSH} else "text")
        )
        made.setIconSize(ICON_BESIDE_TEXT)
    if clicked is not None:
        made.clicked.connect(lambda _checked=False: clicked())
    return made


def icon_button(
    name: str, icon_name: str, *, tooltip: str = "", role: str = "dim", clicked: Callable[[], object] | None = None
) -> QToolButton:
    """A button that shows only an icon; ``name`` is what a screen reader and (unless given) the tooltip say."""
    made = QToolButton()
    made.setAccessibleName(name)
    made.setToolTip(tooltip or name)
    made.setIcon(icon(icon_name, role))
    made.setIconSize(QSize(ICON_PX, ICON_PX))
    made.setAutoRaise(True)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    set_kind(made, Kind.TOOL)
    if clicked is not None:
        made.clicked.connect(lambda _checked=False: clicked())
    return made


def line(*, vertical: bool = False) -> QFrame:
    """A 1 px separator."""
    made = QFrame()
    made.setFrameShape(QFrame.Shape.NoFrame)
    if vertical:
        made.setFixedWidth(1)
    else:
        made.setFixedHeight(1)
    set_kind(made, Kind.LINE)
    return made
