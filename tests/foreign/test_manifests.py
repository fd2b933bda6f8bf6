"""A catalog is plain YAML in plain blobs: what we commit others read, and what others write is a card."""

from __future__ import annotations

from typing import Any

import yaml

from artifact_browser.catalog import jobs
from artifact_browser.catalog.card import Status
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.scan import CardsFound
from tests.foreign.blob import Blob
from tests.foreign.conftest import House
from tests.foreign.jobs import write_blobs
from tests.foreign.programs import Boto3, Program

FILE = "data/ä b+c%20.csv"
DESCRIPTION = "Line one: # no comment\n\"two\" \u2028 🎉 'three'\n"


def collection_of(house: House) -> Place:
    zoo = Place(house.bucket, "zoo/")
    house.bench.pool.run(jobs.create_collection, house.bench.record, zoo, {"name": "Zoo"}, timeout_s=30)
    return zoo


def commit_one(house: House, zoo: Place, name: str) -> None:
    """Create, stage and commit, by the jobs the window runs."""
    pool, record, place = house.bench.pool, house.bench.record, zoo.child(name)
    fields = {"name": "Lion", "type": "dataset", "description": DESCRIPTION, "tags": ["cat", "no", "1e3"]}
    pool.run(jobs.create_artifact, record, place, fields, timeout_s=30)
    pool.run(write_blobs, record, house.bucket, {place.file_key(FILE): Blob(b"1,2\n", "text/csv")}, timeout_s=30)
    pool.run(jobs.register_uploaded, record, place, (FILE,), timeout_s=30)
    plan = pool.run(jobs.plan_commit, record, place, timeout_s=30)
    pool.run(jobs.commit, record, place, plan, timeout_s=30)


def test_every_program_reads_what_we_commit(program: Program, house: House) -> None:
    zoo = collection_of(house)
    commit_one(house, zoo, "lion")
    listed = yaml.safe_load(program.cat(house.bucket, "zoo/manifest.yaml"))
    assert (listed["type"], listed["name"]) == ("collection", "Zoo")
    (entry,) = listed["collection"]
    manifest = yaml.safe_load(program.cat(house.bucket, f"zoo/{entry['_id']}/manifest.yaml"))
    assert (manifest["name"], manifest["type"]) == ("Lion", "dataset")
    assert (manifest["description"], manifest["tags"]) == (DESCRIPTION, ["cat", "no", "1e3"])
    assert [(file["path"], file["size"]) for file in manifest["files"]] == [(FILE, 4)]
    assert program.cat(house.bucket, f"zoo/lion/{FILE}") == b"1,2\n"


def test_what_a_script_writes_is_a_card_and_can_be_committed(house: House) -> None:
    zoo, pool, record = collection_of(house), house.bench.pool, house.bench.record
    script = Boto3(house.server, house.scratch, house.presign)
    done: dict[str, Any] = {"name": "Theirs", "type": "model", "tags": ["x"], "their_own_field": {"a": [1, None]}}
    begun: dict[str, Any] = {"name": "Begun", "type": "dataset", "files": [{"path": FILE}]}
    for key, body in {
        "theirs/manifest.yaml": yaml.dump(done, allow_unicode=True),
        "begun/_manifest.yaml": yaml.safe_dump(begun, default_flow_style=True),
        f"begun/{FILE}": "1,2\n",
        "broken/manifest.yaml": "a: [",
    }.items():
        script.s3.put_object(Bucket=house.bucket, Key=f"zoo/{key}", Body=body.encode())

    def cards() -> dict[str, Any]:
        found: dict[str, Any] = {}
        for event in pool.iterate(jobs.scan_place, record, zoo):
            if isinstance(event, CardsFound):
                found |= {card.id: card for card in event.cards}
        return found

    seen = cards()
    assert {name: card.status for name, card in seen.items()} == {
        "theirs": Status.COMMITTED, "begun": Status.STAGED, "broken": Status.BROKEN,
    }  # fmt: skip
    assert (seen["theirs"].title, seen["begun"].title) == ("Theirs", "Begun")
    plan = pool.run(jobs.plan_commit, record, zoo.child("begun"), timeout_s=30)
    pool.run(jobs.commit, record, zoo.child("begun"), plan, timeout_s=30)
    assert cards()["begun"].status is Status.COMMITTED
    assert yaml.safe_load(script.cat(house.bucket, "zoo/theirs/manifest.yaml")) == done
