"""Where the ``transfers`` benchmark moves to and from: its own server, or one that was named with ``--endpoint``."""

from __future__ import annotations

import io
import os
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from benchmarks.shapes import Shape, name_of
from benchmarks.sink import Sink, md5, pattern, pieces


@dataclass(frozen=True, slots=True)
class Access:
    """What every participant is told. ``ca_file``: to trust, for a server with a certificate of its own."""

    endpoint: str
    bucket: str
    access_key: str = "bench"
    secret_key: str = "bench-secret"
    region: str = "us-east-1"
    ca_file: str = ""


def access_of(endpoint: str, environment: Mapping[str, str] = os.environ) -> Access:
    """A bucket with a new name on a server that was named."""
    return Access(
        endpoint,
        f"bench-{uuid.uuid4().hex[:12]}",
        environment.get("AWS_ACCESS_KEY_ID", "bench"),
        environment.get("AWS_SECRET_ACCESS_KEY", "bench-secret"),
        environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or "us-east-1",
        environment.get("AWS_CA_BUNDLE", ""),
    )


class Store(Protocol):
    """A bucket of the benchmark's own."""

    @property
    def access(self) -> Access: ...

    def provide(self, shape: Shape) -> None:
        """See that ``shape.folder`` holds the objects to download."""

    def upload_fault(self, shape: Shape, prefix: str) -> str:
        """What is wrong with what was uploaded below ``prefix``; empty when nothing is."""

    def forget(self, prefix: str) -> None:
        """What is below ``prefix`` is not needed any more."""

    def close(self) -> None:
        """Leave nothing behind."""


class SinkStore:
    """The benchmark's own server: everything is there, and what comes is looked at while it comes."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.access = Access(sink.endpoint, "bench")

    def provide(self, shape: Shape) -> None:
        """It is there."""

    def upload_fault(self, shape: Shape, prefix: str) -> str:
        counts = self._sink.counts(f"{self.access.bucket}/{prefix}")
        wanted = {"right": shape.count, "wrong": 0, "bytes": shape.bytes, "unfinished": 0}
        return "" if counts == wanted else f"the server has {counts} instead of {wanted}"

    def forget(self, prefix: str) -> None:
        """It never kept it."""

    def close(self) -> None:
        """Whoever started it ends it."""


#: what is fetched has a checksum of its bytes, as on the benchmark's own server; where the store keeps one
_CHECKED = {"ChecksumAlgorithm": "CRC32C", "ChecksumType": "FULL_OBJECT"}


class RealStore:
    """A server that was named; keys and region are the environment's (``AWS_ACCESS_KEY_ID`` and so on)."""

    def __init__(self, endpoint: str, environment: Mapping[str, str] = os.environ) -> None:
        self.access = access_of(endpoint, environment)
        # some stores (Ceph 16.2) refuse what boto3 sends over TLS by itself
        self._s3 = client(self.access, request_checksum_calculation="when_required")
        self._s3.create_bucket(Bucket=self.access.bucket)
        self._provided: set[str] = set()
        self._kept = self._keeps_checksums()

    def provide(self, shape: Shape) -> None:
        if shape.folder in self._provided:
            return
        from boto3.s3.transfer import TransferConfig, create_transfer_manager

        body = b"".join(pieces(shape.size_bytes))
        with create_transfer_manager(
            self._s3, TransferConfig(multipart_threshold=64 << 20, multipart_chunksize=64 << 20)
        ) as manager:
            uploads = [
                manager.upload(io.BytesIO(body), self.access.bucket, shape.folder + name_of(number), self._kept)
                for number in range(shape.count)
            ]
            for upload in uploads:
                upload.result()
        self._provided.add(shape.folder)

    def _keeps_checksums(self) -> dict[str, str]:
        from botocore.exceptions import ClientError

        try:
            answer = self._s3.put_object(
                Bucket=self.access.bucket, Key="trial", Body=b"trial", ChecksumAlgorithm=_CHECKED["ChecksumAlgorithm"]
            )
        except ClientError:
            return {}
        return _CHECKED if "ChecksumCRC32C" in answer else {}

    def upload_fault(self, shape: Shape, prefix: str) -> str:
        found = list(self._objects(prefix))
        wanted = {name_of(number) for number in range(shape.count)}
        if {str(one["Key"]).rpartition("/")[2] for one in found} != wanted or len(found) != len(wanted):
            return f"the server has {len(found)} objects instead of {len(wanted)}"
        for one in found:
            if one["Size"] != shape.size_bytes:
                return f"{one['Key']} has {one['Size']} bytes"
            if one["ETag"].strip('"') != md5(shape.size_bytes) and not self._holds_pattern(one["Key"]):
                return f"{one['Key']} has other bytes"
        return ""

    def _holds_pattern(self, key: str) -> bool:
        wanted, body = pattern(), self._s3.get_object(Bucket=self.access.bucket, Key=key)["Body"]
        return all(piece == wanted[: len(piece)] for piece in iter(lambda: body.read(len(wanted)), b""))

    def forget(self, prefix: str) -> None:
        keys = [{"Key": one["Key"]} for one in self._objects(prefix)]
        for start in range(0, len(keys), 1000):
            self._s3.delete_objects(
                Bucket=self.access.bucket, Delete={"Objects": keys[start : start + 1000], "Quiet": True}
            )

    def close(self) -> None:
        self.forget("")
        for upload in self._s3.list_multipart_uploads(Bucket=self.access.bucket).get("Uploads", []):
            self._s3.abort_multipart_upload(Bucket=self.access.bucket, Key=upload["Key"], UploadId=upload["UploadId"])
        self._s3.delete_bucket(Bucket=self.access.bucket)

    def _objects(self, prefix: str) -> Iterator[dict[str, Any]]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.access.bucket, Prefix=prefix)
        for page in pages:
            yield from page.get("Contents", [])


def client(access: Access, **config: Any) -> Any:
    """A boto3 client; ``config`` is botocore's."""
    import boto3
    from botocore.config import Config

    s3 = {"addressing_style": "path"} | config.pop("s3", {})
    return boto3.client(
        "s3",
        endpoint_url=access.endpoint,
        aws_access_key_id=access.access_key,
        aws_secret_access_key=access.secret_key,
        region_name=access.region,
        verify=access.ca_file or None,
        config=Config(s3=s3, **config),
    )
