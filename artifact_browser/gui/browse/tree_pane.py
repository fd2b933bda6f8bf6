"""The bucket tree with a filter above it, which is there when there are many buckets, or when it is asked for."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from artifact_browser.gui.browse.bucket_tree import BucketTree
from artifact_browser.gui.common.icons import icon

#: From so many buckets on a filter is worth its line.
MANY_BUCKETS = 30
_WAIT_MS = 120


class BucketFilter(QLineEdit):
    """Accessible name ``Filter buckets``. Down goes to the tree, Enter to the first match, Esc shows all again."""

    def __init__(self, tree: BucketTree, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tree = tree
        self.setObjectName("filter")
        self.setAccessibleName("Filter buckets")
        self.setPlaceholderText("Filter buckets")
        self.setToolTip("Show only buckets whose names hold this text (Ctrl+Alt+B)")
        self.setClearButtonEnabled(True)
        self.addAction(icon("search", "faint"), QLineEdit.ActionPosition.LeadingPosition).setText("Search")
        self._pause = QTimer(self, interval=_WAIT_MS, singleShot=True)
        self._pause.timeout.connect(self._apply)
        self.textChanged.connect(lambda text: self._pause.start() if text else self._apply())
        self.returnPressed.connect(self._open_first)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif event.key() == Qt.Key.Key_Down:
            self._apply()
            self._tree.setFocus()
        else:
            super().keyPressEvent(event)

    def _apply(self) -> None:
        self._pause.stop()
        self._tree.filter_buckets(self.text())

    def _open_first(self) -> None:
        self._apply()
        if self.text():
            self._tree.open_first_bucket()


class TreePane(QWidget):
    """Both of them."""

    def __init__(self, tree: BucketTree, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.filter = BucketFilter(tree)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        above = QHBoxLayout()
        above.setContentsMargins(0, 0, 4, 0)
        above.addWidget(self.filter)
        column.addLayout(above)
        column.addWidget(tree, 1)
        self.setFocusProxy(tree)
        self._tree, self._wanted = tree, False
        tree.buckets_counted.connect(self._show_filter)
        self.filter.textChanged.connect(lambda _: self._show_filter())
        self._show_filter()

    def ask_filter(self) -> None:
        """Somebody wants to filter, however few there are."""
        self._wanted = True
        self._show_filter()
        self.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filter.selectAll()

    def _show_filter(self) -> None:
        many = self._tree.bucket_count > MANY_BUCKETS
        self.filter.setVisible(many or self._wanted or bool(self.filter.text()))
