"""The first run's greeting below the table: where one is, and three ways to add an account. Dismissed once."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from artifact_browser.gui.common.icons import icon
from artifact_browser.gui.common.palette import palette
from artifact_browser.gui.common.widgets import Kind, button, icon_button, label, set_kind

_NARROW_PX = 760
#: room is taken from nobody beside it for more than this
_LEAST_PX = 420


@dataclass(frozen=True, slots=True)
class _Way:
    kind: str
    icon_name: str
    title: str
    text: str
    action: str


_WAYS = (
    _Way("aws", "cloud", "AWS", "Use a profile found on this computer, or type your keys.", "Add AWS account"),
    _Way("s3", "server", "S3-compatible", "MinIO, Ceph and every server that speaks S3.", "Add S3-compatible store"),
    _Way("public", "globe", "Public bucket", "Look into an open data set without any keys.", "Open a public bucket"),
)


class WelcomeBar(QFrame):
    """Accessible name ``Welcome``."""

    #: a way was chosen: the account kind's value
    way_chosen = Signal(str)
    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Welcome")
        set_kind(self, Kind.PANEL)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 20)
        column.setSpacing(4)
        head = QHBoxLayout()
        head.addWidget(label("Welcome to Artifact Browser", Kind.TITLE), 1)
        head.addWidget(icon_button("Dismiss welcome", "x", clicked=self.dismissed.emit))
        column.addLayout(head)
        column.addWidget(
            label(
                "You are on This computer: its buckets are folders of yours, with a small sample to try things on. "
                "Connect a store whenever you like:",
                Kind.DIM,
                wrap=True,
            )
        )
        column.addSpacing(8)
        self._cards = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._cards.setSpacing(12)
        self._pictures: list[tuple[QLabel, str]] = []
        self._words: list[tuple[QBoxLayout, QLabel]] = []
        for way in _WAYS:
            self._cards.addWidget(self._card(way), 1)
        column.addLayout(self._cards)
        #: room for the cards side by side, in the fonts of the day
        self._side_by_side_px = 0
        palette().changed.connect(self._paint_icons)
        self._paint_icons()

    def _card(self, way: _Way) -> QFrame:
        card = QFrame()
        set_kind(card, Kind.CARD)
        row = QHBoxLayout(card)
        row.setContentsMargins(14, 12, 14, 12)
        row.setSpacing(12)
        picture = QLabel()
        self._pictures.append((picture, way.icon_name))
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        words = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        words.setSpacing(2)
        words.addWidget(label(way.title, Kind.HEADING))
        text = label(way.text, Kind.DIM, wrap=True)
        words.addWidget(text)
        self._words.append((words, text))
        link = button(f"{way.action}\u2026", Kind.LINK_FLUSH, clicked=lambda: self.way_chosen.emit(way.kind))
        words.addWidget(link, 0, Qt.AlignmentFlag.AlignLeft)
        row.addLayout(words, 1)
        return card

    def minimumSizeHint(self) -> QSize:
        hint = super().minimumSizeHint()
        return QSize(min(hint.width(), _LEAST_PX), hint.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self._cards.direction() is QBoxLayout.Direction.LeftToRight:
            self._side_by_side_px = super().minimumSizeHint().width()
        narrow = event.size().width() < max(_NARROW_PX, self._side_by_side_px)
        directions = QBoxLayout.Direction
        self._cards.setDirection(directions.TopToBottom if narrow else directions.LeftToRight)
        self._cards.setSpacing(8 if narrow else 12)
        for words, text in self._words:  # one line each, or they would leave no room for the table
            words.setDirection(directions.LeftToRight if narrow else directions.TopToBottom)
            text.setVisible(not narrow)
        super().resizeEvent(event)

    def _paint_icons(self) -> None:
        for picture, name in self._pictures:
            picture.setPixmap(icon(name, "accent").pixmap(22, 22))
