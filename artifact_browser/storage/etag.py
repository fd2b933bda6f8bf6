"""What an ETag says about the bytes: of a blob written in one piece it is their MD5, of one written in parts the MD5 of the
parts' MD5s and their number; of one encrypted with a key of the customer's or KMS's it says nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence

_MIB = 1024**2
_MD5 = re.compile(r"[0-9a-f]{32}")
_OF_PARTS = re.compile(r"[0-9a-f]{32}-([0-9]{1,5})")
#: parts of other programs: AWS CLI and boto3, rclone, s5cmd, and what people like to choose
_USUAL_MIB = (16, 8, 5, 50, 64, 10, 32, 15, 20, 25, 24, 40, 48, 100, 128, 200, 250, 256, 500, 512, 1024)


def is_md5(etag: str, headers: Mapping[str, str]) -> bool:
    """Whether an ETag is the MD5 of the bytes. ``headers``: the blob's, or those of the answer to its writing."""
    return _is_plain(headers) and _MD5.fullmatch(etag) is not None


def parts_in(etag: str, headers: Mapping[str, str]) -> int:
    """How many parts' MD5s the ETag is made of; 0 where it is not."""
    found = _OF_PARTS.fullmatch(etag) if _is_plain(headers) else None
    return int(found[1]) if found else 0


def likely_part_bytes(size_bytes: int, parts: int, ours: int) -> int:
    """How large the parts probably were: ``ours``, or what programs usually choose; 0 where none of these fits."""
    for likely in (ours, *(mib * _MIB for mib in _USUAL_MIB)):
        if -(-size_bytes // likely) == parts:
            return likely
    return 0


def etag_of_parts(md5s: Sequence[str]) -> str:
    """The ETag of a blob of parts with these MD5s (hexadecimal); "" where one is none."""
    if not md5s or not all(_MD5.fullmatch(md5) for md5 in md5s):
        return ""
    return f"{hashlib.md5(bytes.fromhex(''.join(md5s)), usedforsecurity=False).hexdigest()}-{len(md5s)}"


def _is_plain(headers: Mapping[str, str]) -> bool:
    encryption = {name.lower(): value for name, value in headers.items() if "server-side-encryption" in name.lower()}
    return all(value == "AES256" and "customer" not in name for name, value in encryption.items())
