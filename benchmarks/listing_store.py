"""Keys on a real server for the ``listing`` benchmark: written by our own driver's way, in some threads, and removed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from benchmarks.pages import PREFIX, real_size_of
from benchmarks.store import Access, access_of, client
from benchmarks.stub_server import key_of

_THREADS = 16
_BATCH = 1000


class RealKeys:
    """Buckets of the benchmark's own. ``close`` removes what was written.

    :param bucket: one that holds the keys of an earlier run already, and keeps them
    """

    def __init__(self, endpoint: str, bucket: str = "") -> None:
        self._endpoint, self._bucket = endpoint, bucket
        self._made: dict[int, Access] = {}
        self._s3: Any = client(
            access_of(endpoint), request_checksum_calculation="when_required", max_pool_connections=_THREADS
        )

    def access(self, count: int) -> Access:
        """The bucket with so many keys, written at its first use."""
        if self._bucket:
            return replace(access_of(self._endpoint), bucket=self._bucket)
        if count not in self._made:
            access = self._made[count] = access_of(self._endpoint)
            self._s3.create_bucket(Bucket=access.bucket)
            put = self._s3.put_object

            def write(number: int) -> None:
                put(Bucket=access.bucket, Key=key_of(PREFIX, number), Body=bytes(real_size_of(number)))

            print(f"writing {count:,} keys", flush=True)
            with ThreadPoolExecutor(_THREADS) as threads:
                for _ in threads.map(write, range(count)):
                    pass
        return self._made[count]

    def close(self) -> None:
        """Leave nothing behind."""
        for count, access in self._made.items():
            for begin in range(0, count, _BATCH):
                keys = [{"Key": key_of(PREFIX, number)} for number in range(begin, min(begin + _BATCH, count))]
                self._s3.delete_objects(Bucket=access.bucket, Delete={"Objects": keys, "Quiet": True})
            self._s3.delete_bucket(Bucket=access.bucket)
        self._made.clear()
