"""The accounts file: one schema-versioned JSON document, read with suspicion and written atomically.

What this version does not know is kept as it is; what is damaged is set aside under a name, never thrown away. There
is no secret in it: secrets lie in the keychain.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

from artifact_browser.accounts.record import AccountKind, AccountRecord, Addressing, KeySource, Probing
from artifact_browser.accounts.validation import DEFAULT_COLOUR, fits_kind, is_account_id, is_colour, problems_of

SCHEMA = 1
MAX_BYTES = 4 * 1024**2
MAX_ACCOUNTS = 1000

_ENUMS: dict[str, type[AccountKind] | type[Addressing] | type[KeySource] | type[Probing]] = {
    "kind": AccountKind,
    "addressing": Addressing,
    "key_source": KeySource,
    "probing": Probing,
}
_FIELDS = {one.name: one for one in fields(AccountRecord)}


class Unreadable(ValueError):
    """The file, or an entry of it, is not what it should be."""


@dataclass(slots=True)
class Document:
    """What stood in the file.

    :ivar unknown: per account id, the keys of its entry this version does not know
    :ivar top: the document's own keys this version does not know
    :ivar refused: how many entries could not be used
    """

    records: list[AccountRecord] = field(default_factory=list)
    unknown: dict[str, dict[str, Any]] = field(default_factory=dict)
    top: dict[str, Any] = field(default_factory=dict)
    schema: int = SCHEMA
    refused: int = 0


def read(path: Path) -> Document:
    """Read the file; one that is not there is an empty document.

    :raises Unreadable: it is no accounts file
    :raises OSError: it cannot be read
    """
    try:
        with path.open("rb") as handle:
            data = handle.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return Document()
    if len(data) > MAX_BYTES:
        raise Unreadable(f"larger than {MAX_BYTES} bytes")
    try:
        content = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Unreadable(str(error)) from error
    if not isinstance(content, dict) or not isinstance(content.get("accounts"), list):
        raise Unreadable("there is no list of accounts in it")
    schema = content.pop("schema", None)
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
        raise Unreadable("its schema version is missing")
    return _document(content.pop("accounts"), content, schema)


def _document(entries: list[Any], top: dict[str, Any], schema: int) -> Document:
    document = Document(top=top, schema=schema)
    for entry in entries[:MAX_ACCOUNTS]:
        try:
            record = _record(entry)
            if record.id in document.unknown:
                raise Unreadable("the same account twice")
        except Unreadable:
            document.refused += 1
            continue
        document.records.append(record)
        document.unknown[record.id] = {name: value for name, value in entry.items() if name not in _FIELDS}
    document.refused += len(entries[MAX_ACCOUNTS:])
    return document


def _record(entry: object) -> AccountRecord:
    if not isinstance(entry, Mapping):
        raise Unreadable("an account is not an object")
    values: dict[str, Any] = {}
    for name, one in _FIELDS.items():
        if name in entry:
            values[name] = _value(name, entry[name], one.default)
        elif one.default is MISSING:
            raise Unreadable(f"{name} is missing")
    record = AccountRecord(**values)
    if not is_account_id(record.id) or not fits_kind(record) or next(problems_of(record), None) is not None:
        raise Unreadable("a value cannot be used")
    return record


def _value(name: str, value: object, default: object) -> object:
    """One field's value of the right type."""
    if name in _ENUMS:
        try:
            return _ENUMS[name](str(value))
        except ValueError as error:
            raise Unreadable(f"{name} is not known") from error
    if name == "buckets":
        if not isinstance(value, list) or not all(isinstance(bucket, str) for bucket in value):
            raise Unreadable("buckets are not names")
        return tuple(value)
    wanted = str if default is MISSING else type(default)
    if type(value) is not wanted:
        raise Unreadable(f"{name} has the wrong type")
    if name == "colour" and not is_colour(str(value)):
        return DEFAULT_COLOUR  # worth no refusal
    return value


def write(path: Path, document: Document) -> None:
    """Replace the file in one step; after a crash either the old or the new one is there, whole.

    :raises OSError: nothing was changed
    """
    entries = [document.unknown.get(record.id, {}) | _entry(record) for record in document.records]
    content = document.top | {"schema": SCHEMA, "accounts": entries}
    write_private(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def write_private(path: Path, text: str) -> None:
    """Replace the file in one step, readable for its owner only. :raises OSError: nothing was changed"""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # made 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _entry(record: AccountRecord) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(record, name) for name in _FIELDS}
    return values | {"buckets": list(record.buckets)}


def set_aside(path: Path, *, keep: bool) -> Path:
    """Give a damaged file a name of its own beside the accounts file (``keep``: as a copy). :raises OSError:"""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    for number in range(1000):
        aside = path.with_name(f"{path.stem}.damaged-{stamp}{f'-{number}' if number else ''}{path.suffix}")
        try:
            os.close(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            continue
        if keep:
            aside.write_bytes(path.read_bytes())
        else:
            path.replace(aside)
            aside.chmod(0o600)
        return aside
    raise FileExistsError(f"{path.name}: too many damaged files")


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable, where a folder can be opened."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
