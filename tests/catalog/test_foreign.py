"""Other programs on the same bucket, and stores that cannot do what we would like."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import boto3
import pytest
import yaml

from artifact_browser.accounts.record import AccountKind
from artifact_browser.catalog.card import Status
from artifact_browser.catalog.commit import commit
from artifact_browser.catalog.index import rebuild_index
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.staging import create_collection, edit_fields
from artifact_browser.errors import CommitConflict, NotSupported, ReadOnlyAccount
from artifact_browser.storage.driver import ConditionalWrites, Driver, Support
from tests.catalog.making import names_in_index, plain, put, scanned, stage, stage_and_commit
from tests.storage.conformance.stores import Store


@pytest.mark.parametrize("store", ["moto"], indirect=True)
def test_a_plain_boto3_script_reads_what_we_wrote_and_writes_what_we_list(
    store: Store, driver: Driver, zoo: Place
) -> None:
    assert store.record.kind is AccountKind.S3
    assert store.secret is not None
    s3: Any = boto3.client(  # type: ignore[call-overload]
        "s3",
        endpoint_url=store.record.endpoint,
        aws_access_key_id=store.secret.access_key,
        aws_secret_access_key=store.secret.secret_key,
        region_name="us-east-1",
    )
    stage_and_commit(driver, zoo, "ours", {"data/ä b.csv": b"1,2,3"})

    def read(key: str) -> Any:
        return yaml.safe_load(s3.get_object(Bucket=zoo.bucket, Key=key)["Body"].read())

    listed = read("zoo/manifest.yaml")["collection"]
    manifest = read(f"zoo/{listed[0]['_id']}/manifest.yaml")
    file = manifest["files"][0]
    assert len(s3.get_object(Bucket=zoo.bucket, Key=f"zoo/ours/{file['path']}")["Body"].read()) == file["size"]

    for name, body in {
        "theirs/manifest.yaml": {"name": "Theirs", "type": "model", "tags": ["x"]},
        "theirs/weights.bin": None,
        "begun/_manifest.yaml": {"name": "Begun", "type": "dataset", "files": [{"path": "f"}]},
        "begun/f": None,
    }.items():
        s3.put_object(Bucket=zoo.bucket, Key=f"zoo/{name}", Body=yaml.dump(body).encode() if body else b"123")
    _, cards, summary = scanned(driver, zoo)
    assert {card.title: card.status for card in cards.values()} == {
        "Ours": Status.COMMITTED, "Theirs": Status.COMMITTED, "Begun": Status.STAGED,
    }  # fmt: skip
    assert summary.missing == 1
    commit(driver, zoo.child("begun"))
    rebuild_index(driver, zoo)
    assert sorted(entry["_id"] for entry in read("zoo/manifest.yaml")["collection"]) == ["begun", "ours", "theirs"]
    s3.close()


def test_where_conditions_are_ignored_it_is_written_between_two_reads_and_said(driver: Driver, bucket: str) -> None:
    plain_store: Any = _WithoutConditions(driver)
    zoo = Place(bucket, "zoo/")
    assert not create_collection(plain_store, zoo, {}).atomic
    place = stage(plain_store, zoo, "lion", {"a": b"1"})
    assert not commit(plain_store, place, pause=_no_wait).atomic
    assert names_in_index(driver, zoo) == ["lion"]
    assert scanned(plain_store, zoo)[0].writes.held is Support.NO


def test_where_conditions_are_ignored_what_others_wrote_is_still_not_overwritten(driver: Driver, bucket: str) -> None:
    plain_store: Any = _WithoutConditions(driver)
    zoo = Place(bucket, "zoo/")
    create_collection(plain_store, zoo, {})
    place = stage_and_commit(driver, zoo, "lion")
    edit_fields(plain_store, place, {"name": "Mine"})
    plain_store.before_put = lambda: put(driver, bucket, place.committed_key, "type: dataset\nname: Theirs\n")
    with pytest.raises(CommitConflict):
        commit(plain_store, place, pause=_no_wait)
    assert plain(driver, bucket, place.committed_key)["name"] == "Theirs"
    assert plain(driver, bucket, place.staged_key)["name"] == "Mine"


def test_a_read_only_account_changes_nothing(store: Store, driver: Driver, zoo: Place) -> None:
    place = stage(driver, zoo, "lion")
    with store.opened(read_only=True) as guarded:
        assert scanned(guarded, zoo)[1]["lion"].title == "Lion"
        with pytest.raises(ReadOnlyAccount):
            commit(guarded, place)
    assert not plain(driver, zoo.bucket, zoo.committed_key)["collection"]


def _no_wait(_seconds: float) -> None:
    """The time in which somebody may write over a commit has passed."""


class _WithoutConditions:
    """A store that was found to ignore conditions, as its driver presents it; somebody may write in between."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        no = Support.NO
        self.capabilities = replace(
            driver.capabilities, conditional_create=no, conditional_replace=no, conditional_delete=no
        )
        self.before_put: Any = None

    def conditional_writes(self, bucket: str) -> ConditionalWrites:
        del bucket
        return ConditionalWrites(Support.NO, Support.NO)

    def put(self, bucket: str, key: str, body: bytes, options: Any = None, condition: Any = None) -> Any:
        if condition is not None:
            happen, self.before_put = self.before_put, None
            if happen is not None:
                happen()
            raise NotSupported("conditions are not honoured here")
        return self._driver.put(bucket, key, body, options)

    def delete(self, bucket: str, key: str, *, if_match: str = "") -> None:
        if if_match:
            raise NotSupported("conditions are not honoured here")
        self._driver.delete(bucket, key)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)
