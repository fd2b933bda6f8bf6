"""How many requests commits and a query make, as moto counts what arrives."""

from __future__ import annotations

from typing import Any

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.bootstrap import Services
from artifact_browser.catalog import jobs
from benchmarks.catalog_jobs import ask_for, edit, make_children, stage
from benchmarks.catalog_run import PLACE, Setting, account, require
from benchmarks.counted import Counted
from benchmarks.report import Row

#: For a commit, and for the latest version of a partition.
COMMIT, LATEST = 12, 3
FEW, REPLACED, REMOVED = 20, 5, 3
NAMES = (
    "catalog commit requests",
    "catalog first commit requests",
    "catalog commit of many files requests",
    "catalog commit of replaced files requests",
    "catalog commit of removed files requests",
    "catalog commit with partitions requests",
    "catalog latest of a partition requests",
)
_PARTITIONS = {
    "artifact_id": {"project": "p", "domain": "d", "name": "counts"},
    "partitions": {"region": "us"},
    "time_partition": {"value": "2026-08-01"},
}


def rows(setting: Setting) -> list[Row]:
    with (
        Counted("benchmarks.moto_server") as moto,
        account(setting.folder / "requests", moto.endpoint) as (services, record),
    ):
        return _Requests(setting, moto, services, record).rows()


class _Requests:
    def __init__(self, setting: Setting, moto: Counted, services: Services, record: AccountRecord) -> None:
        self._setting, self._moto, self._services, self._record = setting, moto, services, record

    def rows(self) -> list[Row]:
        more = max(0, -(-self._setting.files // 1000) - 1)
        self._run(make_children, PLACE, 3)
        self._stage("warm", 1)  # what the server can do is probed once for all
        self._commit("warm")
        found = [Row(NAMES[1], self._first("few", FEW), "", target=COMMIT)]
        found.append(Row(NAMES[0], self._again("few"), "", target=COMMIT))
        self._first("many", self._setting.files)
        found.append(Row(NAMES[2], self._again("many"), "", target=COMMIT + more))
        found.append(Row(NAMES[3], self._again("few", replaced=REPLACED), "", target=COMMIT + REPLACED))
        found.append(Row(NAMES[4], self._again("few", removed=REMOVED), "", target=COMMIT + REMOVED))
        self._first("counts", 1, _PARTITIONS)
        found.append(Row(NAMES[5], self._again("counts"), "", target=COMMIT))
        found.append(Row(NAMES[6], self._latest("counts"), "", target=LATEST))
        return sorted(found, key=lambda row: NAMES.index(row.name))

    def _run(self, job: Any, *arguments: object) -> Any:
        return self._services.pool.run(job, self._record, *arguments)

    def _stage(self, name: str, files: int, fields: dict[str, object] | None = None) -> None:
        self._run(stage, [PLACE.child(name)], files, fields or {})

    def _commit(self, name: str) -> tuple[int, str]:
        """The requests of committing what is staged, as it was agreed to; and the version."""
        place = PLACE.child(name)
        plan = self._run(jobs.plan_commit, place)
        self._moto.counts()
        done = self._run(jobs.commit, place, plan)
        counts = self._moto.counts()
        print(f"{name}: {dict(sorted(counts.items()))}", flush=True)
        require(done.version and not done.staged_left and not done.late and not done.unpublished, f"{name}: {done}")
        return sum(counts.values()), done.version

    def _first(self, name: str, files: int, fields: dict[str, object] | None = None) -> int:
        self._stage(name, files, fields)
        return self._commit(name)[0]

    def _again(self, name: str, *, replaced: int = 0, removed: int = 0) -> int:
        self._run(edit, PLACE.child(name), {"description": f"with {replaced} and {removed}"}, replaced, removed)
        return self._commit(name)[0]

    def _latest(self, name: str) -> int:
        self._run(edit, PLACE.child(name), {"description": "the latest"}, 0, 0)
        wanted = self._commit(name)[1]
        self._moto.counts()
        found = self._run(ask_for, PLACE.bucket, "flyte://av0.1/p/d/counts?region=us&date=2026-08-01")
        counts = self._moto.counts()
        require(found == wanted, f"the latest of a partition is {found} instead of {wanted}")
        print(f"latest of a partition: {counts}", flush=True)
        return sum(counts.values())
