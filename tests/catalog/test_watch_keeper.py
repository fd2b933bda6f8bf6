"""Watches at work: killed at every step, each version is told once and downloaded once, and none is lost."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from artifact_browser.accounts.lease import CodeWanted, Secret, SecretWanted
from artifact_browser.accounts.record import THIS_COMPUTER, AccountRecord
from artifact_browser.catalog import artifacts
from artifact_browser.catalog.commit import commit
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.records import CommitNote
from artifact_browser.catalog.version_files import VersionFiles
from artifact_browser.catalog.watch import Action, Watch
from artifact_browser.catalog.watch_book import WatchBook
from artifact_browser.catalog.watch_file import News
from artifact_browser.catalog.watch_jobs import Unattended, look_at_all
from artifact_browser.catalog.watch_keeper import WatchKeeper
from artifact_browser.errors import ArtifactBrowserError, ConnectionFailed, CredentialsMissing
from artifact_browser.paths import in_home
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.open import open_driver
from artifact_browser.workers.job import Job, Question
from tests.catalog.making import make_collection, stage
from tests.catalog.watch_child import RECORD, STEPS
from tests.catalog.watched_driver import WatchedDriver
from tests.storage.conformance.stores import DirectContext, Store
from tests.storms.processes import NEEDS_SIGKILL

ROOT = Path(__file__).parents[2]


class Around:
    """Runs jobs here and now, and remembers what was done."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.downloads: list[tuple[str, list[str]]] = []
        self.told: list[list[str]] = []
        self.troubles: list[ArtifactBrowserError] = []
        self.known: frozenset[str] = frozenset()
        self.jobs: list[Job] = []
        self.broken: ArtifactBrowserError | None = None
        self.missing: set[str] = set()

    def run(
        self,
        job: Job,
        *args: object,
        on_event: Callable[[Any], None] | None = None,
        on_done: Callable[[Any], None],
        on_error: Callable[[ArtifactBrowserError], None],
    ) -> None:
        self.jobs.append(job)
        if self.broken is not None:
            on_error(self.broken)
            return
        running = job(self.store.context(), *args)
        while True:
            try:
                event = next(running)
            except StopIteration as end:
                on_done(end.value)
                return
            except ArtifactBrowserError as error:
                on_error(error)
                return
            assert on_event is not None
            on_event(event)

    def account(self, account_id: str) -> AccountRecord | None:
        return None if account_id in self.missing else replace(self.store.record, id=account_id)

    def download(
        self, record: AccountRecord, watch: Watch, news: News, files: VersionFiles, names: Sequence[str]
    ) -> bool:
        del record, watch, files
        self.downloads.append((news.id, list(names)))
        return True

    def tell(self, watch: Watch, news: Sequence[News]) -> None:
        del watch
        self.told.append([one.version.version for one in news])

    def trouble(self, error: ArtifactBrowserError) -> None:
        self.troubles.append(error)


@pytest.fixture
def around(store: Store) -> Around:
    return Around(store)


@pytest.fixture
def book(tmp_path: Path) -> WatchBook:
    return WatchBook(tmp_path / "watches.json")


@pytest.fixture
def lion(driver: Driver, zoo: Place) -> Place:
    place = stage(driver, zoo, "lion", {"a.txt": b"one"})
    commit(driver, place, note=CommitNote(version="v1"))
    return place


def version(driver: Driver, place: Place, name: str, text: str) -> None:
    artifacts.put_file(driver, place, "a.txt", text.encode())
    commit(driver, place, note=CommitNote(version=name))


def test_versions_are_told_together_and_downloaded_each(
    driver: Driver, lion: Place, book: WatchBook, around: Around
) -> None:
    book.add(Watch("tell", "a", lion.bucket, lion.prefix))
    book.add(Watch("get", "a", lion.bucket, lion.prefix, action=Action.DOWNLOAD, folder="/somewhere"))
    keeper = WatchKeeper(book, around)
    keeper.tick()
    assert around.jobs == [look_at_all]  # one job for both, and a newcomer begins at once
    for name in ("v2", "v3"):
        version(driver, lion, name, name)
    keeper.tick()
    assert len(around.jobs) == 1  # it is not time yet
    keeper.look_now(["tell", "get"])
    assert around.told == [["v2", "v3"], ["v2", "v3"]]
    assert [names for _, names in around.downloads] == [["lion/v2/a.txt"], ["lion/v3/a.txt"]]
    keeper.act()
    keeper.look_now(["tell", "get"])
    assert len(around.downloads) == 2
    assert len(book.owed()) == 2  # until the journal has them
    keeper.journaled([job_id for job_id, _ in around.downloads])
    assert book.owed() == ()
    assert len(book.unread()) == 4


