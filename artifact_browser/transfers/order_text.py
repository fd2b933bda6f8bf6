"""Orders as text for the journal: what was asked for, without the accounts (looked up anew) and the items (rows)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from typing import Any

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.storage.location import Location
from artifact_browser.transfers.choice import TreeChoice, choice_of
from artifact_browser.transfers.copy import CopyOrder, FolderOrder, RenameOrder
from artifact_browser.transfers.delete import DeleteOrder, DeletePlan
from artifact_browser.transfers.download import DownloadOrder
from artifact_browser.transfers.order import Order
from artifact_browser.transfers.pins import Pin
from artifact_browser.transfers.policy import Decision
from artifact_browser.transfers.state import JobSnapshot
from artifact_browser.transfers.sync import DownloadSync, UploadSync
from artifact_browser.transfers.upload import UploadOrder

_KINDS: Mapping[str, type[Order]] = {
    "upload": UploadOrder,
    "download": DownloadOrder,
    "copy": CopyOrder,
    "rename": RenameOrder,
    "new folder": FolderOrder,
    "delete": DeleteOrder,
    "upload sync": UploadSync,
    "download sync": DownloadSync,
}
#: what stands elsewhere: in the job's row, or (accounts) is looked up anew by the ids in locations
_COMMON = frozenset(field.name for field in fields(Order)) | {"to_record"}


def order_to_text(order: Order) -> tuple[str, str]:
    """``(kind, details)``; the details are JSON in ASCII, so that file names of any bytes pass."""
    kind = next(name for name, cls in _KINDS.items() if type(order) is cls)
    own = (field.name for field in fields(order) if field.name not in _COMMON)
    return kind, json.dumps({name: _plain(getattr(order, name)) for name in own})


def order_from_text(kind: str, details: str, record: AccountRecord, head: JobSnapshot, policy: Decision) -> Order:
    """:raises ValueError: no order of ours"""
    try:
        found = json.loads(details)
        own = {name: _READERS[name](value) for name, value in found.items()}
        return _KINDS[kind](record=record, head=head, policy=policy, **own)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no order: {kind}") from error


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return asdict(value) if isinstance(value, Location | DeletePlan | TreeChoice | Pin) else value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("not a text")
    return value


def _location(value: Any) -> Location:
    return Location(_text(value["account_id"]), _text(value["bucket"]), _text(value["key"]))


def _pin(value: Any) -> Pin:
    return Pin(_text(value["etag"]), _text(value["spare"]), _text(value["spare_version"]))


def _several(read: Callable[[Any], Any]) -> Callable[[Any], tuple[Any, ...]]:
    return lambda values: tuple(map(read, values))


def _delete_plan(value: Any) -> DeletePlan:
    return DeletePlan(
        _text(value["bucket"]), _text(value["file"]), int(value["count"]), int(value["size_bytes"]),
        with_bucket=bool(value["with_bucket"]), versions=int(value.get("versions", 0)),
        uploads=int(value.get("uploads", 0)), folders=tuple(map(_text, value.get("folders", ()))),
    )  # fmt: skip


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "target": _location,
    "parent": _location,
    "above": _location,
    "source": _location,
    "sources": _several(_location),
    "paths": _several(_text),
    "choice": choice_of,
    "folder": _text,
    "name": _text,
    "move": bool,
    "file": _text,
    "remove": bool,
    "keep_newer": bool,
    "delete": _delete_plan,
    "paths_from": int,
    "names": _several(_text),
    "versions": _several(_text),
    "pins": _several(_pin),
}
