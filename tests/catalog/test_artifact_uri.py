"""``flyte://`` addresses: what is written is read again, and whatever else is typed is refused with its reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artifact_browser.catalog.artifact_name import ArtifactName, identity_of
from artifact_browser.catalog.artifact_uri import ArtifactUri, is_artifact_uri, parse_artifact_uri
from artifact_browser.catalog.layout import Place
from artifact_browser.errors import InputError

_LETTERS = st.characters(exclude_categories=["Cc", "Cf", "Zl", "Zp", "Cs"])
_WORDS = st.text(_LETTERS, min_size=1, max_size=12).filter(
    lambda text: text == text.strip() and text not in {".", ".."}
)
_SEGMENTS = _WORDS.map(lambda text: text.replace("/", "-")[:5].strip() or "x").filter(
    lambda text: text not in {".", ".."}
)
_NAMES = st.lists(_SEGMENTS, min_size=1, max_size=3).map("/".join)
_VALUES = st.text(_LETTERS, min_size=1, max_size=20)
URIS = st.builds(
    ArtifactUri,
    st.builds(ArtifactName, _WORDS, _WORDS, _NAMES),
    st.one_of(st.just(""), _WORDS),
    st.dictionaries(_VALUES, _VALUES, max_size=10).map(lambda found: tuple(found.items())),
)


@given(URIS)
def test_what_is_written_is_read_again(uri: ArtifactUri) -> None:
    text = str(uri)
    assert text.isascii()
    assert parse_artifact_uri(text) == uri
    assert str(parse_artifact_uri(f"  {text}\n")) == text


@given(
    st.one_of(
        st.text(max_size=60),
        st.text(st.sampled_from("flyte://av0.1/pd@?&=%2F0 \u00e4\ud800.")).map("flyte://av0.1/".__add__),
        st.tuples(URIS, st.integers(0, 80), st.text(max_size=3)).map(
            lambda cut: str(cut[0])[: cut[1]] + cut[2] + str(cut[0])[cut[1] :]
        ),
    )
)
def test_anything_else_is_refused_and_never_more(text: str) -> None:
    try:
        uri = parse_artifact_uri(text)
    except InputError as error:
        refused = error
    else:
        assert parse_artifact_uri(str(uri)) == uri
        return
    assert refused.detail
    assert refused.subject.encode().decode() == refused.subject


@pytest.mark.parametrize(
    ("text", "name", "version", "partitions"),
    [
        ("flyte://av0.1/p/d/n", "n", "", {}),
        # an expression that is not anchored reads "name" and no version here
        ("flyte://av0.1/p/d/name.with.dots@v1.2", "name.with.dots", "v1.2", {}),
        ("flyte://av0.1/p/d/a/b/c@x/y?date=2026-08-01&region=us", "a/b/c", "x/y", {"date": "2026-08-01", "region": "us"}),
        ("FLYTE://av0.1/p/d/n%40home@1%402?k%3D=a%26b=c+d", "n@home", "1@2", {"k=": "a&b=c+d"}),
        ("flyte://av0.1/p/d/größe@1", "größe", "1", {}),
    ],
)  # fmt: skip
def test_addresses_people_use(text: str, name: str, version: str, partitions: dict[str, str]) -> None:
    uri = parse_artifact_uri(text)
    assert (uri.name, uri.version, dict(uri.partitions)) == (ArtifactName("p", "d", name), version, partitions)


@pytest.mark.parametrize(
    ("text", "why", "character"),
    [
        ("s3://bucket/key", "begins with flyte://", 0),
        ("flyte://av0.2/p/d/n", "must be av0.1/", 9),
        ("flyte://av0.1/p/d", "a project, a domain and a name", 0),
        ("flyte://av0.1//d/n", "nothing between two slashes", 15),
        ("flyte://av0.1/p@1/d/n", "before the name is complete", 15),
        ("flyte://av0.1/p/d/", "name is empty", 19),
        ("flyte://av0.1/p/d/@1", "name is empty", 0),
        ("flyte://av0.1/p/d/n@", "there must be a version", 21),
        ("flyte://av0.1/p/d/n@1@2", "second @; in a name or version it is %40.", 22),
        ("flyte://av0.1/p/d/a//b", "A part of the name is empty", 0),
        ("flyte://av0.1/p/d/a/../b", "A part of the name is empty", 0),
        ("flyte://av0.1/p/d/%2E%2E", "no name", 0),
        ("flyte://av0.1/../d/n", "no project", 0),
        ("flyte://av0.1/p/d/n?", "key=value, and neither is empty.", 21),
        ("flyte://av0.1/p/d/n?a=1&b", "key=value, and neither is empty.", 25),
        ("flyte://av0.1/p/d/n?a=", "key=value", 0),
        ("flyte://av0.1/p/d/n?a=1&a=2", "there twice", 0),
        ("flyte://av0.1/p/d/n?a=1?b=2", "second question mark; in a value it is %3F.", 24),
        ("flyte://av0.1/p/d/n%4", "two hexadecimal digits; a % itself is %25.", 20),
        ("flyte://av0.1/p/d/n%ff", "no UTF-8", 0),
        ("flyte://av0.1/p/d/n%00", "control characters", 0),
        ("flyte://av0.1/p/d/n%E2%80%AE", "invisible marks", 0),
        ("flyte://av0.1/p/d/a b", "must be written as %20.", 20),
        ("flyte://av0.1/p/d/n#top", "must be written as %23.", 20),
        ("flyte://av0.1/p/d/" + "n" * 300, "255 characters", 0),
        ("flyte://av0.1/p/d/" + "%C3%A4" * 100, "too long", 0),
        ("flyte://av0.1/p/d/n?" + "&".join(f"k{at}=1" for at in range(12)), "more than 10", 0),
        ("flyte://av0.1/p/d/" + "n" * 9000, "8,192 characters", 0),
    ],
)  # fmt: skip
def test_addresses_refused(text: str, why: str, character: int) -> None:
    with pytest.raises(InputError) as refused:
        parse_artifact_uri(text)
    assert why in refused.value.detail
    where = f"At character {character}: " if character else ""
    assert refused.value.detail.startswith(where)
    assert "flyte://av0.1/project" in refused.value.todo or "shorter" in refused.value.todo


def test_which_texts_are_meant_as_addresses() -> None:
    assert is_artifact_uri(" Flyte://whatever")
    assert not is_artifact_uri("s3://flyte://")


def test_the_identity_of_an_artifact() -> None:
    place = Place("b", "zoo/lion/")
    assert identity_of(place, {}) == ArtifactName("zoo", "development", "lion")
    assert identity_of(place, {}, "The zoo") == ArtifactName("The zoo", "development", "lion")
    assert identity_of(Place("b", ""), {}) == ArtifactName("b", "development", "b")
    named = {"artifact_id": {"name": "cats/lion", "domain": "production"}}
    assert identity_of(place, named) == ArtifactName("zoo", "production", "cats/lion")
    for wrong in ("lion", {"name": 3}, {"name": ""}, {"project": "a\nb"}):
        with pytest.raises(InputError):
            identity_of(place, {"artifact_id": wrong})
