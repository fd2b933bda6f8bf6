"""Files put back in their place by the store: from a version of the bucket's, or from what was kept aside."""

from __future__ import annotations

from collections.abc import Mapping

from artifact_browser.catalog.files import Present, locate
from artifact_browser.catalog.kept import Check, copy_blob, each, etag_of
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.sources import Source
from artifact_browser.errors import CommitConflict
from artifact_browser.storage.driver import Driver

_SHOWN = 20


def bring_back(
    driver: Driver, place: Place, wanted: Mapping[str, Source], now: Mapping[str, Present], check: Check = lambda: None
) -> dict[str, Present]:
    """Copy bytes (by path) to where the files belong; what their blobs are then.

    :param now: what lies there and may be written over: its bytes are kept or nobody's
    :raises CommitConflict: something else lies there now; others may be back already, which can be repeated
    """
    if not wanted:
        return {}

    def copy(one: tuple[str, Source]) -> None:
        path, source = one
        check()
        there, key = now.get(path), place.file_key(path)
        if etag_of(driver, place.bucket, key) != (there.etag if there else ""):
            raise CommitConflict("The file was changed by somebody else meanwhile.", subject=path)
        copy_blob(driver, place.bucket, source.key, key, source.blob, create_only=there is None)

    each(copy, wanted.items())
    back = locate(driver, place, wanted)
    other = [
        path for path, source in wanted.items() if path not in back or back[path].size_bytes != source.blob.size_bytes
    ]
    if other:
        raise CommitConflict("Files were changed while they were brought back.", subject="\n".join(other[:_SHOWN]))
    return back
