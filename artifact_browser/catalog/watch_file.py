"""The watches' file: one schema-versioned JSON document, read with suspicion and written in one step.

Each entry is a watch, what it has seen, and what it found. They are written together: that is what makes a new version
be told once (see :mod:`~catalog.watch_book`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from artifact_browser.accounts.book_file import write_private
from artifact_browser.catalog.artifact_name import ArtifactName
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.partitions import DeclaredKeys, parse_granularity
from artifact_browser.catalog.watch import MAX_RECENT, NOTHING_SEEN, Action, Mark, NewVersion, Seen, Watch, check_watch
from artifact_browser.errors import InputError

SCHEMA = 1
MAX_BYTES = 32 * 1024**2
MAX_WATCHES = 1000
_MAX_TEXT = 4096


class Unreadable(ValueError):
    """The file, or an entry of it, is not what it should be."""


@dataclass(frozen=True, slots=True)
class News:
    """A version that was found.

    :ivar id: see :func:`~catalog.watch.news_id`; :ivar found_us: by this computer's clock, to show
    :ivar owed: what the watch does about it is still to be done; :ivar unread: nobody has looked at it
    :ivar trouble: why what was owed could not be done
    """

    id: str
    version: NewVersion
    found_us: int = 0
    owed: bool = True
    unread: bool = True
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A watch with all that is remembered of it.

    :ivar looked_us: when it looked last, by this computer's clock; 0: never
    :ivar trouble: what was wrong then, in a sentence; :ivar note: what there was to say
    :ivar news: the latest first
    """

    watch: Watch
    seen: Seen = NOTHING_SEEN
    looked_us: int = 0
    trouble: str = ""
    note: str = ""
    news: tuple[News, ...] = ()


@dataclass(slots=True)
class Document:
    """What stood in the file; ``refused``: entries that could not be used."""

    kept: list[Kept] = field(default_factory=list)
    schema: int = SCHEMA
    refused: int = 0


def read(path: Path) -> Document:
    """Read the file; one that is not there is an empty document.

    :raises Unreadable: it is no file of watches; :raises OSError: it cannot be read
    """
    try:
        with path.open("rb") as handle:
            data = handle.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return Document()
    if len(data) > MAX_BYTES:
        raise Unreadable(f"larger than {MAX_BYTES} bytes")
    try:
        content = json.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise Unreadable(str(error)) from error
    if not isinstance(content, dict) or not isinstance(content.get("watches"), list):
        raise Unreadable("there is no list of watches in it")
    schema = content.get("schema")
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
        raise Unreadable("its schema version is missing")
    document = Document(schema=schema)
    known: set[str] = set()
    for entry in content["watches"]:
        try:
            kept = _kept(entry)
            if kept.watch.id in known or len(known) == MAX_WATCHES:
                raise Unreadable("twice the same, or too many")
        except (Unreadable, InputError, KeyError, TypeError, ValueError, AttributeError):
            document.refused += 1
            continue
        known.add(kept.watch.id)
        document.kept.append(kept)
    return document


class Writer:
    """Writes the file again and again; what is long and has not changed is not made text anew: the window waits for it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        #: by watch: what it has seen and found, and both as text
        self._texts: dict[str, tuple[Seen, str, tuple[News, ...], str]] = {}

    def write(self, kept: Iterable[Kept]) -> None:
        """Replace it in one step; after a crash either the old or the new one is there, whole. :raises OSError:"""
        texts = {}
        lines = []
        for one in kept:
            seen, seen_text, news, news_text = self._texts.get(one.watch.id, (None, "", None, ""))
            if seen is not one.seen:
                seen_text = json.dumps(asdict(one.seen))
            if news is not one.news:
                news_text = json.dumps([asdict(each) for each in one.news])
            texts[one.watch.id] = (one.seen, seen_text, one.news, news_text)
            short = {"watch": asdict(one.watch), "looked_us": one.looked_us, "trouble": one.trouble, "note": one.note}
            lines.append(f'{json.dumps(short)[:-1]}, "seen": {seen_text}, "news": {news_text}}}')
        watches = ",\n".join(lines)
        write_private(self._path, f'{{"schema": {SCHEMA}, "watches": [\n{watches}\n]}}\n')
        self._texts = texts


# -- reading ----------------------------------------------------------------------------------------------------------
def _kept(entry: Any) -> Kept:
    watch = _watch(entry["watch"])
    check_watch(watch)
    return Kept(
        watch, _seen(entry["seen"]), _count(entry["looked_us"]), _text(entry["trouble"]), _text(entry["note"]),
        tuple(_news(one) for one in entry["news"]),
    )  # fmt: skip


def _watch(body: Any) -> Watch:
    name, declared = body["name"], body["declared"]
    return Watch(
        id=_text(body["id"]),
        account_id=_text(body["account_id"]),
        bucket=_text(body["bucket"]),
        prefix=_text(body["prefix"]),
        name=None if name is None else ArtifactName(*(_text(name[part]) for part in ("project", "domain", "name"))),
        partitions=tuple(_pairs(body["partitions"])),
        exact=_flag(body["exact"]),
        declared=None if declared is None else _declared(declared),
        action=Action(body["action"]),
        folder=_text(body["folder"]),
        interval_s=_count(body["interval_s"]),
        enabled=_flag(body["enabled"]),
        from_now=_flag(body["from_now"]),
    )


def _declared(body: Mapping[str, Any]) -> DeclaredKeys:
    keys = tuple(_text(key) for key in body["keys"])
    return DeclaredKeys(keys, _text(body["time_key"]), parse_granularity(body["granularity"]))


def _seen(body: Any) -> Seen:
    recent = tuple(_mark(one) for one in body["recent"])
    if len(recent) > MAX_RECENT:
        raise Unreadable("it has seen too much")
    return Seen(
        begun=_flag(body["begun"]),
        floor=None if body["floor"] is None else _mark(body["floor"]),
        recent=recent,
        era=_count(body["era"]),
        state=_text(body["state"]),
        prefix=None if body["prefix"] is None else _text(body["prefix"]),
    )


def _mark(body: Any) -> Mark:
    return Mark(_count(body["sequence"]), _text(body["version"]), _text(body["commit"]), _count(body["stamp_us"]))


def _news(body: Any) -> News:
    found = body["version"]
    version = NewVersion(
        Place(_text(found["place"]["bucket"]), _text(found["place"]["prefix"])), _text(found["version"]),
        _count(found["sequence"]), _count(found["era"]), tuple(_pairs(found["partitions"])), _count(found["time_us"]),
    )  # fmt: skip
    return News(
        _text(body["id"]), version, _count(body["found_us"]), _flag(body["owed"]), _flag(body["unread"]),
        _text(body["trouble"]),
    )  # fmt: skip


def _pairs(body: Any) -> Iterator[tuple[str, str]]:
    for key, value in body:
        yield _text(key), _text(value)


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > _MAX_TEXT:
        raise Unreadable("not a text")
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Unreadable("not a number")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise Unreadable("neither true nor false")
    return value
