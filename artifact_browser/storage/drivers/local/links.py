"""Links to blobs of *This computer*: what a link says, how it is signed, and what the window is asked for.

A link is ``http://127.0.0.1:<port>/<what>.<signature>/<name>``. ``what`` is the whole promise (method, bucket, key,
end, response headers) in URL-safe base64, so every program sends even ``..``, ``a//b`` and ``%2F`` untouched; the
name at the end is for people and for ``curl -O``. The signature is an HMAC over the promise and the root it was
given for: a link of another store opens nothing here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field

from artifact_browser.storage.driver import LinkOptions
from artifact_browser.workers.job import Question

HOST = "127.0.0.1"
KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class LinkService:
    """The running link server: its port and the key it checks signatures with."""

    port: int
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class LinkServiceWanted(Question):
    """Start the link server for this root if it does not run, and answer with a :class:`LinkService`."""

    root: str = ""


@dataclass(frozen=True, slots=True)
class LinkKeyWanted(Question):
    """Answer with the key from the keychain (:data:`KEY_BYTES` random bytes, made at first use)."""


@dataclass(frozen=True, slots=True)
class LinkWriteWanted(Question):
    """Answer whether upload links may write now: a link outlives the moment it was signed in."""


@dataclass(frozen=True, slots=True)
class Promise:
    """What a link allows. :ivar ends_at: seconds since the epoch"""

    method: str
    bucket: str
    key: str
    ends_at: int
    save_as: str = ""
    content_type: str = ""


def promise_of(bucket: str, key: str, options: LinkOptions, ends_at: int) -> Promise:
    return Promise(options.method, bucket, key, ends_at, options.save_as, options.content_type)


def sign(service: LinkService, root: str, promise: Promise) -> str:
    """The link's URL. Pure."""
    what = _encode(json.dumps(_fields(promise), separators=(",", ":")).encode())
    signature = _encode(_mac(service.key, root, what))
    return f"http://{HOST}:{service.port}/{what}.{signature}/{readable_name(promise)}"


def verify(key: bytes, root: str, path: str) -> Promise | None:
    """The promise of a URL's path, if we signed exactly that; whether it has ended is the caller's to check. Pure."""
    what, dot, rest = path.removeprefix("/").partition(".")
    signature, slash, name = rest.partition("/")
    expected = _encode(_mac(key, root, what))
    if not hmac.compare_digest(signature.encode("utf-8", "replace"), expected.encode()) or not dot or not slash:
        return None
    method, bucket, blob_key, ends_at, save_as, content_type = json.loads(_decode(what))
    promise = Promise(method, bucket, blob_key, ends_at, save_as, content_type)
    return promise if name == readable_name(promise) else None


def readable_name(promise: Promise) -> str:
    """The end of the URL: the file's name as far as every program and file system takes it."""
    name = promise.save_as or promise.key.rstrip("/").rpartition("/")[2]
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip(".")[-100:].lstrip(".-") or "blob"


def _fields(promise: Promise) -> list[str | int]:
    return [promise.method, promise.bucket, promise.key, promise.ends_at, promise.save_as, promise.content_type]


def _mac(key: bytes, root: str, what: str) -> bytes:
    message = json.dumps(["artifact-browser link 1", root, what]).encode()
    return hmac.new(key, message, hashlib.sha256).digest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
