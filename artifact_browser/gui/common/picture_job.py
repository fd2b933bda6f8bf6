"""Decoding a hostile picture into small pixels, in the preview worker: a crash there hurts nobody else.

Qt's own readers, without a QGuiApplication. The limits: encoded bytes, 64 megapixels, Qt's 256 MiB allocation
cap; never SVG (a program, not a picture). What crosses the pipe is at most a few hundred kilobytes of RGBA.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.errors import NotSupported
from artifact_browser.gui.common.picture_cache import name_of, picture_cache
from artifact_browser.storage.open import opened
from artifact_browser.workers.job import JobContext, Lane

if TYPE_CHECKING:
    from PySide6.QtGui import QImageReader

#: The lane to run :func:`decode_picture` in.
PICTURE_LANE = Lane.PREVIEW
MAX_ENCODED_BYTES = 24 * 1024**2
MAX_PIXELS = 64 * 1000**2
_QUALITY = 90
_FORMATS = frozenset({b"png", b"jpeg", b"jpg", b"gif", b"webp", b"tiff", b"tif", b"bmp", b"ico"})


@dataclass(frozen=True, slots=True)
class Picture:
    """Small pixels, RGBA, 8 bits a channel, rows without padding; and what the original was."""

    width: int
    height: int
    rgba: bytes = field(repr=False)
    full_width: int = 0
    full_height: int = 0


def decode_picture(
    context: JobContext, record: AccountRecord, bucket: str, key: str, max_px: int, *, keep: bool = False
) -> Generator[None, None, Picture]:
    """Job: the blob as a picture whose longer side is at most ``max_px``.

    :param keep: keep it on disk, where the next time it takes one question to the store and no download

    :raises NotSupported: no picture, too large, or a format that is not decoded
    """
    yield from ()
    with opened(context, record) as driver:
        info = driver.head(bucket, key)
        if info.size_bytes > MAX_ENCODED_BYTES:
            raise NotSupported(
                "The picture is too large for a preview.", subject=key, todo="Download it to look at it."
            )
        name = name_of(bucket, info, max_px) if keep else ""
        kept = picture_cache(context.paths.cache).get(record.id, name) if name else None
        if kept is not None:
            with suppress(NotSupported):  # damaged: made anew
                return decode(kept, max_px, subject=key)
        # no more than was announced, whatever the store sends
        with driver.get(bucket, key, length=info.size_bytes, if_match=info.etag) as reader:
            data = reader.read()
    picture = decode(data, max_px, subject=key)
    if name and (small := encode(picture)):
        picture_cache(context.paths.cache).put(record.id, name, small)
    return picture


def encode(picture: Picture) -> bytes:
    """A picture as it is kept: PNG where something of it can be seen through, else JPEG; empty where Qt cannot."""
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice
    from PySide6.QtGui import QImage

    image = QImage(picture.rgba, picture.width, picture.height, 4 * picture.width, QImage.Format.Format_RGBA8888)
    seen_through = min(picture.rgba[3::4], default=255) < 255
    held = QByteArray()
    buffer = QBuffer(held)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    done = image.save(buffer, "PNG" if seen_through else "JPEG", -1 if seen_through else _QUALITY)  # type: ignore[call-overload]
    return bytes(held.data()) if done else b""


def decode(data: bytes, max_px: int, *, subject: str = "") -> Picture:
    """Encoded bytes to small pixels. Runs in the preview worker only.

    :raises NotSupported: see :func:`decode_picture`
    """
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt
    from PySide6.QtGui import QImage, QImageReader

    QImageReader.setAllocationLimit(256)
    held = QByteArray(data)
    buffer = QBuffer(held)
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    reader.setDecideFormatFromContent(True)
    size = _checked_size(reader, subject)
    if max(size.width(), size.height()) > max_px:
        reader.setScaledSize(size.scaled(QSize(max_px, max_px), Qt.AspectRatioMode.KeepAspectRatio))
    reader.setAutoTransform(True)
    image = reader.read()
    if image.isNull():
        raise NotSupported("The picture is damaged.", subject=subject)
    image = image.convertToFormat(QImage.Format.Format_RGBA8888)
    pixels = bytes(image.constBits())
    line = image.bytesPerLine()
    if line != image.width() * 4:
        pixels = b"".join(pixels[y * line : y * line + image.width() * 4] for y in range(image.height()))
    return Picture(image.width(), image.height(), pixels, size.width(), size.height())


def _checked_size(reader: QImageReader, subject: str):  # type: ignore[no-untyped-def]  # QSize, imported lazily
    if bytes(reader.format().data()).lower() not in _FORMATS:
        raise NotSupported("No picture of a kind that is shown here.", subject=subject)
    size = reader.size()
    if not size.isValid() or size.width() * size.height() > MAX_PIXELS:
        raise NotSupported("The picture has more than 64 megapixels.", subject=subject)
    return size
