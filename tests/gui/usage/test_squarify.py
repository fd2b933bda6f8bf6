"""The layout of the treemap: in proportion, inside, never overlapping, whatever the amounts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QRectF

from artifact_browser.gui.usage.squarify import squarify

AMOUNTS = st.lists(st.one_of(st.just(0.0), st.floats(1, 1e15)), min_size=1, max_size=60)


@given(AMOUNTS, st.floats(1, 3000), st.floats(1, 3000))
def test_areas_are_in_proportion_and_fill_the_whole(amounts: list[float], width: float, height: float) -> None:
    whole, total = QRectF(10, 20, width, height), sum(amounts)
    found = squarify(amounts, whole)
    assert len(found) == len(amounts)
    for amount, rect in zip(amounts, found, strict=True):
        wanted = amount / total * width * height if total else 0.0
        assert rect.width() * rect.height() == pytest.approx(wanted, rel=1e-6, abs=1e-6 * width * height)
        if amount:
            grown = whole.adjusted(-1e-6 * width, -1e-6 * height, 1e-6 * width, 1e-6 * height)
            assert grown.contains(rect) or rect.width() * rect.height() < 1e-9 * width * height
    overlap = sum(
        (shared := one.intersected(other)).width() * shared.height()
        for place, one in enumerate(found)
        for other in found[:place]
    )
    assert overlap <= 1e-6 * width * height


def test_rectangles_are_as_square_as_they_can_be() -> None:
    """The example of the paper: 6 x 4, no side longer than three times the other."""
    found = squarify([6, 6, 4, 3, 2, 2, 1], QRectF(0, 0, 6, 4))
    assert max(max(rect.width() / rect.height(), rect.height() / rect.width()) for rect in found) <= 3


def test_no_room_and_no_amounts_give_nothing() -> None:
    assert squarify([1, 2], QRectF(0, 0, 0, 10)) == [QRectF(), QRectF()]
    assert squarify([], QRectF(0, 0, 5, 5)) == []
    assert squarify([0, -1], QRectF(0, 0, 5, 5)) == [QRectF(), QRectF()]
