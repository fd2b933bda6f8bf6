"""Buckets: the folders directly below the root. New ones are named by S3's rules, so they can move to S3 as they are."""

from __future__ import annotations

import ipaddress
import os
import re
import time
from contextlib import suppress

from artifact_browser.errors import BucketExists, BucketNotEmpty, InputError
from artifact_browser.storage.columns import encode_key
from artifact_browser.storage.driver import BucketInfo
from artifact_browser.storage.drivers.local.durable import sync_folders
from artifact_browser.storage.drivers.local.publish import heal, relative
from artifact_browser.storage.drivers.local.store import Store, address
from artifact_browser.storage.drivers.local.tree import is_bucket_name, is_folder

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*[a-z0-9]")
_RULES = "Use 3 to 63 lower-case letters, digits and hyphens, beginning and ending with a letter or digit."


def check_name(bucket: str) -> None:
    """:raises InputError: it cannot be the name of a new bucket; says why"""
    if not 3 <= len(bucket) <= 63:
        reason = f"The name has {len(bucket)} characters."
    elif bucket != bucket.lower():
        reason = "The name has upper-case letters."
    elif not _NAME.fullmatch(bucket):
        reason = "The name has characters that bucket names cannot have."
    elif ".." in bucket or _is_address(bucket):
        reason = "The name looks like a network address or has two dots in a row."
    else:
        return
    raise InputError(reason, todo=_RULES, subject=bucket[:200])


def _is_address(text: str) -> bool:
    with suppress(ValueError):
        ipaddress.ip_address(text)
        return True
    return False


def list_buckets(store: Store) -> list[BucketInfo]:
    """All buckets by name: also folders that a person made, whatever their names."""
    with os.scandir(store.tree.root) as entries:
        found = [entry for entry in entries if is_bucket_name(entry.name) and is_folder(entry.path)]
    buckets = []
    for entry in sorted(found, key=lambda entry: entry.name):
        made_us = store.index.folder_made_us(relative(store, entry.path))
        with suppress(FileNotFoundError):
            status = entry.stat(follow_symlinks=False)
            created = getattr(status, "st_birthtime", status.st_mtime)
            buckets.append(BucketInfo(entry.name, int(created * 1_000_000) if made_us is None else made_us))
    return buckets


def create_bucket(store: Store, bucket: str) -> None:
    """:raises InputError: :raises BucketExists:"""
    check_name(bucket)
    folder = os.path.join(store.tree.root, bucket)
    with store.index.writing():
        try:
            os.mkdir(folder)
        except FileExistsError:
            raise BucketExists("There is a folder or file of that name already.", subject=bucket) from None
        store.index.made_folder(relative(store, folder), time.time_ns() // 1000)
        sync_folders([store.tree.root])


def delete_bucket(store: Store, bucket: str) -> None:
    """Remove a bucket that holds nothing but empty folders.

    :raises BucketNotEmpty: :raises BucketNotFound:
    """
    folder = store.tree.bucket_folder(bucket)
    with store.index.writing() as database:
        heal(store)
        if database.execute("SELECT 1 FROM uploads WHERE bucket=?", (encode_key(bucket),)).fetchone():
            raise BucketNotEmpty("There are unfinished uploads in it.", subject=address(bucket))
        for path in reversed(_empty_folders(folder, address(bucket))):
            try:
                os.rmdir(path)
            except OSError as error:
                if not os.path.isdir(path) or not os.listdir(path):
                    raise
                raise BucketNotEmpty("A file has just arrived in it.", subject=address(bucket)) from error
            store.index.forget_folder(relative(store, path))
        database.execute("DELETE FROM blobs WHERE bucket=?", (encode_key(bucket),))


def remove_folders(store: Store, bucket: str, prefix: str) -> None:
    """Remove the folders at and below ``prefix`` that hold nothing, whoever made them; links are not followed."""
    with store.index.writing():
        for top in list(store.tree.folders(bucket, prefix.split("/")[:-1])):
            found = [top]
            for folder in found:  # grows while it is read
                store.cancel.raise_if_cancelled()
                with os.scandir(folder) as entries:
                    found += [entry.path for entry in entries if is_folder(entry.path)]
            for folder in reversed(found):
                with suppress(OSError):  # not empty
                    os.rmdir(folder)
                    store.index.forget_folder(relative(store, folder))


def _empty_folders(top: str, subject: str) -> list[str]:
    """All folders from ``top`` down, parents first. :raises BucketNotEmpty: there is anything else"""
    found = [top]
    for folder in found:  # grows while it is read: no recursion, however deep the folders go
        with os.scandir(folder) as entries:
            below = [entry.path for entry in entries]
        if not all(map(is_folder, below)):
            raise BucketNotEmpty("There are files in it.", subject=subject)
        found += below
    return found
