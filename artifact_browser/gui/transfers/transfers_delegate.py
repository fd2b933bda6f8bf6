"""How a transfer's row is painted: icon, name, dim facts, a thin bar, figures at the right, one button."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from artifact_browser.gui.common.icons import pixmap
from artifact_browser.gui.common.palette import Tokens, tokens
from artifact_browser.gui.transfers.transfer_words import item_icon, job_icon, percent
from artifact_browser.gui.transfers.transfers_model import RowAction, TransferColumn, TransfersModel
from artifact_browser.transfers.state import ItemState, JobSnapshot, JobState

ROW_PX, ITEM_PX = 34, 28
_ICON_PX, _ITEM_ICON_PX, _ACTION_PX = 18, 14, 16
_PADDING_PX, _BAR_PX, _RADIUS_PX = 8, 5, 6
_ACTIONS = {RowAction.CONTINUE: "play", RowAction.CANCEL: "x", RowAction.RETRY: "rotate-cw", RowAction.REMOVE: "x"}
_WAITING = {state: "warning" for state in JobState if state.waiting}
_BARS = _WAITING | {
    JobState.PAUSED: "faint",
    JobState.DONE_WITH_ERRORS: "warning",
    JobState.FAILED: "bad",
}
_STATES = _WAITING | {JobState.DONE: "ok", JobState.DONE_WITH_ERRORS: "warning"}
_FACTS = _WAITING | {JobState.FAILED: "bad", JobState.DONE_WITH_ERRORS: "warning"}
_RIGHT = frozenset({TransferColumn.SPEED, TransferColumn.STATE})

_Index = QModelIndex | QPersistentModelIndex


class TransfersDelegate(QStyledItemDelegate):
    """Paints from the model's handles directly."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        #: the button the pointer is over
        self.hover = QPersistentModelIndex()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        model = index.model()
        assert isinstance(model, TransfersModel)
        held = tokens()
        rect = QRect(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if model.item(index) is None:
            painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), held.line)
        self._paint_cell(painter, option, rect.adjusted(_PADDING_PX, 0, -_PADDING_PX, 0), index, model, held)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(80, ITEM_PX if index.internalId() else ROW_PX)

    def _paint_cell(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        rect: QRect,
        index: _Index,
        model: TransfersModel,
        held: Tokens,
    ) -> None:
        column = index.column()
        if column == TransferColumn.PROGRESS:
            self._paint_progress(painter, rect, index, model, held)
        elif column == TransferColumn.ACTION:
            self._paint_action(painter, rect, index, model, held)
        else:
            if column == TransferColumn.NAME:
                rect = self._paint_icon(painter, rect, index, model, held)
            selected = bool(option.state & QStyle.StateFlag.State_Selected)
            painter.setPen(_colour(index, model, held, selected))
            right = column in _RIGHT
            align = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
            mode = Qt.TextElideMode.ElideMiddle if column == TransferColumn.NAME else Qt.TextElideMode.ElideRight
            painter.setFont(option.font)
            shown = QFontMetrics(option.font).elidedText(model.text(index), mode, rect.width())
            painter.drawText(rect, int(align | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine), shown)

    def _paint_icon(self, painter: QPainter, rect: QRect, index: _Index, model: TransfersModel, held: Tokens) -> QRect:
        item, handle = model.item(index), model.handle(index)
        assert handle is not None
        name, role = item_icon(item) if item is not None else job_icon(handle.snapshot)
        pixels = _ICON_PX if item is None else _ITEM_ICON_PX
        drawn = pixmap(name, _token(held, role), pixels, painter.device().devicePixelRatio())
        painter.drawPixmap(QPointF(rect.left(), rect.center().y() - pixels / 2 + 1), drawn)
        return rect.adjusted(pixels + 10, 0, 0, 0)

    def _paint_progress(
        self, painter: QPainter, rect: QRect, index: _Index, model: TransfersModel, held: Tokens
    ) -> None:
        item, handle = model.item(index), model.handle(index)
        assert handle is not None
        if item is not None:
            if item.state is not ItemState.RUNNING or not item.item.size_bytes:
                return
            part, role = item.bytes_done / item.item.size_bytes, "accent"
        else:
            job = handle.snapshot
            if job.state in {JobState.DONE, JobState.CANCELLED}:
                return
            part, role = _part(job), _BARS.get(job.state, "accent")
        track = QRectF(rect.left(), rect.center().y() - _BAR_PX / 2, rect.width(), _BAR_PX)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(held.line)
        painter.drawRoundedRect(track, _BAR_PX / 2, _BAR_PX / 2)
        if part > 0:
            painter.setBrush(_token(held, role))
            track.setWidth(max(_BAR_PX, track.width() * min(1.0, part)))
            painter.drawRoundedRect(track, _BAR_PX / 2, _BAR_PX / 2)

    def _paint_action(self, painter: QPainter, rect: QRect, index: _Index, model: TransfersModel, held: Tokens) -> None:
        action = model.action(index)
        if not action:
            return
        hovered = self.hover == index
        if hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(held.hover)
            side = QRectF(0, 0, 26, 26)
            side.moveCenter(QRectF(rect).center())
            painter.drawRoundedRect(side, _RADIUS_PX, _RADIUS_PX)
        drawn = pixmap(
            _ACTIONS[action], held.text if hovered else held.dim, _ACTION_PX, painter.device().devicePixelRatio()
        )
        centre = QRectF(rect).center()
        painter.drawPixmap(QPointF(centre.x() - _ACTION_PX / 2, centre.y() - _ACTION_PX / 2), drawn)


def _part(job: JobSnapshot) -> float:
    return job.counts.bytes_done / job.counts.bytes if job.counts.bytes else percent(job.counts) / 100


def _colour(index: _Index, model: TransfersModel, held: Tokens, selected: bool) -> QColor:
    item, handle = model.item(index), model.handle(index)
    assert handle is not None
    column = index.column()
    if column == TransferColumn.NAME:
        return held.selection_text if selected else held.text if item is None else held.dim
    if item is not None:
        failed = item.state is ItemState.FAILED
        return held.bad if failed and column in {TransferColumn.FACTS, TransferColumn.STATE} else held.dim
    state = handle.snapshot.state
    if column == TransferColumn.FACTS:
        return _token(held, _FACTS.get(state, "dim"))
    if column == TransferColumn.STATE:
        return _token(held, "bad" if state is JobState.FAILED else _STATES.get(state, "dim"))
    return held.dim


def _token(held: Tokens, role: str) -> QColor:
    colour = getattr(held, role)
    assert isinstance(colour, QColor)
    return colour
