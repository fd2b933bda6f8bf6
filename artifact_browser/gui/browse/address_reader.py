"""From what a person typed or dropped on the app to a place: URIs, and paths inside *This computer*'s folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

from artifact_browser.accounts.record import AccountKind, AccountRecord
from artifact_browser.errors import InputError
from artifact_browser.paths import Paths
from artifact_browser.storage.location import Location, parse_uri

_ADVICE = "Type it like s3://bucket/prefix/ or local://bucket/prefix/"


def read_address(text: str, current: AccountRecord, accounts: Sequence[AccountRecord], paths: Paths) -> Location:
    """The place an address means.

    ``s3://`` is looked for in the account the window is in when that is an S3 one, else in the first account that
    knows the bucket, else in the first S3 account.

    :raises InputError: it leads nowhere, said in words
    """
    typed = text.strip()
    if not typed:
        raise InputError("The address is empty.", todo=_ADVICE)
    if typed.startswith(("/", "~", "file://")) or Path(typed).is_absolute():
        return _in_a_store(typed, accounts, paths)
    scheme, bucket, key = parse_uri(text)
    account = _account_for(scheme, bucket, current, accounts)
    if account is None:
        raise InputError("There is no account for s3:// addresses yet.", todo="Add an account first.", subject=typed)
    return Location(account.id, bucket, _prefix(key))


def _account_for(
    scheme: str, bucket: str, current: AccountRecord, accounts: Sequence[AccountRecord]
) -> AccountRecord | None:
    wanted = [record for record in accounts if (record.kind is AccountKind.LOCAL) == (scheme == "local")]
    if current in wanted:
        return current
    return next((record for record in wanted if bucket in record.buckets), next(iter(wanted), None))


def _prefix(key: str) -> str:
    """The prefix to list for what was typed, with or without its slash."""
    return key if not key or key.endswith("/") else f"{key}/"


def _in_a_store(typed: str, accounts: Sequence[AccountRecord], paths: Paths) -> Location:
    text = unquote(typed.removeprefix("file://")) if typed.startswith("file://") else typed
    path = Path(os.path.normpath(Path(text).expanduser()))  # else ``..`` would name a bucket
    for record in accounts:
        if record.kind is not AccountKind.LOCAL:
            continue
        root = Path(record.root) if record.root else paths.store
        if path.is_relative_to(root):
            bucket, *below = path.relative_to(root).parts or ("",)
            return Location(record.id, bucket, "".join(f"{part}/" for part in below))
    raise InputError(
        "That folder is not one of This computer\u2019s buckets.",
        todo="Drop it on a bucket to upload it.",
        subject=typed[:200],
    )
