"""The line below the table that tells the truth: how much is listed, whether that is all, and what is selected."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from artifact_browser.errors import InputError
from artifact_browser.gui.browse.listing_state import ListingState, ListingStatus
from artifact_browser.gui.common import format as shown
from artifact_browser.gui.common.announce import announce
from artifact_browser.gui.common.icons import icon
from artifact_browser.gui.common.palette import palette
from artifact_browser.gui.common.widgets import Kind, button, label, set_kind
from artifact_browser.storage.arrange import Arrangement

_ICON_PX = 16


class ListingFooter(QWidget):
    """Shows a :class:`ListingState`; offers *Stop*, *Continue* or *Try again*."""

    stop_wanted = Signal()
    continue_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_kind(self, Kind.BAR)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(36)
        self._state = ListingState()
        self._turn = 0
        self._icon = QLabel()
        self.text = label("", Kind.DIM)
        self.action = button("Stop", Kind.LINK, clicked=self._act)
        self.selection = label("", Kind.DIM)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(8)
        row.addWidget(self._icon)
        row.addWidget(self.text)
        row.addWidget(self.action)
        row.addStretch(1)
        row.addWidget(self.selection)
        self._minute = QTimer(self, interval=30_000)  # "as of 2 minutes ago" grows older
        self._minute.timeout.connect(lambda: self.show_state(self._state))
        self._spin = QTimer(self, interval=80)
        self._spin.timeout.connect(self._turn_icon)
        palette().changed.connect(self._paint_icon)
        self.show_state(ListingState())

    def show_state(self, state: ListingState) -> None:
        ended = self._state.status is ListingStatus.LISTING and state.status is ListingStatus.COMPLETE
        self._state = state
        words = self.sentence(state)
        self.text.setText(words)
        self.text.setToolTip(shown.exact_size(state.grown.size_bytes) if state.grown.blobs else "")
        verb = {ListingStatus.LISTING: "Stop", ListingStatus.PARTIAL: "Continue"}.get(state.status, "")
        if state.as_of_us and state.status is ListingStatus.FAILED:
            verb = "Try again"
        self.action.setText(verb)
        self.action.setVisible(bool(verb))
        if (state.status is ListingStatus.LISTING) != self._spin.isActive():
            self._spin.start() if state.status is ListingStatus.LISTING else self._spin.stop()
        self._minute.start() if state.as_of_us else self._minute.stop()
        self._paint_icon()
        if ended:
            announce(self, words)

    def sentence(self, state: ListingState) -> str:
        """How it stands, in words."""
        return _sentence(state)

    def show_selection(self, blobs: int, folders: int, size_bytes: int | None) -> None:
        """``3 selected, 1.5 GiB``; folders count but have no size. ``None``: it is still added up."""
        total = blobs + folders
        size = f" \u00b7 {shown.size(size_bytes) if size_bytes is not None else chr(8230)}" if blobs else ""
        if blobs and folders:
            size += f" in {shown.count(blobs, 'blob')}"
        self.selection.setText(f"{total:,} selected{size}" if total else "")

    def _act(self) -> None:
        if self._state.status is ListingStatus.LISTING:
            self.stop_wanted.emit()
        else:
            self.continue_wanted.emit()

    def _turn_icon(self) -> None:
        self._turn = (self._turn + 30) % 360
        self._paint_icon()

    def _paint_icon(self) -> None:
        name, role = {
            ListingStatus.LISTING: ("loader-circle", "accent"),
            ListingStatus.PARTIAL: ("triangle-alert", "warning"),
            ListingStatus.FAILED: ("circle-alert", "bad"),
            ListingStatus.COMPLETE: ("check", "ok"),
        }.get(self._state.status, ("", ""))
        self._icon.setVisible(bool(name))
        if not name:
            return
        drawn = icon(name, role).pixmap(QSize(_ICON_PX, _ICON_PX), self.devicePixelRatio())
        self._icon.setPixmap(_turned(drawn, self._turn) if self._state.status is ListingStatus.LISTING else drawn)


def _sentence(state: ListingState) -> str:
    if state.as_of_us and state.shown:
        return _earlier(state)
    # the size would be that of all, not of the matches
    total = _count(state, with_size=not state.arrangement.is_filtered)
    if state.status is ListingStatus.LISTING:
        words = f"{total} listed, still listing\u2026" if state.total else "Listing\u2026"
    elif state.status is ListingStatus.PARTIAL:
        why = f" ({state.error.title.lower()})" if state.error else ""
        words = f"Stopped after {total}{why}: there may be more"
    elif state.status is ListingStatus.COMPLETE:
        words = total
    elif state.status is ListingStatus.FAILED:
        words = state.error.title if state.error else "Not listed"
    else:
        return ""
    if isinstance(state.error, InputError):
        words = f"Not filtered: {state.error.detail}"
    elif state.arrangement.is_filtered:
        words = f"{state.shown:,} of {words} match{_filter_words(state.arrangement)}"
    if not state.arrangement.is_in_order and state.status in {ListingStatus.LISTING, ListingStatus.PARTIAL}:
        words += " \u00b7 sorted over what is listed so far"
    return words


def _earlier(state: ListingState) -> str:
    """Of rows that an earlier listing left: when that was, and what became of the new one."""
    words = f"{_count(state, with_size=not state.arrangement.is_filtered)} as of {shown.natural_time(state.as_of_us)}"
    if isinstance(state.error, InputError):
        return f"{words} \u00b7 not filtered: {state.error.detail}"
    if state.arrangement.is_filtered:
        words = f"{state.shown:,} of {words} match{_filter_words(state.arrangement)}"
    so_far = state.coming.folders + state.coming.blobs
    if state.status is ListingStatus.LISTING:
        return f"{words} \u00b7 listing anew\u2026" + (f" {so_far:,} so far" if so_far else "")
    if state.error is not None:
        return f"{words} \u00b7 not listed anew: {state.error.title}"
    return f"{words} \u00b7 listing anew was stopped"


def _filter_words(arrangement: Arrangement) -> str:
    text = f" \u201c{shown.printable(arrangement.text)}\u201d" if arrangement.text else ""
    return f"{text}{' and' if text else ''} your bounds" if arrangement.bounds else text


def _count(state: ListingState, *, with_size: bool) -> str:
    parts = []
    grown = state.grown
    if state.of_buckets:
        return shown.count(grown.folders, "bucket")
    if grown.folders:
        parts.append(shown.count(grown.folders, "folder"))
    if grown.blobs or not grown.folders:
        parts.append(f"{shown.count(grown.blobs, 'blob')}")
    if grown.blobs and with_size:
        parts.append(shown.size(grown.size_bytes))
    return " \u00b7 ".join(parts)


def _turned(drawn: QPixmap, degrees: int) -> QPixmap:
    turned = QPixmap(drawn.size())
    turned.setDevicePixelRatio(drawn.devicePixelRatio())
    turned.fill(Qt.GlobalColor.transparent)
    painter = QPainter(turned)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.translate(_ICON_PX / 2, _ICON_PX / 2)
    painter.rotate(degrees)
    painter.translate(-_ICON_PX / 2, -_ICON_PX / 2)
    painter.drawPixmap(0, 0, drawn)
    painter.end()
    return turned