def test_names_of_versions_are_one_folder_whatever_they_are(
    driver: Driver, lion: Place, book: WatchBook, around: Around
) -> None:
    book.add(Watch("get", "a", lion.bucket, lion.prefix, action=Action.DOWNLOAD, folder="/somewhere"))
    keeper = WatchKeeper(book, around)
    keeper.tick()
    version(driver, lion, "../../x y", "2")
    keeper.look_now(["get"])
    assert around.downloads[0][1] == ["lion/..%2F..%2Fx%20y/a.txt"]


def test_a_version_without_files_or_gone_meanwhile_is_owed_no_longer(
    driver: Driver, zoo: Place, book: WatchBook, around: Around
) -> None:
    bare = stage(driver, zoo, "bare")
    book.add(Watch("get", "a", bare.bucket, bare.prefix, action=Action.DOWNLOAD, folder="/somewhere"))
    keeper = WatchKeeper(book, around)
    keeper.tick()  # nothing is committed yet
    commit(driver, bare)
    keeper.look_now(["get"])
    assert (book.owed(), around.downloads) == ((), [])
    assert "no files" in book.all()[0].news[0].trouble
    paused = replace(book.all()[0].watch, enabled=False)
    book.replace(paused)
    version(driver, bare, "v2", "2")
    keeper.look_now(["get"])  # looks, and does nothing
    artifacts.delete(driver, artifacts.plan_delete(driver, bare))
    book.replace(replace(paused, enabled=True))
    keeper.act()
    assert (book.owed(), around.downloads) == ((), [])
    assert "no such version" in book.all()[0].news[0].trouble.lower()


def test_trouble_stays_with_its_watch_and_a_lost_job_is_tried_again(
    driver: Driver, lion: Place, book: WatchBook, around: Around
) -> None:
    book.add(Watch("none", "a", "no-such-bucket", "x/"))
    book.add(Watch("gone", "removed", lion.bucket, lion.prefix))
    book.add(Watch("tell", "a", lion.bucket, lion.prefix))
    around.missing = {"removed"}
    keeper = WatchKeeper(book, around)
    keeper.tick()
    none, gone, tell = book.all()
    assert "No such bucket" in none.trouble
    assert (gone.looked_us, tell.trouble) == (0, "")
    around.broken = ConnectionFailed("The worker is gone.")
    keeper.look_now(["tell"])
    assert "worker is gone" in book.all()[2].trouble
    version(driver, lion, "v2", "2")
    around.broken = None
    keeper.look_now(["tell"])
    assert around.told == [["v2"]]
    assert book.all()[2].trouble == ""


