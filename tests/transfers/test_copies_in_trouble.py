"""Copies and moves where the target's store answers with faults, or not at all: what is there is looked at, what is not is
written again, a stranger's blob is nobody's copy, and no original goes before its copy is shown to be one.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.errors import (
    BlobNotFound,
    ChecksumMismatch,
    ConnectionFailed,
    OutcomeUnknown,
    PreconditionFailed,
    ServerFault,
)
from artifact_browser.storage.driver import Driver, Support
from artifact_browser.transfers.copy_course import CopyCourse, limits_of
from artifact_browser.transfers.copy_ends import Way
from artifact_browser.transfers.copy_tasks import CopyPart
from artifact_browser.transfers.state import Item, JobState
from artifact_browser.transfers.task import MIB, Finished, Skipped
from tests.parts.s3_server import S3Server
from tests.storage.s3.scripted import Asked, Reply, serving
from tests.transfers.accounts import Here, opened_as
from tests.transfers.conftest import Bench

#: what may happen to a write: a status in its stead, no answer instead of it, no answer behind it; somebody writes over it at once
DROPPED, LOST, WRITTEN_OVER = "dropped", "lost", "written over"
SEQUENCES = [[500] * 4, [503] * 4, [DROPPED] * 4, [500, LOST], [500, 503, DROPPED, LOST]]
FACTS = ("conditional_create", "conditional_copy_create", "conditional_complete", "conditional_delete")
_HOP = {"connection", "keep-alive", "transfer-encoding", "host", "expect", "server", "date"}


@dataclass
class Door:
    """Before moto, whose create-only copies it sees to itself. What it answers to the writes of one key stands in a list.

    :ivar meanwhile: done before each write that has a trouble, behind one that is written over
    """

    endpoint: str
    key: str = "copy"
    troubles: list[int | str] = field(default_factory=list)
    writes: int = 0
    meanwhile: Callable[[], None] = lambda: None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, asked: Asked, _number: int) -> Reply:
        place = urlsplit(asked.path)
        last = "uploadId" in place.query if asked.method == "POST" else not place.query.startswith(("part", "upload"))
        trouble: int | str = 0
        if asked.method in {"PUT", "POST", "DELETE"} and place.path.endswith(f"/{self.key}") and last:
            with self.lock:
                self.writes += 1
                trouble = self.troubles.pop(0) if self.troubles else 0
        if trouble and trouble != WRITTEN_OVER:
            self.meanwhile()
        if isinstance(trouble, int) and trouble:
            return Reply(trouble)
        if trouble == DROPPED:
            return Reply(drop=True)
        answer = self._pass_on(asked)
        if trouble == WRITTEN_OVER:
            self.meanwhile()
        return Reply(drop=True) if trouble == LOST else answer

    def _pass_on(self, asked: Asked) -> Reply:
        create_only = "x-amz-copy-source" in asked.headers and asked.headers.get("if-none-match") == "*"
        if create_only and self._ask("HEAD", asked, b"").status == 200:
            return Reply(412)
        return self._ask(asked.method, asked, asked.body)

    def _ask(self, method: str, asked: Asked, body: bytes) -> Reply:
        behind = urlsplit(self.endpoint)
        connection = http.client.HTTPConnection(behind.hostname or "", behind.port)
        headers = {name: value for name, value in asked.headers.items() if name not in _HOP}
        try:
            connection.request(method, asked.path, body, headers)
            reply = connection.getresponse()
            given = {name.title(): value for name, value in reply.getheaders() if name.lower() not in _HOP}
            return Reply(reply.status, reply.read(), given)
        finally:
            connection.close()


@dataclass
class Case:
    """One blob ``k`` on its way to ``copy``, behind the door.

    :ivar source: where it is, around the door
    """

    door: Door
    source: Bench
    target: Bench
    driver: Driver
    through: Driver
    record: AccountRecord
    kind: str

    @property
    def data(self) -> bytes:
        return bytes(range(256)) * (12 * MIB // 256 if self.kind == "parts" else 4)

    def stage(self) -> Here:
        return Here(self.driver, self.through)

    def course(self, *, move: bool = True, skip_existing: bool = False) -> CopyCourse:
        info = self.driver.head(self.source.bucket, "k")
        streamed = self.kind == "streamed"
        limits = limits_of(self.through.capabilities, streamed=streamed)
        if self.kind == "parts":
            limits = replace(limits, whole=MIB, usual_part=5 * MIB)
        item = Item(0, "k", "k", "copy", info.size_bytes, info.modified_us, info.etag)
        way = Way(self.source.bucket, self.target.bucket, move, streamed, skip_existing)
        return CopyCourse(way, item, limits)

    def puts(self, data: bytes, *, plain: bool = True) -> None:
        """A stranger. Not ``plain``: in one part, so that the ETag is no MD5 of the bytes."""
        with self.target.driver() as driver:
            if plain:
                driver.put(self.target.bucket, "copy", data)
                return
            upload = driver.create_upload(self.target.bucket, "copy")
            part = driver.upload_part(self.target.bucket, "copy", upload, 1, data)
            driver.complete_upload(self.target.bucket, "copy", upload, [part])


@pytest.fixture(params=["whole", "streamed", "parts"])
def case(request: pytest.FixtureRequest, s3: Bench, local: Bench, moto: S3Server) -> Iterator[Case]:
    door = Door(moto.endpoint)
    with ExitStack() as opened:
        record = replace(s3.record, endpoint=opened.enter_context(serving(door)).url)
        through = opened.enter_context(opened_as(s3, record))
        learnt: Any = through
        learnt._access.account.remembered.learn(checksum=Support.NO, **dict.fromkeys(FACTS, Support.YES))
        source = local if request.param == "streamed" else s3
        driver = opened.enter_context(local.driver()) if source is local else through
        made = Case(door, source, s3, driver, through, record, request.param)
        source.put({"k": made.data})
        yield made


def both_are_kept(case: Case, theirs: bytes) -> None:
    assert case.target.content("copy") == theirs
    assert case.source.content("k") == case.data


@pytest.mark.parametrize("troubles", SEQUENCES, ids=str)
def test_it_is_copied_once_the_store_has_recovered(case: Case, troubles: list[int | str]) -> None:
    case.door.troubles = list(troubles)
    stage = case.stage()
    end = stage.run(case.course(), waits_for=(ServerFault,))
    assert isinstance(end, Finished)
    assert end.verified in ({"size"} if case.kind == "parts" else {"md5", "crc32c"})
    assert case.door.troubles == []
    assert case.door.writes == len(troubles) + (LOST not in troubles)
    assert sum(isinstance(task, CopyPart) for task in stage.ran) == (3 if case.kind == "parts" else 0)
    assert case.target.content("copy") == case.data
    assert "k" not in case.source.listed()
    assert case.target.unfinished() == []


def test_the_original_and_the_parts_stay_while_nothing_is_taken(case: Case) -> None:
    case.door.troubles = [500] * 3
    course, stage = case.course(), case.stage()
    with pytest.raises(ServerFault):
        stage.run(course)
    assert "copy" not in case.target.listed()
    assert case.source.content("k") == case.data
    assert case.target.unfinished() == (["copy"] if case.kind == "parts" else [])


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("trouble", [500, DROPPED])
def test_what_a_stranger_wrote_meanwhile_is_not_the_copy(case: Case, trouble: int | str, plain: bool) -> None:
    theirs = bytes(reversed(case.data))
    case.door.troubles, case.door.meanwhile = [trouble], lambda: case.puts(theirs, plain=plain)
    course, stage = case.course(), case.stage()
    with pytest.raises(PreconditionFailed):
        stage.run(course)
    for task in course.leftovers():
        task.run(stage)
    both_are_kept(case, theirs)
    assert case.target.unfinished() == []


@pytest.mark.parametrize("plain", [True, False])
def test_an_original_stays_where_its_copy_is_written_over_at_once(case: Case, plain: bool) -> None:
    theirs = bytes(reversed(case.data))
    case.door.troubles, case.door.meanwhile = [WRITTEN_OVER], lambda: case.puts(theirs, plain=plain)
    with pytest.raises(ChecksumMismatch):
        case.stage().run(case.course())
    both_are_kept(case, theirs)


def test_it_is_left_alone_where_newcomers_are_skipped(case: Case) -> None:
    theirs = bytes(reversed(case.data))
    case.door.troubles, case.door.meanwhile = [500], lambda: case.puts(theirs)
    assert case.stage().run(case.course(skip_existing=True)) == Skipped("it was there already")
    both_are_kept(case, theirs)
    assert case.target.unfinished() == []


@pytest.mark.parametrize("case", ["whole", "streamed"], indirect=True)
def test_a_copy_whose_etag_says_nothing_is_shown_by_its_bytes(case: Case) -> None:
    """As a store makes them that encrypts with a customer's keys."""
    case.door.troubles, case.door.meanwhile = [500], lambda: case.puts(case.data, plain=False)
    end = case.stage().run(case.course())
    assert isinstance(end, Finished)
    assert end.verified == ("bytes" if case.kind == "whole" else "md5")
    assert case.door.writes == 1
    assert case.target.content("copy") == case.data
    assert "k" not in case.source.listed()


