"""What the window is looking at, as plain data: from it every action knows whether it can be used, and why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Context:
    """The situation actions depend on. The wiring keeps it current with :func:`dataclasses.replace`.

    :ivar selected_blobs: blobs selected in the table; :ivar selected_folders: prefixes selected
    :ivar selected_buckets: buckets selected in an account's table
    :ivar staged_artifact: the artifact or collection at hand has a staged manifest (to commit or discard)
    :ivar card: a card is at hand that can be edited: an artifact's or a collection's; :ivar schema: a collection's is
    :ivar catalog_place: an artifact or collection is selected in the gallery, or the window stands in one
    :ivar artifact: an artifact is selected in the gallery, or the window stands in one
    """

    can_go_back: bool = False
    can_go_forward: bool = False
    can_go_up: bool = False
    account: bool = True
    built_in_account: bool = True
    read_only: bool = False
    bucket: bool = False
    listing: bool = False
    gallery: bool = False
    selected_blobs: int = 0
    selected_folders: int = 0
    selected_buckets: int = 0
    collection: bool = False
    artifact: bool = False
    staged_artifact: bool = False
    card: bool = False
    schema: bool = False
    catalog_place: bool = False

    @property
    def rows(self) -> int:
        """How many rows are selected where the person sees them: the gallery shows no table."""
        return 0 if self.gallery else self.selected_blobs + self.selected_folders


@dataclass(frozen=True, slots=True)
class Need:
    """A condition of an action and what to tell the person while it does not hold."""

    holds: Callable[[Context], bool]
    reason: str


BACK = Need(lambda now: now.can_go_back, "nothing to go back to")
FORWARD = Need(lambda now: now.can_go_forward, "nothing to go forward to")
UP = Need(lambda now: now.can_go_up, "this is the top")
LISTING = Need(lambda now: now.listing, "nothing is being listed")
ACCOUNT = Need(lambda now: now.account, "choose an account first")
OWN_ACCOUNT = Need(lambda now: now.account and not now.built_in_account, "This computer is built in")
WRITABLE = Need(lambda now: not now.read_only, "this account is read-only")
BUCKET = Need(lambda now: now.bucket, "open a bucket first")
MEASURABLE = Need(lambda now: now.bucket or now.selected_buckets == 1, "open or select a bucket first")
TABLE = Need(lambda now: not now.gallery, "it belongs to the table view")
BLOBS = Need(lambda now: now.rows > 0 and now.selected_blobs > 0, "select a blob first")
ONE_ROW = Need(lambda now: now.rows == 1, "select one blob or folder first")
ROWS = Need(lambda now: now.rows > 0, "select blobs or folders first")
NO_FOLDERS = Need(lambda now: not now.selected_folders, "a link is for blobs: folders are selected too")
COLLECTION = Need(lambda now: now.collection, "open a collection first")
ARTIFACT = Need(lambda now: now.artifact, "choose an artifact first")
CARD = Need(lambda now: now.card, "choose an artifact or open a collection first")
SCHEMA = Need(lambda now: now.schema, "open or choose a collection first")
CATALOG_PLACE = Need(lambda now: now.catalog_place, "choose an artifact or a collection first")
STAGED = Need(lambda now: now.staged_artifact, "choose an artifact with staged changes first")
