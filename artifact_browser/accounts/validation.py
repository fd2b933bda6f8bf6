"""What an account's fields may hold: for what a person types and for what stands in a file somebody else edited.

One set of rules, two readers: the dialog shows the sentence beside the field, the book refuses the entry.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from artifact_browser.accounts.record import THIS_COMPUTER, AccountKind, AccountRecord, KeySource

MAX_TEXT = 2048
MAX_NAME = 80
MAX_BUCKETS = 1000
DEFAULT_COLOUR = "#2563EB"

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_REGION = re.compile(r"[A-Za-z0-9-]{1,64}")
_BUCKET = re.compile(r"[A-Za-z0-9._-]{1,255}")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field, in a sentence for the person.

    :ivar field: the record's field name, or ``access_key`` / ``secret_key``
    """

    field: str
    sentence: str


def is_account_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None


def is_colour(text: str) -> bool:
    return _COLOUR.fullmatch(text) is not None


def problems_of(record: AccountRecord) -> Iterator[Problem]:
    """Everything wrong with a record; nothing when it can be used. No disk or network is touched."""
    yield from _about_name(record.name)
    yield from _about_texts(record)
    if record.kind is AccountKind.S3 and not record.endpoint:
        yield Problem("endpoint", "An S3-compatible store needs its address, for example https://s3.example.org.")
    for field, address in (("endpoint", record.endpoint), ("public_endpoint", record.public_endpoint)):
        sentence = wrong_with_endpoint(address) if address else ""
        if sentence:
            yield Problem(field, sentence)
    if record.region and _REGION.fullmatch(record.region) is None:
        yield Problem("region", "A region has letters, digits and hyphens only, for example eu-central-1.")
    yield from _about_buckets(record)


def wrong_with_endpoint(address: str) -> str:
    """Why ``address`` is no endpoint, as a sentence; empty when it is one."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return "This is not an address: check the host and the port."
    if parts.scheme not in {"http", "https"}:
        return "Start with https:// (or http:// for a server without encryption)."
    if parts.username is not None or parts.password is not None:
        return "Leave user and password out of the address: keys have their own fields."
    if parts.query or parts.fragment:
        return "Leave out what follows \u201c?\u201d or \u201c#\u201d."
    if port == 0 or not _is_host(parts.hostname or ""):
        return "This is not an address: check the host and the port."
    return ""


def wrong_with_key(text: str, what: str) -> str:
    """Why ``text`` cannot be a key (``what`` names it: "Access key"); empty when it can."""
    if not text:
        return f"{what} is missing."
    if not text.isascii() or not text.isprintable() or " " in text:
        return f"{what} has a character that no key has: was it copied whole, without spaces?"
    return f"{what} is too long." if len(text) > 512 else ""


def _about_name(name: str) -> Iterator[Problem]:
    if not name.strip():
        yield Problem("name", "Give the account a name.")
    elif len(name) > MAX_NAME:
        yield Problem("name", f"At most {MAX_NAME} characters.")
    elif not name.isprintable():
        yield Problem("name", "Only visible characters.")


def _about_texts(record: AccountRecord) -> Iterator[Problem]:
    for field in ("profile", "endpoint", "public_endpoint", "ca_file", "root"):
        text: str = getattr(record, field)
        if len(text) > MAX_TEXT or (text and not text.isprintable()):
            yield Problem(field, "There is a character in it that cannot be here, or it is too long.")


def _about_buckets(record: AccountRecord) -> Iterator[Problem]:
    if record.kind is AccountKind.PUBLIC and not record.buckets:
        yield Problem("buckets", "Name at least one bucket: public access cannot list them.")
    if len(record.buckets) > MAX_BUCKETS:
        yield Problem("buckets", f"At most {MAX_BUCKETS} buckets can be named.")
    for bucket in record.buckets:
        if _BUCKET.fullmatch(bucket) is None or bucket in {".", ".."}:
            yield Problem("buckets", f"\u201c{bucket[:80]}\u201d is no bucket name: letters, digits, dots and hyphens.")
            return


def _is_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host.split("%", 1)[0])
    except ValueError:
        return _HOST.fullmatch(host) is not None and ".." not in host
    return True


def fits_kind(record: AccountRecord) -> bool:
    """Whether the source of the keys is one this kind of account can have, and only *This computer* is local."""
    if (record.id == THIS_COMPUTER) != (record.kind is AccountKind.LOCAL):
        return False
    allowed = {
        AccountKind.LOCAL: {KeySource.NONE},
        AccountKind.PUBLIC: {KeySource.NONE},
        AccountKind.AWS: {KeySource.PROFILE, KeySource.KEYCHAIN, KeySource.SESSION},
        AccountKind.S3: {KeySource.NONE, KeySource.KEYCHAIN, KeySource.SESSION, KeySource.PROFILE},
    }
    return record.key_source in allowed[record.kind]
