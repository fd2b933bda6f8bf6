"""The address: where one is as a breadcrumb, and a field to type a URI into (Ctrl+L)."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QSizePolicy, QStackedLayout, QToolButton, QWidget

from artifact_browser.gui.common.format import elided, printable
from artifact_browser.gui.common.icons import icon
from artifact_browser.gui.common.palette import palette
from artifact_browser.gui.common.plain_tip import plain_tip
from artifact_browser.storage.location import Location, segment_name

_CRUMB_LETTERS = 28


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
        self._location = Location("")
        self._account = ""
        self._uri = ""
        self._crumbs = QWidget()
        self._row = QHBoxLayout(self._crumbs)
        self._row.setContentsMargins(10, 0, 6, 0)
        self._row.setSpacing(0)
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
        palette().changed.connect(self._build)

    def show_location(self, location: Location, account: str, uri: str) -> None:
        """Show a place. ``uri`` is what typing starts from."""
        self._location, self._account, self._uri = location, account, uri
        self._stack.setCurrentWidget(self._crumbs)
        self._build()

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
    def _build(self) -> None:
        while (item := self._row.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        picture = QLabel()
        picture.setPixmap(icon("database", "dim").pixmap(18, 18))
        self._row.addWidget(picture)
        places = self._places()
        room = max(1, (self.width() - 60) // 110)
        shown = places if len(places) <= room + 1 else [places[0], None, *places[-room:]]
        for number, place in enumerate(shown):
            if number:
                arrow = QLabel()
                arrow.setPixmap(icon("chevron-right", "faint").pixmap(14, 14))
                self._row.addWidget(arrow)
            self._row.addWidget(QLabel("\u2026") if place is None else self._crumb(*place, last=place is shown[-1]))
        self._row.addStretch(1)

    def _places(self) -> list[tuple[str, Location]]:
        here = self._location
        places = [(self._account, Location(here.account_id))]
        if here.bucket:
            places.append((here.bucket, Location(here.account_id, here.bucket)))
        at = here.key.find("/")
        while at >= 0:
            prefix = here.key[: at + 1]
            places.append((segment_name(prefix), Location(here.account_id, here.bucket, prefix)))
            at = here.key.find("/", at + 1)
        return places

    def _crumb(self, name: str, place: Location, *, last: bool) -> QToolButton:
        button = QToolButton()
        button.setProperty("kind", "crumb-here" if last else "crumb")
        text = elided(printable(name) if name else "(empty name)", _CRUMB_LETTERS)
        button.setText(text.replace("&", "&&"))
        button.setAccessibleName(f"Go to {text}")
        button.setToolTip(plain_tip(printable(name)))
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: self.location_opened.emit(place))
        return button

    # -- typing -------------------------------------------------------------------------------------------------
    def _enter(self) -> None:
        self._edit.setToolTip("")
        self.address_entered.emit(self._edit.text())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.edit()
        event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._build()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Escape:
            self._stack.setCurrentWidget(self._crumbs)
            return True
        if event.type() == QEvent.Type.FocusOut and self._edit.text() in ("", self._uri):
            self._stack.setCurrentWidget(self._crumbs)
        return super().eventFilter(watched, event)
