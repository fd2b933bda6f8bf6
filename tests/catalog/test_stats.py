"""Counters on real stores: by weight, apart from views, with resets while others count, whatever strangers wrote."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from artifact_browser.accounts.record import THIS_COMPUTER, AccountKind, AccountRecord, KeySource
from artifact_browser.catalog import commit as committing
from artifact_browser.catalog.child_counts import COUNTS_FOLDER, read_child_counts
from artifact_browser.catalog.counting import MAX_LOOKUPS, count_all, count_downloads, find_artifacts, reset
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.staging import edit
from artifact_browser.catalog.stats import (
    MAX_COUNTERS,
    STATS_FOLDER,
    Counts,
    count,
    counter_key,
    current_epoch,
    may_count,
    new_client,
    read_statistics,
    remembered_client,
    reset_stats,
    weights_of,
)
from artifact_browser.errors import AccessDenied, ConnectionFailed, InputError, OutcomeUnknown
from artifact_browser.paths import in_home
from artifact_browser.settings import Settings
from artifact_browser.storage.driver import Driver
from tests.catalog.making import put, stage
from tests.catalog.watched_driver import WatchedDriver
from tests.storage.conformance.stores import Store, all_keys

ONE = Counts(downloads=1)


def no_pause(_: float) -> None:
    """The other one goes on."""


def weighted(driver: Driver, zoo: Place, name: str, weights: dict[str, float | None]) -> Place:
    """A committed artifact whose files have these weights."""
    place = stage(driver, zoo, name, {path: b"x" for path in weights})

    def weigh(fields: dict[Any, Any]) -> None:
        for entry in fields["files"]:
            if (weight := weights[entry["path"]]) is not None:
                entry["download_weight"] = weight

    edit(driver, place, weigh)
    committing.commit(driver, place)
    return place


def summed(driver: Driver, place: Place) -> tuple[float, float]:
    found = read_statistics(driver, place)
    assert found.complete
    return found.counts.downloads, found.counts.views


def test_downloads_count_by_the_weight_of_their_file_and_apart_from_views(driver: Driver, zoo: Place) -> None:
    lion = weighted(driver, zoo, "lion", {"weights.bin": 1, "half/a b+%.bin": 0.5, "LICENSE": None})
    wolf = weighted(driver, zoo, "wolf", {"f": 0.25})
    client, other = new_client(), new_client()
    keys = [lion.file_key(path) for path in ("weights.bin", "half/a b+%.bin", "half/a b+%.bin", "LICENSE")]
    done = count_downloads(driver, zoo.bucket, [*keys, wolf.file_key("f")], client, (), no_pause)
    assert (sorted(done.counted), done.refused) == (["zoo/lion/", "zoo/wolf/"], ())
    assert summed(driver, lion) == (2.0, 0.0)
    assert summed(driver, wolf) == (0.25, 0.0)
    count_downloads(driver, zoo.bucket, [lion.file_key("half/a b+%.bin")] * 3, other, (), no_pause)
    count_all(driver, {lion: Counts(views=2)}, other, (), no_pause)
    assert summed(driver, lion) == (3.5, 2.0)
    assert read_child_counts(driver, zoo) == {"lion": Counts(3.5, 2.0), "wolf": Counts(0.25, 0.0)}
    assert set(all_keys(driver, zoo.bucket, lion.prefix + STATS_FOLDER)) == {
        counter_key(lion, client), counter_key(lion, other)
    }  # fmt: skip


def test_what_is_not_committed_has_no_weight_or_lies_elsewhere_is_not_counted(driver: Driver, zoo: Place) -> None:
    stage(driver, zoo, "new", {"f": b"1"})
    bare = weighted(driver, zoo, "bare", {"f": None})
    put(driver, zoo.bucket, "zoo/bad/manifest.yaml", "a: [\n")
    before = all_keys(driver, zoo.bucket)
    keys = ["zoo/new/f", bare.file_key("f"), "zoo/bad/f", "elsewhere/deep/er/f", "top", "zoo/bare/not-listed"]
    assert count_downloads(driver, zoo.bucket, keys, new_client(), (), no_pause).counted == ()
    assert all_keys(driver, zoo.bucket) == before


def test_weights_that_strangers_write() -> None:
    listed = [
        {"path": "a", "download_weight": 2}, {"path": "b", "download_weight": -1}, {"path": "c", "download_weight": "9"},
        {"path": "d", "download_weight": float("nan")}, {"path": "e", "download_weight": 10**400},
        {"path": "f", "download_weight": True}, {"path": "a", "download_weight": 3}, "g", {"download_weight": 1}, 7,
        {"path": "h", "download_weight": 1e9},
    ]  # fmt: skip
    assert weights_of({"files": listed}) == {"a": 3, "h": 1e6}
    assert weights_of({"files": "none"}) == {}


def test_one_folder_is_asked_once_and_many_folders_are_bounded(driver: Driver, zoo: Place) -> None:
    lion = weighted(driver, zoo, "lion", {f"d{n}/f": 1.0 for n in range(30)})
    found = find_artifacts(driver, zoo.bucket, {lion.file_key(f"d{n}/f"): 1 for n in range(30)})
    assert (found.worth, found.lookups) == ({"zoo/lion/": 30.0}, 1)
    found = find_artifacts(driver, zoo.bucket, {lion.file_key("d7/f"): 1})
    assert (found.worth, found.lookups) == ({"zoo/lion/": 1.0}, 2)
    watched: Any = WatchedDriver(driver)
    find_artifacts(watched, zoo.bucket, {f"plain/{n}/x/f": 1 for n in range(2 * MAX_LOOKUPS)})
    assert len(watched.calls) == MAX_LOOKUPS


def test_counting_takes_few_requests(driver: Driver, zoo: Place) -> None:
    lion = weighted(driver, zoo, "lion", {"f": 1})
    client = new_client()
    for _ in range(2):
        watched: Any = WatchedDriver(driver)
        count_downloads(watched, zoo.bucket, [lion.file_key("f")], client, (), no_pause)
        assert len(watched.named("put")) == 2  # the counter, and its repetition in the collection
        assert len(watched.calls) <= 7
    watched = WatchedDriver(driver)
    read_child_counts(watched, zoo)
    assert len(watched.calls) == 2


def test_a_reset_lets_everybody_begin_at_zero_without_their_doing(driver: Driver, zoo: Place) -> None:
    lion, clients = zoo.child("lion"), [new_client() for _ in range(3)]
    put(driver, zoo.bucket, lion.committed_key, "type: dataset\n")
    for client in clients:
        count_all(driver, {lion: Counts(2, 1)}, client, (), no_pause)
    assert summed(driver, lion) == (6, 3)
    assert reset(driver, lion, clients[0], no_pause) == 1
    assert summed(driver, lion) == (0, 0)
    assert read_child_counts(driver, zoo) == {"lion": Counts()}
    count_all(driver, {lion: ONE}, clients[1], (), no_pause)
    assert summed(driver, lion) == (1, 0)
    assert read_child_counts(driver, zoo) == {"lion": ONE}
    assert reset(driver, lion, clients[2], no_pause) == 2
    assert summed(driver, lion) == (0, 0)


@pytest.mark.parametrize("method", ["list_pages", "get", "put"])
def test_a_reset_in_the_midst_of_a_count_never_mixes_the_two(driver: Driver, zoo: Place, method: str) -> None:
    """Whichever step of a count the reset meets: what was counted before is gone, and only that one count may be."""
    place, client = zoo.child("lion"), new_client()
    for _ in range(5):
        count(driver, place, client, ONE, no_pause)
    done: list[int] = []

    def reset_once(name: str, _: str) -> None:
        if name == method and not done:
            done.append(reset_stats(driver, place, no_pause))

    watched: Any = WatchedDriver(driver, before=reset_once)
    count(watched, place, client, ONE, no_pause)
    assert done == [1]
    assert summed(driver, place)[0] in {0.0, 1.0}
    before = summed(driver, place)[0]
    count(driver, place, client, ONE, no_pause)
    assert summed(driver, place)[0] == before + 1


def test_resets_while_others_count_lose_nothing_that_came_behind_the_last(
    store: Store, driver: Driver, zoo: Place
) -> None:
    """Four clients count, a fifth resets; then a last reset, and exactly what was counted behind it is there."""
    place = zoo.child("lion")
    running, last_reset = threading.Event(), threading.Event()

    def counting(client: str) -> int:
        behind = 0
        with store.opened() as mine:
            mine.check_bucket(zoo.bucket)
            for _ in range(4):
                running.set()
                count(mine, place, client, ONE, no_pause)
            last_reset.wait(60)
            for _ in range(5):
                count(mine, place, client, ONE, no_pause)
                behind += 1
        return behind

    with ThreadPoolExecutor(4) as clients:
        counted = [clients.submit(counting, new_client()) for _ in range(4)]
        running.wait(60)
        for _ in range(4):
            reset_stats(driver, place, no_pause)
        reset_stats(driver, place, no_pause)
        last_reset.set()
        behind = sum(one.result(60) for one in counted)
    assert behind == 20
    total = summed(driver, place)[0]
    assert behind <= total <= behind + 16  # those of before that were still on their way count behind it


def test_two_windows_of_one_client_lose_no_count(store: Store, driver: Driver, zoo: Place) -> None:
    place, client = zoo.child("lion"), new_client()

    def window(_: int) -> None:
        with store.opened() as mine:
            for _ in range(8):
                count(mine, place, client, Counts(0.1, 1), threading.Event().wait)  # type: ignore[arg-type]

    with ThreadPoolExecutor(3) as windows:
        list(windows.map(window, range(3)))
    assert summed(driver, place) == (2.4, 24.0)


@pytest.mark.parametrize("after", [False, True], ids=["not written", "written"])
def test_a_lost_answer_counts_once(driver: Driver, zoo: Place, after: bool) -> None:
    place, client = zoo.child("lion"), new_client()
    count(driver, place, client, ONE, no_pause)
    lost: list[str] = []

    def lose(name: str, key: str) -> None:
        if name == "put" and not lost:
            lost.append(key)
            raise OutcomeUnknown("the connection was lost")

    watched: Any = WatchedDriver(driver, before=None if after else lose)
    watched.behind = lose if after else None
    count(watched, place, client, ONE, no_pause)
    assert lost
    assert summed(driver, place) == (2, 0)
    lost.clear()
    reset_stats(watched, place, no_pause)
    assert lost
    assert current_epoch(driver, place) == 1


def test_a_store_that_ignores_conditions_is_survived(driver: Driver, zoo: Place) -> None:
    place, client = zoo.child("lion"), new_client()
    other = WatchedDriver(driver, unconditional=True)
    windows: list[None] = []

    def meet(name: str, _: str) -> None:
        """Another window of the same client writes right behind our write, from what it had read before."""
        if name == "put" and not windows:
            windows.append(None)
            put(driver, zoo.bucket, counter_key(place, client), '{"epoch": 0, "downloads": 5, "views": 0}')

    other.behind = meet
    anyone: Any = other
    count(anyone, place, client, ONE, no_pause)
    assert summed(driver, place) == (6, 0)
    reset_stats(anyone, place, no_pause)
    count(anyone, place, client, ONE, no_pause)
    assert summed(driver, place) == (1, 0)


HOSTILE = [
    "", "null", "[]", "{", "[" * 3000, '"text"', "\xff\xfe", '{"epoch": 0}',
    '{"epoch": 0, "downloads": NaN, "views": 0}', '{"epoch": 0, "downloads": Infinity, "views": 0}',
    '{"epoch": 0, "downloads": -5, "views": 0}', '{"epoch": 0, "downloads": 1e300, "views": 0}',
    '{"epoch": 0, "downloads": "7", "views": 0}', '{"epoch": 0, "downloads": true, "views": 0}',
    '{"epoch": -1, "downloads": 7, "views": 0}', '{"epoch": 999999999, "downloads": 7, "views": 0}',
    '{"epoch": 0.0, "downloads": 7, "views": 0}', '{"epoch": 0, "downloads": %s, "views": 0}' % ("9" * 4000),
    '{"epoch": 0, "downloads": 7, "views": 0, "pad": "%s"}' % ("x" * 5000),
]  # fmt: skip


def test_hostile_counters_are_skipped_and_our_own_is_made_good(driver: Driver, zoo: Place) -> None:
    place, client = zoo.child("lion"), new_client()
    count(driver, place, client, Counts(2, 1), no_pause)
    for text in HOSTILE:
        put(driver, zoo.bucket, counter_key(place, new_client()), text.encode("latin-1"))
    for name in ("x.json", "a/b.json", new_client() + ".txt", new_client().upper() + ".json"):
        put(driver, zoo.bucket, f"{place.prefix}{STATS_FOLDER}{name}", '{"epoch": 0, "downloads": 7, "views": 0}')
    for name in ("x", "-1", "9" * 30, "00000000000\u0663"):
        put(driver, zoo.bucket, f"{place.prefix}.artifact/stats-reset/{name}", "")
    found = read_statistics(driver, place)
    assert found.counts == Counts(2, 1)
    assert (found.clients, found.skipped) == (1, len(HOSTILE) + 4)
    for text in HOSTILE:
        put(driver, zoo.bucket, counter_key(place, client), text.encode("latin-1"))
        count(driver, place, client, ONE, no_pause)
        assert read_statistics(driver, place).counts.downloads in {1.0, 0.0}
    with pytest.raises(InputError):
        counter_key(place, "../" + client)


def test_a_hundred_thousand_counters_are_bounded(zoo: Place) -> None:
    """Listed by a store that has them all: what is asked of it stays the same."""
    crowd: Any = _Crowd(100_000)
    found = read_statistics(crowd, zoo)
    assert not found.complete
    assert found.clients == MAX_COUNTERS
    assert found.counts.downloads == MAX_COUNTERS
    assert crowd.lists <= 3
    assert crowd.gets == MAX_COUNTERS


def test_hostile_repetitions_at_a_collection(driver: Driver, zoo: Place) -> None:
    lion = zoo.child("lion")
    count_all(driver, {lion: ONE}, new_client(), (), no_pause)
    lines = {
        "lion": [0, 2, 0], "a/b": [0, 9, 0], "": [0, 9, 0], "n" * 300: [0, 9, 0], "nan": [0, float("nan"), 0],
        "short": [0, 9], "text": "9", "neg": [0, -9, 0], "epoch": [-1, 9, 0], "fine": [3, 9.5, 1],
    }  # fmt: skip
    for body in ({"children": lines}, {"children": [1]}, {"children": {"lion": None}}, [1]):
        put(driver, zoo.bucket, f"{zoo.prefix}{COUNTS_FOLDER}{new_client()}.json", json.dumps(body))
    put(driver, zoo.bucket, f"{zoo.prefix}{COUNTS_FOLDER}readme.json", json.dumps({"children": lines}))
    assert read_child_counts(driver, zoo) == {"lion": Counts(3, 0), "fine": Counts(9.5, 1)}


def test_a_refused_write_is_remembered_and_fails_nothing(driver: Driver, zoo: Place) -> None:
    lion = weighted(driver, zoo, "lion", {"f": 1})
    wolf = weighted(driver, zoo, "wolf", {"f": 1})

    def refuse(name: str, key: str) -> None:
        if name == "put" and not key.startswith(wolf.prefix):
            raise AccessDenied("no")

    watched: Any = WatchedDriver(driver, before=refuse)
    keys, client = [lion.file_key("f"), wolf.file_key("f")], new_client()
    done = count_downloads(watched, zoo.bucket, keys, client, (), no_pause)
    assert (done.counted, sorted(done.refused)) == (("zoo/wolf/",), ["zoo/", "zoo/lion/"])
    again: Any = WatchedDriver(driver)
    count_downloads(again, zoo.bucket, keys, client, done.refused, no_pause)
    assert [key for _, key in again.named("put")] == [counter_key(wolf, client)]
    assert (summed(driver, lion), summed(driver, wolf)) == ((0, 0), (2, 0))


@pytest.mark.parametrize("method", ["get", "put", "list_pages", "head"])
def test_a_store_in_trouble_fails_nothing(driver: Driver, zoo: Place, method: str) -> None:
    lion = weighted(driver, zoo, "lion", {"f": 1})

    def fail(name: str, _: str) -> None:
        if name == method:
            raise ConnectionFailed("no line")

    watched: Any = WatchedDriver(driver, before=fail)
    done = count_downloads(watched, zoo.bucket, [lion.file_key("f")], new_client(), (), no_pause)
    assert done.refused == ()


def test_who_may_count_and_under_which_id(tmp_path: Path) -> None:
    record = AccountRecord("a", AccountKind.S3, "A", key_source=KeySource.KEYCHAIN)
    assert may_count(record)
    assert may_count(AccountRecord(THIS_COMPUTER, AccountKind.LOCAL, "This computer"))
    for changes in ({"read_only": True}, {"key_source": KeySource.NONE}):
        assert not may_count(AccountRecord("a", AccountKind.S3, "A", **changes))  # type: ignore[arg-type]
    assert not may_count(AccountRecord("p", AccountKind.PUBLIC, "P"))
    paths = in_home(tmp_path).make()
    first = remembered_client(Settings(paths.settings_file))
    assert remembered_client(Settings(paths.settings_file)) == first
    assert len(first) == 32
    Settings(paths.settings_file).set("stats_client", "../../etc")
    assert remembered_client(Settings(paths.settings_file)) not in {first, "../../etc"}


class _Crowd:
    """A store with very many counters below any prefix."""

    def __init__(self, number: int) -> None:
        self._number, self.lists, self.gets = number, 0, 0
        self._lock = threading.Lock()

    def list_pages(self, bucket: str, prefix: str, *, delimiter: str) -> Any:
        from array import array

        from artifact_browser.storage.driver import ListPage

        total = self._number if prefix.endswith(STATS_FOLDER) else 0
        for first in range(0, max(total, 1), 1000):
            self.lists += 1
            keys = [f"{prefix}{number:032x}.json" for number in range(first, min(first + 1000, total))]
            zeros = array("q", [50] * len(keys))
            more = "next" if first + 1000 < total else None
            yield ListPage(keys, zeros, zeros, [""] * len(keys), [""] * len(keys), [], more)

    def get(self, bucket: str, key: str) -> Any:
        from contextlib import nullcontext
        from io import BytesIO

        with self._lock:
            self.gets += 1
        reader: Any = BytesIO(b'{"epoch": 0, "downloads": 1, "views": 0}')

        class Reader:
            info: Any = type("Info", (), {"etag": "e", "size_bytes": 40})
            read = staticmethod(reader.read)

        return nullcontext(Reader())
