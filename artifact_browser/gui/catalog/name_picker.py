"""Project, domain and name of a registered artifact, chosen one after the other from what the bucket has."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QWidget

from artifact_browser.catalog.artifact_name import DEFAULT_DOMAIN, ArtifactName
from artifact_browser.catalog.name_registry import NamesBelow
from artifact_browser.errors import InputError
from artifact_browser.gui.common.dialog import captioned
from artifact_browser.gui.common.format import elided, printable

_CAPTIONS = ("Project", "Domain", "Name")
_SHARES = (2, 1, 3)


class NamePicker(QWidget):
    """``choosing``: one is chosen by itself where none was; ``preferred``: these before others."""

    #: what is registered below these parts (none, project, project and domain) is to be told
    level_wanted = Signal(object)
    #: an :class:`ArtifactName`
    name_chosen = Signal(object)
    #: an :class:`InputError`: what was chosen cannot be a name
    refused = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.preferred = ("", DEFAULT_DOMAIN, "")
        self.choosing = True
        self.boxes: list[QComboBox] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        for at, (caption, share) in enumerate(zip(_CAPTIONS, _SHARES, strict=True)):
            box = QComboBox()
            box.setPlaceholderText("Choose")
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            box.setEnabled(False)
            box.activated.connect(lambda _, at=at: self._chosen(at))
            group, _ = captioned(caption, box)
            row.addLayout(group, share)
            self.boxes.append(box)

    def show_name(self, name: ArtifactName) -> None:
        """Show the name that is looked at; its neighbours are asked for."""
        for box, part in zip(self.boxes, (name.project, name.domain, name.name), strict=True):
            box.clear()
            self._put(box, part)
            box.setCurrentIndex(0)
        for above in ((), (name.project,), (name.project, name.domain)):
            self.level_wanted.emit(above)

    def show_level(self, above: tuple[str, ...], found: NamesBelow) -> None:
        """What is registered below ``above``; an answer to what is not chosen any more is not looked at."""
        at = len(above)
        if above != self._parts[:at]:
            return
        box, before = self.boxes[at], self._parts[at] if at < len(self._parts) else ""
        box.clear()
        for part in found.values:
            self._put(box, part)
        box.setEnabled(box.count() > 0)
        box.setToolTip("" if found.complete else "Only the first 1,000 are listed.")
        known = box.findData(before) if before else -1
        if known < 0 and not before and self.choosing:
            known = max(0, box.findData(self.preferred[at])) if box.count() else -1
            box.setCurrentIndex(known)
            if known >= 0:
                self._chosen(at)
            return
        if before and known < 0:
            self._put(box, before)
            known = box.count() - 1
        box.setCurrentIndex(known)

    @property
    def _parts(self) -> tuple[str, ...]:
        parts = []
        for box in self.boxes:
            if box.currentIndex() < 0:
                break
            parts.append(str(box.currentData()))
        return tuple(parts)

    def _chosen(self, at: int) -> None:
        """A part was chosen: what lies below it is to be chosen anew."""
        for box in self.boxes[at + 1 :]:
            box.clear()
            box.setEnabled(False)
        self.choosing = True
        parts = self._parts
        if at < len(self.boxes) - 1:
            self.level_wanted.emit(parts)
            return
        try:
            self.name_chosen.emit(ArtifactName(*parts))
        except InputError as error:  # somebody wrote an entry of a name that cannot be
            self.refused.emit(error)

    def _put(self, box: QComboBox, part: str) -> None:
        box.addItem(elided(printable(part), 80), part)
