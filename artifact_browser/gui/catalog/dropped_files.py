"""Local files of a drag: what the gallery takes."""

from __future__ import annotations

from PySide6.QtCore import QMimeData


def dropped_files(data: QMimeData) -> tuple[str, ...]:
    """The local paths in a drag; empty when there is anything else in it."""
    urls = data.urls() if data.hasUrls() else []
    paths = tuple(url.toLocalFile() for url in urls)
    return paths if all(paths) else ()
