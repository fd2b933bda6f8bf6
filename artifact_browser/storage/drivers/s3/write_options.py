"""What a person or program says about a blob as it is written, as headers and as boto3's parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from artifact_browser.errors import InputError, NetworkError, NotSupported, OutcomeUnknown
from artifact_browser.storage.driver import KEPT_HEADERS, WriteOptions

#: boto3's names of :data:`KEPT_HEADERS`
_PARAMETERS = {name: name.title().replace("-", "") for name in KEPT_HEADERS}


def write_parameters(options: WriteOptions | None) -> dict[str, Any]:
    """Write options as boto3's parameters. :raises InputError: metadata that no header can carry"""
    if options is None:
        return {}
    given: dict[str, Any] = {}
    if options.content_type:
        given["ContentType"] = checked_header(options.content_type)
    if options.metadata:
        given["Metadata"] = checked_metadata(options.metadata)
    if options.tags:
        given["Tagging"] = tagging_header(options.tags)
    if options.storage_class:
        given["StorageClass"] = checked_header(options.storage_class)
    for name, value in options.headers.items():
        given[_PARAMETERS[name]] = checked_header(value)
    return given


def tagging_header(tags: Mapping[str, str]) -> str:
    """Tags as ``x-amz-tagging``; a space as ``%20``, since Ceph 16.2 takes ``+`` for a plus."""
    return urlencode(dict(tags), quote_via=quote, safe="")


def checked_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """``metadata``, if it fits into headers. :raises InputError: it does not"""
    for name, value in metadata.items():
        if not re.fullmatch(r"[A-Za-z0-9._-]+", name) or not value.isascii() or not value.isprintable():
            raise InputError("Metadata must be plain ASCII here.", subject=name[:100])
    return dict(metadata)


def write_headers(options: WriteOptions | None) -> dict[str, str]:
    """Write options as headers. :raises InputError: metadata that no header can carry"""
    if options is None:
        return {}
    headers = {f"x-amz-meta-{name}": value for name, value in checked_metadata(options.metadata).items()}
    if options.content_type:
        headers["content-type"] = checked_header(options.content_type)
    if options.tags:
        headers["x-amz-tagging"] = tagging_header(options.tags)
    if options.storage_class:
        headers["x-amz-storage-class"] = checked_header(options.storage_class)
    for name, value in options.headers.items():
        headers[name] = checked_header(value)
    return headers


def checked_header(value: str) -> str:
    """A value for a header. :raises InputError: no header can carry it"""
    if not value.isascii() or not value.isprintable():
        raise InputError("A type or class has characters that no header can carry.", subject=ascii(value)[:100])
    return value


def refuses_checksum(error: Exception) -> bool:
    """Whether a refusal may be about a checksum the server does not know."""
    if isinstance(error, NotSupported):
        return True
    if isinstance(error, OutcomeUnknown | NetworkError):
        return False  # it may have been written, whatever words came back
    technical = getattr(error, "technical", "")
    return any(code in technical for code in ("XAmzContentSHA256Mismatch", "InvalidRequest", "InvalidArgument"))
