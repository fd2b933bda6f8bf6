from __future__ import annotations

import pytest

from artifact_browser.catalog.layout import Place, check_file_path, check_name, id_from_title, place_of
from artifact_browser.errors import InputError
from artifact_browser.storage.location import Location


@pytest.mark.parametrize("name", ["a", "cell atlas", "ä+%20", "v1.0", "日本", "x" * 255])
def test_names_people_use(name: str) -> None:
    check_name(name)
    check_file_path(f"data/{name}")


@pytest.mark.parametrize(
    "name", ["", " ", ".", "..", "a/b", "manifest.yaml", ".artifact", "a\nb", "a\u202eb", "x" * 256]
)
def test_names_refused(name: str) -> None:
    with pytest.raises(InputError):
        check_name(name)


@pytest.mark.parametrize(
    "path",
    ["", "/etc/passwd", "../evil", "a/../b", "a//b", "a/", "./a", "manifest.yaml", "_manifest.yaml", ".artifact/x", "a\x00b",
     "\\\\host\\x", "x/" * 600 + "y"],
)  # fmt: skip
def test_paths_refused(path: str) -> None:
    with pytest.raises(InputError):
        check_file_path(path)


def test_places() -> None:
    place = place_of(Location("me", "b", "zoo/lion"))
    assert place == Place("b", "zoo/lion/")
    assert (place.name, place.committed_key, place.staged_key) == (
        "lion", "zoo/lion/manifest.yaml", "zoo/lion/_manifest.yaml",
    )  # fmt: skip
    assert place.parent == Place("b", "zoo/")
    assert Place("b", "zoo/").parent == Place("b", "")
    assert Place("b", "").parent is None


def test_ids_suggested_from_titles() -> None:
    assert id_from_title("  Größe & Maße — 2026! ") == "grosse-masse-2026"
    assert id_from_title("日本") == ""
