"""A small JSON object that one client keeps for itself: read with limits, changed so that two of its windows agree.

Nobody else writes it, so there is no conflict but between two windows (or two computers with one copied settings file)
of the same client. What stands in it comes from a bucket, so it is bounded and never trusted. Blocking; runs in workers.
"""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Callable
from typing import Any

from artifact_browser.catalog.json_blob import CONTENT_TYPE, parse_object, read_at_most
from artifact_browser.catalog.manifest import Pause, backoff_s
from artifact_browser.errors import (
    BlobNotFound,
    CommitConflict,
    ManifestUnreadable,
    NotSupported,
    OutcomeUnknown,
    PreconditionFailed,
)
from artifact_browser.storage.driver import Condition, Driver, Support, WriteOptions

#: How often a change starts again because another window was quicker.
TRIES = 12
#: No count is larger: what says so is no count.
MAX_COUNT = 1e12
MAX_EPOCH = 10**12 - 1
_WRITES = "writes"
#: Ids of the latest writes that an object keeps, so that a write whose answer was lost is found again behind others'.
_KEPT_WRITES = 8
_OPTIONS = WriteOptions(content_type=CONTENT_TYPE)

Body = dict[str, Any]


def read_object(driver: Driver, bucket: str, key: str, most_bytes: int) -> tuple[Body, str]:
    """What stands at ``key``, and its ETag (empty: nothing is there). What is no object of ours reads as an empty one."""
    found = read_at_most(driver, bucket, key, most_bytes)
    if found is None:
        return {}, ""
    if len(found.data) > most_bytes:
        return {}, found.etag
    try:
        return parse_object(found.data, key), found.etag
    except ManifestUnreadable:
        return {}, found.etag


def update_object(
    driver: Driver, bucket: str, key: str, change: Callable[[Body], Body], most_bytes: int, pause: Pause
) -> Body:
    """Put ``change(what is there)`` in its place; exactly once, also when an answer is lost.

    Conditions are used where the store is known to honour them; elsewhere it is read again after the write. Nothing is
    probed for: a counter is not worth a write of its own.

    :raises CommitConflict: other windows kept writing; :raises AccessDenied: and what the store says else
    """
    conditional = True
    for attempt in range(TRIES):
        before, etag = read_object(driver, bucket, key, most_bytes)
        body = change(before)
        write_id = uuid.uuid4().hex
        body[_WRITES] = [*_writes(before), write_id][-_KEPT_WRITES:]
        data = json.dumps(body, allow_nan=False, separators=(",", ":")).encode()
        condition = _condition(driver, bucket, etag) if conditional else None
        try:
            driver.put(bucket, key, data, _OPTIONS, condition)
            if condition is not None:
                return body
        except NotSupported:
            conditional = False
            continue
        except (BlobNotFound, PreconditionFailed, OutcomeUnknown):
            pass  # looked into below
        if write_id in _writes(read_object(driver, bucket, key, most_bytes)[0]):
            return body
        pause(backoff_s(attempt))
    raise CommitConflict("Another window kept writing the same counter.", subject=f"{bucket}/{key}")


def number(value: object) -> float | None:
    """A count as a stranger wrote it; ``None`` for what is none: negative, endless, huge, no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) and 0 <= found <= MAX_COUNT else None


def epoch_number(value: object) -> int | None:
    """The number of a reset as a stranger wrote it; ``None`` for what is none."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_EPOCH:
        return None
    return value


def _condition(driver: Driver, bucket: str, etag: str) -> Condition | None:
    now = driver.conditional_writes(bucket)
    if etag:
        return Condition(if_match=etag) if now.replace is Support.YES else None
    return Condition(if_absent=True) if now.create is Support.YES else None


def _writes(body: Body) -> list[str]:
    listed = body.get(_WRITES)
    kept = listed[-_KEPT_WRITES:] if isinstance(listed, list) else []
    return [one for one in kept if isinstance(one, str) and len(one) <= 64]
