"""An account as it is written down and sent to workers: everything but the secret."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

#: The built-in account's id.
THIS_COMPUTER = "this-computer"


class AccountKind(StrEnum):
    LOCAL = "local"
    #: a profile of the shared config/environment as botocore finds it, or typed keys
    AWS = "aws"
    #: any S3-compatible endpoint
    S3 = "s3"
    #: anonymous access to one or more named buckets
    PUBLIC = "public"


class Addressing(StrEnum):
    PATH = "path"
    VIRTUAL = "virtual"


class KeySource(StrEnum):
    """Where an account's credentials come from."""

    NONE = "none"  # anonymous, and This computer
    KEYCHAIN = "keychain"  # typed keys, kept in the OS keychain
    SESSION = "session"  # typed keys, for this run only (no keychain, or by choice)
    PROFILE = "profile"  # botocore's chain for a named profile ("" = default chain)


class Probing(StrEnum):
    """Whether a small blob may be written and removed to find out what an account's store honours (with consent only)."""

    ASK = "ask"
    ALLOWED = "allowed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """One account. ``id`` is stable, ``name`` is what the person calls it.

    :ivar endpoint: ``https://host[:port][/path]``; empty for AWS and local
    :ivar root: the local driver's folder; empty means the default store
    :ivar buckets: buckets opened by name (listing buckets may be denied)
    :ivar public_endpoint: links are signed for this host instead of ``endpoint``
    :ivar compatibility: send everything through boto3 instead of our own S3 core
    :ivar probing: the person's answer to whether conditional writes may be tried out
    :ivar colour: ``#rrggbb``
    :ivar secret_revision: raised when the typed keys change, so that workers let go of leases of the old ones
    """

    id: str
    kind: AccountKind
    name: str
    colour: str = "#2563EB"
    read_only: bool = False
    key_source: KeySource = KeySource.NONE
    profile: str = ""
    endpoint: str = ""
    region: str = ""
    addressing: Addressing = Addressing.PATH
    ca_file: str = ""
    public_endpoint: str = ""
    compatibility: bool = False
    root: str = ""
    buckets: tuple[str, ...] = ()
    secret_revision: int = 0
    probing: Probing = Probing.ASK
