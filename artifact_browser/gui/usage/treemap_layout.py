"""Where each part of a level goes on the treemap, and what is drawn inside it: plain geometry, a few hundred at most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QRectF

from artifact_browser.gui.usage.amounts_model import Amount, AmountsModel
from artifact_browser.gui.usage.squarify import squarify

#: So many parts get a rectangle of their own; the rest of them one together.
MOST_CELLS = 120
GAP_PX = 3.0
HEAD_PX = 24.0
_INSET_PX = 4.0
_SMALL_GAP_PX = 2.0
#: Less is a line, not a rectangle.
_LEAST_PX = 3.0
#: A rectangle shows what is inside from this size on.
_INSIDE_FROM_PX = (70.0, 64.0)


@dataclass(slots=True)
class Cell:
    """A part's rectangle. ``row`` -1: the parts too small or too many to be drawn one by one, ``members`` of them.

    :ivar inside: ``(rectangle, name, amount)`` of what is in it; empty where there is no room
    """

    row: int
    rect: QRectF
    members: int = 1
    inside: list[tuple[QRectF, str, int]] = field(default_factory=list)


def lay_out(model: AmountsModel, area: QRectF) -> list[Cell]:
    """Rectangles for the rows of ``model``, largest first."""
    rows = [row for row in range(len(model.rows)) if model.amount(model.rows[row]) > 0]
    rows.sort(key=lambda row: -model.amount(model.rows[row]))
    shown, rest = rows[:MOST_CELLS], rows[MOST_CELLS:]
    amounts = [float(model.amount(model.rows[row])) for row in shown]
    remainder = sum(model.amount(model.rows[row]) for row in rest)
    if remainder:
        amounts.append(float(remainder))
        shown.append(-1)
    cells = []
    for row, rect in zip(shown, squarify(amounts, area), strict=True):
        drawn = rect.adjusted(GAP_PX / 2, GAP_PX / 2, -GAP_PX / 2, -GAP_PX / 2)
        if drawn.width() < _LEAST_PX or drawn.height() < _LEAST_PX:
            continue
        cell = Cell(row, drawn, members=1 if row >= 0 else len(rest))
        if row >= 0:
            cell.inside = _inside(model.rows[row], drawn)
        cells.append(cell)
    return cells


def _inside(row: Amount, rect: QRectF) -> list[tuple[QRectF, str, int]]:
    part = row.part
    if part is None or not part.inside or rect.width() < _INSIDE_FROM_PX[0] or rect.height() < _INSIDE_FROM_PX[1]:
        return []
    area = rect.adjusted(_INSET_PX, HEAD_PX, -_INSET_PX, -_INSET_PX)
    amounts: Sequence[float] = [float(amount) for _, amount in part.inside]
    found = []
    for (name, amount), small in zip(part.inside, squarify(amounts, area), strict=True):
        drawn = small.adjusted(_SMALL_GAP_PX / 2, _SMALL_GAP_PX / 2, -_SMALL_GAP_PX / 2, -_SMALL_GAP_PX / 2)
        if drawn.width() >= _LEAST_PX and drawn.height() >= _LEAST_PX:
            found.append((drawn, name, amount))
    return found
