"""An artifact, or one of its files, as text for elsewhere: its URI, a few lines of Python, a line for a shell.

What is copied is run by people, and names come from strangers: Python strings are written in ASCII (``ascii``), shell words
are quoted (``shlex``, for POSIX shells), and where a name cannot be said in a form without doing something else, that form
is left out. No secret is in any of it: whoever runs it brings keys along, as the tool finds them by itself.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from enum import StrEnum
from pathlib import Path

from artifact_browser.accounts.record import AccountKind, AccountRecord, Addressing
from artifact_browser.catalog.layout import DERIVED
from artifact_browser.storage.drivers.local.names import usual_path
from artifact_browser.storage.location import DELIMITER, segment_name, uri_of

_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs"})
#: What rclone writes in the place of characters that some systems do not take; it would read them back as those.
_RCLONE_ENCODED = re.compile("[\u201b\u2400-\u2421\uff01-\uff5e]")


class CopyForm(StrEnum):
    """What a place can be copied as."""

    URI = "URI"
    PYTHON = "Python"
    AWS = "AWS command"
    RCLONE = "rclone command"


def copy_text(form: CopyForm, record: AccountRecord, bucket: str, key: str, *, local_root: str = "") -> str:
    """The text, or empty where there is none.

    :param key: a file's; one that ends with ``/`` (or is empty) stands for all that lies below; a command that copies
        it leaves the records of versions and the counters out
    :param local_root: the folder of *This computer*'s buckets
    """
    if form is CopyForm.URI:
        return uri_of(record.kind, bucket, key)
    local = record.kind is AccountKind.LOCAL
    if form is CopyForm.PYTHON:
        return _local_python(local_root, bucket, key) if local else _python(record, bucket, key)
    if local or any(unicodedata.category(letter) in _UNSEEN for letter in key):
        return ""
    return _aws(record, bucket, key) if form is CopyForm.AWS else _rclone(record, bucket, key)


def _local_python(root: str, bucket: str, key: str) -> str:
    folder = not key or key.endswith(DELIMITER)
    # names that cannot be files are kept under others; below a folder it is the parents of any file in it
    parts = usual_path(key + "x")[:-1] if folder else usual_path(key)
    path = Path(root, bucket, *parts)
    read = (
        "for file in sorted(path.rglob('*')):\n    if file.is_file():\n        print(file, file.stat().st_size)\n"
        if folder
        else "data = path.read_bytes()\n"
    )
    return f"from pathlib import Path\n\npath = Path({str(path)!a})\n{read}"


def _python(record: AccountRecord, bucket: str, key: str) -> str:
    client = ['"s3"']
    if record.endpoint:
        client.append(f"endpoint_url={record.endpoint!a}")
    if record.region:
        client.append(f"region_name={record.region!a}")
    if record.ca_file:
        client.append(f"verify={record.ca_file!a}")
    options = []
    if record.kind is AccountKind.PUBLIC:
        options.append("signature_version=UNSIGNED")
    if record.endpoint and record.addressing is Addressing.PATH:
        options.append('s3={"addressing_style": "path"}')
    lines = ["import boto3"]
    if options:
        lines.append("from botocore.config import Config")
        client.append(f"config=Config({', '.join(options)})")
    if record.kind is AccountKind.PUBLIC:
        lines.insert(1, "from botocore import UNSIGNED")
    profile = f"profile_name={record.profile!a}" if record.profile else ""
    lines += ["", f"s3 = boto3.Session({profile}).client({', '.join(client)})"]
    if key and not key.endswith(DELIMITER):
        lines += [f"s3.download_file({bucket!a}, {key!a}, {_file_name(key)!a})"]
    else:
        lines += [
            f'pages = s3.get_paginator("list_objects_v2").paginate(Bucket={bucket!a}, Prefix={key!a})',
            "for page in pages:",
            '    for blob in page.get("Contents", []):',
            '        print(blob["Key"], blob["Size"])',
        ]
    return "\n".join(lines) + "\n"


def _aws(record: AccountRecord, bucket: str, key: str) -> str:
    words = ["aws", "s3", "cp", f"s3://{bucket}/{key}", _target(bucket, key)]
    if not key or key.endswith(DELIMITER):
        words += ["--recursive", "--exclude", f"{DERIVED}/*", "--exclude", f"*/{DERIVED}/*"]
    for option, value in (
        ("--endpoint-url", record.endpoint),
        ("--region", record.region),
        ("--profile", record.profile),
        ("--ca-bundle", record.ca_file),
    ):
        words += [option, value] if value else []
    if record.kind is AccountKind.PUBLIC:
        words.append("--no-sign-request")
    return shlex.join(words)


def _rclone(record: AccountRecord, bucket: str, key: str) -> str:
    if _RCLONE_ENCODED.search(key) or "//" in key or key.startswith(DELIMITER):
        return ""
    options = ["s3", "provider=AWS" if record.kind is AccountKind.AWS else "provider=Other"]
    if record.kind is not AccountKind.PUBLIC:
        options.append("env_auth=true")
    for option, value in (
        ("endpoint", record.endpoint),
        ("region", record.region),
        ("profile", record.profile),
    ):
        if value:
            doubled = value.replace('"', '""')
            options.append(f'{option}="{doubled}"')
    if record.endpoint:
        options.append(f"force_path_style={'true' if record.addressing is Addressing.PATH else 'false'}")
    folder = not key or key.endswith(DELIMITER)
    words = ["rclone", "copy" if folder else "copyto", f":{','.join(options)}:{bucket}/{key}", _target(bucket, key)]
    if folder:
        words += ["--exclude", f"{DERIVED}/**"]
    if record.ca_file:
        words += ["--ca-cert", record.ca_file]
    return shlex.join(words)


def _target(bucket: str, key: str) -> str:
    """Where it goes: below the folder the shell stands in."""
    if key and not key.endswith(DELIMITER):
        return f"./{_file_name(key)}"
    return f"./{segment_name(key) if key else bucket}/"


def _file_name(key: str) -> str:
    return segment_name(key).replace("\\", "_").replace("\0", "_") or "file"
