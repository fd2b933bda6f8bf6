"""A place's way as buttons: what fits is whole, what does not gives way from the middle, the last is always there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from artifact_browser.gui.common.crumb_row import CrumbRow, fitting

STEPS = [("This computer", "0"), ("climate-models", "1"), ("runs", "2"), ("2026-11-ensemble-mean", "3"), ("plots", "4")]


@pytest.mark.parametrize(
    ("room", "shown"),
    [
        (1000, [0, 1, 2, 3]),
        (430, [0, 1, 2, 3]),
        (429, [0, None, 2, 3]),
        (329, [0, None, 3]),
        (229, [None, 3]),
        (10, [None, 3]),
    ],
)
def test_the_middle_gives_way_first(room: int, shown: list[int | None]) -> None:
    assert fitting([100, 100, 100, 100], room, between=10, dots=10) == shown


def test_one_step_is_always_there() -> None:
    assert fitting([500], 10, between=10, dots=10) == [0]
    assert fitting([], 10, between=10, dots=10) == []


@pytest.fixture
def row(qtbot: QtBot) -> Iterator[CrumbRow]:
    window = QWidget()
    qtbot.addWidget(window)
    layout = QHBoxLayout(window)
    layout.setContentsMargins(0, 0, 0, 0)
    row = CrumbRow("Go to")
    layout.addWidget(row)
    window.resize(900, 40)
    window.show()
    row.show_steps(STEPS)
    QTest.qWait(1)
    yield row
    window.close()


def _visible(row: CrumbRow) -> list[QToolButton]:
    found = [one for one in row.findChildren(QToolButton) if one.isVisible()]
    return sorted(found, key=lambda one: one.x())


def test_what_is_shown_is_whole_at_any_width(row: CrumbRow) -> None:
    counts = set()
    for width in range(900, 150, -7):
        row.window().resize(width, 40)
        QTest.qWait(1)
        buttons = _visible(row)
        counts.add(len(buttons))
        assert buttons[-1].text() == "plots"
        assert all(one.width() >= one.sizeHint().width() for one in buttons), width
        assert buttons[-1].geometry().right() < width
        dots = any(one.text() == "\u2026" and one.isVisible() for one in row.findChildren(QLabel))
        assert dots == (len(buttons) < len(STEPS))
        if width >= row.sizeHint().width():
            assert [one.text() for one in buttons] == [name for name, _ in STEPS]
    assert {len(STEPS), 1} <= counts
    assert 500 < row.sizeHint().width() < 800


def test_a_name_that_is_too_long_alone_is_cut_and_told_whole(row: CrumbRow) -> None:
    row.show_steps([("This computer", "0"), ("x" * 27, "1")])
    row.window().resize(110, 40)
    QTest.qWait(1)
    (button,) = _visible(row)
    assert "\u2026" in button.text()
    assert button.geometry().right() < 110
    assert button.accessibleName() == f"Go to {'x' * 27}"


def test_pressing_one_tells_where(row: CrumbRow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(row.chosen) as told:
        QTest.mouseClick(_visible(row)[2], Qt.MouseButton.LeftButton)
    assert told.args == ["2"]
