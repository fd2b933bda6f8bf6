"""moto's S3 server: quick, in memory, generous (it accepts any secret and expired links)."""

from __future__ import annotations

import hashlib
import logging
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any


class Server:
    """moto inside the keeper's process."""

    def __init__(self, folder: Path) -> None:
        del folder  # in memory

    def start(self) -> dict[str, Any]:
        from moto.server import ThreadedMotoServer

        _compute_etags_under_the_lock()
        _look_once()
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


def _look_once() -> None:
    """moto reads its own folder at every request, to find out which service is meant, and each time of a listing with
    ``dateutil``: half of what a small request takes, and a quarter of a listing.
    """
    from moto.core import serialize
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication

    find, parse = DomainDispatcherApplication.get_backend_for_host, serialize.parse_to_aware_datetime
    found: dict[str | None, Any] = {}

    def backend_for(self: Any, host: str | None) -> Any:
        if host not in found:
            found[host] = find(self, host)
        return found[host]

    def aware(value: Any) -> Any:
        if isinstance(value, str) and value.endswith("Z"):
            with suppress(ValueError):
                return datetime.fromisoformat(value)
        return parse(value)

    DomainDispatcherApplication.get_backend_for_host = backend_for  # type: ignore[method-assign]
    serialize.parse_to_aware_datetime = aware
