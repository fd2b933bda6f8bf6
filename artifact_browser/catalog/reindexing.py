"""The index of an artifact's versions made anew from their records: heals what is missing, stale or claimed."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor

from artifact_browser.catalog.index_keys import VersionFacts
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.publishing import read_facts
from artifact_browser.catalog.version_index import IndexRebuilt, rebuild_version_index
from artifact_browser.catalog.versions import list_versions
from artifact_browser.errors import ManifestUnreadable
from artifact_browser.storage.driver import Driver

#: Versions of a history; of a longer one nothing is changed.
MAX_VERSIONS = 100_000
_READERS = 8


def reindex_versions(
    driver: Driver, place: Place, check: Callable[[], None] = lambda: None
) -> Generator[int, None, IndexRebuilt]:
    """Read all versions (two GETs each) and write their index anew; yields how many were read so far.

    Versions that are committed meanwhile keep their entries; one that has no record yet gets its own with the next commit.

    :param check: called before requests; may raise to stop: the index is as it was, or partly better
    :raises ManifestUnreadable: the history cannot be read to its beginning; nothing was changed
    """
    found: list[VersionFacts] = []
    after, last = "", 0

    def read(version: str) -> VersionFacts | None:
        check()
        return read_facts(driver, place, version)

    with ThreadPoolExecutor(_READERS, thread_name_prefix="records") as readers:
        while True:
            listed = list_versions(driver, place, after, check)
            recorded = [line for line in listed.lines if line.recorded]
            circle = bool(last and recorded and recorded[0].sequence >= last)
            if listed.broken or circle or len(found) > MAX_VERSIONS:
                raise ManifestUnreadable(
                    "Its history cannot be read to the beginning.", subject=listed.broken or place.prefix,
                    kept="The index was left as it is.",
                )  # fmt: skip
            for line, facts in zip(recorded, readers.map(read, [line.version for line in recorded]), strict=True):
                if facts is None:
                    raise ManifestUnreadable(
                        "The record of a version is damaged.", subject=line.version, kept="The index was left as it is."
                    )
                found.append(facts)
            yield len(found)
            if not listed.more:
                break
            after, last = listed.more, recorded[-1].sequence if recorded else last
    return rebuild_version_index(driver, place, found, read_facts, check)
