"""A listing whose rows are the hits of a search. Everything else is a listing's: Stop, Continue, order, selection."""

from __future__ import annotations

from dataclasses import replace

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.errors import ArtifactBrowserError, JobCancelled
from artifact_browser.gui.browse.listing import Listing
from artifact_browser.gui.browse.listing_state import ListingStatus
from artifact_browser.storage.key_match import Search
from artifact_browser.storage.listing import ListingGrown
from artifact_browser.storage.location import Location
from artifact_browser.storage.search import NOT_SEARCHED, SearchGrown, search_below
from artifact_browser.workers.job import Job, Lane


class SearchListing(Listing):
    """Runs in a lane of its own: nobody's listing waits for the pages of a whole bucket."""

    wanted = Search()

    def search(self, record: AccountRecord, location: Location, wanted: Search) -> None:
        """Look below ``location``; what ran is cancelled, what it found is gone."""
        self.wanted = wanted
        self.open(record, location)

    @property
    def grown(self) -> SearchGrown:
        """How far it has come."""
        grown = self.state.grown
        return grown if isinstance(grown, SearchGrown) else NOT_SEARCHED

    def _job(self, before: ListingGrown) -> tuple[Job, tuple[object, ...], Lane]:
        place = self.location
        before = before if isinstance(before, SearchGrown) else NOT_SEARCHED
        return (
            search_below,
            (self._record, place.bucket, place.key, str(self._folder), self.wanted, before),
            Lane.SEARCH,
        )

    def _broken(self, error: ArtifactBrowserError) -> None:
        status = ListingStatus.PARTIAL if self.grown.seen else ListingStatus.FAILED
        self._become(replace(self._state, status=status, error=None if isinstance(error, JobCancelled) else error))
