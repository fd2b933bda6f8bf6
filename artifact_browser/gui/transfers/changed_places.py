"""Which places of a store a job is about: to list them anew behind it."""

from __future__ import annotations

import os
from collections.abc import Sequence

from artifact_browser.storage.location import DELIMITER, Location
from artifact_browser.transfers.copy import CopyOrder, FolderOrder, RenameOrder
from artifact_browser.transfers.delete import DeleteOrder
from artifact_browser.transfers.order import Order
from artifact_browser.transfers.upload import UploadOrder


def above_all(locations: Sequence[Location]) -> Location:
    """The prefix that all of these, of one bucket, lie in."""
    first = locations[0].parent
    keys = [location.parent.key for location in locations]
    shared = os.path.commonprefix(keys)  # noqa: RUF071 - keys are strings, not paths
    return Location(first.account_id, first.bucket, shared[: shared.rfind(DELIMITER) + 1])


def changed_locations(order: Order) -> list[Location]:
    """The prefixes whose listing an order changes, the target last; none for a download."""
    if isinstance(order, UploadOrder):
        return [order.target]
    if isinstance(order, CopyOrder):
        sources = list(dict.fromkeys(source.parent for source in order.sources)) if order.move else []
        return [*sources, order.target]
    if isinstance(order, RenameOrder):
        return [order.source.parent]
    if isinstance(order, FolderOrder):
        return [order.parent]
    if isinstance(order, DeleteOrder):
        return [order.above]
    return []
