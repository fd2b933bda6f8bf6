"""What a name's ending says about a blob: the word in the Type column and the Content-Type to upload it with.

Words are the field's own (Parquet, Safetensors), for the endings people keep in object stores; the rest comes
from the standard library's table.
"""

from __future__ import annotations

import mimetypes

#: ending -> (word, content type)
_KNOWN: dict[str, tuple[str, str]] = {
    "7z": ("Archive", "application/x-7z-compressed"),
    "arrow": ("Arrow", "application/vnd.apache.arrow.file"),
    "avro": ("Avro", "application/avro"),
    "bin": ("Binary", "application/octet-stream"),
    "bmp": ("BMP image", "image/bmp"),
    "bz2": ("Archive", "application/x-bzip2"),
    "ckpt": ("Checkpoint", "application/octet-stream"),
    "csv": ("CSV", "text/csv"),
    "feather": ("Arrow", "application/vnd.apache.arrow.file"),
    "flac": ("FLAC audio", "audio/flac"),
    "geojson": ("GeoJSON", "application/geo+json"),
    "gguf": ("GGUF model", "application/octet-stream"),
    "gif": ("GIF image", "image/gif"),
    "gz": ("Archive", "application/gzip"),
    "h5": ("HDF5", "application/x-hdf5"),
    "hdf5": ("HDF5", "application/x-hdf5"),
    "html": ("Web page", "text/html"),
    "ipynb": ("Notebook", "application/x-ipynb+json"),
    "jpeg": ("JPEG image", "image/jpeg"),
    "jpg": ("JPEG image", "image/jpeg"),
    "json": ("JSON", "application/json"),
    "jsonl": ("JSON lines", "application/jsonl"),
    "log": ("Log", "text/plain"),
    "md": ("Markdown", "text/markdown"),
    "mp4": ("MP4 video", "video/mp4"),
    "nc": ("NetCDF", "application/x-netcdf"),
    "ndjson": ("JSON lines", "application/jsonl"),
    "npy": ("NumPy array", "application/octet-stream"),
    "npz": ("NumPy archive", "application/octet-stream"),
    "onnx": ("ONNX model", "application/octet-stream"),
    "orc": ("ORC", "application/octet-stream"),
    "parquet": ("Parquet", "application/vnd.apache.parquet"),
    "pdf": ("PDF", "application/pdf"),
    "pkl": ("Pickle", "application/octet-stream"),
    "png": ("PNG image", "image/png"),
    "pt": ("PyTorch", "application/octet-stream"),
    "pth": ("PyTorch", "application/octet-stream"),
    "py": ("Python", "text/x-python"),
    "safetensors": ("Safetensors", "application/octet-stream"),
    "svg": ("SVG image", "image/svg+xml"),
    "tar": ("Archive", "application/x-tar"),
    "tgz": ("Archive", "application/gzip"),
    "tif": ("TIFF image", "image/tiff"),
    "tiff": ("TIFF image", "image/tiff"),
    "toml": ("TOML", "application/toml"),
    "tsv": ("TSV", "text/tab-separated-values"),
    "txt": ("Text", "text/plain"),
    "wav": ("WAV audio", "audio/wav"),
    "webp": ("WebP image", "image/webp"),
    "xml": ("XML", "application/xml"),
    "xz": ("Archive", "application/x-xz"),
    "yaml": ("YAML", "application/yaml"),
    "yml": ("YAML", "application/yaml"),
    "zarr": ("Zarr", "application/octet-stream"),
    "zip": ("Archive", "application/zip"),
    "zst": ("Archive", "application/zstd"),
}
MANIFEST_NAMES = frozenset({"manifest.yaml", "_manifest.yaml"})
#: Types a preview shows as text.
_TEXT_WORDS = frozenset(
    {"CSV", "TSV", "JSON", "Log", "Markdown", "Text", "YAML", "TOML", "XML", "Python", "Notebook", "GeoJSON"}
    | {"Manifest", "JSON lines", "Web page", "SVG image"}
)
#: Pictures a worker decodes; SVG is a program and stays text.
_PICTURE_WORDS = frozenset({"PNG image", "JPEG image", "GIF image", "WebP image", "TIFF image", "BMP image"})


def ending_of(key: str) -> str:
    """The ending in lower case, without the dot; empty for ``.hidden`` and names without one."""
    name = key[key.rfind("/") + 1 :]
    stem, dot, ending = name.rpartition(".")
    return ending.lower() if dot and stem else ""


def type_of(key: str) -> str:
    """The word for the Type column."""
    if key[key.rfind("/") + 1 :] in MANIFEST_NAMES:
        return "Manifest"
    ending = ending_of(key)
    if ending in _KNOWN:
        return _KNOWN[ending][0]
    return f"{ending.upper()} file" if ending and len(ending) <= 8 and ending.isalnum() else "File"


def content_type_of(key: str) -> str:
    """The Content-Type to upload a name with; ``application/octet-stream`` when nothing is known."""
    ending = ending_of(key)
    if ending in _KNOWN:
        return _KNOWN[ending][1]
    return mimetypes.types_map.get(f".{ending}", "application/octet-stream")


def is_text(key: str, content_type: str = "") -> bool:
    """Whether a preview may show the blob as plain text."""
    return type_of(key) in _TEXT_WORDS or content_type.startswith("text/")


def is_picture(key: str) -> bool:
    return type_of(key) in _PICTURE_WORDS
