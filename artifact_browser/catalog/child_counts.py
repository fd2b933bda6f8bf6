"""What a collection's gallery knows of its children's downloads: as many requests as there are clients, however many children.

    <collection>.artifact/counts/<client>.json      {schema, children: {name: [epoch, downloads, views]}, writes}

Each client repeats here, behind each write, what its own counters in the children say (:mod:`artifact_browser.catalog.stats`):
values, not differences, so that a repetition that failed is made good by the next. Of a child only what names the highest
epoch is summed, and who resets a child repeats its new epoch with zeros: so resets are seen here, too, without a look into
ten thousand children. It is derived and may lag behind; an artifact's own page sums the counters themselves.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from artifact_browser.catalog.counter_object import Body, epoch_number, number, read_object, update_object
from artifact_browser.catalog.layout import MAX_NAME_BYTES, Place
from artifact_browser.catalog.manifest import Pause
from artifact_browser.catalog.stats import Counter, Counts
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.location import DELIMITER

COUNTS_FOLDER = ".artifact/counts/"
#: Clients that are read, and how much of each.
MAX_CLIENTS = 100
MAX_BYTES = 2 * 1024**2
#: Children in one client's object.
MAX_CHILDREN = 20_000
_READERS = 8
_SCHEMA = 1
_CHILDREN = "children"
_FILE = re.compile(r"[0-9a-f]{32}\.json")
_log = logging.getLogger(__name__)


def repeat_counters(
    driver: Driver, collection: Place, client: str, counters: Mapping[str, Counter], pause: Pause
) -> None:
    """Repeat this client's counters of children, by name, at their collection: two requests.

    :raises AccessDenied: and what else a write may raise; nothing is lost by it
    """

    def change(before: Body) -> Body:
        known = _children_of(before)
        for name, counter in counters.items():
            old = known.get(name)
            if old is None and len(known) >= MAX_CHILDREN:
                _log.info("a collection has more children than are counted: %s", name)
            elif old is None or counter.epoch >= old.epoch:
                known[name] = counter
        lines = {name: [one.epoch, one.counts.downloads, one.counts.views] for name, one in known.items()}
        return {"schema": _SCHEMA, _CHILDREN: lines}

    key = f"{collection.prefix}{COUNTS_FOLDER}{client}.json"
    update_object(driver, collection.bucket, key, change, MAX_BYTES, pause)


def read_child_counts(driver: Driver, collection: Place, check: Callable[[], None] = lambda: None) -> dict[str, Counts]:
    """Downloads and views of a collection's children, by name: one LIST, and one GET for each of at most 100 clients.

    A child nobody has counted is not in it.
    """
    prefix = collection.prefix + COUNTS_FOLDER
    check()
    page = next(iter(driver.list_pages(collection.bucket, prefix, delimiter="")))
    keys = [
        key
        for key, size_bytes in zip(page.keys, page.sizes, strict=True)
        if _FILE.fullmatch(key[len(prefix) :]) and size_bytes <= MAX_BYTES
    ]

    def read(key: str) -> dict[str, Counter]:
        check()
        return _children_of(read_object(driver, collection.bucket, key, MAX_BYTES)[0])

    epochs: dict[str, int] = {}
    sums: dict[str, Counts] = {}
    with ThreadPoolExecutor(_READERS, thread_name_prefix="counts") as readers:
        for children in readers.map(read, keys[:MAX_CLIENTS]):
            for name, counter in children.items():
                latest = epochs.get(name, -1)
                if counter.epoch > latest:
                    epochs[name], sums[name] = counter.epoch, counter.counts
                elif counter.epoch == latest:
                    before = sums[name]
                    sums[name] = Counts(
                        round(before.downloads + counter.counts.downloads, 6), before.views + counter.counts.views
                    )
    return sums


def _children_of(body: Body) -> dict[str, Counter]:
    """The children of one client's object; what is none is left out."""
    listed = body.get(_CHILDREN)
    found: dict[str, Counter] = {}
    for name, line in listed.items() if isinstance(listed, dict) else ():
        if len(found) == MAX_CHILDREN:
            break
        if not isinstance(line, list) or len(line) != 3 or not name or DELIMITER in name:
            continue
        epoch, downloads, views = epoch_number(line[0]), number(line[1]), number(line[2])
        if epoch is None or downloads is None or views is None or len(name) > MAX_NAME_BYTES:
            continue
        found[name] = Counter(epoch, Counts(downloads, views))
    return found
