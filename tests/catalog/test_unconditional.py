"""A real store that ignores conditions: what reading before, right after and once more finds, and what it cannot find."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from artifact_browser.accounts.record import Probing
from artifact_browser.catalog.commit import Committed, commit, plan_commit
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.looking_again import RECHECK_S
from artifact_browser.catalog.opening import open_place
from artifact_browser.catalog.records import CommitNote
from artifact_browser.catalog.staging import edit_fields
from artifact_browser.catalog.versions import list_versions
from artifact_browser.errors import CommitConflict
from artifact_browser.paths import in_home
from artifact_browser.storage.driver import Driver, Support
from tests.catalog.making import make_collection, plain, put, stage, stage_and_commit
from tests.parts.odd_store import CONDITIONS, OddStore, odd_store
from tests.parts.s3_server import S3Server
from tests.storage.conformance.stores import Store

WAIT_S = 30.0


@contextmanager
def careless(moto: S3Server, home: Path, **changes: Any) -> Iterator[tuple[OddStore, Driver]]:
    with odd_store(moto.endpoint, ignores=CONDITIONS) as door:
        record = replace(moto.record, id="careless", endpoint=door.url, **changes)
        with Store("careless", record, in_home(home).make(), moto.secret).opened() as driver:
            yield door, driver


@pytest.fixture
def exact(moto: S3Server, tmp_path: Path) -> Iterator[Driver]:
    """The store itself, without the door that drops conditions."""
    with Store("s3 moto", moto.record, in_home(tmp_path / "exact").make(), moto.secret).opened() as driver:
        yield driver


@pytest.fixture
def lion(exact: Driver) -> Place:
    bucket = f"careless-{uuid.uuid4().hex[:12]}"
    exact.create_bucket(bucket)
    return stage_and_commit(exact, make_collection(exact, Place(bucket, "zoo/")), "lion")


class Pauses:
    """What happens in the second in which a commit may be written over."""

    def __init__(self, meanwhile: Any = lambda: None) -> None:
        self.rechecks, self._meanwhile = 0, meanwhile

    def __call__(self, seconds: float) -> None:
        if seconds == RECHECK_S:
            self.rechecks += 1
            self._meanwhile()


@pytest.mark.parametrize("probing", [Probing.ALLOWED, Probing.REFUSED])
def test_found_out_or_not_allowed_it_is_read_verified_and_looked_at_again(
    moto: S3Server, exact: Driver, lion: Place, tmp_path: Path, probing: Probing
) -> None:
    with careless(moto, tmp_path / "home", probing=probing) as (door, driver):
        place = stage(driver, Place(lion.bucket, "zoo/"), "tiger", {"a": b"1"})
        wanted = Support.NO if probing is Probing.ALLOWED else Support.UNKNOWN
        assert plan_commit(driver, place).writes.held is wanted
        pauses = Pauses()
        assert not commit(driver, place, pause=pauses).atomic
        assert pauses.rechecks == 1
        assert open_place(driver, place)[0].writes.held is wanted
        assert any("probe" in path for _, path in door.asked) is (probing is Probing.ALLOWED)
    assert plain(exact, lion.bucket, place.committed_key)["name"] == "Tiger"


def test_of_two_commits_at_once_the_overwritten_one_is_told(
    moto: S3Server, exact: Driver, lion: Place, tmp_path: Path
) -> None:
    about_to_write, go_on = threading.Event(), threading.Event()

    def hold(method: str, path: str) -> None:
        if method == "PUT" and path.endswith("zoo/lion/manifest.yaml"):
            about_to_write.set()
            go_on.wait(WAIT_S)

    with careless(moto, tmp_path / "a") as (door, one), careless(moto, tmp_path / "b") as (_, other):
        edit_fields(one, lion, {"name": "First"})
        outcome: list[Committed] = []
        first = threading.Thread(target=lambda: outcome.append(commit(one, lion, note=CommitNote("a"), pause=Pauses())))
        door.before = hold
        first.start()
        assert about_to_write.wait(WAIT_S)  # it has read that nobody wrote, and writes now
        edit_fields(other, lion, {"name": "Second"})

        def overtake() -> None:
            go_on.set()
            first.join(WAIT_S)

        with pytest.raises(CommitConflict) as told:
            commit(other, lion, note=CommitNote("b"), pause=Pauses(overtake))
        assert "still staged" in told.value.kept
        assert not outcome[0].atomic
        assert plain(exact, lion.bucket, lion.committed_key)["name"] == "First"
        assert plain(exact, lion.bucket, lion.staged_key)["name"] == "Second"
        commit(other, lion, note=CommitNote("again"), pause=Pauses())
        lines = list_versions(exact, lion).lines
        assert [line.version for line in lines][:2] == ["again", "a"]


def test_a_program_that_writes_behind_the_last_look_is_overwritten_and_nobody_knows(
    moto: S3Server, exact: Driver, lion: Place, tmp_path: Path
) -> None:
    """The limit of reading before and after: only a store that honours conditions knows better."""

    def meanwhile(method: str, path: str) -> None:
        if method == "PUT" and path.endswith("zoo/lion/manifest.yaml"):
            put(exact, lion.bucket, lion.committed_key, "type: dataset\nname: Theirs\n")

    with careless(moto, tmp_path / "home") as (door, driver):
        edit_fields(driver, lion, {"name": "Mine"})
        door.before = meanwhile
        assert not commit(driver, lion, pause=Pauses()).atomic
    assert plain(exact, lion.bucket, lion.committed_key)["name"] == "Mine"


def test_what_is_written_over_in_the_second_behind_a_commit_is_told(
    moto: S3Server, exact: Driver, lion: Place, tmp_path: Path
) -> None:
    with careless(moto, tmp_path / "home") as (_, driver):
        edit_fields(driver, lion, {"name": "Mine"})
        theirs = Pauses(lambda: put(exact, lion.bucket, lion.committed_key, "type: dataset\nname: Theirs\n"))
        with pytest.raises(CommitConflict):
            commit(driver, lion, pause=theirs)
        assert plain(exact, lion.bucket, lion.staged_key)["name"] == "Mine"
        again = Pauses(lambda: edit_then_commit(exact, lion))
        assert commit(driver, lion, note=CommitNote("mine"), pause=again).version == "mine"


def edit_then_commit(driver: Driver, place: Place) -> None:
    """A later version is no overwriting: ours is in its history."""
    edit_fields(driver, place, {"name": "Later"})
    commit(driver, place)
