"""Which bytes of a blob are meant, and where they are: at its key, in a version of it, or somewhere they are kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from artifact_browser.transfers.lookup import Blob
from artifact_browser.transfers.pinned_driver import find_versions
from artifact_browser.transfers.planning import Planning


@dataclass(frozen=True, slots=True)
class Pin:
    """Certain bytes, whatever has their key by the time they are read.

    :ivar etag: what they are known by; empty: whatever is there is meant
    :ivar spare: where the same bytes lie once something else has their key; :ivar spare_version: the version of it; empty:
        what stands there
    """

    etag: str = ""
    spare: str = ""
    spare_version: str = ""


NO_PIN = Pin()


@dataclass(frozen=True, slots=True)
class Named:
    """A blob and the file it becomes. ``version``: of the blob, where that is to be read instead of what stands there."""

    key: str
    name: str
    version: str = ""
    pin: Pin = NO_PIN

    def is_it(self, blob: Blob | None) -> bool:
        """Whether what stands at its key is what was meant."""
        return blob is not None and self.pin.etag in {"", blob.etag}


class Whereabouts:
    """Finds blobs, and remembers which version of each is to be read. It belongs to the job that plans."""

    def __init__(self, planning: Planning, bucket: str) -> None:
        self._planning, self._bucket = planning, bucket
        self._versions: dict[tuple[str, str], str] = {}

    def find(self, wanted: Sequence[Named]) -> list[Blob | None]:
        """Where the bytes of each are now; ``None``: nowhere."""
        there = self._standing(one.key for one in wanted if not one.version)
        moved = [one for one in wanted if not one.version and one.pin.spare and not one.is_it(there.get(one.key))]
        kept = self._standing(one.pin.spare for one in moved if not one.pin.spare_version)
        named = [(one.key, one.version) for one in wanted] + [(one.pin.spare, one.pin.spare_version) for one in moved]
        versions = find_versions(self._planning, self._bucket, named)
        found: list[Blob | None] = []
        for one in wanted:
            version, blob = one.version, there.get(one.key)
            if version:
                blob = versions.get((one.key, version))
            elif not one.is_it(blob):
                version = one.pin.spare_version
                blob = versions.get((one.pin.spare, version)) if version else kept.get(one.pin.spare)
            if blob is not None and version:
                self._versions[one.name, blob.key] = version
            elif blob is not None:
                self._versions.pop((one.name, blob.key), None)
            found.append(blob)
        return found

    def version_of(self, name: str, source: str) -> str:
        """Which version of the blob is read for the file ``name``; empty: what stands there."""
        return self._versions.get((name, source), "")

    def _standing(self, keys: Iterable[str]) -> dict[str, Blob]:
        unique, planning = list(dict.fromkeys(keys)), self._planning
        if not unique:
            return {}
        return planning.find(self._bucket, unique)
