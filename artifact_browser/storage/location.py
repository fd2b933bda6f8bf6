"""Where something is: account, bucket and key, and the URI a person types or copies for it.

``s3://bucket/key`` for every S3 kind, ``local://bucket/key`` for *This computer*. The key part is verbatim: no
percent-encoding, no normalisation, so ``s3://b/a//b%2F`` names the key ``a//b%2F`` (as the AWS CLI reads it).
"""

from __future__ import annotations

from dataclasses import dataclass

from artifact_browser.accounts.record import AccountKind
from artifact_browser.errors import InputError

DELIMITER = "/"


@dataclass(frozen=True, slots=True)
class Location:
    """A place in an account. ``key`` is a blob's key or a prefix; empty bucket means the account itself."""

    account_id: str
    bucket: str = ""
    key: str = ""

    def __reduce__(self) -> tuple[type[Location], tuple[str, str, str]]:
        """Thousands cross a pipe at once: five times faster than what frozen dataclasses do by themselves."""
        return Location, (self.account_id, self.bucket, self.key)

    @property
    def name(self) -> str:
        """The last segment, without the trailing delimiter; may be empty (``a//``)."""
        return segment_name(self.key) if self.key else self.bucket

    @property
    def parent(self) -> Location:
        """The prefix above; the bucket above a first segment; the account above a bucket."""
        if not self.key:
            return Location(self.account_id)
        body = self.key[:-1] if self.key.endswith(DELIMITER) else self.key
        return Location(self.account_id, self.bucket, body[: body.rfind(DELIMITER) + 1])

    @property
    def folder(self) -> Location:
        """The prefix a blob of this key is listed in: of the marker ``a/`` that is ``a/`` itself."""
        return Location(self.account_id, self.bucket, self.key[: self.key.rfind(DELIMITER) + 1])

    def child(self, name: str) -> Location:
        """The blob ``name`` directly below this prefix."""
        return Location(self.account_id, self.bucket, self.key + name)


def segment_name(key: str) -> str:
    """A key's or prefix's last segment (``a/b/`` and ``a/b`` give ``b``; ``a//`` gives the empty segment)."""
    body = key.removesuffix(DELIMITER)
    return body[body.rfind(DELIMITER) + 1 :]


def uri_of(kind: AccountKind, bucket: str, key: str = "") -> str:
    """The URI to show and copy."""
    scheme = "local" if kind is AccountKind.LOCAL else "s3"
    return f"{scheme}://{bucket}/{key}"


def parse_uri(text: str) -> tuple[str, str, str]:
    """``(scheme, bucket, key)`` of a typed URI; scheme is ``s3`` or ``local``.

    :raises InputError: not a URI of ours, or without a bucket
    """
    text = text.strip("\r\n")
    scheme, found, rest = text.partition("://")
    scheme = scheme.strip().lower()
    if not found or scheme not in {"s3", "local"}:
        raise InputError(
            "This is not an address of a bucket or blob.", todo="Type it like s3://bucket/prefix/", subject=text[:200]
        )
    bucket, _, key = rest.partition(DELIMITER)
    if not bucket:
        raise InputError("The address names no bucket.", todo="Type it like s3://bucket/prefix/", subject=text[:200])
    return scheme, bucket, key
