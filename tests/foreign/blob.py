"""A blob as every program sees it, and the keys that the programs can carry, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.storage.conformance.odd_keys import ODD_KEYS

CONTENT_TYPE = "application/x-peer; v=1"
METADATA = {"run": "7", "project": "Zoo of the world"}


@dataclass(frozen=True)
class Blob:
    """``content_type`` and ``metadata`` are empty where a program does not tell them."""

    body: bytes
    content_type: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


#: What can be a file of a folder on Linux, so that a program that copies folders can carry it.
AS_FILES = [
    "plain.bin", "a/b/c.txt", "sp ace", " lead", "trail ", "plus+x", "a+b c%20d", "pct%2Fx", "%", "%zz", "%25", "q?x=1",
    "h#x", "a&b<c>", "q'q", 'd"q', "a=b", "semi;colon", "a,b", "$HOME", "`id`", "*", "[x]", "{y}", "|", "~", "^", "!",
    "@", "(p)", "e\u0301", "\u00e9", "日本語", "🎉", "\u202eexe.txt", "\u200b", "\ufeffbom", "ta\tb", "\x7f", "CON",
    "con", "NUL.txt", "a:b", "dot.", "trail .", "Case", "case", "-rf", "--", ".hidden", "x.tmp", "a\u00a0b",
    "_manifest.yaml", ".artifact-browser", "é" * 100, "empty",
]  # fmt: skip

#: No file of one folder can be these, so programs that copy folders cannot carry them; those that take keys can.
ONLY_AS_KEYS = [
    "a//b",
    "/lead",
    "//",
    "trail/",
    "a///",
    "a/./b",
    "a/../c",
    "..",
    "../up",
    "object",
    "object/below",
    "é" * 512,
]

#: Everything that a program carries that names each key by itself (botocore, a link).
AS_KEYS = [*AS_FILES, *(key for key in ODD_KEYS if key not in AS_FILES and "deep/" not in key)]
assert set(ONLY_AS_KEYS) <= set(AS_KEYS)


def blobs_of(
    keys: list[str], content_type: str = CONTENT_TYPE, metadata: Mapping[str, str] | None = None
) -> dict[str, Blob]:
    """A body of its own for each key; the key ``empty`` is empty."""
    metadata = METADATA if metadata is None else metadata
    bodies = {key: b"" if key == "empty" else f"{number}: {key}\n".encode() * 40 for number, key in enumerate(keys)}
    return {key: Blob(body, content_type, metadata) for key, body in bodies.items()}
