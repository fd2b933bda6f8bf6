"""Editing cards and schemas as jobs for the interactive lane. What only looks at a text needs no account."""

from __future__ import annotations

from collections.abc import Generator, Mapping

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.catalog import card_text, schema_text
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.naming import Naming
from artifact_browser.storage.open import opened
from artifact_browser.workers.job import JobContext


def open_card(context: JobContext, record: AccountRecord, place: Place) -> Generator[None, None, card_text.CardText]:
    """Job: the card of ``place`` and the schema it is checked by. :raises BlobNotFound: :raises ManifestUnreadable:"""
    yield from ()
    with opened(context, record) as driver:
        return card_text.open_card(driver, place)


def check_card(
    context: JobContext,
    text: str,
    edits: Mapping[str, str],
    schema: str,
    is_collection: bool,
    naming: Naming | None = None,
) -> Generator[None, None, card_text.CardCheck]:
    """Job: a form's edits put into a text, and what is wrong with it."""
    yield from ()
    check = context.cancel.raise_if_cancelled
    return card_text.check_card(text, edits, schema, is_collection=is_collection, naming=naming, check=check)


def save_card(
    context: JobContext, record: AccountRecord, place: Place, text: str, base_text: str
) -> Generator[None, None, bool]:
    """Job: stage the card. :raises CommitConflict: somebody edited it meanwhile"""
    yield from ()
    with opened(context, record) as driver:
        return card_text.save_card(driver, place, text, base_text, context.cancel.wait)


def open_schema(
    context: JobContext, record: AccountRecord, place: Place
) -> Generator[None, None, schema_text.SchemaText]:
    """Job: a collection's schema. :raises BlobNotFound: :raises ManifestUnreadable:"""
    yield from ()
    with opened(context, record) as driver:
        return schema_text.open_schema(driver, place)


def check_schema(_context: JobContext, text: str) -> Generator[None, None, schema_text.SchemaTextCheck]:
    """Job: what is wrong with a schema that is being typed."""
    yield from ()
    return schema_text.check_schema_text(text)


def save_schema(
    context: JobContext, record: AccountRecord, place: Place, text: str, base_text: str
) -> Generator[None, None, bool]:
    """Job: stage the schema, or its removal. :raises CommitConflict: somebody changed it meanwhile"""
    yield from ()
    with opened(context, record) as driver:
        return schema_text.save_schema(driver, place, text, base_text, context.cancel.wait)


def check_children(
    context: JobContext, record: AccountRecord, place: Place, text: str
) -> Generator[schema_text.ChildrenChecked, None, schema_text.ChildrenChecked]:
    """Job: which children a schema would refuse; yields how far it has come."""
    with opened(context, record) as driver:
        return (yield from schema_text.check_children(driver, place, text, context.cancel.raise_if_cancelled))


def wanted_of(context: JobContext, record: AccountRecord, place: Place) -> Generator[None, None, schema_text.Wanted]:
    """Job: what the schema of the collection at ``place`` asks of a new child."""
    yield from ()
    with opened(context, record) as driver:
        return schema_text.wanted_of(driver, place)
