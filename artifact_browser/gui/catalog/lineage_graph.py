"""The lineage as a drawing: layers from left to right, walked with arrows, Enter and the mouse."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QWidget

from artifact_browser.gui.catalog.lineage_map import MOST_DRAWN, LineageMap, Node, NodeKind
from artifact_browser.gui.common.announce import announce
from artifact_browser.gui.common.palette import palette, tokens

_BOX = QSize(196, 54)
_GAP_X, _GAP_Y, _EDGE = 64, 14, 20
_RADIUS = 8
_MARK_PX = 24
_Key = Qt.Key


class LineageGraph(QWidget):
    """Accessible name ``Lineage graph``; its description tells the chosen box. Stands in a :func:`scrolled`."""

    chosen_changed = Signal(object)
    #: Enter or a double click: open this :class:`Node`
    activated = Signal(object)
    #: plus, or the mark at its side: look one step further
    expand_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Lineage graph")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.MinimumExpanding, QSizePolicy.Policy.MinimumExpanding)
        self._layers: dict[int, list[Node]] = {}
        self._rects: dict[object, QRect] = {}
        self._more: list[tuple[QRect, str]] = []
        self._links: list[tuple[object, object]] = []
        self.chosen: Node | None = None
        palette().changed.connect(self.update)

    def show_map(self, found: LineageMap) -> None:
        """Draw it; what was chosen stays chosen if it is still there."""
        self._layers = {}
        for node in found.nodes:
            self._layers.setdefault(node.level, []).append(node)
        self._links = found.links
        self._place()
        before = self.chosen.key if self.chosen is not None else found.middle.key
        at = next((node for node in found.nodes if node.key == before and node.key in self._rects), found.middle)
        self.choose(at, tell=False)

    def choose(self, node: Node, *, tell: bool = True) -> None:
        """Make a box the chosen one and bring it into view."""
        if node.key not in self._rects:
            return
        self.chosen = node
        words = f"{node.relation}: {node.title}, {node.detail}"
        self.setAccessibleDescription(words)
        self.update()
        self._reveal(node)
        if tell:
            if self.hasFocus():
                announce(self, words)
            self.chosen_changed.emit(node)

    def rect_of(self, node: Node) -> QRect:
        """Where its box is drawn; empty where it is only in the list."""
        return self._rects.get(node.key, QRect())

    def mark_of(self, node: Node) -> QRect:
        """Where its plus is drawn; empty where it has none."""
        box = self.rect_of(node)
        if node.known or node.kind is not NodeKind.VERSION or box.isEmpty():
            return QRect()
        left = box.left() + 4 if node.level < 0 else box.right() - 4 - _MARK_PX
        return QRect(left, box.center().y() - _MARK_PX // 2, _MARK_PX, _MARK_PX)

    # -- where --------------------------------------------------------------------------------------------------
    def _place(self) -> None:
        levels = sorted(self._layers)
        if not levels:
            return
        rows = {level: min(len(nodes), MOST_DRAWN + 1) for level, nodes in self._layers.items()}
        tallest = max(rows.values(), default=1)
        wanted = QSize(
            2 * _EDGE + len(levels) * (_BOX.width() + _GAP_X) - _GAP_X,
            2 * _EDGE + tallest * (_BOX.height() + _GAP_Y) - _GAP_Y,
        )
        self.setMinimumSize(wanted)
        left = _EDGE + max(0, self.width() - wanted.width()) // 2
        height = max(wanted.height(), self.height())
        self._rects, self._more = {}, []
        for column, level in enumerate(levels):
            used = rows[level] * (_BOX.height() + _GAP_Y) - _GAP_Y
            top = (height - used) // 2
            x = left + column * (_BOX.width() + _GAP_X)
            nodes = self._layers[level]
            for row, node in enumerate(nodes[:MOST_DRAWN]):
                self._rects[node.key] = QRect(x, top + row * (_BOX.height() + _GAP_Y), _BOX.width(), _BOX.height())
            if len(nodes) > MOST_DRAWN:
                at = QRect(x, top + MOST_DRAWN * (_BOX.height() + _GAP_Y), _BOX.width(), _BOX.height())
                self._more.append((at, f"{len(nodes) - MOST_DRAWN:,} more in the list"))
        self.update()

    def resizeEvent(self, event: object) -> None:
        self._place()

    def _reveal(self, node: Node) -> None:
        viewport = self.parentWidget()
        area = viewport.parentWidget() if viewport is not None else None
        if isinstance(area, QScrollArea):
            at = self._rects[node.key]
            area.ensureVisible(at.center().x(), at.center().y(), _BOX.width(), _BOX.height())

    # -- hands --------------------------------------------------------------------------------------------------
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, node = event.key(), self.chosen
        if node is None:
            super().keyPressEvent(event)
        elif key in {_Key.Key_Left, _Key.Key_Right}:
            self._step_aside(node, -1 if key == _Key.Key_Left else 1)
        elif key in {_Key.Key_Up, _Key.Key_Down}:
            drawn = self._layers[node.level][:MOST_DRAWN]
            at = [one.key for one in drawn].index(node.key) + (-1 if key == _Key.Key_Up else 1)
            if 0 <= at < len(drawn):
                self.choose(drawn[at])
        elif key in {_Key.Key_Return, _Key.Key_Enter}:
            self.activated.emit(node)
        elif key in {_Key.Key_Plus, _Key.Key_Space} and not self.mark_of(node).isEmpty():
            self.expand_wanted.emit(node)
        else:
            super().keyPressEvent(event)

    def _step_aside(self, node: Node, step: int) -> None:
        """To a linked box of the next layer, the nearest; at the end of what is known one looks further."""
        beside = self._layers.get(node.level + step, [])[:MOST_DRAWN]
        linked = {a if b == node.key else b for a, b in self._links if node.key in (a, b)}
        here = self._rects[node.key].center().y()
        near = sorted(beside, key=lambda one: (one.key not in linked, abs(self._rects[one.key].center().y() - here)))
        onward = node.level * step > 0
        if onward and not self.mark_of(node).isEmpty():
            self.expand_wanted.emit(node)
        elif near and (not onward or near[0].key in linked):
            self.choose(near[0])

    def mousePressEvent(self, event: QMouseEvent) -> None:
        node = self._at(event)
        if node is not None:
            self.choose(node)
            if self.mark_of(node).contains(event.position().toPoint()):
                self.expand_wanted.emit(node)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        node = self._at(event)
        if node is not None and not self.mark_of(node).contains(event.position().toPoint()):
            self.activated.emit(node)

    def _at(self, event: QMouseEvent) -> Node | None:
        at = event.position().toPoint()
        nodes = (node for nodes in self._layers.values() for node in nodes)
        return next((node for node in nodes if self.rect_of(node).contains(at)), None)

    # -- drawing ------------------------------------------------------------------------------------------------
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = tokens()
        painter.fillRect(event.rect(), colours.panel)
        for earlier, later in self._links:
            if earlier in self._rects and later in self._rects:
                touched = self.chosen is not None and self.chosen.key in (earlier, later)
                painter.setPen(QPen(colours.accent if touched else colours.disabled, 1.5))
                painter.drawPath(_curve(self._rects[earlier], self._rects[later]))
        for nodes in self._layers.values():
            for node in nodes[:MOST_DRAWN]:
                if self._rects[node.key].intersects(event.rect()):
                    self._paint_node(painter, node)
        painter.setPen(colours.dim)
        for at, words in self._more:
            painter.drawText(at, Qt.AlignmentFlag.AlignCenter, words)

    def _paint_node(self, painter: QPainter, node: Node) -> None:
        colours, box = tokens(), QRectF(self._rects[node.key])
        chosen = self.chosen is not None and node.key == self.chosen.key
        middle = node.kind is NodeKind.THIS
        pen = QPen(colours.accent if chosen or middle else colours.line, 2 if chosen and self.hasFocus() else 1)
        if node.kind in {NodeKind.OUTSIDE, NodeKind.REFERENCE} or node.missing:
            pen.setStyle(Qt.PenStyle.DashLine)
            pen.setColor(colours.accent if chosen else colours.faint)
        painter.setPen(pen)
        painter.setBrush(colours.selection if middle or chosen else colours.background)
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), _RADIUS, _RADIUS)
        mark = self.mark_of(node)
        words = box.adjusted(12, 8, -12, -8)
        if not mark.isEmpty():
            words = words.adjusted(20, 0, 0, 0) if node.level < 0 else words.adjusted(0, 0, -20, 0)
            painter.setPen(QPen(colours.accent, 2))
            centre = QPointF(mark.center())
            painter.drawLine(centre - QPointF(5, 0), centre + QPointF(5, 0))
            painter.drawLine(centre - QPointF(0, 5), centre + QPointF(0, 5))
        font = self.font()
        font.setBold(True)
        for text, bold, colour, half in (
            (node.title, True, colours.text, Qt.AlignmentFlag.AlignTop),
            (node.detail, False, colours.warning if node.missing else colours.dim, Qt.AlignmentFlag.AlignBottom),
        ):
            painter.setFont(font if bold else self.font())
            painter.setPen(colour)
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, int(words.width()))
            painter.drawText(words, half | Qt.AlignmentFlag.AlignLeft, shown)

    def focusInEvent(self, event: object) -> None:
        self.update()

    def focusOutEvent(self, event: object) -> None:
        self.update()


def scrolled(graph: LineageGraph) -> QScrollArea:
    """The graph in its scroll area."""
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(graph)
    return area


def _curve(earlier: QRect, later: QRect) -> QPainterPath:
    start = QPointF(earlier.right() + 1, earlier.center().y())
    end = QPointF(later.left(), later.center().y())
    bend = max(24.0, (end.x() - start.x()) / 2)
    path = QPainterPath(start)
    path.cubicTo(start + QPointF(bend, 0), end - QPointF(bend, 0), end)
    return path
