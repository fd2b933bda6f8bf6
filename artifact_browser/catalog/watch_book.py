"""The book of watches: what is watched, how far each watch has seen, and what it still owes. Lives in the window's process.

**Told once.** What a look found and that it was seen are written in one step (:meth:`WatchBook.take`), before anything
is done about it. Who is killed before that finds the same at the next look; who is killed behind it finds at the next
start what is owed (:meth:`WatchBook.owed`):

* a download is owed until its job stands in the journal of transfers. It has the id of the news, so whether it does is
  asked before it is given again, and from there on it is the journal that neither loses nor repeats it.
* a notification is crossed out first and shown then. So the desktop shows it once at most, and what a kill swallowed is
  still unread in the list of watches (:meth:`WatchBook.unread`), and said when the window is there again.

Listeners are plain callbacks, called in the thread that made the change.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from pathlib import Path

from artifact_browser.accounts.book_file import set_aside
from artifact_browser.catalog import watch_file
from artifact_browser.catalog.watch import Looked, Seen, Watch, check_watch, news_id
from artifact_browser.catalog.watch_file import MAX_WATCHES, SCHEMA, Kept, News
from artifact_browser.errors import DiskError, InputError, WatchesUnusable

#: News that a watch remembers; what is owed or unread stays beyond that, up to the second number.
MAX_NEWS, MOST_NEWS = 30, 1000

#: One look as it ended: the watch and what it knew then, what was found, and what was wrong.
Ended = tuple[Watch, Seen, Looked | None, str]


def new_watch_id() -> str:
    """An id that no watch has had before."""
    return secrets.token_hex(8)


class WatchBook:
    """All watches, in one file. Use it from one thread (the window's).

    :ivar damage: what was wrong with the file when it was read, to be shown once; ``None`` when it was fine
    :ivar read_only: the file is of a newer version, or cannot be read: it is left as it is, and nothing is watched, for
        what was told could not be written down
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer = watch_file.Writer(path)
        self._listeners: list[Callable[[], None]] = []
        self.damage: WatchesUnusable | None = None
        self.read_only = False
        self._kept = self._read()
        self._unsaved = False

    def all(self) -> tuple[Kept, ...]:
        """Every watch, in the order they were added."""
        return tuple(self._kept.values())

    def get(self, watch_id: str) -> Kept | None:
        """``None``: it was removed."""
        return self._kept.get(watch_id)

    def listen(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after every change."""
        self._listeners.append(listener)

    # -- what a person does -------------------------------------------------------------------------------------
    def add(self, watch: Watch) -> None:
        """:raises InputError: it cannot be kept, or there are too many; :raises WatchesUnusable: :raises DiskError:"""
        check_watch(watch)
        if watch.id in self._kept or len(self._kept) >= MAX_WATCHES:
            raise InputError(f"There are at most {MAX_WATCHES:,} watches, and each once.")
        self._save(self._kept | {watch.id: Kept(watch)})

    def replace(self, watch: Watch) -> None:
        """Take over an edited watch; one that looks at something else now is another watch in its place.

        :raises InputError: it cannot be kept, or was removed; :raises WatchesUnusable: :raises DiskError:
        """
        check_watch(watch)
        before = self._kept.get(watch.id)
        if before is None:
            raise InputError("This watch was removed.")
        after = replace(before, watch=watch)
        if not watch.same_target(before.watch):  # under its old id, what it tells could have been told already
            after = Kept(replace(watch, id=new_watch_id()), news=before.news)
        self._save({one.watch.id: one for one in (after if one is before else one for one in self._kept.values())})

    def remove(self, watch_id: str) -> None:
        """Forget a watch, with what it owes. :raises WatchesUnusable: :raises DiskError:"""
        self._save({one: kept for one, kept in self._kept.items() if one != watch_id})

    # -- what looks find ----------------------------------------------------------------------------------------
    def take(self, ended: Iterable[Ended], now_us: int) -> tuple[str, ...]:
        """Write down what looks have found, all of it in one step; the ids of the watches that have news.

        A look at a watch that was edited, removed or looked at meanwhile counts for nothing. Nothing may be done about
        news before this has returned.

        :param now_us: this computer's clock: to show, and for when to look again; nothing else is decided by it
        :raises DiskError: nothing is written, and nothing has changed: it will be found again
        """
        kept, told, matters = dict(self._kept), [], False
        for watch, seen, looked, trouble in ended:
            before = kept.get(watch.id)
            if before is None or before.seen != seen or not before.watch.same_target(watch):
                continue
            after = replace(before, looked_us=now_us, trouble=trouble)
            if looked is not None:
                news = tuple(News(news_id(watch.id, one), one, now_us) for one in reversed(looked.news))
                after = replace(after, note=looked.note)
                if looked.seen != before.seen:  # what stays the same object is not made text anew
                    after = replace(after, seen=looked.seen)
                if news:
                    after = replace(after, news=_shortened((*news, *before.news)))
                told += [watch.id] * bool(news)
            matters = matters or replace(after, looked_us=0) != replace(before, looked_us=0)
            kept[watch.id] = after
        if matters:
            self._save(kept)
        elif kept != self._kept:  # only when it was looked at: written with the next change, or at the end
            self._kept, self._unsaved = kept, True
            self._tell()
        return tuple(told)

    def owed(self) -> tuple[tuple[Watch, News], ...]:
        """What is still to be done, the oldest first. Nothing of watches that are paused."""
        return tuple(
            (kept.watch, one) for kept in self._kept.values() if kept.watch.enabled
            for one in reversed(kept.news) if one.owed
        )  # fmt: skip

    def settle(self, ids: Collection[str], trouble: str = "") -> None:
        """What was owed for these news is done, or cannot be (``trouble``). :raises DiskError: it stays owed"""
        self._change(ids, lambda one: replace(one, owed=False, trouble=trouble))

    def unread(self) -> tuple[tuple[Watch, News], ...]:
        """News nobody has looked at, and for which nothing is owed any more; the oldest first."""
        return tuple(
            (kept.watch, one) for kept in self._kept.values() for one in reversed(kept.news)
            if one.unread and not one.owed
        )  # fmt: skip

    def mark_read(self, ids: Collection[str]) -> None:
        """Somebody has looked at them. :raises DiskError:"""
        self._change(ids, lambda one: replace(one, unread=False))

    def flush(self) -> None:
        """Write what is not written yet: when was looked last. :raises DiskError:"""
        if self._unsaved and not self.read_only:
            self._save(self._kept)

    # -- the file -----------------------------------------------------------------------------------------------
    def _change(self, ids: Collection[str], change: Callable[[News], News]) -> None:
        wanted = frozenset(ids)
        kept = dict(self._kept)
        for watch_id, one in self._kept.items():
            if any(news.id in wanted for news in one.news):
                news = tuple(change(each) if each.id in wanted else each for each in one.news)
                if news != one.news:
                    kept[watch_id] = replace(one, news=news)
        if any(kept[watch_id] is not one for watch_id, one in self._kept.items()):
            self._save(kept)

    def _read(self) -> dict[str, Kept]:
        try:
            document = watch_file.read(self._path)
        except watch_file.Unreadable as reason:
            self._report("It cannot be read.", str(reason), keep=False)
            return {}
        except OSError as reason:
            self.read_only = True
            self.damage = WatchesUnusable(
                "The file cannot be read, so nothing is watched.", subject=str(self._path), technical=str(reason),
                todo="Make the file readable for you, then start again.",
            )  # fmt: skip
            return {}
        if document.schema > SCHEMA:
            self.read_only = True
            self.damage = WatchesUnusable(
                f"It is of a newer version ({document.schema}; this one knows {SCHEMA}), so nothing is watched.",
                subject=str(self._path), todo="Update Artifact Browser. The file was not changed.",
            )  # fmt: skip
        elif document.refused:
            self._report(f"{document.refused} of its watches could not be used.", "", keep=True)
        return {kept.watch.id: kept for kept in document.kept}

    def _report(self, detail: str, technical: str, *, keep: bool) -> None:
        try:
            aside = set_aside(self._path, keep=keep)
        except OSError as reason:
            self.read_only = True  # writing now would lose what could not be set aside
            self.damage = WatchesUnusable(
                f"{detail} It could not be set aside, so nothing is watched.",
                subject=str(self._path), technical=f"{technical} {reason}".strip(),
            )  # fmt: skip
            return
        self.damage = WatchesUnusable(
            f"{detail} It was set aside as {aside.name}.", subject=str(aside), technical=technical,
            todo="Nothing was thrown away: look into the file that was set aside, or add the watches again.",
        )  # fmt: skip

    def _save(self, kept: dict[str, Kept]) -> None:
        if self.read_only:
            raise self.damage or WatchesUnusable()
        try:
            self._writer.write(kept.values())
        except OSError as error:
            raise DiskError(
                "The watches could not be saved.", subject=str(self._path), technical=str(error),
                todo="Free some space or make the folder writable, then try again.",
            ) from error  # fmt: skip
        self._kept, self._unsaved = kept, False
        self._tell()

    def _tell(self) -> None:
        for listener in list(self._listeners):
            listener()


def _shortened(news: tuple[News, ...]) -> tuple[News, ...]:
    """The latest; older ones only where something is still to be done about them."""
    return tuple(one for at, one in enumerate(news) if at < MAX_NEWS or one.owed or (one.unread and at < MOST_NEWS))
