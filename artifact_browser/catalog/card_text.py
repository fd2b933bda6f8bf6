"""A card as text: what a person edits of a manifest, checked while it is typed and saved by compare-and-swap.

The text is the manifest without what the catalog keeps itself (:data:`KEPT`). It is the truth of an edit: a form's
changes are put into it, so nothing a form does not know is lost. Saving touches the staged manifest only. Blocking;
runs in a worker.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from artifact_browser.catalog.card_fields import TEXT_KEYS, apply_form, form_values
from artifact_browser.catalog.collection_text import CollectionText
from artifact_browser.catalog.files import FILES_KEY
from artifact_browser.catalog.layout import COLLECTION_TYPE, Place
from artifact_browser.catalog.manifest import OWN_KEYS, Manifest, Pause, backoff_s, write_manifest
from artifact_browser.catalog.naming import Naming, apply_naming, default_project, hints_of, naming_of
from artifact_browser.catalog.schema import (
    SCHEMA_KEY,
    SchemaProblem,
    check_by_text,
    find_schema_faults,
    parent_collection,
    schema_of,
    schema_text,
)
from artifact_browser.catalog.schema_words import kind_of, path_of
from artifact_browser.catalog.staging import EDIT_TRIES, read_artifact
from artifact_browser.catalog.yaml_text import dump_mapping, parse_mapping, places_in
from artifact_browser.errors import BlobNotFound, CommitConflict, InputError, ManifestUnreadable
from artifact_browser.storage.driver import Driver

#: Fields that are never part of the text.
KEPT = OWN_KEYS | {FILES_KEY}
_WHERE = re.compile(r"^line (\d+), column (\d+): (.*)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class CardText:
    """A card to edit.

    :ivar text: YAML; also what a save is compared with: the card must still read so
    :ivar schema: the collection's schema as JSON, to be handed back to :func:`check_card`; empty: none
    :ivar staged: it is the staged manifest's card (else the committed one's)
    :ivar project: whose its name is where the card says nothing; ``folder``: what it is called then
    """

    title: str
    text: str
    is_collection: bool = False
    staged: bool = False
    schema: str = ""
    faults: tuple[SchemaProblem, ...] = ()
    project: str = ""
    folder: str = ""


@dataclass(frozen=True, slots=True)
class TextProblem:
    """A fault of a text, in a sentence.

    :ivar pointer: JSON pointer; line and column from 1, 0 where there is none
    :ivar hint: nothing forbids it, but it is hardly meant
    """

    sentence: str
    pointer: str = ""
    line: int = 0
    column: int = 0
    hint: bool = False


@dataclass(frozen=True, slots=True)
class CardCheck:
    """What a draft is.

    :ivar text: with the form's changes in it; :ivar values: each form field's text, ``None`` where a form cannot show it
    :ivar blocking: why it cannot be saved; then ``values`` is empty
    :ivar problems: what would be in the way of a commit, then hints; saved it can be
    :ivar more: there are more than were told
    :ivar naming: its name and partitions, ``None`` where a form cannot show them
    """

    text: str
    values: Mapping[str, str | None]
    blocking: TextProblem | None = None
    problems: tuple[TextProblem, ...] = ()
    more: bool = False
    naming: Naming | None = None


def open_card(driver: Driver, place: Place) -> CardText:
    """The card of ``place`` as it is now, the staged one where there is one, and the schema it is checked by.

    :raises BlobNotFound: there is no artifact; :raises ManifestUnreadable:
    """
    state = read_artifact(driver, place)
    base = state.staged or state.committed
    if base is None:
        raise _nothing_here(place)
    collection = parent_collection(driver, place)
    schema = schema_of(collection.fields) if collection is not None else None
    faults = find_schema_faults(schema) if schema is not None else ()
    return CardText(
        title=str(base.fields.get("name") or place.name)[:200],
        text=_text_of(base),
        is_collection=base.is_collection,
        staged=state.staged is not None,
        schema=schema_text(schema) if schema is not None and not faults else "",
        faults=faults,
        project=default_project(place, collection.fields if collection is not None else None)[:200],
        folder=place.name,
    )


def check_card(
    text: str,
    edits: Mapping[str, str] | None = None,
    schema: str = "",
    *,
    is_collection: bool = False,
    naming: Naming | None = None,
    check: Callable[[], None] = lambda: None,
) -> CardCheck:
    """Put a form's ``edits`` and ``naming`` into ``text`` and say what is wrong with it; needs no store.

    :param schema: :attr:`CardText.schema`
    """
    try:
        fields = parse_mapping(text.encode("utf-8", "surrogatepass")) if text.strip() else {}
    except ManifestUnreadable as error:
        return CardCheck(text, {}, unreadable(error, text))
    if edits or naming is not None:
        apply_form(fields, edits or {})
        if naming is not None:
            apply_naming(fields, naming)
        text = dump_mapping(fields)
    blocking = _forbidden(fields, is_collection)
    if blocking:
        return CardCheck(text, {}, placed(text, [blocking])[0])
    problems: list[SchemaProblem] = []
    more = False
    if schema:
        # what the catalog keeps is not in the text: a commit checks it, here it is left out
        found = check_by_text(schema, fields, check)
        problems = [problem for problem in found.problems if _top(problem) not in KEPT]
        more = found.more
    own = schema_of(fields) if is_collection else None
    if own is not None:
        problems += [
            SchemaProblem(f"/{SCHEMA_KEY}{fault.pointer}", f"Its schema cannot be used: {fault.sentence}")
            for fault in find_schema_faults(own)
        ]
    told = {problem.pointer for problem in problems}
    hints = [hint for hint in (*_told_by_yaml(fields), *hints_of(fields)) if hint.pointer not in told]
    marked = [replace(hint, hint=True) for hint in placed(text, hints)]
    return CardCheck(text, form_values(fields), None, (*placed(text, problems), *marked), more, naming_of(fields))


def save_card(driver: Driver, place: Place, text: str, base_text: str, pause: Pause = time.sleep) -> bool:
    """Make ``text`` the staged card, if the card still reads ``base_text``; files that came meanwhile are kept.

    :returns: whether anything was written (``False``: it reads so already)
    :raises CommitConflict: somebody edited the card meanwhile: nothing was overwritten
    :raises InputError: it changes what the catalog keeps itself; :raises ManifestUnreadable: the text is broken
    :raises BlobNotFound: the artifact is gone
    """
    typed = parse_mapping(text.encode("utf-8", "surrogatepass"))

    def change(fields: dict[Any, Any]) -> None:
        for name in [name for name in fields if name not in KEPT]:
            del fields[name]
        fields.update(typed)

    def look(base: Manifest) -> bool:
        blocking = _forbidden(typed, base.is_collection)
        if blocking:
            raise InputError(blocking.sentence)
        now = _text_of(base)
        if now == dump_mapping(typed):
            return False
        if now != base_text:
            raise _edited(place, base_text, base)
        return True

    return save_edit(driver, place, look, change, pause)


def save_edit(
    driver: Driver,
    place: Place,
    look: Callable[[Manifest], bool],
    change: Callable[[dict[Any, Any]], None],
    pause: Pause,
) -> bool:
    """Write ``change`` into the staged manifest where ``look`` (at what is there now) says so; again after a lost race.

    :param look: ``False``: nothing to do; raises what forbids it
    """
    for attempt in range(EDIT_TRIES):
        state = read_artifact(driver, place)
        base = state.staged or state.committed
        if base is None:
            raise _nothing_here(place)
        if not look(base):
            return False
        fields = dict(base.fields)
        change(fields)
        made = CollectionText(fields, list(base.text.entries), list(base.text.lines))
        try:
            write_manifest(driver, place.bucket, place.staged_key, made, state.staged, pause)
        except CommitConflict:
            if attempt + 1 == EDIT_TRIES:
                raise
            pause(backoff_s(attempt))
        else:
            return True
    raise AssertionError("unreachable: the last attempt raises")


def unreadable(error: ManifestUnreadable, text: str) -> TextProblem:
    """A parser's refusal of ``text`` as a problem with its place; what is missed at the end is missed in the last line."""
    found = _WHERE.match(error.detail)
    if found is None:
        return TextProblem(_sentence(error.detail))
    return TextProblem(
        _sentence(found.group(3)),
        line=min(int(found.group(1)), max(1, len(text.splitlines()))),
        column=int(found.group(2)),
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


def placed(text: str, problems: Sequence[SchemaProblem]) -> list[TextProblem]:
    """Problems with their lines in ``text``, which :func:`parse_mapping` has read."""
    if not problems or not text.strip():
        return [TextProblem(problem.sentence, problem.pointer) for problem in problems]
    places = places_in(text, [path_of(problem.pointer) for problem in problems])
    return [
        TextProblem(problem.sentence, problem.pointer, *place) for problem, place in zip(problems, places, strict=True)
    ]


def _forbidden(fields: Mapping[Any, Any], is_collection: bool) -> SchemaProblem | None:
    if not fields:
        return SchemaProblem("", "A card has at least a name.")
    kept = sorted(KEPT & fields.keys())
    if kept:
        return SchemaProblem(f"/{kept[0]}", f"\u201c{kept[0]}\u201d is kept by the catalog itself: leave it out.")
    if (fields.get("type") == COLLECTION_TYPE) is not is_collection:
        words = "A collection stays a collection" if is_collection else "An artifact does not become a collection"
        return SchemaProblem("/type", f"{words}: correct \u201ctype\u201d.")
    return None


def _told_by_yaml(fields: Mapping[Any, Any]) -> list[SchemaProblem]:
    """Known texts that YAML reads as something else: dates, yes and no, numbers."""
    return [
        SchemaProblem(
            f"/{name}", f"YAML reads \u201c{name}\u201d as {kind_of(fields[name])}: put it in quotes to make it text."
        )
        for name in TEXT_KEYS
        if fields.get(name) is not None and not isinstance(fields[name], str | list | dict)
    ]


def _top(problem: SchemaProblem) -> str:
    return next(iter(path_of(problem.pointer)), "")


def _card_fields(manifest: Manifest) -> dict[Any, Any]:
    return {name: value for name, value in manifest.fields.items() if name not in KEPT}


def _text_of(manifest: Manifest) -> str:
    return dump_mapping(_card_fields(manifest))


def _edited(place: Place, base_text: str, now: Manifest) -> CommitConflict:
    before, theirs = parse_mapping(base_text.encode()) if base_text else {}, _card_fields(now)
    changed = [name for name in {**before, **theirs} if before.get(name, ...) != theirs.get(name, ...)]
    names = ", ".join(f"\u201c{str(name)[:64]}\u201d" for name in sorted(changed, key=str)[:6])
    more = f" and {len(changed) - 6:,} more" if len(changed) > 6 else ""
    return CommitConflict(
        f"Somebody changed {names or 'this card'}{more} meanwhile.",
        subject=f"{place.bucket}/{place.prefix}",
        kept="Nothing was overwritten, and your text is still here.",
        todo="Look at what they wrote, or save yours in its place.",
    )


def _nothing_here(place: Place) -> BlobNotFound:
    return BlobNotFound("There is no artifact here.", subject=f"{place.bucket}/{place.prefix}")
