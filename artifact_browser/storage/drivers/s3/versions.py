"""Versions of blobs through boto3: listed and deleted for good, so that a bucket can be emptied."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from artifact_browser.errors import AccessDenied, BlobNotFound, InputError, NotSupported, UnexpectedAnswer
from artifact_browser.storage.driver import NULL_VERSION, Deleted, Version, Versioning, VersionPage
from artifact_browser.storage.drivers.s3.boto import Boto
from artifact_browser.storage.drivers.s3.listed_keys import KeyDecoder
from artifact_browser.storage.drivers.s3.names import NOT_XML

#: One DeleteObjects request.
_BATCH = 1000
_STATES = {"Enabled": Versioning.ON, "Suspended": Versioning.SUSPENDED}


class Versions:
    """The part of :class:`Driver` that is about versions."""

    def __init__(
        self,
        boto: Boto,
        status: Callable[[str], str] | None = None,
        tell: Callable[[str, Versioning], None] = lambda _bucket, _state: None,
    ) -> None:
        """:param status: how a bucket is asked for its state, if not through boto3; :param tell: is told its answer"""
        self._boto = boto
        self._tell = tell
        self._status = status or self._status_by_boto
        self._versioning: dict[str, Versioning] = {}

    def versioning(self, bucket: str) -> Versioning:
        if bucket not in self._versioning:
            try:
                status = self._status(bucket)
            except (AccessDenied, BlobNotFound, NotSupported, InputError, UnexpectedAnswer):
                status = ""  # BlobNotFound: some small servers take the question for one about a key
            self._versioning[bucket] = _STATES.get(status, Versioning.NONE)
            self._tell(bucket, self._versioning[bucket])
        return self._versioning[bucket]

    def _status_by_boto(self, bucket: str) -> str:
        answer = self._boto.call(bucket, lambda s3: s3.get_bucket_versioning(Bucket=bucket), of_bucket=True)
        return str(answer.get("Status", ""))

    def list_versions(self, bucket: str, prefix: str = "", *, start_after: str = "") -> Iterator[VersionPage]:
        decoder = KeyDecoder(self._boto.access.account.remembered, lambda text: self._exists(bucket, text))
        markers: dict[str, Any] = {"KeyMarker": start_after} if start_after else {}
        seen: set[tuple[str, str]] = set()
        while True:
            answer = self._boto.call(
                bucket,
                # asked for by name: botocore would ask by itself, and then read every plus as a space
                lambda s3, after=markers: s3.list_object_versions(
                    Bucket=bucket, Prefix=prefix, EncodingType="url", **after
                ),  # type: ignore[misc]
                of_bucket=True,
            )
            found = self._page(answer, decoder)
            if start_after:  # Ceph begins with the marker's own key, moto with one of its versions
                found = [one for one in found if one.key.encode() > start_after.encode()]
            yield VersionPage(found, bool(answer.get("IsTruncated")))
            if not answer.get("IsTruncated"):
                return
            key, version = (
                self._key(answer, answer.get("NextKeyMarker", ""), decoder),
                answer.get("NextVersionIdMarker"),
            )
            if not key or (key, version or "") in seen:
                raise UnexpectedAnswer("The list of versions would never end.", subject=bucket)
            seen.add((key, version or ""))
            markers = {"KeyMarker": key} | ({"VersionIdMarker": version} if version else {})

    def _page(self, answer: Mapping[str, Any], decoder: KeyDecoder) -> list[Version]:
        blobs, marks = answer.get("Versions", []), answer.get("DeleteMarkers", [])
        found = [*blobs, *marks]
        names = [one["Key"] for one in found]
        keys = decoder.decode(names) if answer.get("EncodingType") == "url" else names
        return [
            Version(
                key,
                str(one.get("VersionId") or NULL_VERSION),
                int(one.get("Size", 0)),
                str(one.get("ETag", "")).strip('"'),
                bool(one.get("IsLatest")),
                number >= len(blobs),
            )
            for number, (key, one) in enumerate(zip(keys, found, strict=True))
        ]

    @staticmethod
    def _key(answer: Mapping[str, Any], name: str, decoder: KeyDecoder) -> str:
        return decoder.decode([name])[0] if answer.get("EncodingType") == "url" else name

    def _exists(self, bucket: str, prefix: str) -> bool:
        answer = self._boto.call(bucket, lambda s3: s3.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1))
        return bool(answer.get("Contents"))

    def delete_versions(self, bucket: str, versions: Sequence[tuple[str, str]]) -> list[Deleted]:
        outcomes: dict[tuple[str, str], str] = {}
        plain = [one for one in versions if not NOT_XML.search(one[0])]
        for start in range(0, len(plain), _BATCH):
            outcomes.update(self._delete_batch(bucket, plain[start : start + _BATCH]))
        for one in versions:
            if one not in outcomes:
                outcomes[one] = self._delete_one(bucket, *one)
        return [Deleted(key, outcomes[key, version]) for key, version in versions]

    def _delete_one(self, bucket: str, key: str, version: str) -> str:
        try:
            self._boto.call(
                bucket,
                lambda s3: s3.delete_object(Bucket=bucket, Key=key, VersionId=version),
                subject=f"{bucket}/{key}",
            )
        except BlobNotFound:
            return ""
        except (InputError, NotSupported) as error:
            return error.detail
        return ""

    def _delete_batch(self, bucket: str, versions: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """Outcomes the server told; versions it said nothing about are left out."""
        wanted: Any = {"Objects": [{"Key": key, "VersionId": version} for key, version in versions], "Quiet": False}
        try:
            answer = self._boto.call(bucket, lambda s3: s3.delete_objects(Bucket=bucket, Delete=wanted))
        except NotSupported:
            return {}
        outcomes = {(one["Key"], _version(one)): "" for one in answer.get("Deleted", [])}
        for failed in answer.get("Errors", []):
            gone = failed.get("Code", "") in {"NoSuchKey", "NoSuchVersion"}
            words = failed.get("Message") or failed.get("Code") or "The store refused."
            outcomes[failed.get("Key", ""), _version(failed)] = "" if gone else words
        return outcomes


def _version(one: Mapping[str, Any]) -> str:
    return str(one.get("VersionId") or one.get("DeleteMarkerVersionId") or NULL_VERSION)
