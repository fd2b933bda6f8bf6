"""Before staged uploads write over files of the committed version, and when a staged edit is dropped.

A file's key holds one blob, whoever staged it: so the committed bytes are kept first, and brought back by a discard.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from artifact_browser.catalog.bringing_back import bring_back
from artifact_browser.catalog.file_versions import finder
from artifact_browser.catalog.files import locate, recorded_files
from artifact_browser.catalog.head import adopt, find_head
from artifact_browser.catalog.kept import keep
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.manifest import Manifest, Pause, read_manifest
from artifact_browser.catalog.sources import find_sources, version_ids
from artifact_browser.errors import ManifestUnreadable
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.location import DELIMITER

Check = Callable[[], None]


def keep_replaced(
    driver: Driver, place: Place, paths: Collection[str], check: Check = lambda: None, pause: Pause = time.sleep
) -> int:
    """To be called before files are uploaded to ``paths``: the committed version's bytes there are kept; how many.

    A manifest that no record names gets one now, while its files are still what it lists.

    :raises CommitConflict: files changed meanwhile; :raises NotSupported: the store cannot copy one of them
    """
    committed = _readable(driver, place, place.committed_key)
    if committed is None:
        return 0
    listed = [file.path for file in recorded_files(committed.fields)]
    wanted = sorted(set(paths) & set(listed))
    if not wanted:
        return 0
    check()
    record = adopt(driver, place, committed, find_head(driver, place, committed), pause=pause)
    names = version_ids(record.files)
    present = finder(names)(driver, place, wanted)
    of_version = {file.path: file.etag for file in record.files}
    staged = _readable(driver, place, place.staged_key)
    of_edit = {file.path: file.etag for file in recorded_files(staged.fields)} if staged else {}
    blobs = {
        path: blob
        for path, blob in present.items()
        if blob.etag == of_version.get(path) or blob.etag != of_edit.get(path)
    }
    keep(driver, place, blobs, check, names)
    return len(blobs)


def put_back(driver: Driver, place: Place, committed: Manifest) -> int:
    """Bring back the committed version's files that were written over and are kept; how many.

    :raises CommitConflict: somebody wrote one of them just now
    """
    head = find_head(driver, place, committed)
    files = head.record.files if head.record else recorded_files(committed.fields)
    known = {file.path: file for file in files if file.etag}
    present = locate(driver, place, known)
    other = [file for path, file in known.items() if path not in present or present[path].etag != file.etag]
    wanted = find_sources(driver, place, other) if other else {}
    bring_back(driver, place, wanted, present)
    return len(wanted)


def targets_of(driver: Driver, place: Place, local_paths: Iterable[str]) -> list[str]:
    """Which committed files an upload of these local files and folders into the artifact would write over.

    Below a folder a file counts unless it surely is not there. Looks at this computer's disk.
    """
    committed = _readable(driver, place, place.committed_key)
    if committed is None:
        return []
    sources = {Path(path).name: Path(path) for path in local_paths}
    found = []
    for file in recorded_files(committed.fields):
        top, _, below = file.path.partition(DELIMITER)
        source = sources.get(top)
        if source is not None and (not below or not file.path.isascii() or _may_be(source, below)):
            found.append(file.path)
    return found


def _may_be(folder: Path, below: str) -> bool:
    try:
        return (folder / below).exists()
    except (OSError, ValueError):
        return True


def _readable(driver: Driver, place: Place, key: str) -> Manifest | None:
    """A broken manifest lists nothing."""
    try:
        return read_manifest(driver, place.bucket, key)
    except ManifestUnreadable:
        return None
