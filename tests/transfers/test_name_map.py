"""Names of a plan: the same in memory and on disk."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from artifact_browser.transfers.name_map import NameMap
from artifact_browser.transfers.shelf import Shelf

names = st.text(st.characters(), max_size=4) | st.just("odd \udcff")


@given(st.lists(st.tuples(names, names)), st.integers(0, 3))
def test_a_map_is_a_dict_wherever_it_lies(pairs: list[tuple[str, str]], in_memory: int) -> None:
    made, wanted = NameMap(in_memory), dict[str, str]()
    for name, value in pairs:
        assert made.get(name) == wanted.get(name)
        made.put(name, value)
        wanted[name] = value
    assert {name: made.get(name) for name in wanted} == wanted
    assert [made.add(name) for name in wanted] == [False] * len(wanted)
    assert made.add("never put in, and longer than those")
    made.close()


def test_a_shelf_gives_back_what_was_put_in_first(tmp_path: Path) -> None:
    shelf = Shelf[int](tmp_path / "new")
    assert shelf.take() == []
    shelf.put([1, 2])
    shelf.put([])
    shelf.put([3])
    assert (len(shelf), shelf.take(), len(shelf)) == (3, [1, 2], 1)
    shelf.put([4])
    assert [shelf.take(), shelf.take(), shelf.take()] == [[3], [4], []]
    shelf.put([5])
    assert shelf.take() == [5]
    assert list((tmp_path / "new").iterdir()) == []  # its file has no name
    shelf.close()
