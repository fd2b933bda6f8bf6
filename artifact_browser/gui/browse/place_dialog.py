"""*Copy to* and *Move to*: choose a bucket or folder of any account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QSize
from PySide6.QtWidgets import QWidget

from artifact_browser.bootstrap import Services
from artifact_browser.gui.browse.bucket_tree import BucketTree
from artifact_browser.gui.common.bridge import Bridge
from artifact_browser.gui.common.dialog import AppDialog
from artifact_browser.gui.common.format import count, elided, printable
from artifact_browser.gui.common.widgets import Kind, label
from artifact_browser.storage.location import Location, uri_of

_TREE_PX = QSize(480, 320)


@dataclass(frozen=True, slots=True)
class PlaceChoice:
    """A bucket or a prefix of it."""

    location: Location


class PlaceDialog(AppDialog):
    """Named ``Copy to`` or ``Move to``; main button ``Copy`` or ``Move``, usable once a place is chosen that may be
    written to.

    :param start: where the tree is opened; :param names: shown, where they are few; of ``many`` items
    """

    def __init__(
        self,
        services: Services,
        bridge: Bridge,
        start: Location,
        names: Sequence[str],
        many: int,
        *,
        move: bool,
        parent: QWidget | None = None,
    ) -> None:
        verb = "Move" if move else "Copy"
        what = f"\u201c{elided(printable(names[0]), 60)}\u201d" if names and names[0] else count(many, "item")
        origin = elided(printable(uri_of(services.book.get(start.account_id).kind, start.bucket, start.key)), 60)
        super().__init__(f"{verb} to", verb, parent, subtitle=f"{what} from {origin}", width=540)
        self._services, self._start = services, start
        self._place: Location | None = None
        self.tree = BucketTree(services, bridge, self)
        self.tree.setAcceptDrops(False)
        self.tree.setMinimumSize(_TREE_PX)
        self.tree.bucket_wanted.connect(self._point_to_window)
        self.add_field("Where to", self.tree)
        self.chosen = label("", Kind.DIM, wrap=True)
        self.body.addWidget(self.chosen)
        self.tree.selectionModel().currentChanged.connect(self._follow)
        self.tree.show_location(start)
        self._show(self.tree.current_location())

    @property
    def choice(self) -> PlaceChoice:
        assert self._place is not None
        return PlaceChoice(self._place)

    def _point_to_window(self, _account_id: str) -> None:
        words = "Open the bucket by its name in the window first; then it is in this list."
        self.show_note(words, Kind.NOTE_WARNING)

    def _follow(self, _now: QModelIndex, _before: QModelIndex) -> None:
        self._show(self.tree.current_location())

    def _show(self, location: Location | None) -> None:
        """Say what is chosen, and whether something can go there."""
        place = location if location is not None and location.bucket else None
        record = self._services.book.get(place.account_id) if place is not None else None
        self._place = place
        if place is None or record is None:
            self.chosen.setText("Choose a bucket or a folder.")
        else:
            uri = elided(printable(uri_of(record.kind, place.bucket, place.key)), 90)
            here = " \u00b7 it is there already" if place == self._start else ""
            self.chosen.setText(f"{record.name}: {uri}{here}")
        read_only = record is not None and record.read_only
        self.show_note("This account is read-only." if read_only else "", Kind.NOTE_WARNING)
        self.primary.setEnabled(place is not None and not read_only and place != self._start)
