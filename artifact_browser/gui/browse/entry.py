"""One line of the blob table as plain data: what actions, drags and the details panel work on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from artifact_browser.storage.location import segment_name


class EntryKind(StrEnum):
    BUCKET = "bucket"
    FOLDER = "folder"
    BLOB = "blob"


@dataclass(frozen=True, slots=True)
class Entry:
    """A bucket, folder or blob. ``key`` is the bucket's name, the prefix (with its slash) or the key, verbatim."""

    kind: EntryKind
    key: str
    size_bytes: int = 0
    modified_us: int = 0
    storage_class: str = ""

    @property
    def is_blob(self) -> bool:
        return self.kind is EntryKind.BLOB

    def name_below(self, prefix: str) -> str:
        """The name shown in a listing of ``prefix``: empty for an empty segment and for the folder's own marker."""
        if self.kind is EntryKind.FOLDER:
            return self.key[len(prefix) :].removesuffix("/")
        return self.key[len(prefix) :] if self.kind is EntryKind.BLOB else segment_name(self.key)
