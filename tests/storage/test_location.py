"""Addresses name keys verbatim, and parents and names never lose a segment."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from artifact_browser.accounts.record import AccountKind
from artifact_browser.errors import InputError
from artifact_browser.storage.filetypes import content_type_of, ending_of, is_picture, is_text, type_of
from artifact_browser.storage.location import Location, parse_uri, segment_name, uri_of

KEYS = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\r\n"), max_size=40)


@settings(max_examples=200, derandomize=True)
@given(KEYS)
def test_a_copied_uri_leads_back_to_the_key(key: str):
    for kind, scheme in ((AccountKind.S3, "s3"), (AccountKind.LOCAL, "local")):
        assert parse_uri(uri_of(kind, "bucket", key)) == (scheme, "bucket", key)


@pytest.mark.parametrize("text", ["", "bucket/key", "https://host/x", "s3://", "s3:///key", "file:///etc/passwd"])
def test_what_is_no_address_is_refused_in_words(text: str):
    with pytest.raises(InputError) as caught:
        parse_uri(text)
    assert caught.value.todo


@pytest.mark.parametrize(
    ("key", "parent", "name"),
    [
        ("a/b/c", "a/b/", "c"),
        ("a/b/", "a/", "b"),
        ("a//", "a/", ""),
        ("/lead", "/", "lead"),
        ("x", "", "x"),
        ("/", "", ""),
    ],
)
def test_parents_and_names(key: str, parent: str, name: str):
    here = Location("account", "bucket", key)
    assert here.parent == Location("account", "bucket", parent)
    assert segment_name(key) == name


def test_above_a_bucket_is_its_account():
    assert Location("a", "b").parent == Location("a")


@settings(max_examples=200, derandomize=True)
@given(st.text("ab/.", min_size=1, max_size=12))
def test_up_always_arrives_at_the_account(key: str):
    here = Location("a", "b", key)
    for _ in range(len(key) + 2):
        here = here.parent
    assert here == Location("a")


def test_types_in_the_words_of_the_field():
    assert type_of("x/train.PARQUET") == "Parquet"
    assert type_of("a/manifest.yaml") == "Manifest"
    assert type_of("noending") == type_of(".hidden") == "File"
    assert ending_of("v1.2/readme") == ""
    assert content_type_of("m.safetensors") == "application/octet-stream"
    assert content_type_of("page.html") == "text/html"
    assert is_text("a.csv")
    assert not is_text("a.bin")
    assert is_picture("a.JPG")
    assert not is_picture("a.svg")
