"""What a version was made from and what was made from it, as several people and programs write it."""

from __future__ import annotations

import multiprocessing
import os
from typing import Any

import pytest

from artifact_browser.catalog import artifacts
from artifact_browser.catalog.commit import commit
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.lineage import MAX_REFERENCE, Declared, VersionRef, read_lineage
from artifact_browser.catalog.lineage_edges import FOLDER, decode_user, edge_key, edges_folder, list_uses
from artifact_browser.catalog.lineage_walk import walk
from artifact_browser.catalog.restoring import restore
from artifact_browser.catalog.schema import check_fields
from artifact_browser.errors import BlobNotFound, InputError
from artifact_browser.storage.driver import Driver
from tests.catalog.making import put, stage, stage_and_commit
from tests.catalog.watched_driver import WatchedDriver
from tests.storage.conformance.stores import Store

NAME = {"project": "zoo", "domain": "production", "name": "big.cats/raw"}


def made_from(driver: Driver, zoo: Place, name: str, *parents: str) -> VersionRef:
    """A committed artifact with these parents."""
    place = stage(driver, zoo, name)
    for parent in parents:
        artifacts.add_parent(driver, place, parent)
    return VersionRef(place.prefix, commit(driver, place).version)


def at(zoo: Place, ref: VersionRef) -> str:
    return f"s3://{zoo.bucket}/{ref.prefix}@{ref.version}"


def users(driver: Driver, zoo: Place, used: VersionRef) -> list[VersionRef]:
    return list(list_uses(driver, zoo.bucket, used).users)


def test_a_version_knows_its_parents_and_they_know_who_uses_them(driver: Driver, zoo: Place) -> None:
    raw = stage(driver, zoo, "raw", artifact_id=NAME)
    first = VersionRef(raw.prefix, commit(driver, raw).version)
    clean = made_from(driver, zoo, "clean", "flyte://av0.1/zoo/production/big.cats/raw", "s3://elsewhere/x/@1")
    model = stage(driver, zoo, "model")
    artifacts.add_parent(driver, model, f"s3://{zoo.bucket}/{clean.prefix}@latest")
    artifacts.add_reference(driver, model, "https://example.org/run/17")
    assert artifacts.lineage(driver, model, stage=True).declared == Declared((clean,), ("https://example.org/run/17",))
    assert users(driver, zoo, clean) == []  # nothing is told before the commit
    trained = VersionRef(model.prefix, commit(driver, model).version)
    artifacts.edit(driver, raw, {"description": "more"})
    commit(driver, raw)

    watched: Any = WatchedDriver(driver)
    found = walk(watched, Place(zoo.bucket, clean.prefix), up=3, down=3)
    assert found.start == clean
    assert found.declared == Declared((first, "s3://elsewhere/x/@1"))
    assert set(found.links) == {(first, clean), ("s3://elsewhere/x/@1", clean), (clean, trained)}
    assert found.requests == len(watched.calls)
    assert not found.stopped
    assert found.requests <= 6  # manifest, record, one GET up, two LISTs down
    assert artifacts.lineage(driver, raw).links == ()  # the version it was made from is the one before
    with pytest.raises(BlobNotFound):
        artifacts.lineage(driver, raw, "no-such")
    for wrong in (f"s3://{zoo.bucket}/zoo/nobody/", f"s3://{zoo.bucket}/zoo/clean/@no-such"):
        with pytest.raises(BlobNotFound):
            artifacts.add_parent(driver, model, wrong)
    with pytest.raises(InputError):
        artifacts.add_parent(driver, model, "zoo/clean")
    with pytest.raises(InputError):
        artifacts.add_reference(driver, model, "x" * (MAX_REFERENCE + 1))


def test_writers_at_once_lose_no_use(store: Store, driver: Driver, zoo: Place) -> None:
    raw = stage_and_commit(driver, zoo, "raw")
    used = VersionRef(raw.prefix, artifacts.lineage(driver, raw).looked.popitem()[0].version)
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    children = [context.Process(target=_use, args=(store, zoo, at(zoo, used), name, barrier)) for name in "ab"]
    for child in children:
        child.start()
    for child in children:
        child.join(120)
        assert child.exitcode == 0
    assert [user.prefix for user in users(driver, zoo, used)] == [
        f"zoo/{name}{number}/" for name in "ab" for number in range(3)
    ]


def _use(store: Store, zoo: Place, parent: str, name: str, barrier: Any) -> None:
    with store.opened() as driver:
        barrier.wait(60)
        for number in range(3):
            made_from(driver, zoo, f"{name}{number}", parent)


def test_what_is_nobodys_edge_hides_no_other(driver: Driver, zoo: Place) -> None:
    raw = made_from(driver, zoo, "raw")
    user = made_from(driver, zoo, "user", at(zoo, raw))
    folder = edges_folder(raw)
    sound = edge_key(raw, user).removeprefix(folder)
    hostile = ["@", "zoo%2Fuser/@v", "zoo%2F..%2Fx%2F/@v", "%2Fetc%2F/@v", "zoo%2Fuser%2F/v", f"{'x' * 200}/@v"]
    hostile += ["zoo%2fuser%2f/@v", "zoo%2Fuser%2F/@%2E%2E", "zoo%2Fuser%2F/@a%00b", "manifest.yaml%2F/@v"]
    for key in hostile:
        put(driver, zoo.bucket, folder + key, b"")
        assert decode_user(folder + key, raw) is None
    assert decode_user(folder + sound, raw) == user
    found = list_uses(driver, zoo.bucket, raw)
    assert found.users == (user,)
    assert (found.total, found.strange) == (1, len(hostile))


