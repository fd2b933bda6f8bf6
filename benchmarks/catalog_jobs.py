"""What the ``catalog`` benchmark has done in a worker beside the catalog's own jobs: making, and the references."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.catalog import index, staging
from artifact_browser.catalog.artifact_uri import parse_artifact_uri
from artifact_browser.catalog.index import Rebuilt
from artifact_browser.catalog.index_queue import COMMITS
from artifact_browser.catalog.known_collections import COLLECTIONS
from artifact_browser.catalog.layout import COLLECTION_TYPE, Place
from artifact_browser.catalog.manifest import new_manifest, read_manifest, write_manifest
from artifact_browser.catalog.many_commits import commit_many
from artifact_browser.catalog.publishing import SOURCES
from artifact_browser.catalog.queries import ask
from artifact_browser.catalog.replacing import keep_replaced
from artifact_browser.storage.open import opened
from artifact_browser.workers.job import JobContext

_AT_ONCE = 16


def fields_of(number: int) -> dict[str, object]:
    """An artifact as people describe them."""
    return {
        "type": ("dataset", "model", "application")[number % 3],
        "name": f"Recording {number}",
        "description": f"What the microscope saw on day {number}, in forty channels and two views of each",
        "tags": [f"day-{number % 365}", "microscopy"],
        "version": f"1.{number % 9}",
        "covers": ["cover.png"],
    }


def make_bucket(context: JobContext, record: AccountRecord, bucket: str) -> Generator[None, None, None]:
    """Job."""
    yield from ()
    with opened(context, record) as driver:
        driver.create_bucket(bucket)


def make_children(
    context: JobContext, record: AccountRecord, place: Place, count: int, cover: bytes = b""
) -> Generator[None, None, None]:
    """Job: a collection with so many committed children, none of them in its index, as another program leaves them.

    :param cover: a picture for each, if any
    """
    yield from ()
    with opened(context, record) as driver:
        write_manifest(
            driver, place.bucket, place.committed_key,
            new_manifest({"type": COLLECTION_TYPE, "name": "Many"}).text, None,
        )  # fmt: skip

        def make(number: int) -> None:
            text = new_manifest(fields_of(number)).text
            child = place.child(f"set-{number:05}")
            if cover:
                driver.put(place.bucket, child.file_key("cover.png"), cover)
            write_manifest(driver, place.bucket, child.committed_key, text, None)

        with ThreadPoolExecutor(_AT_ONCE) as makers:
            list(makers.map(make, range(count)))


def empty_index(context: JobContext, record: AccountRecord, place: Place) -> Generator[None, None, None]:
    """Job: the collection lists nothing again."""
    yield from ()
    with opened(context, record) as driver:
        found = read_manifest(driver, place.bucket, place.committed_key)
        assert found is not None
        found.text.replace([])
        write_manifest(driver, place.bucket, place.committed_key, found.text, found)


def rebuild_one_by_one(context: JobContext, record: AccountRecord, place: Place) -> Generator[None, None, Rebuilt]:
    """Job: the index anew, by the same code, one child after the other."""
    yield from ()
    with opened(context, record) as driver:
        return index.rebuild_index(driver, place, context.cancel.wait, context.cancel.raise_if_cancelled, readers=1)


def listed(context: JobContext, record: AccountRecord, place: Place) -> Generator[None, None, tuple[int, int]]:
    """Job: how many entries the index has, and how many different ones."""
    yield from ()
    with opened(context, record) as driver:
        found = read_manifest(driver, place.bucket, place.committed_key)
    entries = found.text.entries if found else []
    return len(entries), len({entry["_id"] for entry in entries})


def stage(
    context: JobContext, record: AccountRecord, places: Sequence[Place], files: int, fields: dict[str, object]
) -> Generator[None, None, None]:
    """Job: staged artifacts, each with so many small files."""
    yield from ()
    with opened(context, record) as driver:

        def make(place: Place) -> None:
            staging.create_artifact(driver, place, {"name": place.name, "type": "dataset", **fields})
            names = [f"f{number:05}" for number in range(files)]
            for name in names:
                driver.put(place.bucket, place.file_key(name), name.encode())
            if names:
                staging.register_uploaded(driver, place, names)

        with ThreadPoolExecutor(_AT_ONCE) as makers:
            list(makers.map(make, places))


def edit(
    context: JobContext, record: AccountRecord, place: Place, fields: dict[str, object], replaced: int, removed: int
) -> Generator[None, None, None]:
    """Job: an edit, files put over committed ones as the window does it, and files taken out."""
    yield from ()
    with opened(context, record) as driver:
        staging.edit_fields(driver, place, fields)
        if replaced:
            names = [f"f{number:05}" for number in range(replaced)]
            keep_replaced(driver, place, names)
            for name in names:
                driver.put(place.bucket, place.file_key(name), b"other")
            staging.register_uploaded(driver, place, names)
        if removed:
            staging.remove_files(driver, place, [f"f{10 + number:05}" for number in range(removed)])


def commit_all(
    context: JobContext, record: AccountRecord, places: Sequence[Place], together: bool
) -> Generator[None, None, tuple[int, int]]:
    """Job: commit these; how many are committed, and how many of them wait for the index.

    :param together: as the window does it; else the same with each commit writing the index for itself
    """
    yield from ()
    done = pending = 0
    with opened(context, record) as driver:
        told = COMMITS.of(record) if together else index.update_parent
        wanted = [(place, None) for place in places]
        read = COLLECTIONS.of(record)
        for one in commit_many(driver, wanted, context.cancel.wait, indexing=told, collection_of=read):
            if one.committed is not None:
                done += 1
                pending += one.committed.index is index.IndexOutcome.PENDING
    return done, pending


def ask_for(context: JobContext, record: AccountRecord, bucket: str, uri: str) -> Generator[None, None, str]:
    """Job: the version a ``flyte://`` address stands for."""
    yield from ()
    with opened(context, record) as driver:
        found = ask(driver, bucket, parse_artifact_uri(uri), SOURCES).found
    return found.version if found else ""
