"""Rectangles for amounts, as square as they can be: the squarified treemap of Bruls, Huizing and van Wijk (2000)."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF


def squarify(amounts: Sequence[float], area: QRectF) -> list[QRectF]:
    """A rectangle for each amount, in proportion, together filling ``area``; empty ones for what is not above 0.

    The nicest result comes from amounts in falling order; any order is right. Linear in their number.
    """
    found = [QRectF() for _ in amounts]
    total = sum(amount for amount in amounts if amount > 0)
    if total <= 0 or area.width() <= 0 or area.height() <= 0:
        return found
    scale = area.width() * area.height() / total
    rest = QRectF(area)
    row: list[int] = []
    row_sum = 0.0
    worst = float("inf")
    for place, amount in enumerate(amounts):
        if amount <= 0:
            continue
        size = amount * scale
        side = min(rest.width(), rest.height())
        grown = _worst([*(amounts[one] * scale for one in row), size], row_sum + size, side)
        if row and grown > worst:
            rest = _place(row, [amounts[one] * scale for one in row], row_sum, rest, found)
            row, row_sum = [], 0.0
            grown = _worst([size], size, min(rest.width(), rest.height()))
        row.append(place)
        row_sum += size
        worst = grown
    _place(row, [amounts[one] * scale for one in row], row_sum, rest, found)
    return found


def _worst(sizes: Sequence[float], total: float, side: float) -> float:
    """The worst ratio of sides in a row along ``side``."""
    if side <= 0 or total <= 0:
        return float("inf")
    square, whole = side * side, total * total
    return max(square * max(sizes) / whole, whole / (square * min(sizes)))


def _place(row: Sequence[int], sizes: Sequence[float], total: float, rest: QRectF, found: list[QRectF]) -> QRectF:
    """Lay a row along the shorter side of ``rest``; what is left of it."""
    upright = rest.width() >= rest.height()
    side = rest.height() if upright else rest.width()
    depth = total / side if side > 0 else 0.0
    at = rest.top() if upright else rest.left()
    for place, size in zip(row, sizes, strict=True):
        length = size / depth if depth > 0 else 0.0
        found[place] = QRectF(rest.left(), at, depth, length) if upright else QRectF(at, rest.top(), length, depth)
        at += length
    if upright:
        return QRectF(rest.left() + depth, rest.top(), max(0.0, rest.width() - depth), rest.height())
    return QRectF(rest.left(), rest.top() + depth, rest.width(), max(0.0, rest.height() - depth))
