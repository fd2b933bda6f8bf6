"""A Python library as a peer: ``python -m benchmarks.peer_python SPEC`` moves once and prints ``{"wall", "cpu"}``.

Both are taken from the call to the last answer, imports and the client's making left out.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.store import Access, client

Moves = tuple[Callable[[], None], Callable[[], None]]
#: threads of obstore's blocking calls
_THREADS = 8


def boto3_moves(access: Access, prefix: str, folder: Path, *, tuned: bool) -> Moves:
    """boto3's transfer manager, one for all files, as it comes or tuned."""
    from boto3.s3.transfer import TransferConfig, create_transfer_manager

    wanted: dict[str, Any] = {}
    sizes: dict[str, Any] = {}
    if tuned:
        wanted = {
            "request_checksum_calculation": "when_required",
            "response_checksum_validation": "when_required",
            "s3": {"payload_signing_enabled": False},
        }
        sizes = {"multipart_chunksize": 64 << 20, "multipart_threshold": 64 << 20}
    s3 = client(access, **wanted)
    config = TransferConfig(preferred_transfer_client="classic", **sizes)

    def finish(begin: Callable[[Any], list[Any]]) -> None:
        with create_transfer_manager(s3, config) as manager:
            for future in begin(manager):
                future.result()

    def up() -> None:
        finish(
            lambda manager: [
                manager.upload(str(path), access.bucket, prefix + path.name) for path in sorted(folder.iterdir())
            ]
        )

    def keys() -> Iterator[str]:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=access.bucket, Prefix=prefix):
            yield from (one["Key"] for one in page.get("Contents", []))

    def down() -> None:
        finish(
            lambda manager: [
                manager.download(access.bucket, key, str(folder / key.rpartition("/")[2])) for key in keys()
            ]
        )

    return up, down


def obstore_moves(access: Access, prefix: str, folder: Path) -> Moves:
    """obstore's blocking calls in some threads; its asynchronous ones abort the interpreter at its end."""
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

    def put(path: Path) -> None:
        obstore.put(store, prefix + path.name, path)

    def get(key: str) -> None:
        with (folder / key.rpartition("/")[2]).open("wb") as file:
            for piece in obstore.get(store, key).stream(min_chunk_size=1 << 20):
                file.write(piece)

    def up() -> None:
        with ThreadPoolExecutor(_THREADS) as threads:
            list(threads.map(put, sorted(folder.iterdir())))

    def down() -> None:
        keys = [one["path"] for page in obstore.list(store, prefix) for one in page]
        with ThreadPoolExecutor(_THREADS) as threads:
            list(threads.map(get, keys))

    return up, down


def main(spec: dict[str, Any]) -> dict[str, float]:
    access, prefix, folder = Access(**spec["access"]), spec["prefix"], Path(spec["folder"])
    if spec["who"] == "obstore":
        up, down = obstore_moves(access, prefix, folder)
    else:
        up, down = boto3_moves(access, prefix, folder, tuned=spec["who"] == "boto3 tuned")
    began, cpu = time.monotonic(), time.process_time()
    (up if spec["verb"] == "up" else down)()
    return {"wall": time.monotonic() - began, "cpu": time.process_time() - cpu}


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))), flush=True)