@pytest.mark.parametrize("troubles", [[500] * 4, [503] * 4, [500, LOST]], ids=str)
@pytest.mark.parametrize("case", ["whole", "parts"], indirect=True)
def test_an_original_that_cannot_be_deleted_yet_is_deleted_later(case: Case, troubles: list[int | str]) -> None:
    case.door.key, case.door.troubles = "k", list(troubles)
    end = case.stage().run(case.course(), waits_for=(ServerFault,))
    assert isinstance(end, Finished)
    assert case.door.troubles == []
    assert case.target.content("copy") == case.data
    assert "k" not in case.source.listed()


class Gone:
    """A store that has deleted the original, and cannot be reached behind that for a while."""

    def __init__(self, driver: Driver) -> None:
        self._driver, self._deleted = driver, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)

    def delete(self, *arguments: Any, **named: Any) -> None:
        self._driver.delete(*arguments, **named)
        self._deleted = True
        raise OutcomeUnknown("The answer was lost.")

    def head(self, *arguments: Any, **named: Any) -> Any:
        if self._deleted:
            self._deleted = False
            raise ConnectionFailed("The network is gone.")
        return self._driver.head(*arguments, **named)


def test_a_move_that_was_done_unheard_is_done(case: Case) -> None:
    store: Any = Gone(case.driver)
    target: Any = store if case.driver is case.through else case.through
    end = Here(store, target).run(case.course(), waits_for=(ConnectionFailed,))
    assert isinstance(end, Finished)
    assert end.verified
    assert case.target.content("copy") == case.data
    assert "k" not in case.source.listed()
    assert case.target.unfinished() == []


