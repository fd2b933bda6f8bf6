"""Presigned links: how long they really live and what they say about the file they give."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from artifact_browser.accounts.lease import Lease
from artifact_browser.errors import CredentialsExpired, CredentialsMissing, InputError
from artifact_browser.storage.driver import LinkOptions

#: SigV4 allows no more.
MAX_LIFE_S = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Life:
    """A link's real life. ``ends_at`` is epoch seconds."""

    seconds: int
    ends_at: float
    limited_by: str


def life_of(options: LinkOptions, lease: Lease | None, now: float) -> Life:
    """``min(asked, 7 days, what is left of the credentials)`` (design decision 9).

    :raises InputError: no time was asked for; :raises CredentialsExpired: nothing is left of the credentials
    :raises CredentialsMissing: an anonymous account cannot sign an upload or a file name
    """
    if options.expires_in_s < 1:
        raise InputError("A link must live for at least a second.")
    if lease is None and (options.method == "PUT" or options.save_as):
        raise CredentialsMissing("Without keys a link cannot be signed.")
    seconds, limited_by = options.expires_in_s, ""
    if seconds > MAX_LIFE_S:
        seconds, limited_by = MAX_LIFE_S, "maximum"
    if lease is not None and lease.expires_at is not None and lease.expires_at < now + seconds:
        seconds, limited_by = int(lease.expires_at - now), "credentials"
    if seconds < 1:
        raise CredentialsExpired("The credentials end now, so no link can be made with them.")
    return Life(seconds, now + seconds, limited_by)


def response_overrides(options: LinkOptions) -> dict[str, str]:
    """Query parameters that set a download's headers."""
    overrides: dict[str, str] = {}
    if options.method == "GET":
        if options.save_as:
            overrides["response-content-disposition"] = attachment(options.save_as)
        if options.content_type:
            overrides["response-content-type"] = options.content_type
    return overrides


def attachment(name: str) -> str:
    """``Content-Disposition`` for a file name (RFC 6266), with RFC 5987's form where ASCII is not enough."""
    name = name.replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join(char if char.isascii() and char.isprintable() and char not in '"\\%;' else "_" for char in name)
    if plain == name:
        return f'attachment; filename="{name}"'
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
