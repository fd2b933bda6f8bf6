"""The index of versions made anew from their records."""

from __future__ import annotations

import pytest

from artifact_browser.catalog.commit import commit
from artifact_browser.catalog.index_keys import FOLDER, keys_of
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.records import CommitNote, record_key
from artifact_browser.catalog.reindexing import reindex_versions
from artifact_browser.catalog.staging import edit_fields
from artifact_browser.catalog.version_index import IndexRebuilt, facts_of
from artifact_browser.errors import ManifestUnreadable
from artifact_browser.storage.driver import Driver
from tests.catalog.making import stage


def _reindex(driver: Driver, place: Place) -> tuple[list[int], IndexRebuilt]:
    seen: list[int] = []
    work = reindex_versions(driver, place)
    while True:
        try:
            seen.append(next(work))
        except StopIteration as end:
            return seen, end.value


def _keys(driver: Driver, place: Place) -> list[str]:
    pages = driver.list_pages(place.bucket, place.prefix + FOLDER, delimiter="")
    return [key for page in pages for key in page.keys]


def test_missing_and_claimed_entries_are_healed(driver: Driver, zoo: Place) -> None:
    place = stage(driver, zoo, "counts")
    commit(driver, place, note=CommitNote("v1"))  # of nothing: not in the index so far
    for version, day in (("v2", "2026-08-01"), ("v3", "2026-08-02")):
        edit_fields(driver, place, {"partitions": {"region": "us"}, "time_partition": day})
        commit(driver, place, note=CommitNote(version))
    good = _keys(driver, place)
    assert len(good) == 4
    for key in keys_of(facts_of(place, "v2", 2, {"partitions": {"region": "eu"}})):
        driver.put(place.bucket, key, b"")
    driver.delete_many(place.bucket, good[:1])
    seen, rebuilt = _reindex(driver, place)
    assert seen == [3]
    assert (rebuilt.written, rebuilt.removed, rebuilt.skipped) == (2, 1, ())
    assert set(good) < set(_keys(driver, place))
    assert len(_keys(driver, place)) == 5
    assert _reindex(driver, place)[1] == IndexRebuilt()
    before = _keys(driver, place)
    driver.put(place.bucket, record_key(place, "v1"), b"{")
    with pytest.raises(ManifestUnreadable):
        _reindex(driver, place)
    assert _keys(driver, place) == before
