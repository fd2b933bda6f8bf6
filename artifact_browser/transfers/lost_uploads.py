"""Finds and drops a multipart upload that was begun without anybody being told its id: its mover was killed, or the answer
was lost, between the store's work and our ears.

Nothing that can be asked of an upload says whose it is, so one is taken for ours only when everything speaks for it: it is of
exactly this key; it has no parts; whom the store names as its initiator has also begun the one we begin beside it to
compare (that one tells the store's own time as well, so that no two clocks are compared); it was begun after we had written
down that we would, and not long after; and no transfer of this app knows it, nor is beginning one just now.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from artifact_browser.errors import StorageError, UploadNotFound
from artifact_browser.storage.driver import Driver, Upload
from artifact_browser.transfers.known_uploads import UploadsKnown
from artifact_browser.transfers.put_tasks import AbortUpload
from artifact_browser.transfers.state import Item
from artifact_browser.transfers.task import Stage, Task
from artifact_browser.transfers.upload_marks import age_us, id_in, mark_in

#: stores round to seconds, and several servers' clocks differ a little
_SLACK_US = 2_000_000
#: begun so long after the mark, it is not ours
_LONGEST_US = 3_600_000_000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DropLost(Task):
    """Drop what an unanswered begin may have left at ``key`` since ``mark``. What the store refuses is in the log: the item
    does not fail for it.

    :param upload_id: the item's own upload, which stays; empty: there is none
    """

    bucket: str
    key: str
    mark: str
    upload_id: str = ""

    alone = True

    def run(self, stage: Stage) -> None:
        try:
            if self._suspects(stage.target, self._listed(stage.target)):
                self._drop(stage)
        except StorageError as error:
            _log.warning("an upload nobody knows may be left at a key: %s", type(error).__name__)

    def _drop(self, stage: Stage) -> None:
        driver = stage.target
        beside = driver.create_upload(self.bucket, self.key)
        try:
            age = age_us(self.mark)
            listed = self._listed(driver)
            ours = next((one for one in listed if one.upload_id == beside), None)
            known = stage.ask(UploadsKnown(self.key))
            if age is None or ours is None or not ours.started_us or not isinstance(known, frozenset):
                return
            since = ours.started_us - age - _SLACK_US
            until = min(ours.started_us, since + _LONGEST_US) + _SLACK_US
            for one in self._suspects(driver, listed):
                is_known = one.upload_id in known or one.upload_id == beside
                if not is_known and one.initiator == ours.initiator and since <= one.started_us <= until:
                    AbortUpload(self.bucket, self.key, one.upload_id).run(stage)
        finally:
            AbortUpload(self.bucket, self.key, beside).run(stage)

    def _listed(self, driver: Driver) -> list[Upload]:
        return [one for one in driver.list_uploads(self.bucket, self.key) if one.key == self.key]

    def _suspects(self, driver: Driver, listed: Sequence[Upload]) -> list[Upload]:
        """Those without parts that are not the item's own."""
        found = []
        for one in listed:
            try:
                if one.upload_id != self.upload_id and not driver.list_parts(self.bucket, self.key, one.upload_id):
                    found.append(one)
            except UploadNotFound:  # finished or dropped just now
                continue
        return found


def what_is_left(bucket: str, item: Item) -> list[Task]:
    """What removes all that an item has begun in parts, or may have begun."""
    mark, upload_id = mark_in(item.begun), id_in(item.begun)
    lost: list[Task] = [DropLost(bucket, item.target, mark, upload_id)] if mark else []
    return lost + ([AbortUpload(bucket, item.target, upload_id)] if upload_id else [])
