"""What the account dialog is about and what it returns: plain data, no widgets."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from artifact_browser.accounts.lease import Secret
from artifact_browser.accounts.record import AccountKind, AccountRecord, Addressing, KeySource

#: Offered colours: legible as dots on both surfaces, told apart with the usual colour blindnesses.
SWATCHES = {
    "Blue": "#2563EB",
    "Green": "#1A7F4B",
    "Red": "#B42318",
    "Amber": "#B7791F",
    "Violet": "#7C3AED",
    "Teal": "#0E7490",
    "Pink": "#BE3A8A",
    "Grey": "#667085",
}


class Flavour(StrEnum):
    """The ways to an account, as a person chooses between them."""

    PROFILE = "profile"
    AWS_KEYS = "aws-keys"
    S3 = "s3"
    PUBLIC = "public"
    LOCAL = "local"


_FIELDS = {
    Flavour.PROFILE: {"profile", "region", "probing"},
    Flavour.AWS_KEYS: {"access_key", "secret_key", "remember", "region"},
    Flavour.S3: {
        "endpoint",
        "anonymous",
        "access_key",
        "secret_key",
        "remember",
        "region",
        "addressing",
        "ca_file",
        "probing",
    },
    Flavour.PUBLIC: {"buckets", "endpoint", "region", "addressing", "ca_file"},
    Flavour.LOCAL: {"root"},
}
_ALWAYS = {"name", "colour", "read_only"}
_REMOTE = {"public_endpoint", "buckets", "compatibility"}


def fields_of(flavour: Flavour) -> set[str]:
    """The fields an account of this flavour has."""
    return _FIELDS[flavour] | _ALWAYS | (set() if flavour is Flavour.LOCAL else _REMOTE)


def flavour_of(record: AccountRecord) -> Flavour:
    if record.kind is AccountKind.AWS:
        return Flavour.PROFILE if record.key_source is KeySource.PROFILE else Flavour.AWS_KEYS
    return {
        AccountKind.LOCAL: Flavour.LOCAL,
        AccountKind.S3: Flavour.S3,
        AccountKind.PUBLIC: Flavour.PUBLIC,
    }[record.kind]


def blank_record(flavour: Flavour, account_id: str, colour: str) -> AccountRecord:
    """What a new account starts from."""
    kind = {Flavour.S3: AccountKind.S3, Flavour.PUBLIC: AccountKind.PUBLIC}.get(flavour, AccountKind.AWS)
    source = {Flavour.PROFILE: KeySource.PROFILE, Flavour.PUBLIC: KeySource.NONE}.get(flavour, KeySource.KEYCHAIN)
    addressing = Addressing.PATH if flavour is Flavour.S3 else Addressing.VIRTUAL
    return AccountRecord(account_id, kind, "", colour=colour, key_source=source, addressing=addressing)


@dataclass(frozen=True, slots=True)
class AccountDraft:
    """What was filled in. ``secret`` is ``None`` when no keys were typed: none needed, or unchanged."""

    record: AccountRecord
    secret: Secret | None = field(default=None, repr=False)

    def saved_record(self) -> AccountRecord:
        """The record to write: new keys get a new revision, so that workers let go of the old ones."""
        if self.secret is None:
            return self.record
        return replace(self.record, secret_revision=self.record.secret_revision + 1)
