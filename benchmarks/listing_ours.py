"""Our side of the ``listing`` benchmark: the window's own way (pool, worker, driver, mapped tables, events), no window.

A process of its own lists once from its start, as the peers do, and says what came and when.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Generator, Iterator
from pathlib import Path

from artifact_browser import bootstrap
from artifact_browser.accounts.lease import Secret
from artifact_browser.paths import in_home
from artifact_browser.storage.columns import KeyTable
from artifact_browser.storage.listing import BLOBS, ListingGrown, list_prefix, make_listing
from benchmarks.listing_peers import tell_done, tell_first
from benchmarks.loads import open_account
from benchmarks.pages import PREFIX, modified_us_of
from benchmarks.processes import own_cpu_s
from benchmarks.store import Access


def main(access: Access, home: Path, *, real: bool) -> None:
    services = bootstrap.build(in_home(home))
    try:
        secret = Secret(access.access_key, access.secret_key)
        record = open_account(services, access.endpoint, secret, region=access.region, ca_file=access.ca_file)
        folder = make_listing(services.paths.listings / "bench")
        began = time.monotonic()
        grown = listed(services.pool.iterate(list_prefix, record, access.bucket, PREFIX, str(folder)))
        seconds = time.monotonic() - began
        tell_done(lambda: rows(folder, grown, real=real), own_cpu_s(), inside=seconds, requests=grown.requests)
    finally:
        services.close()


def listed(events: Generator[ListingGrown, None, ListingGrown]) -> ListingGrown:
    """Take the events as a window does; the end's state."""
    told = False
    while True:
        try:
            next(events)
        except StopIteration as end:
            found: ListingGrown = end.value
            return found
        if not told:
            tell_first()
            told = True


def rows(folder: Path, grown: ListingGrown, *, real: bool) -> Iterator[tuple[bytes, int]]:
    """Keys and sizes of the tables; on the benchmark's own server the times are looked at too."""
    table = KeyTable(folder, BLOBS)
    table.grow(grown.blobs)
    for number in range(grown.blobs):
        _, size, modified_us, _ = table.facts(number)
        assert real or modified_us == modified_us_of(number), number
        yield table.key_bytes(number), size
    table.close()


if __name__ == "__main__":
    wanted = json.loads(sys.argv[1])
    main(Access(**wanted["access"]), Path(wanted["home"]), real=wanted["real"])
