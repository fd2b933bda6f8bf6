"""What the downloads of an artifact's files count: set for all of them at once, in the staged manifest."""

from __future__ import annotations

import time
from typing import Any

from artifact_browser.catalog.counter_object import number
from artifact_browser.catalog.files import FILES_KEY, with_files
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.manifest import Pause
from artifact_browser.catalog.staging import edit
from artifact_browser.catalog.stats import MAX_WEIGHT, WEIGHT_KEY
from artifact_browser.errors import InputError
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.location import DELIMITER

_DOCUMENT_NAMES = ("readme", "license", "licence", "changelog", "citation", "notice")
_DOCUMENT_ENDINGS = (".md", ".rst")


def set_weights(
    driver: Driver, place: Place, weight: float, *, documents: float = 0.0, pause: Pause = time.sleep
) -> int:
    """Give every file ``weight``, and those that only describe (README, licence ...) the weight ``documents``.

    It takes effect at the commit. Returns how many files have a weight above zero.

    :raises InputError: no weight, or there are no files; :raises BlobNotFound: there is no artifact
    """
    for one in (weight, documents):
        if number(one) is None or one > MAX_WEIGHT:
            raise InputError(f"A weight is a number from 0 to {MAX_WEIGHT:,.0f}.", subject=str(one)[:64])
    weighed = 0

    def change(fields: dict[Any, Any]) -> None:
        nonlocal weighed
        weighed = 0
        entries = with_files(fields.get(FILES_KEY), ())  # strange ones are kept as they are
        files = [entry for entry in entries if isinstance(entry, dict) and isinstance(entry.get("path"), str)]
        if not files:
            raise InputError("There are no files in it yet.", todo="Stage files first.")
        for entry in files:
            entry[WEIGHT_KEY] = documents if is_document(entry["path"]) else weight
            weighed += entry[WEIGHT_KEY] > 0
        fields[FILES_KEY] = entries

    edit(driver, place, change, pause)
    return weighed


def is_document(path: str) -> bool:
    """Whether a file only describes the others, as far as its name tells."""
    name = path.rpartition(DELIMITER)[2].lower()
    return name.startswith(_DOCUMENT_NAMES) or name.endswith(_DOCUMENT_ENDINGS)
