"""Where an artifact's parts lie in a bucket, and which names may be used for them.

The layout is Hypha's generation A, so that other programs read and write the same buckets: an artifact *is* its
bucket and prefix; ``manifest.yaml`` is the committed manifest, ``_manifest.yaml`` the staged one, files lie beside
them, and the children of a collection are the folders directly below it. ``.artifact/`` below a prefix is kept
for what we derive (records, statistics); other programs ignore it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from artifact_browser.errors import InputError
from artifact_browser.storage.location import DELIMITER, Location, segment_name

COMMITTED_NAME = "manifest.yaml"
STAGED_NAME = "_manifest.yaml"
RESERVED_NAMES = frozenset({COMMITTED_NAME, STAGED_NAME})
#: Below an artifact: its records, aliases and kept bytes.
DERIVED = ".artifact"
#: Folders of derived facts: never an artifact, never a file of one.
DERIVED_FOLDERS = frozenset({DERIVED, ".artifacts"})
#: of the bucket, at its top: names, and who uses what
BUCKET_WIDE = ".artifacts/"
#: What is said to a person who meets one of them.
KEPT_WORDS = "The catalog keeps versions, aliases, names and counters here."
COLLECTION_TYPE = "collection"
#: What Hypha keeps of each child in the index of a collection that does not say it.
PLAIN_SUMMARY_FIELDS = ("name", "description")
#: What we keep then: Hypha's own default is too poor for cards.
SUMMARY_FIELDS = ("id", "name", "description", "type", "covers", "icon", "tags", "version")

MAX_NAME_BYTES = 255
MAX_KEY_BYTES = 1024
#: Controls, and marks that reorder or hide their neighbours.
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs"})
_JOINER = "\u200d"


@dataclass(frozen=True, slots=True)
class Place:
    """An artifact or collection: its bucket and prefix. ``prefix`` ends with ``/``, or is empty for a whole bucket."""

    bucket: str
    prefix: str

    @property
    def committed_key(self) -> str:
        return self.prefix + COMMITTED_NAME

    @property
    def staged_key(self) -> str:
        return self.prefix + STAGED_NAME

    @property
    def name(self) -> str:
        """The folder's name: what a collection's index calls ``_id``."""
        return segment_name(self.prefix) if self.prefix else self.bucket

    @property
    def parent(self) -> Place | None:
        """Where the collection would be that this is a child of; a whole bucket has none."""
        if not self.prefix:
            return None
        body = self.prefix[:-1]
        return Place(self.bucket, body[: body.rfind(DELIMITER) + 1])

    def child(self, name: str) -> Place:
        """The artifact ``name`` directly below. :raises InputError: the name breaks the rules"""
        check_name(name)
        return Place(self.bucket, f"{self.prefix}{name}{DELIMITER}")

    def file_key(self, path: str) -> str:
        """The key of the artifact's file ``path``."""
        return self.prefix + path


def is_kept_by_catalog(key: str) -> bool:
    """Whether a folder (its key, with the slash) is one of the catalog's own, not something a person put there."""
    return key == BUCKET_WIDE or key.endswith(f"/{DERIVED}/")


def place_of(location: Location) -> Place:
    """The artifact a location stands for; a blob's key is taken as the folder of its name."""
    key = location.key
    return Place(location.bucket, key if not key or key.endswith(DELIMITER) else key + DELIMITER)


def check_name(name: str) -> None:
    """Return if ``name`` can be an artifact's folder.

    :raises InputError: empty, ``.`` or ``..``, with a slash, control characters, reserved, hidden or too long
    """
    if not name.strip():
        raise InputError("An artifact needs a name.", todo="Type an id, for example cell-atlas-2026.")
    _check_segment(name, name)
    if name in RESERVED_NAMES or name.startswith("."):
        raise InputError("This name is kept for the catalog itself.", subject=name, todo="Choose another id.")
    if DELIMITER in name:
        raise InputError("An id is one folder: it has no slash in it.", subject=name, todo="Leave the slash out.")


def check_file_path(path: str) -> None:
    """Return if ``path`` can name a file of an artifact, relative to its folder.

    :raises InputError: absolute, with ``..`` or empty segments, control characters, or a reserved name
    """
    if path.startswith((DELIMITER, "\\")):
        raise InputError("A file's path begins inside the artifact, not with a slash.", subject=path)
    segments = path.split(DELIMITER)
    for segment in segments:
        _check_segment(segment, path)
    if path in RESERVED_NAMES or segments[0] in DERIVED_FOLDERS:
        raise InputError(
            "This name is kept for the artifact's manifest.", subject=path, todo="Rename the file before staging it."
        )
    if len(path.encode()) > MAX_KEY_BYTES:
        raise InputError(f"The path is longer than {MAX_KEY_BYTES:,} bytes.", subject=path[:80])


def _check_segment(segment: str, whole: str) -> None:
    if not segment:
        raise InputError("A folder without a name is in the path.", subject=whole)
    if segment in {".", ".."}:
        raise InputError("\u201c.\u201d and \u201c..\u201d are no names.", subject=whole)
    if any(unicodedata.category(letter) in _UNSEEN and letter != _JOINER for letter in segment):
        raise InputError("The name has control characters or invisible marks in it.", subject=ascii(whole))
    if len(segment.encode()) > MAX_NAME_BYTES:
        raise InputError(f"The name is longer than {MAX_NAME_BYTES} bytes.", subject=whole[:80])


def id_from_title(title: str) -> str:
    """An id to suggest for a title: ``Cell atlas 2026`` gives ``cell-atlas-2026``; may be empty."""
    plain = unicodedata.normalize("NFKD", title.replace("\u00df", "ss")).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:64].rstrip("-")
