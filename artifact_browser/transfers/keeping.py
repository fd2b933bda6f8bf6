"""What goes along with a blob's bytes into another store: type, metadata, tags, headers, storage class.

What the other store cannot hold is left out, and the item's note says so: losing it silently is what people hold against
tools that copy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from artifact_browser.errors import AccessDenied, InputError, NotSupported
from artifact_browser.storage.driver import KEPT_HEADERS, BlobInfo, Capabilities, Driver, WriteOptions

#: what headers carry of metadata, in bytes of names and values
_METADATA_BYTES = 2048
_MOST_TAGS = 10
#: what no store needs to be told
_DEFAULT_CLASSES = frozenset({"", "STANDARD"})
W = TypeVar("W")


@dataclass(frozen=True, slots=True)
class Kept:
    """``options`` to write with; ``lost``: what is left out, in words."""

    options: WriteOptions
    lost: tuple[str, ...] = ()


def kept_of(source: Driver, bucket: str, info: BlobInfo, target: Capabilities) -> Kept:
    """What of ``info`` the target can hold. Asks for the tags where there are any."""
    lost: list[str] = []
    content_type = info.content_type if _fits_header(info.content_type) else ""
    if content_type != info.content_type:
        lost.append("type")
    metadata = _metadata(info.metadata, target)
    if len(metadata) < len(info.metadata):
        lost.append("metadata")
    headers = {
        name: info.headers[name]
        for name in KEPT_HEADERS
        if name in info.headers and name in target.kept_headers and _fits_header(info.headers[name])
    }
    lost += [name for name in KEPT_HEADERS if name in info.headers and name not in headers]
    tags = _tags(source, bucket, info) if target.tags else {}
    if tags is None or len(tags) < info.tag_count or (not target.free_metadata and len(tags) > _MOST_TAGS):
        lost.append("tags")
        tags = {}
    storage_class = "" if info.storage_class in _DEFAULT_CLASSES else info.storage_class
    if storage_class and not target.storage_classes:
        lost.append(f"storage class {storage_class}")
        storage_class = ""
    return Kept(WriteOptions(content_type, metadata, tags, storage_class, headers), tuple(lost))


def class_of(info: BlobInfo) -> str:
    """The storage class to ask for; empty where it is the usual one."""
    return "" if info.storage_class in _DEFAULT_CLASSES else info.storage_class


def write_kept(kept: Kept, write: Callable[[WriteOptions], W]) -> tuple[W, tuple[str, ...]]:
    """Write; without the storage class where the store does not have it. With what was lost in the end."""
    try:
        return write(kept.options), kept.lost
    except InputError:
        if not kept.options.storage_class:
            raise
        lost = (*kept.lost, f"storage class {kept.options.storage_class}")
        return write(replace(kept.options, storage_class="")), lost


def note_of(lost: tuple[str, ...]) -> str:
    """For the item; empty when everything was kept."""
    return f"not kept: {', '.join(lost)}" if lost else ""


def lost_between(original: BlobInfo, copy: BlobInfo) -> tuple[str, ...]:
    """What a copy does not have of its original, as the stores show both."""
    lost = []
    if original.content_type and copy.content_type != original.content_type:
        lost.append("type")
    if {name.lower(): value for name, value in original.metadata.items()} != {
        name.lower(): value for name, value in copy.metadata.items()
    }:
        lost.append("metadata")
    lost += [
        name for name in KEPT_HEADERS if name in original.headers and copy.headers.get(name) != original.headers[name]
    ]
    if copy.tag_count < original.tag_count:
        lost.append("tags")
    if class_of(original) not in {"", copy.storage_class}:
        lost.append(f"storage class {original.storage_class}")
    return tuple(lost)


def _metadata(given: Mapping[str, str], target: Capabilities) -> dict[str, str]:
    if target.free_metadata:
        return dict(given)
    fitting = {
        name: value
        for name, value in given.items()
        if name.isascii()
        and name.replace("-", "a").replace("_", "a").replace(".", "a").isalnum()
        and _fits_header(value)
    }
    return fitting if sum(map(len, (*fitting, *fitting.values()))) <= _METADATA_BYTES else {}


def _tags(source: Driver, bucket: str, info: BlobInfo) -> dict[str, str] | None:
    """``None``: they may not be read."""
    if not info.tag_count:
        return {}
    try:
        return source.get_tags(bucket, info.key)
    except (AccessDenied, NotSupported):
        return None


def _fits_header(value: str) -> bool:
    return value.isascii() and value.isprintable()
