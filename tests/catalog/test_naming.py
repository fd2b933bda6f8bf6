"""Name and partitions as a form's texts: what is wrong with each, and what of a manifest stays as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from artifact_browser.catalog.card_text import check_card
from artifact_browser.catalog.naming import Naming, apply_naming, faults_of, hints_of, naming_of
from artifact_browser.catalog.yaml_text import parse_mapping

FIELDS: dict[str, Any] = {
    "name": "Counts",
    "artifact_id": {"org": "ours", "project": "zoo", "name": "a/b"},
    "partitions": {"region": "us", "size": 7},
    "time_partition": {"value": "2026-08-05", "granularity": "MONTH", "zone": "kept"},
}
FORM = Naming("zoo", "", "a/b", (("region", "us"), ("size", "7")), "MONTH", "2026-08", "month")


def test_what_nobody_touched_stays_as_it_is() -> None:
    fields = dict(FIELDS)
    assert naming_of(fields) == FORM
    apply_naming(fields, FORM)
    assert fields == FIELDS
    apply_naming(fields, replace(FORM, domain="production", project=""))
    assert fields == FIELDS | {"artifact_id": {"org": "ours", "domain": "production", "name": "a/b"}}
    apply_naming(fields, replace(FORM, project="", partitions=(("region", "eu"), ("", ""))))
    assert fields["partitions"] == {"region": "eu"}
    assert fields["time_partition"] == FIELDS["time_partition"]
    apply_naming(fields, Naming())
    assert fields == {"name": "Counts", "artifact_id": {"org": "ours"}}
    apply_naming(fields, Naming(granularity="WEEK", time="2026-08-05"))
    assert fields["time_partition"] == {"value": "2026-08-03T00:00:00Z", "granularity": "WEEK", "key": "week"}
    assert naming_of(fields) == Naming(granularity="WEEK", time="2026-08-03", time_key="week")


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        (FORM, ""), (Naming(), ""), (replace(FORM, partitions=(("", ""),)), ""),
        (replace(FORM, project=" zoo", domain="..", name="a//b"), "domain name project"),
        (replace(FORM, partitions=(("", "x"), ("k", ""), ("k", "v"))), "key/0 key/2 value/1"),
        (replace(FORM, partitions=(("k" * 65, "v" * 256),)), "key/0 value/0"),
        (replace(FORM, partitions=tuple((str(at), "v") for at in range(11))), "key/10"),
        (replace(FORM, time=""), "time"), (replace(FORM, time="soon"), "time"),
        (replace(FORM, partitions=(("month", "x"),), time_key=""), "time_key"),
        (replace(FORM, time_key="k\u200b"), "time_key"),
    ],
)  # fmt: skip
def test_each_fault_is_told_at_its_field(form: Naming, fields: str) -> None:
    faults = faults_of(form)
    assert sorted(faults) == fields.split()
    assert all(sentence.endswith(".") for sentence in faults.values())


@pytest.mark.parametrize(
    "fields",
    [{"artifact_id": "x"}, {"artifact_id": {"name": 7}}, {"partitions": ["a"]}, {"partitions": {"k": None}},
     {"time_partition": "soon"}, {"partitions": {1: "x"}}],
)  # fmt: skip
def test_what_a_form_cannot_show_is_told_of_the_text(fields: dict[str, Any]) -> None:
    assert naming_of(fields) is None
    (hint,) = hints_of(fields)
    assert hint.pointer == f"/{next(iter(fields))}"


def test_a_form_is_put_into_the_text() -> None:
    checked = check_card("name: Counts\nmine: 1\n", naming=FORM)
    fields = parse_mapping(checked.text.encode())
    assert fields["mine"] == 1
    assert fields["partitions"] == {"region": "us", "size": "7"}
    assert checked.naming == FORM
    assert checked.problems == ()
    (hint,) = check_card("name: Counts\npartitions: {'': x}\n").problems
    assert hint.hint
    assert (hint.pointer, hint.line) == ("/partitions", 2)