def test_an_account_that_does_not_answer_costs_one_look(
    store: Store, lion: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two hundred watches; and each other account is looked at all the same."""

    def cut(method: str, key: str) -> None:
        raise ConnectionFailed("Nobody is there.", subject=key, technical=method)

    opened: list[WatchedDriver] = []

    @contextmanager
    def opening(context: DirectContext, record: AccountRecord) -> Iterator[WatchedDriver]:
        with closing(open_driver(context, replace(record, id=store.record.id))) as found:
            opened.append(WatchedDriver(found, before=cut if record.id == "a" else None))
            yield opened[-1]

    monkeypatch.setattr("artifact_browser.catalog.watch_jobs.opened", opening)
    around = Around(store)
    book = WatchBook(store.paths.config / f"{lion.bucket}-watches.json")
    for number in range(200):
        book.add(Watch(f"w{number}", "ab"[number % 2], lion.bucket, lion.prefix))
    keeper = WatchKeeper(book, around)
    keeper.tick()
    asked = [call for driver in opened for call in driver.named("get", "list_pages")]
    assert len(around.jobs) == 1
    assert len([kept for kept in book.all() if kept.trouble]) == 1
    assert len([kept for kept in book.all() if kept.looked_us and not kept.trouble]) == 100
    assert len(asked) <= 1 + 3 * 100
    keeper.tick()
    assert len(around.jobs) == 1


def test_nobody_is_asked_for_a_code(store: Store) -> None:
    asked: list[Question] = []

    class Asking(DirectContext):
        def ask(self, question: Question) -> Any:
            asked.append(question)
            return Secret("access", "secret")

    context = Unattended(Asking(store.paths, None))
    with pytest.raises(CredentialsMissing, match="one-time code"):
        context.ask(CodeWanted("a", "MFA code: "))
    assert asked == []
    assert context.ask(SecretWanted("a"))


def test_a_full_disk_is_said_once_and_nothing_is_done(
    driver: Driver, lion: Place, book: WatchBook, around: Around, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    book.add(Watch("tell", "a", lion.bucket, lion.prefix))
    keeper = WatchKeeper(book, around)
    keeper.tick()
    version(driver, lion, "v2", "2")
    with monkeypatch.context() as broken:
        broken.setattr("artifact_browser.catalog.watch_file.write_private", full)
        keeper.look_now(["tell"])
        keeper.look_now(["tell"])
        keeper.tick()
    assert (around.told, len(around.troubles), len(around.jobs)) == ([], 1, 3)
    keeper.look_now(["tell"])
    assert around.told == [["v2"]]


@NEEDS_SIGKILL
def test_killed_at_every_step_nothing_is_lost_and_nothing_twice(tmp_path: Path) -> None:
    """A version a step: each start finds what the one before owed, and a new version that it dies over."""
    home, target, told = tmp_path / "home", tmp_path / "target", tmp_path / "told"
    paths = in_home(home).make()
    driver = open_driver(DirectContext(paths, None), RECORD)
    driver.create_bucket("bucket")
    zoo = make_collection(driver, Place("bucket", "zoo/"))
    lion = stage(driver, zoo, "lion", {"a.txt": b"v0", "same.bin": bytes(100_000)})
    commit(driver, lion, note=CommitNote(version="v0"))
    book = WatchBook(paths.watches_file)
    book.add(Watch("tell", THIS_COMPUTER, "bucket", "zoo/lion/"))
    book.add(Watch("get", THIS_COMPUTER, "bucket", "zoo/lion/", action=Action.DOWNLOAD, folder=str(target)))

    def start(step: str) -> bool:
        """Whether it came to its end."""
        done = subprocess.run(
            [sys.executable, "-P", "-m", "tests.catalog.watch_child", str(home), step, str(told)],
            cwd=ROOT, env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}, stdout=subprocess.PIPE, text=True,
            check=False,
        )  # fmt: skip
        assert "trouble" not in done.stdout
        return done.stdout.endswith("done\n")

    assert start("")
    names = [f"v{number}" for number in range(1, len(STEPS) + 1)]
    for step, name in zip(STEPS, names, strict=True):
        version(driver, lion, name, name)
        assert not start(step), step
    assert start("")
    driver.close()
    assert {file.name: (file / "a.txt").read_text() for file in (target / "lion").iterdir()} == dict(
        zip(names, names, strict=True)
    )
    assert {len(list(folder.iterdir())) for folder in (target / "lion").iterdir()} == {2}
    with closing(sqlite3.connect(paths.journal_file)) as base:
        jobs = base.execute("SELECT id, state FROM job").fetchall()
    assert len(jobs) == len(names)
    assert {state for _, state in jobs} == {"done"}
    kept = WatchBook(paths.watches_file)
    assert kept.owed() == ()
    found = {
        watch_id: [one.version.version for watch, one in kept.unread() if watch.id == watch_id]
        for watch_id in ("tell", "get")
    }
    assert found == {"tell": names, "get": names}
    lines = Counter(line for line in told.read_text().splitlines() if line.startswith("tell "))
    assert set(lines.values()) == {1}
    swallowed = set(names) - {line.split()[1] for line in lines}  # owed when it died between crossing out and showing
    assert swallowed == {"v1", "v2"}
