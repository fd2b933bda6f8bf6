"""Which version an address means that a person gives as a parent."""

from __future__ import annotations

from urllib.parse import quote, unquote

from artifact_browser.catalog.artifact_uri import is_artifact_uri, parse_artifact_uri
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.lineage import Parent, VersionRef, check_reference
from artifact_browser.catalog.manifest import VERSION_KEY, read_manifest
from artifact_browser.catalog.name_registry import resolve_name
from artifact_browser.catalog.publishing import SOURCES
from artifact_browser.catalog.queries import ask, version_of
from artifact_browser.errors import BlobNotFound, InputError
from artifact_browser.storage.driver import Driver
from artifact_browser.storage.location import parse_uri

_MARK = "/@"


def address_of(scheme: str, bucket: str, ref: VersionRef) -> str:
    """A version's address: the artifact's, then ``@`` and the version."""
    return f"{scheme}://{bucket}/{ref.prefix}@{quote(ref.version, safe='')}"


def check_address(text: str) -> None:
    """Return if ``text`` has the form of an address. :raises InputError:"""
    check_reference(text.strip())
    if is_artifact_uri(text):
        parse_artifact_uri(text)
    else:
        parse_uri(text)


def find_parent(driver: Driver, bucket: str, text: str) -> Parent:
    """The version that ``text`` means: ``flyte://...``, or ``s3://bucket/prefix/@version``, where a version may also be an
    alias, and none is the committed one. At most five requests. What lies elsewhere stays the address it is.

    :raises InputError: it is no address; :raises BlobNotFound: there is no such artifact or version in this bucket
    """
    check_address(text)
    text = text.strip()
    if is_artifact_uri(text):
        uri = parse_artifact_uri(text)
        if resolve_name(driver, bucket, uri.name) is None:
            return str(uri)
        facts = ask(driver, bucket, uri, SOURCES).found
        if facts is None:
            raise BlobNotFound("There is no such version.", subject=text)
        return VersionRef(facts.place.prefix, facts.version)
    _, named, key = parse_uri(text)
    if named != bucket:
        return text
    prefix, mark, version = key.rpartition(_MARK)
    prefix = (prefix if mark else key).rstrip("/") + "/"
    place = Place(bucket, "" if prefix == "/" else prefix)
    if not mark:
        return VersionRef(place.prefix, committed_version(driver, place))
    found = version_of(driver, place, unquote(version), SOURCES).found if version else None
    if found is None:
        raise BlobNotFound("There is no such version.", subject=text)
    return VersionRef(place.prefix, found.version)


def committed_version(driver: Driver, place: Place) -> str:
    """What the committed version of ``place`` is called: one GET.

    :raises BlobNotFound: nothing is committed; :raises InputError: another program committed it, no record names it yet
    """
    found = read_manifest(driver, place.bucket, place.committed_key)
    if found is None:
        raise BlobNotFound("Nothing is committed there.", subject=f"{place.bucket}/{place.prefix}")
    version = found.fields.get(VERSION_KEY)
    if not isinstance(version, str) or not version:
        raise InputError("Its committed version has no record yet.", subject=f"{place.bucket}/{place.prefix}")
    return version
