"""The multipart uploads of the engine's own courses: what a mover asks for before it drops one that nobody seems to know."""

from __future__ import annotations

import threading
import time
import weakref
from dataclasses import dataclass
from typing import Protocol

from artifact_browser.workers.job import Question

#: a begin that is not answered by then is waited for no longer: nothing is dropped
_WAIT_S = 20.0
_LOOK_S = 0.02


@dataclass(frozen=True, slots=True)
class UploadsKnown(Question):
    """A mover asks its engine for the ids of all uploads to ``key`` that the app knows. Answer: a frozenset, or ``None``
    where one is being begun all the time, so that nobody can say.
    """

    key: str


class Uploading(Protocol):
    """A course in parts.

    :ivar key: of the target
    :ivar upload_id: empty while there is none
    :ivar beginning: an upload is being begun; its id is not known yet
    """

    key: str
    upload_id: str
    beginning: bool


class KnownUploads:
    """Thread-safe. A course that is forgotten by its job is forgotten here."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._courses: weakref.WeakSet[Uploading] = weakref.WeakSet()

    def add(self, course: Uploading) -> None:
        with self._lock:
            self._courses.add(course)

    def of(self, key: str) -> frozenset[str] | None:
        """The ids, once none is being begun; see :class:`UploadsKnown`."""
        ends_at = time.monotonic() + _WAIT_S
        while True:
            with self._lock:
                found = [course for course in self._courses if course.key == key]
            if not any(course.beginning for course in found):
                return frozenset(course.upload_id for course in found if course.upload_id)
            if time.monotonic() > ends_at:
                return None
            del found  # or a course that is over would never go
            time.sleep(_LOOK_S)


#: of this process
known_uploads = KnownUploads()
