"""Where an account's requests go: scheme, host, port and the path a bucket and key have there.

Keys are encoded here, once (design decision 3): everything but unreserved characters and ``/``, exactly as botocore
does, so ``a//b``, ``..`` and ``%2F`` reach the server verbatim. Nothing is resolved or normalised afterwards.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit

from artifact_browser.accounts.record import Addressing
from artifact_browser.errors import InputError

_HOST_PART = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?")
#: what stands for itself in a path
_PLAIN = re.compile(r"[A-Za-z0-9/._~-]*")
_PARTITIONS = {"cn-": "amazonaws.com.cn", "us-iso-": "c2s.ic.gov", "us-isob-": "sc2s.sgov.gov",
               "eusc-": "amazonaws.eu"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One server address. ``base_path`` has no trailing slash; ``aws`` means the host follows the region."""

    scheme: str
    host: str
    port: int
    base_path: str = ""
    addressing: Addressing = Addressing.PATH
    aws: bool = False

    @property
    def tls(self) -> bool:
        return self.scheme == "https"

    @property
    def private(self) -> bool:
        """Whether nobody between here and there can read or change the bytes: TLS, or this computer."""
        return self.tls or is_loopback(self.host)

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.netloc(self.host)}{self.base_path}"

    def netloc(self, host: str) -> str:
        """``host`` as it stands in URL and ``Host`` header: with the port unless it is the scheme's own."""
        shown = f"[{host}]" if ":" in host else host
        return shown if self.port == (443 if self.tls else 80) else f"{shown}:{self.port}"

    def in_region(self, region: str) -> Endpoint:
        """The same service in another region; an endpoint of one's own stays where it is."""
        return replace(self, host=aws_host(region)) if self.aws else self

    def place(self, bucket: str = "", key: str = "") -> Place:
        """Where a bucket or blob is on this server."""
        virtual = bool(bucket) and self._is_virtual(bucket)
        host = f"{bucket}.{self.host}" if virtual else self.host
        path = self.base_path + "/"
        if bucket and not virtual:
            path += quote(bucket, safe="-._~") + ("/" if key else "")
        return Place(self, host, path + encode_key(key))

    def _is_virtual(self, bucket: str) -> bool:
        if self.addressing is not Addressing.VIRTUAL or is_address(self.host):
            return False
        # a wildcard certificate covers one label only, so botocore too falls back to the path here; and what is no
        # host name ("evil.example#") must not become a part of one
        return not (self.tls and "." in bucket) and _HOST_PART.fullmatch(bucket) is not None


@dataclass(frozen=True, slots=True)
class Place:
    """A host and an encoded path on an endpoint."""

    endpoint: Endpoint
    host: str
    path: str

    @property
    def netloc(self) -> str:
        return self.endpoint.netloc(self.host)

    @property
    def url(self) -> str:
        return f"{self.endpoint.scheme}://{self.netloc}{self.path}"


def encode_key(key: str) -> str:
    """A key as it stands in a request's path.

    :raises InputError: it has a lone surrogate and so no UTF-8 form
    """
    if _PLAIN.fullmatch(key):
        return key
    try:
        return quote(key, safe="/-._~")
    except UnicodeEncodeError as error:
        raise InputError("The key is not valid Unicode.", subject=ascii(key)[:200]) from error


def aws_host(region: str) -> str:
    """AWS's regional S3 host (the global one redirects, which a signed URL does not survive)."""
    for prefix, suffix in _PARTITIONS.items():
        if region.startswith(prefix):
            return f"s3.{region}.{suffix}"
    return f"s3.{region}.amazonaws.com"


def aws_endpoint(region: str, addressing: Addressing) -> Endpoint:
    return Endpoint("https", aws_host(region), 443, "", addressing, aws=True)


def parse_endpoint(text: str, addressing: Addressing) -> Endpoint:
    """A typed endpoint URL. :raises InputError: it is none"""
    try:
        parts = urlsplit(text.strip())
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode() if parts.hostname else ""
    except (ValueError, UnicodeError) as error:
        raise InputError("The endpoint is not an address.", subject=text[:200]) from error
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.username:
        raise InputError(
            "The endpoint is not an address.", todo="Type it like https://host or https://host:9000/path", subject=host
        )
    port = port or (443 if parts.scheme == "https" else 80)
    return Endpoint(parts.scheme, host, port, quote(parts.path.rstrip("/"), safe="/-._~%"), addressing)


def is_address(host: str) -> bool:
    """Whether ``host`` is a numeric address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this computer."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    return is_address(host) and ipaddress.ip_address(host).is_loopback
