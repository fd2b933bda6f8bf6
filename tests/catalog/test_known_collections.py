"""What a process has read of a collection is asked for again with its ETag, and never believed without the store's word."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import Any

import pytest

from artifact_browser.catalog import known_collections
from artifact_browser.catalog.collection_text import read_collection, read_fields
from artifact_browser.catalog.commit import commit
from artifact_browser.catalog.index import ChildEntry, put_entries
from artifact_browser.catalog.known_collections import CollectionSeen, KnownCollections, taken_apart
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.staging import edit_fields
from artifact_browser.errors import ManifestUnfit
from artifact_browser.storage.driver import Driver
from tests.catalog.making import names_in_index, put, stage, stage_and_commit
from tests.workers.conftest import until

LOCAL = pytest.mark.parametrize("store", ["local"], indirect=True)


class Heard:
    """A driver that notes what GETs of the collection brought: bytes, or nothing new."""

    def __init__(self, driver: Driver, zoo: Place, *, overlooks: bool = False) -> None:
        self._driver, self._key, self._overlooks = driver, zoo.committed_key, overlooks
        self.answers: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)

    @contextmanager
    def get(self, bucket: str, key: str, **options: Any) -> Any:
        if self._overlooks:
            options.pop("if_none_match", None)
        if key == self._key:
            self.answers.append(0)
        with self._driver.get(bucket, key, **options) as reader:
            yield _Counted(reader, self.answers) if key == self._key else reader


class _Counted:
    def __init__(self, reader: Any, answers: list[int]) -> None:
        self._reader, self._answers, self.info = reader, answers, reader.info

    def read(self, size_bytes: int = -1) -> Any:
        got = self._reader.read(size_bytes)
        self._answers[-1] += len(got)
        return got


@pytest.mark.parametrize("overlooks", [False, True], ids=["asked", "overlooked"])
def test_an_unchanged_collection_brings_no_bytes_and_a_commit_knows_what_it_wrote(
    driver: Driver, zoo: Place, overlooks: bool
) -> None:
    read, heard = KnownCollections().of("store"), Heard(driver, zoo, overlooks=overlooks)
    for name in ("ant", "bee", "cat"):
        place = stage(driver, zoo, name, {"f": b"1"})
        assert not commit(heard, place, collection_of=read).index_reason  # type: ignore[arg-type]
    assert names_in_index(driver, zoo) == ["ant", "bee", "cat"]
    assert heard.answers[0] > 0
    assert heard.answers[1:] == [0, 0]  # each asks once, and writes what it knows


def test_a_schema_that_somebody_changed_counts_at_once(driver: Driver, zoo: Place) -> None:
    read, place = KnownCollections().of("store"), stage_and_commit(driver, zoo, "lion")
    assert read(driver, place) is read(driver, place)
    edit_fields(driver, zoo, {"config": {}, "collection_schema": {"required": ["license"]}})
    commit(driver, zoo)
    edit_fields(driver, place, {"description": "x"})
    with pytest.raises(ManifestUnfit):
        commit(driver, place, collection_of=read)
    edit_fields(driver, place, {"license": "MIT"})
    commit(driver, place, collection_of=read)


@LOCAL
def test_two_stores_with_the_same_names_are_two(driver: Driver, zoo: Place) -> None:
    known, lion = KnownCollections(), stage_and_commit(driver, zoo, "lion")
    one, heard = known.of("one")(driver, lion), Heard(driver, zoo)
    other = known.of("other")(heard, lion)  # type: ignore[arg-type]
    assert one is not None
    assert other is not None
    assert one is not other
    assert heard.answers[0] > 0


@LOCAL
def test_the_texts_that_are_kept_are_bounded(driver: Driver, bucket: str) -> None:
    known = KnownCollections(most_bytes=1000)
    read = known.of("store")
    for number in range(5):
        put(driver, bucket, f"{number}/manifest.yaml", f"type: collection\nname: {'x' * 400}\n")
        assert read(driver, Place(bucket, f"{number}/a/")) is not None
    assert len(known._kept) == 2
    put(driver, bucket, "9/manifest.yaml", f"type: collection\nname: {'x' * 2000}\n")
    assert read(driver, Place(bucket, "9/a/")) is not None
    assert not known._kept


@LOCAL
def test_not_more_lists_are_taken_apart_at_a_time_than_may_be(
    driver: Driver, zoo: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_collections, "_APART", threading.BoundedSemaphore(1))
    waits, entered = list[float](), threading.Event()

    def second() -> None:
        with taken_apart(waits.append):
            entered.set()

    thread = threading.Thread(target=second)
    with taken_apart(waits.append):
        thread.start()
        until(lambda: waits)
        assert not entered.is_set()
    thread.join(30)
    assert entered.is_set()
    entries = [ChildEntry(name, {"name": name}, "etag") for name in ("ant", "bee")]
    put_entries(driver, zoo, lambda: entries)
    assert names_in_index(driver, zoo) == ["ant", "bee"]


def test_fields_are_the_same_without_the_list(driver: Driver, zoo: Place) -> None:
    for name in ("ant", "bee"):
        stage_and_commit(driver, zoo, name)
    with driver.get(zoo.bucket, zoo.committed_key) as reader:
        text = reader.read()
    assert read_fields(text) == read_collection(text).fields
    for other in (
        b"type: collection\ncollection: []\nname: x\n",
        b'collection:\n- {"_id": "a"}\n- {"_id": "b"}',
        b'type: dataset\ncollection:\n- {"_id": "a"}\n',
        b"type: collection\ncollection:\n- {a: b,\n  c: d}\nname: x\n",
        b"type: collection\ncollection:\n  - {_id: a}\n",
        b"a: [",
    ):
        fields = read_fields(other)
        assert fields is None or fields == read_collection(other).fields
    assert isinstance(KnownCollections().of(1)(driver, zoo.child("ant")), CollectionSeen)