@pytest.mark.parametrize("store", ["local"], indirect=True)
def test_a_cycle_ends_and_a_walk_stops_where_it_was_told_to(driver: Driver, zoo: Place) -> None:
    first = made_from(driver, zoo, "first")
    second = made_from(driver, zoo, "second", at(zoo, first))
    put(driver, zoo.bucket, edge_key(second, first), b"")  # somebody claims it
    found = artifacts.lineage(driver, Place(zoo.bucket, first.prefix), up=20, down=20)
    assert set(found.links) == {(first, second), (second, first)}
    assert found.requests == 4
    at_last = first
    for number in range(4):
        at_last = made_from(driver, zoo, f"n{number}", at(zoo, at_last))
    short = walk(driver, Place(zoo.bucket, at_last.prefix), up=20, down=0, most_requests=4)
    assert "after 4 requests" in short.stopped
    assert len(short.links) == 3
    few = walk(driver, Place(zoo.bucket, at_last.prefix), up=2, down=0)
    assert len(few.links) == 2
    assert not few.stopped


@pytest.mark.parametrize("store", ["local"], indirect=True)
def test_very_many_uses_are_told_in_part_and_counted(driver: Driver, zoo: Place) -> None:
    raw = made_from(driver, zoo, "raw")
    for number in range(7):
        put(driver, zoo.bucket, edge_key(raw, VersionRef(f"zoo/u{number}/", "1")), b"")
    found = list_uses(driver, zoo.bucket, raw, most=5)
    assert [user.prefix for user in found.users] == [f"zoo/u{number}/" for number in range(5)]
    assert found.total == 7
    assert found.complete


@pytest.mark.parametrize("store", ["local"], indirect=True)
def test_killed_between_commit_and_edge_the_next_commit_writes_it(store: Store, driver: Driver, zoo: Place) -> None:
    raw = made_from(driver, zoo, "raw")
    place = stage(driver, zoo, "user")
    artifacts.add_parent(driver, place, at(zoo, raw))
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=_die_before_edge, args=(store, place))
    child.start()
    child.join(60)
    assert child.exitcode == 9
    assert users(driver, zoo, raw) == []
    version = artifacts.read(driver, place)["_version"]
    artifacts.edit(driver, place, {"description": "Somebody went on", "parent_artifacts": None})
    commit(driver, place)
    assert users(driver, zoo, raw) == [VersionRef(place.prefix, version)]


def _die_before_edge(store: Store, place: Place) -> None:
    def die(method: str, key: str) -> None:
        if method == "put" and key.startswith(FOLDER):
            os._exit(9)

    with store.opened() as driver:
        commit(WatchedDriver(driver, before=die), place)  # type: ignore[arg-type]


@pytest.mark.parametrize("store", ["local"], indirect=True)
def test_what_another_program_committed_is_told_by_the_next_commit(driver: Driver, zoo: Place) -> None:
    raw = made_from(driver, zoo, "raw")
    place = zoo.child("foreign")
    text = f"name: Foreign\nparent_artifacts:\n- {{prefix: {raw.prefix}, version: {raw.version}}}\n"
    put(driver, zoo.bucket, place.committed_key, text)
    assert artifacts.lineage(driver, place).declared.parents == (raw,)
    artifacts.edit(driver, place, {"description": "Ours"})
    commit(driver, place)
    assert [user.prefix for user in users(driver, zoo, raw)] == [place.prefix] * 2


@pytest.mark.parametrize("store", ["local"], indirect=True)
def test_a_restored_version_names_its_parent_and_only_the_last_one(driver: Driver, zoo: Place) -> None:
    raw = made_from(driver, zoo, "raw")
    place = stage(driver, zoo, "model", {"a": b"1"})
    artifacts.add_parent(driver, place, at(zoo, raw))
    versions = [commit(driver, place).version]
    for description in ("two", "three"):
        artifacts.edit(driver, place, {"description": description})
        commit(driver, place)
        restore(driver, place, versions[-1])
        versions.append(commit(driver, place).version)
    assert artifacts.lineage(driver, place).declared.parents == (raw, VersionRef(place.prefix, versions[1]))


def test_a_manifest_is_read_with_limits_and_what_is_not_understood_stays() -> None:
    good = {"prefix": "zoo/lion/", "version": "1"}
    strange = [7, None, {}, {"prefix": "../x/", "version": "1"}, {"prefix": "a/", "version": ".."}, {"uri": "a\u202eb"}]
    fields: dict[Any, Any] = {"parent_artifacts": [*strange, good, good], "external_refs": ["ok", "", 3]}
    found = read_lineage(fields)
    assert found == Declared((VersionRef("zoo/lion/", "1"),), ("ok",), len(strange) + 2)
    assert read_lineage({"parent_artifacts": "text", "external_refs": {}}) == Declared()
    assert read_lineage({"external_refs": [str(number) for number in range(150)]}).unusable == 50
    artifacts.tracing.remove_parent(fields, VersionRef("zoo/lion/", "1"))
    assert fields["parent_artifacts"] == strange
    with pytest.raises(InputError):
        artifacts.tracing.add_reference({"external_refs": "text"}, "x")
    assert not check_fields({"additionalProperties": False}, {"external_refs": ["x"]}).problems


def test_a_long_prefix_has_its_uses_under_a_checksum_and_is_told_whole() -> None:
    long = VersionRef("/".join(["\u00e4" * 40] * 3) + "/", "1")
    other = VersionRef("zoo/x/", "2")
    assert "@~" in edge_key(long, other)
    assert decode_user(edge_key(other, long), other) == long
    assert max(map(len, edge_key(other, long).split("/"))) <= 201
    with pytest.raises(InputError):
        edge_key(other, VersionRef("/".join(["\u00e4" * 40] * 6) + "/", "1"))
