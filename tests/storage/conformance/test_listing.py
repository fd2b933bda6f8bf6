"""Listings: complete, in byte order, a page at a time, empty segments and all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artifact_browser.storage.driver import Driver, ListPage
from tests.storage.conformance.stores import Store, all_keys

TREE = ["a", "a/", "a/1", "a/2", "a//x", "b/c/d", "z"]


@pytest.fixture
def tree(driver: Driver, bucket: str) -> str:
    for key in TREE:
        driver.put(bucket, key, key.encode())
    return bucket


def rows(pages: list[ListPage]) -> tuple[list[str], list[str]]:
    return [key for page in pages for key in page.keys], [prefix for page in pages for prefix in page.prefixes]


def test_columns_are_in_step_and_true(driver: Driver, tree: str) -> None:
    (page,) = driver.list_pages(tree, delimiter="")
    assert list(page.keys) == sorted(TREE, key=str.encode)
    assert list(page.sizes) == [len(key) for key in page.keys]
    assert page.sizes.typecode == page.modified_us.typecode == "q"
    assert len(page.modified_us) == len(page.etags) == len(page.classes) == len(page.keys)
    for key, etag, modified_us in zip(page.keys, page.etags, page.modified_us, strict=True):
        info = driver.head(tree, key)
        assert etag == info.etag
        assert '"' not in etag
        assert abs(modified_us - info.modified_us) < 1_000_000  # HEAD says whole seconds on S3
    assert page.next_token is None


def test_the_delimiter_makes_folders(driver: Driver, tree: str) -> None:
    assert rows(list(driver.list_pages(tree))) == (["a", "z"], ["a/", "b/"])
    assert rows(list(driver.list_pages(tree, "a/"))) == (["a/", "a/1", "a/2"], ["a//"])
    assert rows(list(driver.list_pages(tree, "a//"))) == (["a//x"], [])
    assert rows(list(driver.list_pages(tree, "b/"))) == ([], ["b/c/"])


def test_a_prefix_need_not_end_at_a_delimiter(driver: Driver, tree: str) -> None:
    assert all_keys(driver, tree, "a/") == ["a/", "a//x", "a/1", "a/2"]
    assert all_keys(driver, tree, "b/c") == ["b/c/d"]


def test_nothing_there_is_one_empty_page(driver: Driver, tree: str) -> None:
    (page,) = driver.list_pages(tree, "no/such/")
    assert rows([page]) == ([], [])
    assert page.next_token is None


@pytest.mark.parametrize("delimiter", ["/", ""])
def test_small_pages_give_the_same_rows(driver: Driver, tree: str, delimiter: str) -> None:
    whole = rows(list(driver.list_pages(tree, delimiter=delimiter)))
    pages = list(driver.list_pages(tree, delimiter=delimiter, page_size=2))
    assert rows(pages) == whole
    assert len(pages) >= 2
    assert all(len(page.keys) + len(page.prefixes) <= 2 for page in pages)
    assert [page.next_token is None for page in pages] == [False] * (len(pages) - 1) + [True]


@pytest.mark.parametrize("store", ["s3 moto", "s3 compatibility"], indirect=True)
def test_a_page_is_fetched_when_it_is_asked_for(driver: Driver, tree: str) -> None:
    """What is written behind the first page is seen by the second: nothing was fetched ahead."""
    pages = driver.list_pages(tree, delimiter="", page_size=2)
    first = next(pages)
    driver.put(tree, "zz-late", b"")
    assert "zz-late" in rows([first, *pages])[0]


def test_start_after_goes_on_behind_a_key(driver: Driver, tree: str) -> None:
    in_order = sorted(TREE, key=str.encode)
    for i, key in enumerate(in_order):
        assert all_keys(driver, tree, start_after=key) == in_order[i + 1 :]
    assert all_keys(driver, tree, start_after="a/0") == ["a/1", "a/2", "b/c/d", "z"]


def test_order_is_that_of_utf8_bytes(driver: Driver, bucket: str) -> None:
    keys = ["Z", "a", "é", "\uffee", "\U0001f600", "a b", "a+b", "a-b", "aB"]
    for key in keys:
        driver.put(bucket, key, b"")
    assert all_keys(driver, bucket) == sorted(keys, key=str.encode)


@pytest.mark.parametrize("store", ["local", "s3 moto"], indirect=True)
@given(keys=st.sets(st.text("ab/", min_size=1, max_size=5), max_size=8), prefix=st.text("ab/", max_size=3))
def test_folders_are_what_the_keys_say(store: Store, keys: set[str], prefix: str) -> None:
    """Against a model of three lines: whatever the keys, a delimited listing follows from them."""
    with store.opened() as driver:
        bucket = store.new_bucket_name()
        driver.create_bucket(bucket)
        for key in keys:
            driver.put(bucket, key, b"")
        below = sorted(key for key in keys if key.startswith(prefix))
        folders = {prefix + key[len(prefix) :].partition("/")[0] + "/" for key in below if "/" in key[len(prefix) :]}
        blobs = [key for key in below if "/" not in key[len(prefix) :]]
        assert rows(list(driver.list_pages(bucket, prefix, page_size=3))) == (blobs, sorted(folders))
        assert all(not outcome.error for outcome in driver.delete_many(bucket, sorted(keys)))
        driver.delete_bucket(bucket)
