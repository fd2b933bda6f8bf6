"""An artifact's covers, one at a time: decoded in the preview worker when it is looked at, with previous and next."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.catalog.covers import MAX_PX, decode_cover
from artifact_browser.gui.common.announce import announce
from artifact_browser.gui.common.bridge import Bridge, Task
from artifact_browser.gui.common.format import printable
from artifact_browser.gui.common.icons import icon
from artifact_browser.gui.common.palette import palette, tokens
from artifact_browser.gui.common.picture_job import PICTURE_LANE, Picture
from artifact_browser.gui.common.plain_tip import plain_tip
from artifact_browser.gui.common.widgets import Kind, icon_button, label
from artifact_browser.storage.location import segment_name

_WIDTH_PX, _HEIGHT_PX, _ICON_PX, _RADIUS_PX = 300, 190, 36, 10


class _Frame(QWidget):
    """The picture, whole, on a quiet ground; an icon while there is none."""

    def __init__(self) -> None:
        super().__init__()
        self.picture: QPixmap | None = None
        self.icon = "image"
        self.setFixedSize(_WIDTH_PX, _HEIGHT_PX)
        palette().changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tokens().side)
        painter.drawRoundedRect(self.rect(), _RADIUS_PX, _RADIUS_PX)
        if self.picture is None:
            place = QRect(0, 0, _ICON_PX, _ICON_PX)
            place.moveCenter(self.rect().center())
            icon(self.icon, "faint").paint(painter, place)
            return
        size = self.picture.size().scaled(QSize(_WIDTH_PX, _HEIGHT_PX), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRect(0, 0, size.width(), size.height())
        place.moveCenter(self.rect().center())
        painter.drawPixmap(place, self.picture)


class CoverCarousel(QWidget):
    """Accessible name ``Covers``; hidden while there are none. Left and Right turn it, too."""

    def __init__(self, bridge: Bridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Covers")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Maximum)
        self._bridge = bridge
        self._record: AccountRecord | None = None
        self._bucket, self._at = "", 0
        self._keys: tuple[str, ...] = ()
        self._task: Task | None = None
        self._known: dict[str, QPixmap | None] = {}
        self.frame = _Frame()
        self.words = label("", Kind.DIM)
        self.previous = icon_button("Previous cover", "arrow-left", clicked=lambda: self.turn(-1))
        self.next = icon_button("Next cover", "arrow-right", clicked=lambda: self.turn(1))
        row = QHBoxLayout()
        row.addWidget(self.previous)
        row.addWidget(self.words, 1, Qt.AlignmentFlag.AlignHCenter)
        row.addWidget(self.next)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.frame)
        column.addLayout(row)
        self.hide()

    def show_covers(self, record: AccountRecord, bucket: str, keys: tuple[str, ...]) -> None:
        """These, from the first on; the same ones again stay where they are."""
        if (record, bucket, keys) == (self._record, self._bucket, self._keys):
            self._load()
            return
        self.stop()
        self._known.clear()
        self._record, self._bucket, self._keys, self._at = record, bucket, keys, 0
        self.setVisible(bool(keys))
        for turner in (self.previous, self.next):
            turner.setVisible(len(keys) > 1)
        self._load()

    def turn(self, by: int) -> None:
        """On to another cover, round and round."""
        if self._keys:
            self._at = (self._at + by) % len(self._keys)
            self._load()
            announce(self, self.words.text())

    def stop(self) -> None:
        """Nobody looks: what is under way stops."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _load(self) -> None:
        self.stop()
        if not self._keys:
            return
        key = self._keys[self._at]
        self._show(key)
        if key not in self._known and self._record is not None:
            self._task = self._bridge.run(
                decode_cover, self._record, self._bucket, key, MAX_PX, lane=PICTURE_LANE, owner=self,
                on_done=lambda picture: self._arrived(key, picture), on_error=lambda error: self._lost(key, error),
            )  # fmt: skip

    def _show(self, key: str) -> None:
        name = printable(segment_name(key))
        lost = key in self._known and self._known[key] is None
        self.frame.picture = self._known.get(key)
        self.frame.icon = "circle-alert" if lost else "image"
        self.frame.update()
        number = f"{self._at + 1} of {len(self._keys)}" if len(self._keys) > 1 else ""
        words = " \u00b7 ".join(filter(None, (number, "cannot be shown" if lost else name)))
        self.words.setText(self.words.fontMetrics().elidedText(words, Qt.TextElideMode.ElideMiddle, _WIDTH_PX - 90))
        self.words.setToolTip(plain_tip(name))
        self.frame.setAccessibleName(f"Cover {name}" + (", cannot be shown" if lost else ""))

    def _arrived(self, key: str, picture: Picture) -> None:
        self._task = None
        form = QImage.Format.Format_RGBA8888
        image = QImage(picture.rgba, picture.width, picture.height, 4 * picture.width, form)
        self._known[key] = QPixmap.fromImage(image)
        self._show(key)

    def _lost(self, key: str, error: ArtifactBrowserError) -> None:
        self._task = None
        self._known[key] = None
        self._show(key)
        self.words.setToolTip(plain_tip(f"{error.title}. {error.detail}"))
