"""What ``latest`` tells beside the version it points to, so that an ordinary commit needs neither that version's record
nor a look at the artifact's name.

It is written last behind a commit: where it fits the committed manifest, everything before it is done. It is derived,
and believed only as far as the manifest bears it out: one that was copied, put back or written by an older program is
looked behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from artifact_browser.catalog.artifact_name import ArtifactName
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.name_registry import name_key

_KEY = "tells"
_MAX_SEQUENCE = 2**53
_MAX_TEXT = 4096


@dataclass(frozen=True, slots=True)
class Told:
    """A version as ``latest`` tells it.

    :ivar content: its manifest's fingerprint; :ivar named: the name that is known to stand for this place
        (:func:`name_token`), empty where none is
    """

    version: str
    sequence: int
    commit_id: str
    content: str
    named: str = ""


def name_token(place: Place, name: ArtifactName) -> str:
    """A name and the place it stands for, as one text: what was copied elsewhere says another place."""
    return f"{name_key(name)} {place.bucket}/{place.prefix}"


def told_fields(told: Told | None) -> dict[str, Any]:
    """Keys of the alias that say it; none where nothing is told."""
    if told is None:
        return {}
    body = {"sequence": told.sequence, "commit": told.commit_id, "content": told.content, "named": told.named}
    return {_KEY: {name: value for name, value in body.items() if value}}


def told_in(body: Mapping[str, Any], version: str) -> Told | None:
    """What the alias that points to ``version`` tells of it; ``None`` where that is nothing, or not of this form."""
    found = body.get(_KEY)
    if not isinstance(found, Mapping):
        return None
    sequence, texts = found.get("sequence"), [found.get(name, "") for name in ("commit", "content", "named")]
    if not isinstance(sequence, int) or isinstance(sequence, bool) or not 1 <= sequence <= _MAX_SEQUENCE:
        return None
    if not all(isinstance(text, str) and len(text) <= _MAX_TEXT for text in texts) or not texts[1]:
        return None
    return Told(version, sequence, *texts)
