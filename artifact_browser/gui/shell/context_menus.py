"""Which actions stand in which context menu, by name; an empty name is a separator."""

from __future__ import annotations

from artifact_browser.storage.location import Location

#: on a row of the table
ON_ROWS = (
    "open", "download", "download_options", "",
    "cut", "copy", "copy_to", "move_to", "sync", "",
    "copy_link", "share", "copy_uri", "",
    "rename", "delete", "",
    "usage", "details",
)  # fmt: skip
#: on the table, beside its rows
ON_NOTHING = (
    "upload_files", "upload_folder", "upload_options", "paste", "new_folder", "",
    "search", "sync", "share", "copy_uri", "usage", "refresh",
)  # fmt: skip
_ON_TREE = ("add_account",)
_ON_ACCOUNT = (
    "new_bucket", "open_bucket", "",
    "test_connection", "edit_account", "remove_account", "",
    "refresh",
)  # fmt: skip
_ON_BUCKET = (
    "upload_files", "upload_folder", "upload_options", "paste", "new_folder", "new_collection", "",
    "search", "sync", "share", "copy_uri", "usage", "refresh",
    "delete_bucket", "refresh",
)  # fmt: skip
_ON_PREFIX = (
    "upload_files", "upload_folder", "upload_options", "paste", "new_folder", "",
    "search", "sync", "share", "copy_uri", "usage", "refresh",
)  # fmt: skip


def in_tree(location: Location | None) -> tuple[str, ...]:
    """For a line of the tree; ``None``: beside its lines."""
    if location is None:
        return _ON_TREE
    if not location.bucket:
        return _ON_ACCOUNT
    return _ON_PREFIX if location.key else _ON_BUCKET
