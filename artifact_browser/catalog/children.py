"""Which children a collection really has: their manifests' ETags and times, from as few LISTs as possible.

A recursive LIST that jumps: behind each answer it goes on right before the next manifest it cares about, so a child
with a million files costs at most three requests, and many small children share one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from artifact_browser.catalog.layout import COMMITTED_NAME, DERIVED_FOLDERS, STAGED_NAME, Place
from artifact_browser.storage.driver import Driver, ListPage
from artifact_browser.storage.location import DELIMITER

#: The character behind ``/``: everything below a folder sorts before the folder's name with this.
_BEHIND_DELIMITER = "0"


@dataclass(slots=True)
class Child:
    """A child as LIST shows it. ETags are empty where there is no such manifest."""

    name: str
    committed_etag: str = ""
    staged_etag: str = ""
    modified_us: int = 0

    @property
    def is_artifact(self) -> bool:
        return bool(self.committed_etag or self.staged_etag)


def scan_children(driver: Driver, place: Place, check: Callable[[], None] = lambda: None) -> dict[str, Child]:
    """The folders directly below ``place`` that hold a manifest, by name.

    :param check: called before each request; may raise to stop
    """
    children: dict[str, Child] = {}
    after = ""
    while True:
        check()
        page = next(iter(driver.list_pages(place.bucket, place.prefix, delimiter="", start_after=after)))
        _take(page, place.prefix, children)
        if page.next_token is None or not page.keys:
            break
        after = max(page.keys[-1], _jump(page.keys[-1], place.prefix))
    return {name: child for name, child in children.items() if child.is_artifact}


def _take(page: ListPage, prefix: str, children: dict[str, Child]) -> None:
    for at, key in enumerate(page.keys):
        name, slash, rest = key[len(prefix) :].partition(DELIMITER)
        if not slash or not name or name in DERIVED_FOLDERS:
            continue
        if rest == COMMITTED_NAME:
            child = children.setdefault(name, Child(name))
            child.committed_etag = page.etags[at] or "?"
            child.modified_us = max(child.modified_us, page.modified_us[at])
        elif rest == STAGED_NAME:
            child = children.setdefault(name, Child(name))
            child.staged_etag = page.etags[at] or "?"
            child.modified_us = max(child.modified_us, page.modified_us[at])


def _jump(last: str, prefix: str) -> str:
    """Where to go on behind the key ``last``: right before the next manifest, or behind the child."""
    name, slash, _ = last[len(prefix) :].partition(DELIMITER)
    if not slash:
        return last
    folder = f"{prefix}{name}{DELIMITER}"
    if name in DERIVED_FOLDERS or not name or last >= folder + COMMITTED_NAME:
        return f"{prefix}{name}{_BEHIND_DELIMITER}"
    if last >= folder + STAGED_NAME:
        return folder + COMMITTED_NAME[:-1]
    return folder + STAGED_NAME[:-1]
