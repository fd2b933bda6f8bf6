"""A title with buttons: beside it where there is room, below it where there is none; never clipped."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from artifact_browser.gui.common.head_layout import HeadLayout
from artifact_browser.gui.common.widgets import label


@pytest.mark.parametrize("width", [300, 640, 1200])
def test_every_button_is_whole_and_none_covers_another(qapp: QApplication, width: int) -> None:
    window = QWidget()
    layout = HeadLayout(window)
    title = label("A long title of an artifact that wraps " * 3, wrap=True)
    buttons = [QPushButton(text) for text in ("Versions", "Copy as", "Discard", "Compare", "Edit card", "Commit")]
    for widget in (title, *buttons):
        layout.addWidget(widget)
    buttons[2].hide()
    window.resize(width, layout.heightForWidth(width))
    window.show()
    layout.activate()
    assert window.width() == width
    seen = [title, *(button for button in buttons if button.isVisible())]
    assert len(seen) == 6
    for at, widget in enumerate(seen):
        assert window.rect().contains(widget.geometry()), widget.geometry()
        assert not any(widget.geometry().intersects(other.geometry()) for other in seen[at + 1 :])
    for button in seen[1:]:
        assert button.width() >= button.sizeHint().width()
    assert (buttons[0].y() == title.y()) is (width == 1200)
    window.close()
