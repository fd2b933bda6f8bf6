"""The address: where one is as a breadcrumb, and a field to type a URI into (Ctrl+L)."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QSizePolicy, QStackedLayout, QWidget

from artifact_browser.gui.common.crumb_row import CrumbRow
from artifact_browser.gui.common.icons import icon
from artifact_browser.gui.common.palette import palette
from artifact_browser.storage.location import Location, segment_name

#: beside the crumbs, to click into
_FREE = 12


class AddressBar(QFrame):
    """Accessible name ``Address``. Press a crumb to go there; click beside them or press Ctrl+L to type."""

    #: a crumb was pressed: :class:`Location`
    location_opened = Signal(object)
    #: text was typed and entered
    address_entered = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("address")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(36)
        self.setMinimumWidth(160)
        self._uri = ""
        self._crumbs = QWidget()
        row = QHBoxLayout(self._crumbs)
        row.setContentsMargins(10, 0, 6, 0)
        row.setSpacing(0)
        self._picture = QLabel()
        row.addWidget(self._picture)
        self._row = CrumbRow("Go to")
        self._row.chosen.connect(self.location_opened)
        row.addWidget(self._row, 1)
        row.addSpacing(_FREE)
        self._edit = QLineEdit()
        self._edit.setFrame(False)
        self._edit.setAccessibleName("Address")
        self._edit.setPlaceholderText("s3://bucket/prefix/")
        self._edit.returnPressed.connect(self._enter)
        self._edit.installEventFilter(self)
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self._stack.addWidget(self._crumbs)
        self._stack.addWidget(self._edit)
        self.setToolTip("Where you are. Ctrl+L to type an address")
        palette().changed.connect(self._repaint)
        self._repaint()

    def show_location(self, location: Location, account: str, uri: str) -> None:
        """Show a place. ``uri`` is what typing starts from."""
        self._uri = uri
        self._stack.setCurrentWidget(self._crumbs)
        self._row.show_steps(_places(account, location))

    def edit(self) -> None:
        """Turn into a field with the address selected."""
        self._edit.setText(self._uri)
        self._stack.setCurrentWidget(self._edit)
        self._edit.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._edit.selectAll()

    def reject_text(self, why: str) -> None:
        """What was typed leads nowhere: keep it, select it, and say why in the tooltip."""
        self._stack.setCurrentWidget(self._edit)
        self._edit.setToolTip(why)
        self._edit.setFocus()
        self._edit.selectAll()

    # -- crumbs -------------------------------------------------------------------------------------------------
    def _repaint(self) -> None:
        self._picture.setPixmap(icon("database", "dim").pixmap(18, 18))

    # -- typing -------------------------------------------------------------------------------------------------
    def _enter(self) -> None:
        self._edit.setToolTip("")
        self.address_entered.emit(self._edit.text())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.edit()
        event.accept()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Escape:
            self._stack.setCurrentWidget(self._crumbs)
            return True
        if event.type() == QEvent.Type.FocusOut and self._edit.text() in ("", self._uri):
            self._stack.setCurrentWidget(self._crumbs)
        return super().eventFilter(watched, event)


def _places(account: str, here: Location) -> list[tuple[str, Location]]:
    places = [(account, Location(here.account_id))]
    if here.bucket:
        places.append((here.bucket, Location(here.account_id, here.bucket)))
    at = here.key.find("/")
    while at >= 0:
        prefix = here.key[: at + 1]
        places.append((segment_name(prefix), Location(here.account_id, here.bucket, prefix)))
        at = here.key.find("/", at + 1)
    return places
