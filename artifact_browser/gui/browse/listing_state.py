"""How a listing stands: what footer, page and actions follow."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.storage.arrange import PLAIN, Arrangement
from artifact_browser.storage.listing import NOTHING, ListingGrown


class ListingStatus(StrEnum):
    IDLE = "idle"
    LISTING = "listing"
    PARTIAL = "partial"
    COMPLETE = "complete"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ListingState:
    """What the footer says. ``shown`` is the number of rows in the table (a filter hides some)."""

    status: ListingStatus = ListingStatus.IDLE
    grown: ListingGrown = NOTHING
    shown: int = 0
    arrangement: Arrangement = PLAIN
    error: ArtifactBrowserError | None = None
    #: the rows are an account's buckets
    of_buckets: bool = False
    #: the rows are an earlier listing's, of this moment (microseconds since the epoch); 0: they are this one's
    as_of_us: int = 0
    #: with :attr:`as_of_us`: what the new listing has so far
    coming: ListingGrown = NOTHING

    @property
    def total(self) -> int:
        return self.grown.folders + self.grown.blobs
