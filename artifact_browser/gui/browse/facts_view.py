"""A blob's facts as label and value, each value selectable and copyable; tags as chips."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.browse.entry import Entry
from artifact_browser.gui.common import format as shown
from artifact_browser.gui.common.plain_tip import plain_tip
from artifact_browser.gui.common.widgets import Kind, label
from artifact_browser.storage.blobs import BlobFacts
from artifact_browser.storage.filetypes import type_of

#: Longer words cannot be wrapped into the drawer.
_LONGEST_WORD = 22
_BRIEF = ("Size", "Modified", "ETag", "Tags")
#: Says only how many tags there are, which stand below.
_SAID_ELSEWHERE = {"x-amz-tagging-count"}
_ROW_PX = 20


class FactsView(QWidget):
    """Rows of facts; *brief* shows only the few that stand below a preview."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Facts")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(10)
        self._grid.setColumnMinimumWidth(0, 76)
        self._grid.setColumnStretch(1, 1)
        self._rows: list[tuple[str, str]] = []
        self._tags: dict[str, str] | None = {}
        self._brief = False

    def set_brief(self, brief: bool) -> None:
        if brief != self._brief:
            self._brief = brief
            self._build()

    def show_entry(self, entry: Entry) -> None:
        """What the listing already knows."""
        self._tags = {}
        rows = [("Key", shown.printable(entry.key)), ("Type", type_of(entry.key) if entry.is_blob else entry.kind)]
        if entry.is_blob:
            rows.insert(0, ("Size", _size(entry.size_bytes)))
        if entry.modified_us:
            rows.insert(1, ("Modified", shown.moment(entry.modified_us)))
        self._rows = rows
        self._build()

    def show_facts(self, facts: BlobFacts) -> None:
        """What HEAD said."""
        info = facts.info
        rows = [
            ("Size", _size(info.size_bytes)),
            ("Modified", shown.moment(info.modified_us)),
            ("ETag", info.etag),
            ("Type", type_of(info.key)),
            ("Content type", info.content_type),
            ("Class", info.storage_class),
            ("Version", info.version_id),
            ("Key", info.key),
        ]
        rows += [("Checksum", f"{name} {value}") for name, value in info.checksums.items()]
        rows += [(name, value) for name, value in sorted(info.headers.items()) if name.lower() not in _SAID_ELSEWHERE]
        rows += [(f"meta: {name}", value) for name, value in sorted(info.metadata.items())]
        self._rows = [(name, shown.printable(value)) for name, value in rows if value]
        self._tags = dict(facts.tags) if facts.tags is not None else None
        self._build()

    def show_error(self, error: ArtifactBrowserError) -> None:
        self._rows.append((error.title, " ".join(part for part in (error.detail, error.todo) if part)))
        self._build()

    def _build(self) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        row = 0
        for name, value in self._rows:
            if self._brief and name not in _BRIEF:
                continue
            self._add(row, name, _value(value))
            row += 1
        if self._tags is None:
            self._add(row, "Tags", label("not readable with this account", Kind.HINT, wrap=True))
        elif self._tags:
            self._add(row, "Tags", _chips(self._tags))

    def _add(self, row: int, name: str, value: QWidget) -> None:
        caption = label(name, Kind.DIM, wrap=True)
        caption.setMaximumWidth(110)
        for part in (caption, value):
            part.setMinimumHeight(_ROW_PX)  # one line of each, centred, has one baseline
        # a label's name is all that is read of it; a field has its text besides
        value.setAccessibleName(f"{name}: {value.text()}" if isinstance(value, QLabel) else name)
        self._grid.addWidget(caption, row, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(value, row, 1, Qt.AlignmentFlag.AlignTop)


def _value(text: str) -> QWidget:
    """A value that can be selected and copied; what has no place to break stays on one line that scrolls."""
    if max(map(len, text.split(" ")), default=0) <= _LONGEST_WORD:
        return label(text, wrap=True, copyable=True)
    return _LongValue(text)


class _LongValue(QLineEdit):
    """One line that scrolls when it has the focus; until then both its ends are seen."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setReadOnly(True)
        self.setFrame(False)
        self.setObjectName("fact")
        self.setToolTip(plain_tip(text))
        self.setCursorPosition(0)
        self.setTextMargins(-2, 0, 0, 0)  # Qt's own, so that it begins where the labels do

    def paintEvent(self, event: QPaintEvent) -> None:
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, self.width())
        if self.hasFocus() or text == self.text():
            super().paintEvent(event)
            return
        painter = QPainter(self)
        painter.setPen(self.palette().text().color())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)


def _chips(tags: dict[str, str]) -> QWidget:
    """One chip for each tag, one below the other: both names and values may be long."""
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    for name, value in sorted(tags.items()):
        text = shown.printable(f"{name}={value}")
        chip = label(shown.elided(text, _LONGEST_WORD), Kind.CHIP, copyable=True)
        chip.setFixedHeight(_ROW_PX)
        chip.setAccessibleName("Tags")
        chip.setToolTip(plain_tip(text))
        column.addWidget(chip, 0, Qt.AlignmentFlag.AlignLeft)
    return made


def _size(size_bytes: int) -> str:
    if size_bytes < 1024:
        return shown.exact_size(size_bytes)
    return f"{shown.size(size_bytes)}  ({size_bytes:,} B)"
