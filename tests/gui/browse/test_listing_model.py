"""The blob table's model: rows of a growing listing, in any order, as a person and a screen reader meet them."""

from __future__ import annotations

from array import array
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QTextDocument
from PySide6.QtTest import QAbstractItemModelTester

from artifact_browser.accounts.record import AccountKind
from artifact_browser.gui.browse.entry import Entry, EntryKind
from artifact_browser.gui.browse.listing_model import ListingModel, TableColumn, dragged_keys
from artifact_browser.storage.arrange import FOLDER_BIT
from artifact_browser.storage.columns import KeyTableWriter
from artifact_browser.storage.listing import BLOBS, FOLDERS, NOTHING, ListingGrown
from artifact_browser.storage.location import Location

ODD = ["p//", "p/tab\tname", "p/right\u202eleft", "p/😀", "p/%2F+", "p/ ", "p/.."]


@pytest.fixture
def model(qapp: object, tmp_path: Path) -> ListingModel:
    made = ListingModel()
    made.tester = QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Fatal)  # type: ignore[attr-defined]
    made.begin(tmp_path, Location("acc", "bucket", "p/"), AccountKind.S3)
    return made


class Store:
    """Writes listing rows as the lister does."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.state = folder, NOTHING

    def add(self, folders: list[str], blobs: list[str], size: int = 2048) -> ListingGrown:
        counts = []
        for name, before, keys in ((FOLDERS, self.state.folders, folders), (BLOBS, self.state.blobs, blobs)):
            writer, count = KeyTableWriter(self.folder, name, before), len(keys)
            writer.append(keys, array("q", [size] * count), array("q", [1_700_000_000_000_000] * count), [1] * count)
            writer.close()
            counts.append(writer.count)
        self.state = ListingGrown(*counts, 0, 1, ("", "STANDARD_IA"))
        return self.state


def _names(model: ListingModel) -> list[str]:
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def test_folders_stay_first_while_pages_arrive(model: ListingModel, tmp_path: Path):
    store = Store(tmp_path)
    model.grow(store.add(["p/a/"], ["p/b", "p/c"]))
    model.grow(store.add(["p/d/"], ["p/e"]))
    assert _names(model) == ["a", "d", "b", "c", "e"]
    assert model.entry(1) == Entry(EntryKind.FOLDER, "p/d/", 0, 1_700_000_000_000_000)


def test_an_order_of_its_own_and_back(model: ListingModel, tmp_path: Path):
    model.grow(Store(tmp_path).add(["p/a/"], ["p/b", "p/c"]))
    model.set_order(array("I", [FOLDER_BIT, 1, 0]).tobytes())
    assert _names(model) == ["a", "c", "b"]
    assert model.rows_of({(True, "p/b"), (False, "p/a/")}) == [0, 2]
    model.set_order(None)
    assert _names(model) == ["a", "b", "c"]
    assert model.rows_of({(True, "p/c"), (True, "p/gone")}) == [2]


def test_cells_say_sizes_types_and_classes(model: ListingModel, tmp_path: Path):
    model.grow(Store(tmp_path).add([], ["p/x.parquet"], size=5 * 1024**3))
    row = [model.index(0, column).data() for column in TableColumn]
    assert row[TableColumn.SIZE] == "5.0 GiB"
    assert row[TableColumn.TYPE] == "Parquet"
    assert row[TableColumn.CLASS] == "Infrequent"
    assert model.index(0, TableColumn.SIZE).data(Qt.ItemDataRole.ToolTipRole) == "5,368,709,120 bytes"


def test_folders_of_the_catalog_say_whose_they_are(model: ListingModel, tmp_path: Path):
    model.grow(Store(tmp_path).add(["p/.artifact/", "p/.artifacts/", "p/a/"], []))
    types = [model.index(row, TableColumn.TYPE).data() for row in range(3)]
    assert types == ["Catalog", "Folder", "Folder"]  # .artifacts is one at the top of a bucket only
    tip = QTextDocument()
    tip.setHtml(model.index(0, 0).data(Qt.ItemDataRole.ToolTipRole))
    assert tip.toPlainText().startswith("The catalog keeps versions, aliases, names and counters here.")


def test_a_tooltip_shows_a_name_letter_by_letter(model: ListingModel, tmp_path: Path):
    """Qt takes what looks like HTML for HTML: a name could show somebody's picture, or another name."""
    model.grow(Store(tmp_path).add([], ["p/<b>safe.txt&lt;"]))
    tip = model.index(0, TableColumn.NAME).data(Qt.ItemDataRole.ToolTipRole)
    document = QTextDocument()
    document.setHtml(tip)
    assert "<b>safe.txt&lt;" in document.toPlainText()


def test_odd_names_are_visible_and_their_keys_exact(model: ListingModel, tmp_path: Path):
    model.grow(Store(tmp_path).add(ODD[:1], ODD[1:]))
    names = _names(model)
    assert names[0] == "(empty name)"
    assert all(name.strip() or name == " " for name in names)
    assert "\t" not in "".join(names)
    assert "\u202e" not in "".join(names)
    assert [model.entry(row).key for row in range(len(ODD))] == ODD


def test_a_drag_carries_exact_keys_and_readable_uris(model: ListingModel, tmp_path: Path):
    odd = [*ODD, "p/new\nline\\n"]
    model.grow(Store(tmp_path).add(odd[:1], odd[1:]))
    data = model.mimeData([model.index(row, 0) for row in range(len(odd))])
    account, bucket, entries = dragged_keys(data) or ("", "", [])
    assert (account, bucket) == ("acc", "bucket")
    assert [entry.key for entry in entries] == odd
    assert data.text().startswith("s3://bucket/p//")


def test_another_place_starts_empty(model: ListingModel, tmp_path: Path):
    model.grow(Store(tmp_path).add(["p/a/"], ["p/b"]))
    model.begin(None, Location("acc"), AccountKind.S3)
    assert model.rowCount(QModelIndex()) == 0
