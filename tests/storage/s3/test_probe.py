"""What a store does with conditions is found out with consent, in both directions, and without a trace in the bucket."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from artifact_browser.accounts.record import AccountKind, AccountRecord, Probing
from artifact_browser.errors import AccessDenied, JobCancelled, NotSupported, OutcomeUnknown, ReadOnlyAccount
from artifact_browser.paths import in_home
from artifact_browser.storage.consent import ProbeConsentWanted
from artifact_browser.storage.driver import Condition, Support
from artifact_browser.storage.drivers.s3.boto import Boto
from artifact_browser.storage.drivers.s3.probe_remains import RESERVED, new_key
from artifact_browser.storage.open import open_driver
from artifact_browser.workers.job import Lane
from tests.parts.odd_store import CONDITIONS, OddStore, odd_store
from tests.parts.s3_server import S3Server
from tests.storage.conformance.stores import DirectContext, Store

CREATE = Condition(if_absent=True)
YES, NO = Support.YES, Support.NO


def plain_client(server: S3Server) -> Any:
    return boto3.client(
        "s3", endpoint_url=server.endpoint, region_name="us-east-1",
        aws_access_key_id=server.access_key, aws_secret_access_key=server.secret_key,
    )  # fmt: skip


@pytest.fixture
def bucket(moto: S3Server) -> str:
    name = f"probe-{uuid.uuid4().hex[:12]}"
    plain_client(moto).create_bucket(Bucket=name)
    return name


@contextmanager
def odd(moto: S3Server, home: Path, **ways: Any) -> Iterator[tuple[OddStore, Store]]:
    with odd_store(moto.endpoint, **ways) as door:
        record = replace(moto.record, id="odd", endpoint=door.url)
        yield door, Store("s3 odd", record, in_home(home).make(), moto.secret)


def everything_in(moto: S3Server, bucket: str) -> list[str]:
    """Blobs, versions, marks of deletions and unfinished uploads."""
    client = plain_client(moto)
    versions, uploads = client.list_object_versions(Bucket=bucket), client.list_multipart_uploads(Bucket=bucket)
    found = [*versions.get("Versions", []), *versions.get("DeleteMarkers", []), *uploads.get("Uploads", [])]
    return sorted({one["Key"] for one in found})


@pytest.mark.parametrize(
    ("ways", "create", "replaced"),
    [
        ({}, YES, YES),
        ({"ignores": CONDITIONS}, NO, NO),
        ({"refuses": ("if-none-match",)}, NO, YES),
        ({"ignores": ("if-none-match",)}, NO, YES),
        ({"ignores": ("if-match",)}, YES, NO),
        ({"refuses": CONDITIONS}, NO, NO),
    ],
)
@pytest.mark.parametrize("versioned", [False, True])
def test_the_answer_is_the_stores_and_nothing_stays(
    moto: S3Server,
    tmp_path: Path,
    bucket: str,
    ways: dict[str, Any],
    create: Support,
    replaced: Support,
    versioned: bool,
) -> None:
    if versioned:
        plain_client(moto).put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    with odd(moto, tmp_path, **ways) as (_, store), store.opened() as driver:
        found = driver.try_conditions(bucket)
        assert (found.create, found.replace) == (create, replaced)
        assert (found.server, found.bucket) == ("Odd Store 1", bucket)
    assert everything_in(moto, bucket) == []


@pytest.mark.parametrize("compatibility", [False, True])
@pytest.mark.parametrize(("looks", "how"), [(False, "md5"), (True, "crc32c")])
def test_a_checksum_counts_that_a_store_was_seen_to_look_at(
    moto: S3Server, tmp_path: Path, bucket: str, looks: bool, how: str, compatibility: bool
) -> None:
    """moto echoes whatever checksum is named; what it says of one proves nothing."""
    with (
        odd(moto, tmp_path, looks_at_named=looks) as (_, store),
        store.opened(compatibility=compatibility) as driver,
    ):
        assert driver.put(bucket, "before", b"1").verified == "md5"
        assert driver.put(bucket, "a", b"1", condition=CREATE).verified == how
        assert driver.capabilities.checksums == (("CRC32C",) if looks else ())
        if looks and not compatibility:  # which asks for no stored checksum
            assert driver.head(bucket, "a").checksums == {"CRC32C": "kPWZ4w=="}
    assert everything_in(moto, bucket) == ["a", "before"]


def test_it_is_asked_once_and_remembered_for_the_account(moto: S3Server, tmp_path: Path, bucket: str) -> None:
    with odd(moto, tmp_path) as (door, store):
        with store.opened() as driver:
            driver.put(bucket, "a", b"1", condition=CREATE)
        asked = len(door.asked)
        with store.opened() as driver:
            driver.put(bucket, "b", b"1", condition=CREATE)
            known = driver.conditional_writes(bucket)
        assert len(door.asked) == asked + 1
        with store.opened(id="another") as driver:
            assert driver.conditional_writes(bucket).held is Support.UNKNOWN
        written = json.loads(store.paths.endpoints_file.read_text())
        entry = written["accounts"]["odd"][door.url]["conditions"]
        assert (written["schema"], entry["server"], entry["asked_us"]) == (2, "Odd Store 1", known.asked_us)


def test_a_bucket_that_answers_otherwise_has_an_answer_of_its_own(moto: S3Server, tmp_path: Path, bucket: str) -> None:
    other = f"{bucket}-other"
    plain_client(moto).create_bucket(Bucket=other)
    with odd(moto, tmp_path) as (door, store), store.opened() as driver:
        driver.try_conditions(bucket)
        ignoring = replace(moto.record, id="odd", endpoint=door.url)
        with odd_store(moto.endpoint, ignores=CONDITIONS) as careless:
            remembered = driver._access.account.remembered  # type: ignore[attr-defined]
            careless_home = in_home(tmp_path / "careless").make()
            with Store(
                "careless", replace(ignoring, endpoint=careless.url), careless_home, moto.secret
            ).opened() as second:
                found = second.try_conditions(other)
        kinds = {"conditional_create": found.create, "conditional_replace": found.replace}
        remembered.settle(other, kinds, found.server, found.asked_us)
        assert (driver.conditional_writes(bucket).held, driver.conditional_writes(other).held) == (YES, NO)
        with pytest.raises(NotSupported):
            driver.put(other, "k", b"1", condition=CREATE)
        driver.put(bucket, "k", b"1", condition=CREATE)
        assert driver.try_conditions(other).held is YES  # by now it is as the others
        driver.put(other, "k", b"1", condition=CREATE)


class Asking(DirectContext):
    """Answers the question for consent."""

    def __init__(self, store: Store, answer: bool | Exception) -> None:
        super().__init__(store.paths, store.secret)
        self.answer, self.questions = answer, 0

    def ask(self, question: object) -> Any:
        if not isinstance(question, ProbeConsentWanted):
            return super().ask(question)
        self.questions += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("lane", "probing", "answer", "questions", "wanted"),
    [
        (Lane.INTERACTIVE, Probing.ASK, True, 1, YES),
        (Lane.INTERACTIVE, Probing.ASK, False, 1, Support.UNKNOWN),
        (Lane.INTERACTIVE, Probing.ASK, NotSupported("A script."), 1, Support.UNKNOWN),
        (Lane.MOVER, Probing.ASK, True, 0, Support.UNKNOWN),
        (Lane.MOVER, Probing.ALLOWED, False, 0, YES),
        (Lane.INTERACTIVE, Probing.REFUSED, True, 0, Support.UNKNOWN),
    ],
)
def test_nothing_is_written_without_consent(
    moto: S3Server,
    tmp_path: Path,
    bucket: str,
    lane: Lane,
    probing: Probing,
    answer: Any,
    questions: int,
    wanted: Support,
) -> None:
    with odd(moto, tmp_path) as (door, store):
        context = Asking(store, answer)
        context.lane = lane
        driver = open_driver(context, replace(store.record, probing=probing))
        for key in ("a", "b"):
            if wanted is YES:
                driver.put(bucket, key, b"1", condition=CREATE)
                continue
            with pytest.raises(NotSupported):
                driver.put(bucket, key, b"1", condition=CREATE)
        assert (context.questions, driver.conditional_writes(bucket).held) == (questions, wanted)
        assert bool(door.asked) is (wanted is YES)


def test_who_wants_neither_stops_the_job(moto: S3Server, tmp_path: Path, bucket: str) -> None:
    with odd(moto, tmp_path) as (door, store):
        driver = open_driver(Asking(store, JobCancelled()), replace(store.record, probing=Probing.ASK))
        with pytest.raises(JobCancelled):
            driver.put(bucket, "a", b"1", condition=CREATE)
        assert door.asked == []


def test_a_read_only_account_is_never_asked_with(moto: S3Server, tmp_path: Path, bucket: str) -> None:
    with odd(moto, tmp_path) as (door, store), store.opened(read_only=True) as driver:
        with pytest.raises(ReadOnlyAccount):
            driver.try_conditions(bucket)
        assert door.asked == []


def test_aws_is_known(tmp_path: Path) -> None:
    record = AccountRecord("aws", AccountKind.AWS, "AWS", region="eu-west-1", probing=Probing.REFUSED)
    with Store("aws", record, in_home(tmp_path).make()).opened() as driver:
        found = driver.conditional_writes("any")
        assert (found.held, found.known) == (YES, True)
        assert driver.try_conditions("any") == found  # without a request, which would fail here


@pytest.mark.parametrize("at", [1, 4, 12, 20])
def test_a_cancelled_check_clears_up(moto: S3Server, tmp_path: Path, bucket: str, at: int) -> None:
    with odd(moto, tmp_path) as (door, store):
        context = store.context()

        def cancel(_method: str, _path: str) -> None:
            if len(door.asked) == at + 2:  # behind the two looks for what others left
                context.cancel.cancel()

        door.before = cancel
        with pytest.raises(JobCancelled):
            open_driver(context, store.record).try_conditions(bucket)
        with store.opened() as driver:
            assert driver.conditional_writes(bucket).held is Support.UNKNOWN
            assert driver._access.account.remembered.left(bucket) == []  # type: ignore[attr-defined]
    assert everything_in(moto, bucket) == []


def _check(store: Store, bucket: str) -> None:
    with store.opened() as driver:
        driver.try_conditions(bucket)


def test_what_a_killed_check_left_is_removed_by_the_next(moto: S3Server, tmp_path: Path, bucket: str) -> None:
    with odd(moto, tmp_path) as (door, store):
        child = multiprocessing.get_context("spawn").Process(target=_check, args=(store, bucket))

        def kill(method: str, path: str) -> None:
            if method == "PUT" and "partNumber" in path:
                assert child.pid is not None
                os.kill(child.pid, signal.SIGKILL)

        door.before = kill
        child.start()
        child.join()
        assert child.exitcode == -signal.SIGKILL
        left = everything_in(moto, bucket)
        assert left
        assert all(key.startswith(RESERVED) for key in left)
        door.before = None
        _check(store, bucket)
    assert everything_in(moto, bucket) == []


def test_only_old_remains_of_others_are_removed(
    moto: S3Server, tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, key = plain_client(moto), new_key("")
    mine = [f"{RESERVED}notes.txt", f"{key}-mine", f"x{key}"]
    for name in (key, f"{key}-copy", *mine):
        client.put_object(Bucket=bucket, Key=name, Body=b"x")
    with odd(moto, tmp_path) as (_, store), store.opened() as driver:
        driver.try_conditions(bucket)
        assert everything_in(moto, bucket) == sorted([key, f"{key}-copy", *mine])  # its check may be under way
        monkeypatch.setattr("artifact_browser.storage.drivers.s3.probe_remains._OLD_S", -10)
        driver.try_conditions(bucket)
        assert everything_in(moto, bucket) == sorted(mine)


def test_who_may_not_write_at_the_top_asks_beside_the_blob(moto: S3Server, tmp_path: Path, bucket: str) -> None:
    with odd(moto, tmp_path) as (door, store), store.opened() as driver:
        call: Callable[..., Any] = Boto.call

        def call_below(self: Boto, *arguments: Any, **named: Any) -> Any:
            before = len(door.asked)
            done = call(self, *arguments, **named)
            wrote = [path for method, path in door.asked[before:] if method == "PUT"]
            if any(f"/{bucket}/{RESERVED}" in path for path in wrote):
                raise AccessDenied("Not here.")
            return done

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Boto, "call", call_below)
            driver.put(bucket, "mine/a", b"1", condition=CREATE)
        assert any(f"/{bucket}/mine/{RESERVED}" in path for _, path in door.asked)


@pytest.mark.parametrize("lost", range(1, 12, 2))
def test_one_lost_answer_is_not_what_it_cannot_do(
    moto: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: int
) -> None:
    call: Callable[..., Any] = Boto.call
    asked = 0

    def call_or_not(self: Boto, *arguments: Any, once: bool = False, **named: Any) -> Any:
        nonlocal asked
        asked += once
        if once and asked == lost:
            raise OutcomeUnknown("Lost.")
        return call(self, *arguments, once=once, **named)

    store = Store("s3 moto", moto.record, in_home(tmp_path).make(), moto.secret)
    with store.opened() as driver:
        bucket = f"probe-{tmp_path.name.replace('_', '-')[:40].strip('-').lower()}-{lost}"
        driver.create_bucket(bucket)
        driver.put(bucket, "a", b"1", condition=Condition(if_absent=True))
        wanted = driver.capabilities
    monkeypatch.setattr(Boto, "call", call_or_not)
    shaky = Store("s3 moto", moto.record, in_home(tmp_path / "shaky").make(), moto.secret)
    with shaky.opened() as driver:
        driver.put(bucket, "b", b"1", condition=Condition(if_absent=True))
        assert asked > lost
        assert driver.capabilities == wanted
        assert wanted.conditional_create is Support.YES
