"""Cover pictures of the cards that can be seen: fetched and decoded in the preview worker, kept small in memory.

Only covers that lie beside the manifest are shown, never addresses elsewhere: looking at a gallery tells nobody.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Generator, Iterable
from functools import partial

from PySide6.QtCore import QObject, QSize, Signal
from PySide6.QtGui import QImage, QPixmap

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.catalog.card import Card, Status
from artifact_browser.catalog.layout import check_file_path
from artifact_browser.errors import ArtifactBrowserError, InputError
from artifact_browser.gui.common.bridge import Bridge, Task
from artifact_browser.gui.common.picture_job import PICTURE_LANE, Picture, decode_picture
from artifact_browser.workers.job import JobContext

MAX_PX = 640
_AT_ONCE = 4
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp")
#: About 640 x 480 x 4 bytes each: at most some 75 MiB.
_KEPT = 64
_MOST_FAILED = 10_000


class CoverLoader(QObject):
    """Loads what :meth:`want` names, four at a time; what is no longer wanted is stopped."""

    #: a cover is there: the card's prefix
    loaded = Signal(str)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._record: AccountRecord | None = None
        self._bucket = ""
        self._pictures: OrderedDict[str, QPixmap] = OrderedDict()
        self._failed: set[str] = set()
        self._waiting: dict[str, str] = {}
        self._running: dict[str, Task] = {}

    def open(self, record: AccountRecord, bucket: str) -> None:
        """Covers come from this bucket from now on; what was loaded from another is forgotten."""
        self.want(())
        if (self._record, self._bucket) != (record, bucket):
            self._pictures.clear()
        self._failed.clear()
        self._record, self._bucket = record, bucket

    def picture(self, card: Card) -> QPixmap | None:
        """The card's cover, if it is there already."""
        key = cover_key(card)
        found = self._pictures.get(key) if key else None
        if found is not None:
            self._pictures.move_to_end(key)
        return found

    def want(self, cards: Iterable[Card]) -> None:
        """These cards can be seen: load their covers and stop loading all others."""
        wanted = {key: card.prefix for card in cards if (key := cover_key(card))}
        for key in [key for key in self._running if key not in wanted]:
            self._running.pop(key).cancel()
        self._waiting = {
            key: prefix
            for key, prefix in wanted.items()
            if key not in self._pictures and key not in self._failed and key not in self._running
        }
        self._start()

    def _start(self) -> None:
        while self._waiting and len(self._running) < _AT_ONCE and self._record is not None:
            key, prefix = next(iter(self._waiting.items()))
            del self._waiting[key]
            self._running[key] = self._bridge.run(
                decode_cover,
                self._record,
                self._bucket,
                key,
                MAX_PX,
                lane=PICTURE_LANE,
                owner=self,
                on_done=partial(self._arrived, key, prefix),
                on_error=partial(self._lost, key),
            )

    def _arrived(self, key: str, prefix: str, picture: Picture) -> None:
        self._running.pop(key, None)
        size = QSize(picture.width, picture.height)
        image = QImage(picture.rgba, size.width(), size.height(), 4 * size.width(), QImage.Format.Format_RGBA8888)
        self._pictures[key] = QPixmap.fromImage(image)
        while len(self._pictures) > _KEPT:
            self._pictures.popitem(last=False)
        self.loaded.emit(prefix)
        self._start()

    def _lost(self, key: str, error: ArtifactBrowserError) -> None:
        del error  # a gallery is not the place to complain about a picture: the gradient stays
        self._running.pop(key, None)
        if len(self._failed) < _MOST_FAILED:
            self._failed.add(key)
        self._start()


def decode_cover(
    context: JobContext, record: AccountRecord, bucket: str, key: str, max_px: int
) -> Generator[None, None, Picture]:
    """Job: a cover, from the disk where it was shown before."""
    return (yield from decode_picture(context, record, bucket, key, max_px, keep=True))


def cover_key(card: Card) -> str:
    """The key of the card's first cover that lies beside its manifest; empty when there is none."""
    return next(iter(cover_keys(card)), "")


def cover_keys(card: Card) -> tuple[str, ...]:
    """The keys of all covers that lie beside the manifest; without any, of an icon that does."""
    if card.status is Status.BROKEN:
        return ()
    covers = tuple(dict.fromkeys(filter(None, (_key(card, cover) for cover in card.covers))))
    icon = _key(card, card.icon) if card.icon.lower().endswith(_PICTURES) else ""
    return covers or ((icon,) if icon else ())


def _key(card: Card, path: str) -> str:
    path = path.removeprefix("./")
    if "://" in path:
        return ""
    try:
        check_file_path(path)
    except InputError:
        return ""
    return card.prefix + path
