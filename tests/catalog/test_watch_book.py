"""The file of watches: what is kept, what a damaged or newer one does, and that nothing is told that is not written."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from artifact_browser.catalog.artifact_name import ArtifactName
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.partitions import DeclaredKeys
from artifact_browser.catalog.watch import Action, Looked, Mark, NewVersion, Seen, Watch
from artifact_browser.catalog.watch_book import MAX_NEWS, WatchBook
from artifact_browser.errors import DiskError, InputError, WatchesUnusable

PLACE = Place("bucket", "zoo/lion/")
WATCH = Watch("w1", "account", "bucket", "zoo/lion/")
DOWNLOAD = Watch(
    "w2", "account", "bucket", name=ArtifactName("zoo", "development", "cats/lion"),
    partitions=(("date", "2026-08-01"), ("region", "us")), exact=True, declared=DeclaredKeys(("region",), "date"),
    action=Action.DOWNLOAD, folder="/home/x/\udcff\u00fc", interval_s=60,
)  # fmt: skip


def looked(*numbers: int) -> Looked:
    news = tuple(NewVersion(PLACE, f"v{number}", number) for number in numbers)
    return Looked(Seen(True, Mark(1, "v1", "c"), tuple(Mark(n, f"v{n}", "c") for n in reversed(numbers))), 2, news)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "watches.json"


@pytest.fixture
def book(path: Path) -> WatchBook:
    made = WatchBook(path)
    made.add(WATCH)
    made.add(DOWNLOAD)
    return made


def test_all_of_it_is_there_again_after_a_restart(book: WatchBook, path: Path) -> None:
    assert book.take([(WATCH, Seen(), looked(2, 3), ""), (DOWNLOAD, Seen(), None, "No connection.")], 1_000) == ("w1",)
    again = WatchBook(path)
    assert again.all() == book.all()
    assert again.damage is None
    assert [one.version.version for _, one in again.owed()] == ["v2", "v3"]
    assert again.all()[1].trouble == "No connection."
    assert path.stat().st_mode & 0o077 == 0


def test_what_is_owed_stays_until_it_is_settled_and_unread_until_it_is_read(book: WatchBook, path: Path) -> None:
    book.take([(WATCH, Seen(), looked(2, 3), "")], 1_000)
    first, second = (one.id for _, one in book.owed())
    assert book.unread() == ()
    book.settle([first])
    assert [one.id for _, one in WatchBook(path).owed()] == [second]
    assert [one.id for _, one in WatchBook(path).unread()] == [first]
    book.mark_read([first])
    assert WatchBook(path).unread() == ()


def test_a_look_that_was_overtaken_counts_for_nothing(book: WatchBook) -> None:
    book.take([(WATCH, Seen(), looked(2), "")], 1_000)
    assert book.take([(WATCH, Seen(), looked(2), "")], 2_000) == ()  # from what it knew before
    moved = replace(WATCH, prefix="zoo/tiger/")
    book.replace(moved)
    assert book.take([(WATCH, looked(2).seen, looked(3), "")], 3_000) == ()
    book.remove("w2")
    assert book.take([(DOWNLOAD, Seen(), looked(2), "")], 4_000) == ()
    assert [one.version.version for _, one in book.owed()] == ["v2"]


def test_a_watch_of_something_else_is_another_one_and_one_that_acts_otherwise_the_same(book: WatchBook) -> None:
    book.take([(WATCH, Seen(), looked(2), "")], 1_000)
    book.replace(replace(WATCH, interval_s=3600, action=Action.DOWNLOAD, folder="/x"))
    assert book.all()[0].seen == looked(2).seen
    book.replace(replace(WATCH, partitions=(("region", "us"),)))
    changed = book.all()[0]
    assert changed.watch.id != WATCH.id
    assert changed.seen == Seen()
    assert [kept.watch.id for kept in book.all()][1] == "w2"


def test_nothing_is_owed_of_a_paused_watch(book: WatchBook) -> None:
    book.take([(WATCH, Seen(), looked(2), "")], 1_000)
    book.replace(replace(WATCH, enabled=False))
    assert book.owed() == ()
    book.replace(WATCH)
    assert len(book.owed()) == 1


def test_what_cannot_be_written_was_not_found(book: WatchBook, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("artifact_browser.catalog.watch_file.write_private", full)
        with pytest.raises(DiskError):
            book.take([(WATCH, Seen(), looked(2), "")], 1_000)
    assert book.owed() == ()
    assert book.take([(WATCH, Seen(), looked(2), "")], 1_000) == ("w1",)
    assert len(WatchBook(path).owed()) == 1


def test_that_it_looked_is_written_with_the_next_change(book: WatchBook, path: Path) -> None:
    quiet = Looked(Seen(True, Mark(1, "v1")), 1)
    book.take([(WATCH, Seen(), quiet, "")], 1_000)
    written = path.read_bytes()
    book.take([(WATCH, quiet.seen, quiet, "")], 2_000)
    assert path.read_bytes() == written
    assert book.all()[0].looked_us == 2_000
    book.flush()
    assert WatchBook(path).all()[0].looked_us == 2_000


@pytest.mark.parametrize("text", ["", "{", "[]", '{"watches": []}', '{"schema": 1, "watches": {}}', "\x00" * 50])
def test_a_damaged_file_is_set_aside_and_named(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    book = WatchBook(path)
    assert book.all() == ()
    assert book.damage is not None
    (aside,) = path.parent.glob("watches.damaged-*.json")
    assert aside.name in book.damage.detail
    assert aside.read_text() == text
    book.add(WATCH)
    assert len(WatchBook(path).all()) == 1


def test_an_entry_that_cannot_be_used_costs_the_others_nothing(book: WatchBook, path: Path) -> None:
    content = json.loads(path.read_text())
    bad = json.loads(json.dumps(content["watches"][0]))
    for change in ({"interval_s": 0}, {"action": "run"}, {"action": "download", "folder": ""}, {"enabled": "yes"}):
        content["watches"].append({**bad, "watch": {**bad["watch"], "id": "x", **change}})
    content["watches"] += [None, bad]  # the last of them is there twice
    path.write_text(json.dumps(content))
    again = WatchBook(path)
    assert [kept.watch for kept in again.all()] == [WATCH, DOWNLOAD]
    assert again.damage is not None
    assert "6 of its watches" in again.damage.detail
    assert len(list(path.parent.glob("watches.damaged-*.json"))) == 1


def test_a_newer_file_is_read_and_left_alone(book: WatchBook, path: Path) -> None:
    content = json.loads(path.read_text())
    content["schema"] = 2
    path.write_text(json.dumps(content))
    before = path.read_bytes()
    newer = WatchBook(path)
    assert len(newer.all()) == 2
    assert newer.read_only
    with pytest.raises(WatchesUnusable, match="newer"):
        newer.take([(WATCH, Seen(), looked(2), "")], 1_000)
    with pytest.raises(WatchesUnusable):
        newer.remove("w1")
    newer.flush()
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "change",
    [
        {"interval_s": 29}, {"bucket": ""}, {"action": Action.DOWNLOAD}, {"exact": True}, {"partitions": (("", "x"),)},
        {"partitions": (("date", "soon"),), "declared": DeclaredKeys((), "date")},
    ],
)  # fmt: skip
def test_what_cannot_be_watched_is_refused(book: WatchBook, change: dict[str, object]) -> None:
    with pytest.raises(InputError):
        book.add(replace(WATCH, id="w3", **change))  # type: ignore[arg-type]
    assert len(book.all()) == 2


def test_news_are_forgotten_but_for_those_that_are_owed(book: WatchBook) -> None:
    book.take([(WATCH, Seen(), looked(*range(2, 202)), "")], 1_000)
    ids = [one.id for _, one in book.owed()]
    assert len(ids) == 200
    book.settle(ids)
    book.mark_read(ids)
    book.take([(WATCH, looked(*range(2, 202)).seen, looked(300), "")], 2_000)
    assert len(book.all()[0].news) == MAX_NEWS
    assert len(book.owed()) == 1
