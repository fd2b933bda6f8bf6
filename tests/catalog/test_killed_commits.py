"""A commit with a name, partitions and lineage is killed before and behind each of its writes: whoever comes next finishes it.

Behind a write is before the next one: nothing else reaches the store in between, and behind the last one it is done. The dead driver reaches the store no more, whatever is still tried: to the store that is a kill, without a process for each.
Real kills are in ``test_many_writers``.
"""

from __future__ import annotations

from typing import Any

import pytest

from artifact_browser.catalog.aliases import LATEST, read_alias
from artifact_browser.catalog.artifact_name import identity_of
from artifact_browser.catalog.commit import commit
from artifact_browser.catalog.index_keys import FOLDER, decode_key, keys_of
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.lineage import VersionRef
from artifact_browser.catalog.lineage_edges import list_uses
from artifact_browser.catalog.name_registry import resolve_name
from artifact_browser.catalog.publishing import facts_in
from artifact_browser.catalog.staging import edit_fields, read_artifact, remove_files
from artifact_browser.catalog.versions import fields_of
from artifact_browser.storage.driver import Driver
from tests.catalog.making import exists, names_in_index, stage, stage_and_commit
from tests.catalog.test_many_writers import WRITES
from tests.catalog.test_records import chain, keys_below

LOCAL = pytest.mark.parametrize("store", ["local"], indirect=True)
#: Record, manifest, index, copy of the removed file, its deletion, edge, both entries of the version index, name, ``latest``,
#: deletion of the staged manifest.
STEPS = 11


class Killed(BaseException):
    """Nobody catches it."""


class Dying:
    """A driver that dies before its n-th write; ``writes``: what it has written."""

    def __init__(self, driver: Driver, step: int = -1) -> None:
        self._driver, self._step, self._dead = driver, step, False
        self.writes: list[tuple[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._driver, name)
        if not callable(found):
            return found

        def call(*args: Any, **options: Any) -> Any:
            if self._dead or (name in WRITES and len(self.writes) == self._step):
                self._dead = True
                raise Killed
            done = found(*args, **options)
            if name in WRITES:
                self.writes.append((name, args[1]))
            return done

        return call


@pytest.fixture
def used(driver: Driver, zoo: Place) -> VersionRef:
    """What the others are made from."""
    place = stage_and_commit(driver, zoo, "source", {"f": b"1"})
    return VersionRef(place.prefix, chain(driver, place)[0].version)


def prepared(driver: Driver, zoo: Place, name: str, used: VersionRef) -> Place:
    """An artifact whose second version is staged: another name, other partitions, a file less."""
    said = {"parent_artifacts": [{"prefix": used.prefix, "version": used.version}], "partitions": {"region": "us"}}
    place = stage(
        driver, zoo, name, {"a": b"1", "old": b"22"}, **said,
        artifact_id={"name": f"{name}-first"}, time_partition={"value": "2026-08-01"},
    )  # fmt: skip
    commit(driver, place)
    remove_files(driver, place, ["old"])
    edit_fields(driver, place, {"artifact_id": {"name": f"{name}-second"}, "partitions": {"region": "eu"}})
    return place


def check_healed(driver: Driver, zoo: Place, place: Place, used: VersionRef) -> list[str]:
    """Everything derived is what the history says, of every version; the names of the versions."""
    records = chain(driver, place)
    versions = [record.version for record in records]
    assert [record.sequence for record in records] == list(range(1, len(records) + 1))
    latest = read_alias(driver, place, LATEST)
    assert latest is not None
    assert latest.now.version == versions[-1]
    assert read_artifact(driver, place).staged is None
    assert names_in_index(driver, zoo).count(place.name) == 1
    wanted = set[str]()
    for record in records:
        facts = facts_in(place, record)
        assert facts is not None
        wanted |= set(keys_of(facts))
        entry = resolve_name(driver, place.bucket, identity_of(place, fields_of(record), "Zoo"))
        assert entry is not None
        assert entry.place == place
    there = {key for key in keys_below(driver, place) if key.startswith(place.prefix + FOLDER)}
    assert there == wanted
    assert {entry.version for key in there if (entry := decode_key(key, place))} == set(versions)
    users = [user for user in list_uses(driver, place.bucket, used).users if user.prefix == place.prefix]
    assert sorted(user.version for user in users) == sorted(versions)
    assert not exists(driver, place.bucket, place.file_key("old"))
    old = next(file for file in records[0].files if file.path == "old")
    assert exists(driver, place.bucket, f"{place.prefix}.artifact/kept/{old.etag}")
    return versions


@LOCAL
@pytest.mark.parametrize("edited", [False, True], ids=["the same", "edited"])
def test_killed_at_every_write_the_next_commit_heals_all_that_is_derived(
    driver: Driver, zoo: Place, used: VersionRef, edited: bool
) -> None:
    whole: Any = Dying(driver)
    place = prepared(driver, zoo, "whole", used)
    commit(whole, place)
    assert len(whole.writes) == STEPS, whole.writes
    assert len(check_healed(driver, zoo, place, used)) == 2
    for step in range(STEPS):
        place = prepared(driver, zoo, f"step-{step}", used)
        dying: Any = Dying(driver, step)
        with pytest.raises(Killed):
            commit(dying, place)
        made = step > 1  # the manifest was written
        if edited:
            edit_fields(driver, place, {"description": "more", "artifact_id": {"name": f"step-{step}-third"}})
        if read_artifact(driver, place).staged is not None:
            assert not commit(driver, place).unpublished
        assert len(check_healed(driver, zoo, place, used)) == 2 + (made and edited), (step, dying.writes)


@LOCAL
def test_killed_at_every_write_of_a_first_commit_the_next_one_heals_it(driver: Driver, zoo: Place) -> None:
    for step in range(8):  # record, manifest, index, both entries, name, ``latest``, deletion of the staged manifest
        name = f"step-{step}"
        place = stage(
            driver, zoo, name, {"f": b"1"}, artifact_id={"name": name}, partitions={"a": "b"},
            time_partition={"value": "2026-08-01"},
        )  # fmt: skip
        dying: Any = Dying(driver, step)
        with pytest.raises(Killed):
            commit(dying, place)
        done = commit(driver, place)
        (record,) = chain(driver, place)
        facts = facts_in(place, record)
        assert facts is not None
        assert done.version == record.version
        there = {key for key in keys_below(driver, place) if key.startswith(place.prefix + FOLDER)}
        assert there == set(keys_of(facts))
        entry = resolve_name(driver, place.bucket, identity_of(place, fields_of(record), "Zoo"))
        assert entry is not None
        assert entry.place == place
        assert names_in_index(driver, zoo).count(name) == 1
        assert read_artifact(driver, place).staged is None
