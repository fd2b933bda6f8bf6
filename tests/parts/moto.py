"""moto's S3 server: quick, in memory, generous (it accepts any secret and expired links)."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from typing import Any


class Server:
    """moto inside the keeper's process."""

    def __init__(self, folder: Path) -> None:
        del folder  # in memory

    def start(self) -> dict[str, Any]:
        from moto.server import ThreadedMotoServer

        _compute_etags_under_the_lock()
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        host, port = self._server.get_host_and_port()
        return {
            "endpoint": f"http://{host}:{port}",
            "access_key": "moto-access",
            "secret_key": "moto-secret-0123456789",
        }

    def stop(self) -> None:
        self._server.stop()


def _compute_etags_under_the_lock() -> None:
    """moto reads a blob's buffer for its ETag without the lock that all other readers of that buffer hold.

    It does so at the first request for a copied blob; another request's body, read at that moment, is then another
    than was stored (moto 5.2.5, ``FakeKey.etag``).
    """
    from moto.s3.models import FakeKey

    original = FakeKey.etag.fget  # type: ignore[attr-defined]

    def etag(key: Any) -> str:
        if key._etag is None:
            key._etag = hashlib.md5(key.value, usedforsecurity=False).hexdigest()
        return str(original(key))

    FakeKey.etag = property(etag)  # type: ignore[assignment,method-assign]
