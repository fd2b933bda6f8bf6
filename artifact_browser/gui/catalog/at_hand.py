"""What a person has at hand in the gallery: the selected card, or the place that is shown; what actions are about."""

from __future__ import annotations

from dataclasses import dataclass, replace

from artifact_browser.catalog.card import Card, Status
from artifact_browser.catalog.layout import COLLECTION_TYPE
from artifact_browser.catalog.opening import Opened, PlaceKind
from artifact_browser.storage.location import Location

_STAGED = frozenset({Status.STAGED, Status.STAGED_EDIT})


@dataclass(frozen=True)
class AtHand:
    """One moment's; ask the gallery again after ``context_changed``.

    :ivar location: the place that is shown
    :ivar opened: what stands there; ``None`` until that is known
    :ivar card: the selected card, if there is one
    """

    location: Location
    opened: Opened | None
    card: Card | None

    @property
    def is_page(self) -> bool:
        """Whether an artifact's page is shown; no card is selected there that anybody sees."""
        return self.opened is not None and self.opened.kind is PlaceKind.ARTIFACT

    @property
    def shows_collection(self) -> bool:
        """Whether a collection's cards are shown."""
        return self.opened is not None and self.opened.kind is PlaceKind.COLLECTION

    @property
    def artifact(self) -> Location | None:
        """The artifact: the selected card's, or the one whose page is shown."""
        if self.is_page:
            return self.location
        return self._of(self.card) if self.card is not None and self.card.type != COLLECTION_TYPE else None

    @property
    def subject(self) -> Location | None:
        """Whose card it is: the selected card's, an artifact's page, or the collection that is shown."""
        if self.opened is not None and self.is_page:
            return None if self.opened.error else self.location
        if self.card is not None:
            return None if self.card.status is Status.BROKEN else self._of(self.card)
        return self._shown_collection()

    @property
    def subject_is_staged(self) -> bool:
        """Whether there is something of :attr:`subject` to commit or discard."""
        if self.card is not None and not self.is_page:
            return self.card.status in _STAGED
        return self.subject is not None and self.opened is not None and bool(self.opened.staged_etag)

    @property
    def subject_collection(self) -> Location | None:
        """The collection whose schema it is: the selected card's if it is one, else the one that is shown."""
        card = self.card
        if card is not None and card.type == COLLECTION_TYPE and card.status is not Status.BROKEN:
            return self._of(card)
        return self._shown_collection()

    @property
    def place(self) -> Location | None:
        """The artifact or collection: the selected card's, or the one the window stands in; never a whole bucket."""
        if self.is_page:
            return self.location
        if self.card is not None:
            return self._of(self.card)
        return self.location if self.shows_collection and self.location.key else None

    @property
    def place_is_collection(self) -> bool:
        """Whether :attr:`place` is a collection."""
        return not self.is_page and (self.card is None or self.card.type == COLLECTION_TYPE)

    def _shown_collection(self) -> Location | None:
        """The collection that is shown, if it can be read."""
        return self.location if self.shows_collection and self.opened and not self.opened.error else None

    def _of(self, card: Card) -> Location:
        return replace(self.location, key=card.prefix)