def test_an_original_that_somebody_deleted_is_not_said_to_be_moved(case: Case) -> None:
    course = case.course()
    with case.source.driver() as driver:
        driver.delete(case.source.bucket, "k")
    case.puts(bytes(reversed(case.data)))
    with pytest.raises(BlobNotFound):
        case.stage().run(course)


class Faulty:
    """A store that has a fault when it is first asked about a blob."""

    def __init__(self, driver: Driver) -> None:
        self._driver, self._asked = driver, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)

    def head(self, *arguments: Any, **named: Any) -> Any:
        self._asked += 1
        if self._asked == 1:
            raise ServerFault("The store reports a fault of its own.")
        return self._driver.head(*arguments, **named)


@pytest.mark.parametrize("streamed", [False, True])
def test_the_only_blob_is_not_moved_onto_itself_while_nobody_can_tell(local: Bench, streamed: bool) -> None:
    """It is seen through two accounts."""
    local.put({"k": b"the only one"})
    with local.driver() as driver, local.driver() as again:
        info = driver.head(local.bucket, "k")
        target: Any = Faulty(again)
        item = Item(0, "k", "k", "k", info.size_bytes, info.modified_us, info.etag)
        way = Way(local.bucket, local.bucket, move=True, streamed=streamed)
        course = CopyCourse(way, item, limits_of(driver.capabilities, streamed=streamed))
        end = Here(driver, target).run(course, waits_for=(ServerFault,))
    assert end == Skipped("it is there already")
    assert local.content("k") == b"the only one"


@pytest.mark.parametrize("case", ["whole"], indirect=True)
def test_a_whole_move_waits_for_the_store(case: Case) -> None:
    blobs = {f"p/{number}": bytes([number]) * 1000 for number in range(6)}
    case.source.put(blobs)
    case.door.key, case.door.troubles = "3", [500] * 4
    handle = case.source.queue.copy(case.record, [case.source.at("p/")], case.source.at("q/"), move=True)
    end = case.source.finish(handle)
    assert end.state is JobState.DONE, [one.error for one in handle.items()]
    assert case.door.troubles == []
    assert {key: case.source.content(f"q/{key}") for key in blobs} == blobs
    assert case.source.listed("p/") == []
