"""A capped look into a blob: plain text from its first 64 KiB, or a picture that a worker made small."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontDatabase, QImage, QPixmap, QResizeEvent
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.errors import ArtifactBrowserError, NotSupported
from artifact_browser.gui.browse.entry import Entry
from artifact_browser.gui.common import format as shown
from artifact_browser.gui.common.bridge import Bridge, Task
from artifact_browser.gui.common.picture_job import PICTURE_LANE, Picture, decode_picture
from artifact_browser.gui.common.widgets import Kind, button, label
from artifact_browser.storage.blobs import TextPreview, preview_text
from artifact_browser.storage.filetypes import is_picture

PICTURE_PX = 640
_TEXT_HEIGHT, _TEXT_FRAME = 260, 24


class PreviewView(QWidget):
    """Shows one preview at a time; ``stop`` ends what is under way."""

    download_wanted = Signal()

    def __init__(self, bridge: Bridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Preview")
        self._bridge = bridge
        self._task: Task | None = None
        self._pixmap = QPixmap()
        self._caption = label("", Kind.HINT, wrap=True)
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setAccessibleName("Text preview")
        self._text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._text.setTabChangesFocus(True)
        self._picture = QLabel()
        self._picture.setAccessibleName("Picture preview")
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._picture.setMinimumWidth(1)
        self._download = button("Download\u2026", Kind.LINK_FLUSH, clicked=self.download_wanted.emit)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for widget in (self._caption, self._text, self._picture):
            column.addWidget(widget)
        column.addWidget(self._download, 0, Qt.AlignmentFlag.AlignLeft)
        self.clear()

    def show_blob(self, record: AccountRecord, bucket: str, entry: Entry) -> None:
        """Fetch and show ``entry``'s preview: one ranged read for text, at most 24 MiB for a picture."""
        self.stop()
        if not entry.size_bytes:
            self._say("The blob is empty.")
            return
        self._say("Reading\u2026")
        if is_picture(entry.key):
            self._task = self._bridge.run(
                decode_picture,
                record,
                bucket,
                entry.key,
                PICTURE_PX,
                lane=PICTURE_LANE,
                owner=self,
                on_done=self._show_picture,
                on_error=self._fail,
            )
            return
        self._task = self._bridge.run(
            preview_text,
            record,
            bucket,
            entry.key,
            owner=self,
            on_done=lambda found: self._show_text(found, entry.size_bytes),
            on_error=self._fail,
        )

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def clear(self) -> None:
        self.stop()
        self._say("")

    def _say(self, text: str) -> None:
        self._caption.setText(text)
        self._caption.setVisible(bool(text))
        for widget in (self._text, self._picture, self._download):
            widget.hide()

    def _show_text(self, found: TextPreview, size_bytes: int) -> None:
        self._task = None
        if found.binary:
            self._say("No preview for this kind of data.")
            self._download.show()
            return
        more = f"First {shown.size(found.read_bytes)} of {shown.size(size_bytes)}" if found.truncated else "Whole text"
        self._say(more)
        self._text.setPlainText(found.text)
        self._text.setFixedHeight(self._height_of(found.text.count("\n") + 1))
        self._text.show()

    def _height_of(self, lines: int) -> int:
        """As high as the lines and the bar below them need, up to a limit."""
        needed = (lines + 1) * self._text.fontMetrics().lineSpacing() + _TEXT_FRAME
        return min(needed, _TEXT_HEIGHT)

    def _show_picture(self, found: Picture) -> None:
        self._task = None
        image = QImage(found.rgba, found.width, found.height, found.width * 4, QImage.Format.Format_RGBA8888)
        self._pixmap = QPixmap.fromImage(image.copy())
        self._say(f"{found.full_width} \u00d7 {found.full_height} pixels")
        self._picture.show()
        self._fit()

    def _fail(self, error: ArtifactBrowserError) -> None:
        self._task = None
        self._say(" ".join(part for part in (error.detail or error.title, error.todo) if part))
        self._download.setVisible(isinstance(error, NotSupported))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if self._pixmap.isNull() or self._picture.isHidden():
            return
        ratio = self.devicePixelRatio()
        width = min(self._pixmap.width(), max(1, int(self.width() * ratio)))
        scaled = self._pixmap.scaledToWidth(width, Qt.TransformationMode.SmoothTransformation)
        scaled.setDevicePixelRatio(ratio)
        self._picture.setPixmap(scaled)
