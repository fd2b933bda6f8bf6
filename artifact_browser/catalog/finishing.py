"""What a commit leaves to do behind its commit point for the version's sake: removed files, lineage, its name and
partitions, and ``latest``.

Each step can be done twice. ``latest`` goes last, so that one which is late tells the next commit to look again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from artifact_browser.catalog.aliases import move_latest
from artifact_browser.catalog.dropped import Dropped, dropped_files, remove_dropped
from artifact_browser.catalog.files import StagedFile
from artifact_browser.catalog.head import Head, is_lost
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.lineage_edges import write_edges
from artifact_browser.catalog.manifest import Pause
from artifact_browser.catalog.publishing import Published, publish_version
from artifact_browser.catalog.records import VersionRecord, read_sound_record, record_key
from artifact_browser.errors import (
    AccessDenied,
    CatalogError,
    NetworkError,
    ReadOnlyAccount,
    StorageError,
)
from artifact_browser.storage.driver import Driver

#: What happens to derived things is told, not raised: the commit stands.
_TOLD = (AccessDenied, CatalogError, NetworkError, ReadOnlyAccount, StorageError)


def finish_version(
    driver: Driver,
    place: Place,
    head: Head,
    fields: Mapping[Any, Any],
    project: str,
    pause: Pause,
    *,
    dropped: Dropped | None = None,
    adopted: VersionRecord | None = None,
) -> tuple[str, str]:
    """Remove the files that ``head.record`` lists no more, write its edges, publish it, move ``latest``.

    :param fields: of the committed manifest; :param project: where they name none
    :param dropped: files that only the version before lists; looked for where the commit was interrupted
    :param adopted: the version before, where another program committed it
    :returns: why removed files, edges or ``latest`` must wait, and why name or partitions do not find it; or ""
    """
    record, late = head.record, ""
    if record is None:
        return "", ""
    try:
        if dropped is None and head.unfinished:
            before = read_sound_record(driver, place, record.parent)
            if before is not None:
                dropped = Dropped(dropped_files(before.files, record.files))
                adopted = before if before.adopted else None
        if dropped is not None:
            remove_dropped(driver, place, dropped)
        if adopted is not None:  # whoever committed it wrote none
            write_edges(driver, place, adopted)
        write_edges(driver, place, record)
    except _TOLD as error:
        late = f"{error.title}. {error.detail}"
    published = _publish(driver, place, head, fields, project, pause)
    try:
        if not late:
            move_latest(driver, place, record, head.latest, pause, published.named)
    except _TOLD as error:
        late = f"{error.title}. {error.detail}"
    return late, published.reason


def resume_version(
    driver: Driver,
    place: Place,
    head: Head,
    staged: Iterable[StagedFile],
    fields: Mapping[Any, Any],
    project: str,
    pause: Pause,
) -> None:
    """Finish the commit before, which was interrupted; files that are staged again meanwhile stay.

    :param fields: of the committed manifest, which is that commit's; :param project: where they name none
    """
    if head.record is None:
        return
    with suppress(*_TOLD):
        write_edges(driver, place, head.record)
    _publish(driver, place, head, fields, project, pause)
    if not head.record.parent:
        return
    with suppress(*_TOLD):
        parent = read_sound_record(driver, place, head.record.parent)
        if parent is not None:
            remove_dropped(driver, place, Dropped(dropped_files(parent.files, [*head.record.files, *staged])))


def sweep(driver: Driver, place: Place, record: VersionRecord, head: Head | None) -> None:
    """Delete the record of a commit that another one overtook (``head``), or that was given up before its manifest was
    sent (``None``); anything unclear stays, and counts for nothing.
    """
    with suppress(*_TOLD):
        if head is None or is_lost(driver, place, record, head):
            driver.delete(place.bucket, record_key(place, record.version))


def _publish(
    driver: Driver, place: Place, head: Head, fields: Mapping[Any, Any], project: str, pause: Pause
) -> Published:
    told = head.latest.told if head.latest is not None else None
    return publish_version(driver, place, head.record, fields, project, pause, told.named if told else "")
