"""Prefixes for the tree, a page at a time: each once, in order, with as few requests as there are pages."""

from __future__ import annotations

import pytest

from artifact_browser.storage.folders import MOST_REQUESTS, FolderPage, list_folder_page
from artifact_browser.workers.pool import WorkerPool
from tests.storage.conftest import WorkerStore
from tests.storage.paged_store import PagedStore, paged


def all_pages(pool: WorkerPool, store: PagedStore) -> list[FolderPage]:
    pages: list[FolderPage] = []
    while not pages or pages[-1].after:
        last = next((page.prefixes[-1] for page in reversed(pages) if page.prefixes), "")
        page = pool.run(list_folder_page, store.record, "b", "", pages[-1].after if pages else "", last, timeout_s=30)
        assert isinstance(page, FolderPage)
        pages.append(page)
    return pages


def test_the_prefixes_of_a_level(worker_store: WorkerStore) -> None:
    worker_store.put({"p/a/x": b"", "p/a/y": b"", "p/b": b"", "p/c//d": b"", "other/": b""})
    found = worker_store.pool.run(list_folder_page, worker_store.record, worker_store.bucket, "p/")
    assert found == FolderPage(("p/a/", "p/c/"))
    behind = worker_store.pool.run(list_folder_page, worker_store.record, worker_store.bucket, "p/", "p/a/", "p/a/")
    assert behind == FolderPage(("p/c/",))


@pytest.mark.parametrize("page_size", [1, 3, 1000])
def test_pages_hold_each_prefix_once(worker_pool: WorkerPool, page_size: int) -> None:
    keys = [f"{number:03d}/{blob}" for number in range(30) for blob in "xyz"] + [
        f"k{number:02d}" for number in range(25)
    ]
    with paged([*keys, "z/1", "z/2"], page_size=page_size) as store:
        pages = all_pages(worker_pool, store)
        found = [prefix for page in pages for prefix in page.prefixes]
        assert found == [*(f"{number:03d}/" for number in range(30)), "z/"]
        assert store.listed <= MOST_REQUESTS * len(pages)


def test_a_page_costs_one_request_where_there_are_prefixes_alone(worker_pool: WorkerPool) -> None:
    with paged([f"{number:05d}/x" for number in range(2500)]) as store:
        pages = all_pages(worker_pool, store)
        assert [len(page.prefixes) for page in pages] == [1000, 1000, 500]
        assert store.listed == 3
