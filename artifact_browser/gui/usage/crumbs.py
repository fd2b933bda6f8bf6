"""Where in the count one is: the counted place, then every prefix below it, each a button back."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from artifact_browser.gui.common.crumb_row import CrumbRow
from artifact_browser.storage.location import DELIMITER


class Crumbs(CrumbRow):
    """``chosen`` tells a prefix to go to. :param root: what the whole is called; :param prefix: what is counted"""

    def __init__(self, root: str, prefix: str, parent: QWidget | None = None) -> None:
        super().__init__("Look into", parent)
        self._root, self._prefix = root, prefix
        self.show_place(prefix)

    def show_place(self, place: str) -> None:
        """``place`` is a prefix at or below the one that is counted."""
        steps: list[tuple[str, object]] = [(self._root, self._prefix)]
        at = len(self._prefix)
        while at < len(place):
            end = place.find(DELIMITER, at) + 1 or len(place)
            steps.append((place[at:end].removesuffix(DELIMITER), place[:end]))
            at = end
        self.show_steps(steps)
