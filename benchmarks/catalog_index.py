"""How long it takes to make the index of a collection anew: against the same code that reads one child at a time."""

from __future__ import annotations

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.bootstrap import Services
from artifact_browser.catalog import jobs
from benchmarks.catalog_jobs import empty_index, listed, make_children, rebuild_one_by_one
from benchmarks.catalog_run import PLACE, Setting, account, require, seconds
from benchmarks.counted import Counted
from benchmarks.report import Row

#: At least eight times faster than one by one, where the store is elsewhere.
RATIO = 1 / 8
NAMES = (
    "catalog index elsewhere wall vs one by one",
    "catalog index without latency wall vs one by one",
    "catalog index on this computer wall vs one by one",
)


def rows(setting: Setting) -> list[Row]:
    found = []
    with (
        Counted("benchmarks.shelf_server") as shelf,
        account(setting.folder / "index", shelf.endpoint) as (services, record),
    ):
        services.pool.run(make_children, record, PLACE, setting.children)
        for name, latency_ms in ((NAMES[0], setting.latency_ms), (NAMES[1], 0.0)):
            shelf.set_latency(latency_ms)
            found.append(_row(name, services, record, setting.children))
    with account(setting.folder / "index-local") as (services, record):
        services.pool.run(make_children, record, PLACE, setting.children)
        found.append(_row(NAMES[2], services, record, setting.children))
    return found


def _row(name: str, services: Services, record: AccountRecord, children: int) -> Row:
    took = {}
    for job in (jobs.rebuild_index, rebuild_one_by_one):
        services.pool.run(empty_index, record, PLACE)
        took[job] = seconds(lambda job=job: services.pool.run(job, record, PLACE))  # type: ignore[misc]
        entries = services.pool.run(listed, record, PLACE)
        require(entries == (children, children), f"{name}: the index has {entries} entries, different ones")
    ratio = RATIO if name == NAMES[0] else None
    return Row(name, took[jobs.rebuild_index], "s", took[rebuild_one_by_one], target=ratio, target_is_ratio=True)
