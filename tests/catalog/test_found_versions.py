"""Versions found by what a person chose: confirmed by their records, with counted requests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from artifact_browser.catalog import found_versions
from artifact_browser.catalog.artifact_name import ArtifactName
from artifact_browser.catalog.commit import commit
from artifact_browser.catalog.found_versions import FoundPage, Wanted, Which, find_versions, look_around
from artifact_browser.catalog.index_keys import keys_of
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.name_registry import NamesBelow, names_below
from artifact_browser.catalog.partitions import time_span
from artifact_browser.catalog.records import CommitNote
from artifact_browser.catalog.staging import edit_fields
from artifact_browser.catalog.version_index import facts_of
from artifact_browser.errors import BlobNotFound, InputError
from artifact_browser.storage.driver import Driver
from tests.catalog.counting import CountingDriver
from tests.catalog.making import stage

NAME = ArtifactName("Zoo", "development", "counts")
ONE = time_span("2026-08-01")


@pytest.fixture
def counts(driver: Driver, zoo: Place) -> Place:
    """Four versions by region and day, the last of them without partitions."""
    place = stage(driver, zoo, "counts")
    for version, region, day in (("v1", "us", "1"), ("v2", "eu", "1"), ("v3", "us", "1"), ("v4", "us", "2")):
        edit_fields(driver, place, {"partitions": {"region": region}, "time_partition": {"value": f"2026-08-0{day}"}})
        commit(driver, place, note=CommitNote(version, author="ada"))
    edit_fields(driver, place, {"partitions": None, "time_partition": None, "artifact_id": {"name": "counts"}})
    commit(driver, place, note=CommitNote("v5"))
    return place


def _found(driver: Driver, place: Place, wanted: Wanted, name: ArtifactName | None = NAME) -> tuple[list[str], int]:
    counting = CountingDriver(driver)
    page: FoundPage = find_versions(counting, place.bucket, name, place, wanted)  # type: ignore[arg-type]
    assert page.requests == counting.requests
    assert page.untrue == 0
    return [row.version for row in page.rows], page.requests


def _when(*times: datetime) -> dict[str, Any]:
    return {"since": times[0], "until": times[-1]}


US = (("region", "us"),)


def test_every_way_to_ask_and_its_requests(driver: Driver, counts: Place) -> None:
    def ask(which: Which, texts: Any = (), **more: Any) -> tuple[list[str], int]:
        return _found(driver, counts, Wanted(which, texts, **more))

    assert ask(Which.ALL) == (["v5", "v2", "v3", "v1", "v4"], 7)
    assert ask(Which.ALL, US) == (["v3", "v1", "v4"], 5)
    assert ask(Which.ALL, **_when(*time_span("2026-08"))) == (["v2", "v3", "v1", "v4"], 6)
    assert ask(Which.ALL, exact=True) == (["v5"], 3)
    assert ask(Which.LATEST_PER_PARTITION) == (["v5", "v2", "v3", "v4"], 6)
    assert ask(Which.LATEST_PER_PARTITION, US, **_when(*ONE)) == (["v3"], 3)
    # latest: pointer, one LIST, record
    assert ask(Which.LATEST, US, **_when(*ONE)) == (["v3"], 3)
    assert ask(Which.LATEST, exact=True) == (["v5"], 3)
    assert ask(Which.LATEST) == (["v5"], 3)
    assert ask(Which.LATEST, US) == (["v4"], 3)
    assert ask(Which.LATEST, (("region", "fr"),), **_when(*ONE)) == ([], 2)
    # without a name: the artifact's place is known
    assert _found(driver, counts, Wanted(Which.ALL, US), name=None) == (["v3", "v1", "v4"], 4)
    with pytest.raises(BlobNotFound, match="registered"):
        _found(driver, counts, Wanted(), name=ArtifactName("Zoo", "development", "other"))


def test_rows_say_who_and_whether_they_are_as_declared(driver: Driver, counts: Place) -> None:
    page = find_versions(driver, counts.bucket, NAME, counts, Wanted())
    rows = {row.version: row for row in page.rows}
    assert rows["v1"].author == "ada"
    assert rows["v1"].time_us > 0
    assert rows["v1"].partitions.shown == {"region": "us", "date": "2026-08-01"}
    assert rows["v1"].flag == ""
    assert "This version: no partitions" in rows["v5"].flag


def test_what_no_record_confirms_is_left_out_and_counted(driver: Driver, counts: Place) -> None:
    claims = [
        facts_of(counts, "v9", 9, {"partitions": {"region": "us"}}),
        facts_of(counts, "v1", 1, {"partitions": {"region": "eu"}}),
        facts_of(counts, "v2", 8, {"partitions": {"region": "us"}}),
    ]
    for claim in claims:
        for key in keys_of(claim):
            driver.put(counts.bucket, key, b"")
    page = find_versions(driver, counts.bucket, NAME, counts, Wanted(Which.ALL, US))
    assert [row.version for row in page.rows] == ["v3", "v1", "v4"]
    assert page.untrue == 2
    page = find_versions(driver, counts.bucket, NAME, counts, Wanted(Which.LATEST, US))
    assert [row.version for row in page.rows] == ["v4"]
    assert page.untrue == 1


@pytest.mark.parametrize("store", ["local"], indirect=True)
def test_page_by_page(driver: Driver, counts: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found_versions, "PAGE", 2)
    seen, more, requests = [], "", []
    while not requests or more:
        page = find_versions(driver, counts.bucket, NAME, counts, Wanted(), more)
        seen += [row.version for row in page.rows]
        more = page.more
        requests.append(page.requests)
    assert seen == ["v5", "v2", "v3", "v1", "v4"]
    assert requests == [4, 4, 3]


def test_what_can_be_chosen(driver: Driver, counts: Place, zoo: Place) -> None:
    for name, place in ((NAME, None), (None, counts)):
        counting = CountingDriver(driver)
        scope = look_around(counting, zoo.bucket, name, place)  # type: ignore[arg-type]
        assert scope.requests == counting.requests == (2 if name else 4)
        assert (scope.place, scope.name, scope.keys, scope.time_key) == (counts, NAME, ("region",), "date")
        assert scope.facets.values == {"region": {"eu": 1, "us": 2}}
    commit(driver, stage(driver, zoo, "other", artifact_id={"domain": "production", "name": "counts"}))
    driver.put(zoo.bucket, ".artifacts/_usage/someone/in/x.json", b"")
    assert names_below(driver, zoo.bucket) == NamesBelow(("Zoo",))
    assert names_below(driver, zoo.bucket, "Zoo") == NamesBelow(("development", "production"))
    assert names_below(driver, zoo.bucket, "Zoo", "production") == NamesBelow(("counts",))


@pytest.mark.parametrize("store", ["local"], indirect=True)
def test_a_typed_time_is_all_that_it_may_mean(store: object) -> None:
    def span(text: str) -> list[str]:
        return [moment.isoformat()[:16] for moment in time_span(text)]

    assert span("2026-02") == ["2026-02-01T00:00", "2026-02-28T23:59"]
    assert span("2026-08-01") == ["2026-08-01T00:00", "2026-08-01T23:59"]
    assert span("2026-08-01T12") == ["2026-08-01T12:00", "2026-08-01T12:59"]
    assert span("2026-08-01 12:30+02:00") == ["2026-08-01T10:30", "2026-08-01T10:30"]
    for text in ("soon", "9999-12", ""):
        with pytest.raises(InputError):
            span(text)
