"""Which icon stands before a name: by the word of its type."""

from __future__ import annotations

from artifact_browser.gui.browse.entry import Entry, EntryKind
from artifact_browser.storage.filetypes import type_of

_BY_WORD = {
    "Manifest": "braces",
    "JSON": "file-json",
    "JSON lines": "file-json",
    "GeoJSON": "file-json",
    "YAML": "braces",
    "TOML": "braces",
    "XML": "file-code",
    "Web page": "file-code",
    "Python": "file-code",
    "Notebook": "book-open",
    "Markdown": "file-text",
    "Text": "file-text",
    "Log": "file-text",
    "PDF": "file-text",
    "CSV": "file-spreadsheet",
    "TSV": "file-spreadsheet",
    "Parquet": "database",
    "Arrow": "database",
    "Avro": "database",
    "ORC": "database",
    "HDF5": "database",
    "NetCDF": "database",
    "Zarr": "database",
    "NumPy array": "database",
    "NumPy archive": "database",
    "Safetensors": "box",
    "GGUF model": "box",
    "ONNX model": "box",
    "PyTorch": "box",
    "Checkpoint": "box",
    "Pickle": "box",
    "Archive": "file-archive",
}


def icon_name(entry: Entry) -> str:
    """The Lucide name for an entry."""
    if entry.kind is EntryKind.BUCKET:
        return "database"
    if entry.kind is EntryKind.FOLDER:
        return "folder"
    word = type_of(entry.key)
    found = _BY_WORD.get(word)
    if found is not None:
        return found
    for ending, name in (("image", "file-image"), ("audio", "file-music"), ("video", "file-video-camera")):
        if word.endswith(ending):
            return name
    return "file"
