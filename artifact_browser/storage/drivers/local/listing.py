"""Pages of a listing: the walk cut into pages, with sizes, times and the ETags that are known and true."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice

from artifact_browser.errors import InputError
from artifact_browser.storage.driver import ListPage
from artifact_browser.storage.drivers.local.store import Store
from artifact_browser.storage.drivers.local.walk import Item, walk


def list_pages(
    store: Store, bucket: str, prefix: str, delimiter: str, start_after: str, page_size: int
) -> Iterator[ListPage]:
    """See the Driver protocol. An ETag that would have to be computed is left empty.

    :raises BucketNotFound: :raises OSError: a folder cannot be read
    """
    if page_size < 1:
        raise InputError("A page has at least one row.")
    store.tree.bucket_folder(bucket)
    deep = delimiter != "/"
    items: Iterable[Item] = walk(store.tree, bucket, prefix, start_after, deep=deep)
    if delimiter not in {"", "/"}:
        items = _grouped(items, prefix, delimiter, start_after)
    pending = iter(items)
    page = list(islice(pending, page_size))
    while True:
        store.cancel.raise_if_cancelled()
        following = list(islice(pending, page_size)) if len(page) == page_size else []
        yield _page(store, bucket, page, page[-1].key if following else None)
        if not following:
            return
        page = following


def _grouped(items: Iterable[Item], prefix: str, delimiter: str, start_after: str) -> Iterator[Item]:
    """Roll keys up at a delimiter that is not a folder's."""
    last = ""
    for item in items:
        end = item.key.find(delimiter, len(prefix))
        if end < 0:
            yield item
        elif (rolled := item.key[: end + len(delimiter)]) != last:
            last = rolled
            if rolled != start_after:
                yield Item(rolled)


def _page(store: Store, bucket: str, items: Sequence[Item], token: str | None) -> ListPage:
    keys: list[str] = []
    sizes, modified_us, modified_ns = array("q"), array("q"), array("q")
    for item in items:
        if item.file is None:
            continue
        try:
            entry = os.lstat(item.file.path)
        except FileNotFoundError:
            continue  # deleted since the folder was read
        keys.append(item.key)
        sizes.append(entry.st_size)
        modified_ns.append(entry.st_mtime_ns)
        modified_us.append(entry.st_mtime_ns // 1000)
    etags = _etags(store, bucket, keys, sizes, modified_ns)
    prefixes = [item.key for item in items if item.file is None]
    return ListPage(keys, sizes, modified_us, etags, [""] * len(keys), prefixes, token)


def _etags(store: Store, bucket: str, keys: Sequence[str], sizes: array[int], modified_ns: array[int]) -> list[str]:
    etags: list[str] = []
    for parent, group in groupby(keys, key=lambda key: key[: key.rfind("/") + 1]):
        names = [key[len(parent) :] for key in group]
        known = store.index.etags(bucket, parent, names[0], names[-1])
        for name in names:
            at = len(etags)
            size_bytes, time_ns, etag = known.get(name, (-1, 0, ""))
            etags.append(etag if (size_bytes, time_ns) == (sizes[at], modified_ns[at]) else "")
    return etags
