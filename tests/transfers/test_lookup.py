"""Finding many keys at once: exactly those that are there, in a bounded number of requests, whatever lies between them."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from artifact_browser.errors import BlobNotFound
from artifact_browser.storage.driver import BlobInfo, ListPage
from artifact_browser.transfers.lookup import look_for


def _bytes(key: str) -> bytes:
    return key.encode("utf-8", "surrogateescape")


class Paged:
    """A store with short pages; ``asked``: requests."""

    def __init__(self, keys: Collection[str], page: int) -> None:
        self._keys, self._page = sorted(set(keys), key=_bytes), page
        self.asked = 0

    def list_pages(self, bucket: str, prefix: str = "", *, delimiter: str, start_after: str) -> Iterator[ListPage]:
        assert not delimiter
        self.asked += 1
        after = _bytes(start_after)
        left = [key for key in self._keys if key.startswith(prefix) and _bytes(key) > after]
        page, size = left[: self._page], min(len(left), self._page)
        more = page[-1] if len(left) > self._page else None
        yield ListPage(page, array("q", [1] * size), array("q", [0] * size), ["e"] * size, [""] * size, [], more)

    def head(self, bucket: str, key: str) -> BlobInfo:
        self.asked += 1
        if key not in self._keys:
            raise BlobNotFound("Not there.")
        return BlobInfo(key, 1, 0, "e")


def _found(store: Any, wanted: Collection[str]) -> set[str]:
    return set(look_for(store, "bucket", wanted, lambda: None))


def test_whole_pages_lie_between_numbers() -> None:
    """1, 10, 100, ... 1999 come before 2."""
    there, wanted = [f"set/{number}" for number in range(1, 3001)], [f"set/{number}" for number in [2, *range(20, 60)]]
    store = Paged(there, 1000)
    assert _found(store, wanted) == set(wanted)
    assert store.asked <= 10


def test_a_neighbour_whose_name_is_no_unicode() -> None:
    wanted = [f"set/{number}" for number in range(20)]
    assert _found(Paged([*wanted, "set/z\udcff"], 7), wanted) == set(wanted)


KEYS = st.text("019a/é\U0001f600", min_size=1, max_size=4)


@given(st.sets(KEYS, max_size=60), st.sets(KEYS, min_size=17, max_size=40), st.integers(1, 5))
def test_exactly_those_that_are_there(there: set[str], wanted: set[str], page: int) -> None:
    store = Paged(there, page)
    assert _found(store, wanted) == there & wanted
    assert store.asked <= 2 * len(wanted)
