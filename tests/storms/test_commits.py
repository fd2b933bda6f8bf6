"""Eight processes commit into one collection and edit one artifact: every entry is there once, and no edit is lost.

On S3 a plain script writes there as well: manifests with conditions, and never the index.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from typing import Any

import boto3
import pytest
import yaml

from artifact_browser.accounts.record import THIS_COMPUTER, AccountKind, AccountRecord
from artifact_browser.catalog.commit import commit
from artifact_browser.catalog.files import StagedFile
from artifact_browser.catalog.index import IndexOutcome, rebuild_index
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.many_commits import commit_many
from artifact_browser.catalog.staging import edit_fields, register_files
from artifact_browser.errors import CommitConflict
from artifact_browser.paths import in_home
from tests.catalog.making import make_collection, plain, scanned, stage
from tests.storage.conformance.stores import Store

WRITERS = 8
#: A dead writer is not waited for longer than this, and 15 s a commit.
WRITER_S = 30.0


@pytest.fixture(params=["local", "moto", pytest.param("ceph", marks=pytest.mark.ceph)])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Store:
    paths = in_home(tmp_path_factory.mktemp("home")).make()
    if request.param == "local":
        return Store("local", AccountRecord(THIS_COMPUTER, AccountKind.LOCAL, "This computer"), paths)
    server = request.getfixturevalue(request.param)
    return Store(request.param, server.record, paths, secret=server.secret)


def test_commits_and_edits_of_many_processes_are_all_kept(
    store: Store, size: Callable[[int, int], int], record_property: Callable[[str, object], None]
) -> None:
    each = size(5, 40)
    bucket = store.new_bucket_name()
    with store.opened() as driver:
        driver.create_bucket(bucket)
        zoo = make_collection(driver, Place(bucket, "zoo/"))
        shared = stage(driver, zoo, "shared")
        pending, again = storm(store, zoo, shared, each)
        wanted = {f"w{number}-{at}" for number in range(WRITERS) for at in range(each)}
        scripted = {f"script-{at}" for at in range(each)} if store.name != "local" else set()
        _, cards, summary = scanned(driver, zoo)
        assert set(cards) == wanted | scripted | {"shared"}
        assert {cards[name].title for name in scripted} <= {"Second"}
        assert summary.missing == pending + len(scripted)
        if pending or scripted:  # told as such; a rebuild heals it
            rebuild_index(driver, zoo)
        names = [entry["_id"] for entry in plain(driver, bucket, zoo.committed_key)["collection"]]
        assert sorted(names) == sorted(wanted | scripted)
        body = plain(driver, bucket, shared.staged_key)
        for number in range(WRITERS):
            assert body[f"field-{number}"] == each - 1
        listed = [(file["path"], file["size"]) for file in body["files"]]
        assert sorted(listed) == sorted((f"{number}/{at}", at) for number in range(WRITERS) for at in range(each))
        assert scanned(driver, zoo)[2].up_to_date
    record_property(
        "storm",
        f"{WRITERS} processes x {each} commits and {2 * each} edits; {pending} left to a rebuild, {again} edits told a "
        "conflict and made again",
    )


def storm(store: Store, zoo: Place, shared: Place, each: int) -> tuple[int, int]:
    """Run the writers; how many index entries were left to a rebuild, how many edits had to be made again."""
    context = multiprocessing.get_context("spawn")
    script = store.name != "local"
    barrier, results = context.Barrier(WRITERS + script), context.Queue()
    writers = [
        context.Process(target=write, args=(store, zoo, shared, number, each, barrier, results))
        for number in range(WRITERS)
    ]
    if script:
        writers.append(context.Process(target=write_plainly, args=(store, zoo, each, barrier, results)))
    for writer in writers:
        writer.start()
    try:
        told = [results.get(timeout=WRITER_S + 15 * each) for _ in writers]
        for writer in writers:
            writer.join(30)
            assert writer.exitcode == 0
    finally:
        for writer in writers:
            writer.kill()
            writer.join()
        results.close()
    return sum(pending for pending, _ in told), sum(again for _, again in told)


def write(store: Store, zoo: Place, shared: Place, number: int, each: int, barrier: Any, results: Any) -> None:
    """One process: its own artifacts, and its lines in the shared one."""
    pending = again = 0
    with store.opened() as driver:
        driver.check_bucket(zoo.bucket)
        barrier.wait(60)
        together = []
        for at in range(each):
            place = stage(driver, zoo, f"w{number}-{at}", {"f": b"1"})
            if number % 2:  # every other writer commits all of its own at once, at the end
                together.append((place, None))
            else:
                pending += commit(driver, place).index is IndexOutcome.PENDING
            again += insist(lambda at=at: edit_fields(driver, shared, {f"field-{number}": at}))  # type: ignore[misc]
            again += insist(lambda at=at: register_files(driver, shared, [StagedFile(f"{number}/{at}", at)]))  # type: ignore[misc]
        for outcome in commit_many(driver, together):
            assert outcome.committed is not None, outcome.error
            pending += outcome.committed.index is IndexOutcome.PENDING
    results.put((pending, again))


def write_plainly(store: Store, zoo: Place, each: int, barrier: Any, results: Any) -> None:
    """What a script does that knows the layout and nothing of us."""
    assert store.secret is not None
    s3: Any = boto3.client(  # type: ignore[call-overload]
        "s3",
        endpoint_url=store.record.endpoint,
        aws_access_key_id=store.secret.access_key,
        aws_secret_access_key=store.secret.secret_key,
        region_name="us-east-1",
    )
    barrier.wait(60)
    for at in range(each):
        where = {"Bucket": zoo.bucket, "Key": f"{zoo.prefix}script-{at}/manifest.yaml"}
        fields = {"type": "dataset", "name": "First", "files": []}
        made = s3.put_object(**where, Body=yaml.safe_dump(fields).encode(), IfNoneMatch="*")
        etag = made["ETag"].strip('"') if store.name == "ceph" else made["ETag"]  # this Ceph takes it bare only
        s3.put_object(**where, Body=yaml.safe_dump(fields | {"name": "Second"}).encode(), IfMatch=etag)
    results.put((0, 0))


def insist(edit: Callable[[], object]) -> int:
    """Do what a person does who is told of a conflict: again. How often that was."""
    for times in range(100):
        try:
            edit()
        except CommitConflict:
            continue
        return times
    raise AssertionError("a hundred conflicts in a row")
