"""What was found out about endpoints survives restarts and strangers' hands, by account, endpoint and kind of bucket."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from artifact_browser.storage.driver import Support
from artifact_browser.storage.drivers.s3.remembered import Facts, Remembered

YES, NO = Support.YES, Support.NO
URL = "https://store.example"


def found(create: Support, replaced: Support) -> dict[str, Any]:
    return {"conditional_create": create, "conditional_replace": replaced, "etag_quoted": False}


def test_it_is_by_account_endpoint_and_kind_of_bucket(tmp_path: Path) -> None:
    file = tmp_path / "endpoints.json"
    one = Remembered(file, URL, "one")
    one.settle("plain", found(YES, YES), "Store\n1", 5)
    one.note_kind("versioned", True)
    one.settle("versioned", found(NO, NO), "Store 1", 6)
    one.settle("odd", found(YES, NO), "Store 1", 7)
    again = Remembered(file, URL, "one")
    again.note_kind("other versioned", True)
    creates = {
        bucket: (again.facts(bucket).conditional_create, again.facts(bucket).conditional_replace)
        for bucket in ("plain", "any", "other versioned", "odd")
    }
    assert creates == {"plain": (YES, YES), "any": (YES, YES), "other versioned": (NO, NO), "odd": (YES, NO)}
    facts = again.facts("plain")
    assert (facts.asked_us, facts.server, facts.bucket, facts.etag_quoted) == (5, "Store1", "plain", False)
    for other in (Remembered(file, URL, "two"), Remembered(file, URL + ":9", "one")):
        assert other.facts("plain") == Facts()
    one.learn(checksum=YES)
    assert Remembered(file, URL, "two").facts().checksum is YES  # of the endpoint, whoever asks


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"schema": 1, "endpoints": {}}', '{"schema": 2, "endpoints": [], "accounts": 3}', "[" * 100_000],
)
def test_a_file_that_cannot_be_used_costs_a_probe(tmp_path: Path, text: str) -> None:
    file = tmp_path / "endpoints.json"
    file.write_text(text)
    known = Remembered(file, URL, "one")
    assert known.facts("b") == Facts()
    assert known.settle("b", found(YES, YES), "", 1).conditional_create is YES
    assert Remembered(file, URL, "one").facts("b").conditional_create is YES


def test_strange_entries_are_unknown(tmp_path: Path) -> None:
    file = tmp_path / "endpoints.json"
    entry = {"conditional_create": "maybe", "conditional_replace": "yes", "asked_us": "x", "server": 7, "bucket": ["b"]}
    mine = {URL: {"conditions": entry, "buckets": "none", "left": [1, ["b"], ["b", "k"], ["b", 5]]}}
    file.write_text(json.dumps({"schema": 2, "endpoints": {URL: 3}, "accounts": {"one": mine}}))
    known = Remembered(file, URL, "one")
    assert known.facts("b") == Facts(conditional_replace=YES)
    assert known.left("b") == ["k"]


def test_the_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "endpoints.json"
    file.write_text(text := '{"schema": 3, "new": true}')
    known = Remembered(file, URL, "one")
    assert known.settle("b", found(YES, YES), "", 1).conditional_create is YES  # for this run
    assert file.read_text() == text
