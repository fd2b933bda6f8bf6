"""The look of every dialog: title, body, and a footer with one primary button.

A dialog is named as its action without the dots, each field as its visible label, the main button as its verb.
It returns what was chosen and does nothing itself.
"""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from artifact_browser.gui.common.announce import announce
from artifact_browser.gui.common.icons import icon
from artifact_browser.gui.common.widgets import ICON_PX, Kind, button, label, set_kind

_NOTE_ICONS = {
    Kind.NOTE_OK: ("circle-check", "ok"),
    Kind.NOTE_WARNING: ("triangle-alert", "warning"),
    Kind.NOTE_BAD: ("circle-alert", "bad"),
}


class Note(QFrame):
    """A tinted box with an icon and a sentence: how something went, or what to mind. Hidden while empty."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 10, 12, 10)
        row.setSpacing(10)
        self._icon = QLabel()
        self._head = label("", Kind.HEADING, wrap=True, copyable=True)
        self._text = label("", wrap=True, copyable=True)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._head)
        words.addWidget(self._text)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        self.hide()

    def show_text(self, text: str, kind: Kind = Kind.NOTE_BAD, *, heading: str = "") -> None:
        """Say ``text`` (and announce it), the heading louder; two empty ones hide the box."""
        self.setVisible(bool(heading or text))
        if not heading and not text:
            return
        set_kind(self, kind)
        name, role = _NOTE_ICONS[kind]
        self._icon.setPixmap(icon(name, role).pixmap(ICON_PX, ICON_PX))
        for words, part in ((self._head, heading), (self._text, text)):
            words.setText(part)
            words.setVisible(bool(part))
        self.updateGeometry()  # at once: the dialog asks how high it must be before Qt would tell it
        announce(self, self.text(), urgent=kind is Kind.NOTE_BAD)

    def text(self) -> str:
        """What it says now; empty while hidden."""
        return "" if self.isHidden() else " ".join(filter(None, (self._head.text(), self._text.text())))


def captioned(name: str, field: QWidget) -> tuple[QVBoxLayout, QLabel]:
    """A field below its label, whose text is the field's accessible name; and the label."""
    group = QVBoxLayout()
    group.setSpacing(4)
    caption = label(name, Kind.DIM)
    caption.setBuddy(field)
    field.setAccessibleName(name)
    group.addWidget(caption)
    group.addWidget(field)
    return group, caption


class AppDialog(QDialog):
    """Base of the app's dialogs: fill ``body``, listen to ``accepted``.

    :param title: shown, and the accessible name ("Share", "New bucket")
    :param primary: the primary button's verb ("Create"); it accepts the dialog unless rewired
    :param subtitle: one dim sentence below the title
    :param destructive: the primary action deletes something
    """

    def __init__(
        self,
        title: str,
        primary: str,
        parent: QWidget | None = None,
        *,
        subtitle: str = "",
        cancel: str = "Cancel",
        destructive: bool = False,
        width: int = 480,
    ) -> None:
        super().__init__(parent)
        #: Enter presses the primary button, wherever the focus is
        self.enter_accepts = not destructive
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.setMinimumWidth(min(width, 560))
        self.resize(width, self.sizeHint().height())
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 20, 24, 20)
        outer.setSpacing(16)
        self.heading = label(title, Kind.TITLE, wrap=True)
        outer.addWidget(self.heading)
        self.subtitle = label(subtitle, Kind.DIM, wrap=True)
        self.subtitle.setVisible(bool(subtitle))
        outer.addWidget(self.subtitle)
        #: where the dialog's own widgets go
        self.body = QVBoxLayout()
        self.body.setSpacing(12)
        outer.addLayout(self.body, 1)
        self.note = Note(self)
        outer.addWidget(self.note)
        self.primary = button(primary, Kind.DESTRUCTIVE if destructive else Kind.PRIMARY, clicked=self.accept)
        self.cancel = button(cancel, clicked=self.reject)
        self.footer = self._footer()
        outer.addLayout(self.footer)

    def add_field(self, name: str, field: QWidget, *, hint: str = "") -> QLabel:
        """A field below its label; the label's text is the field's accessible name."""
        group, caption = captioned(name, field)
        if hint:
            group.addWidget(label(hint, Kind.HINT, wrap=True))
            field.setAccessibleDescription(hint)
        self.body.addLayout(group)
        return caption

    def add_secondary(self, text: str, *, icon_name: str = "") -> QPushButton:
        """Another button, at the left of the footer."""
        made = button(text, icon_name=icon_name)
        self.footer.insertWidget(self.footer.count() - 3, made)
        return made

    def show_note(self, text: str, kind: Kind = Kind.NOTE_BAD) -> None:
        """Say what is wrong (or went well) above the footer; empty hides it."""
        self.note.show_text(text, kind)
        self.grow()

    def set_busy(self, busy: bool) -> None:
        """Keep the primary button out of reach while something is under way."""
        self.primary.setEnabled(not busy)
        if busy:
            self.setCursor(Qt.CursorShape.BusyCursor)
        else:
            self.unsetCursor()

    def showEvent(self, event: QShowEvent) -> None:
        self.primary.setDefault(self.enter_accepts)
        self._order_focus()
        self.grow()
        super().showEvent(event)

    def grow(self) -> None:
        """Wrapped text needs height by width, which Qt does not ask of a window."""
        layout = self.layout()
        if layout is not None:
            layout.activate()
            self.resize(self.width(), max(self.height(), layout.totalHeightForWidth(self.width())))

    def _order_focus(self) -> None:
        """Fields first, then the footer from left to right; the focus starts in the first field."""
        footer = [item.widget() for i in range(self.footer.count()) if (item := self.footer.itemAt(i)) is not None]
        buttons = [widget for widget in footer if widget is not None]
        own = [widget for widget in self.findChildren(QWidget) if widget.window() is self and _takes_tab(widget)]
        fields = [widget for widget in own if widget not in buttons]
        for before, after in pairwise([*fields, *buttons]):
            QWidget.setTabOrder(before, after)
        if self.focusWidget() not in fields and fields:
            fields[0].setFocus()

    def _footer(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        row.addWidget(self.cancel)
        row.addWidget(self.primary)
        return row


def _takes_tab(widget: QWidget) -> bool:
    reached = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus) and widget.focusProxy() is None
    return reached and not isinstance(widget, QLabel)
