"""An artifact's documentation: what its manifest calls ``documentation`` (a file of its own, or a text), or its README.

Read by a job for the preview lane: what is parsed here may be hostile.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.catalog.files import recorded_files
from artifact_browser.catalog.layout import Place, check_file_path
from artifact_browser.catalog.manifest import read_manifest
from artifact_browser.catalog.markdown_text import MarkdownText, parse_markdown, parse_plain
from artifact_browser.errors import BlobNotFound, InputError
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.open import opened
from artifact_browser.workers.job import JobContext, Lane

#: The lane to run :func:`read_documentation` in.
DOCUMENTATION_LANE = Lane.PREVIEW
FIELD = "documentation"
README = "README.md"
MAX_BYTES = 1024**2
_MAX_PATH = 1024
_MARKDOWN = (".md", ".markdown", ".mdown", ".mkd")


@dataclass(frozen=True, slots=True)
class Documentation:
    """What was read. ``source``: the file's path, or empty for a text in the manifest.

    :ivar missing: the manifest names this file, and it is not there
    :ivar size_bytes: of the whole; more than :data:`MAX_BYTES` are not read
    """

    source: str = ""
    text: MarkdownText = field(default_factory=lambda: MarkdownText(()))
    size_bytes: int = 0
    missing: bool = False

    @property
    def cut(self) -> bool:
        return self.text.cut or self.size_bytes > MAX_BYTES


def read_documentation(
    context: JobContext, record: AccountRecord, place: Place, staged: bool
) -> Generator[None, None, Documentation | None]:
    """Job: the documentation of the committed or the staged manifest; ``None`` where there is none.

    :raises ManifestUnreadable:
    """
    yield from ()
    with opened(context, record) as driver:
        manifest = read_manifest(driver, place.bucket, place.staged_key if staged else place.committed_key)
        return find_documentation(driver, place, manifest.fields if manifest else {})


def find_documentation(driver: Driver, place: Place, fields: Mapping[Any, Any]) -> Documentation | None:
    """At most two requests. Blocking; runs in a worker."""
    named = fields.get(FIELD)
    if isinstance(named, str) and named.strip():
        path = _as_path(named)
        if path:
            return _read(driver, place, path) or Documentation(path, missing=True)
        if not _leads_away(named):
            data = named.encode("utf-8", "replace")
            return Documentation("", _parse("", data[:MAX_BYTES]), len(data))
    listed = next((file.path for file in recorded_files(fields) if file.path.lower() == README.lower()), README)
    return _read(driver, place, listed)


def _as_path(named: str) -> str:
    """The file that ``documentation`` names, or empty where it is a text, an address, or nothing that may be a file."""
    path = named.strip().removeprefix("./")
    if "\n" in path or len(path) > _MAX_PATH or "://" in path:
        return ""
    if not path.lower().endswith((*_MARKDOWN, ".txt", ".rst")) or (" " in path and "/" not in path and len(path) > 200):
        return ""
    try:
        check_file_path(path)
    except InputError:
        return ""
    return path


def _leads_away(named: str) -> bool:
    """An address, or a path out of the artifact: neither is fetched, and neither is a text to read."""
    word = named.strip()
    return len(word.split()) == 1 and ("://" in word or word.startswith(("/", "..", "\\")))


def _read(driver: Driver, place: Place, path: str) -> Documentation | None:
    try:
        with driver.get(place.bucket, place.file_key(path), length=MAX_BYTES) as reader:
            data = bytearray()
            while len(data) < MAX_BYTES and (chunk := reader.read(MAX_BYTES - len(data))):
                data += chunk
        size = driver.head(place.bucket, place.file_key(path)).size_bytes if len(data) == MAX_BYTES else len(data)
    except BlobNotFound:
        return None
    return Documentation(path, _parse(path, bytes(data)), size)


def _parse(path: str, data: bytes) -> MarkdownText:
    text = data.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
    return parse_markdown(text) if not path or path.lower().endswith(_MARKDOWN) else parse_plain(text)
