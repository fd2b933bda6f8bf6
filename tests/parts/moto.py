"""moto's S3 server: quick, in memory, generous (it accepts any secret and expired links)."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any


class Server:
    """moto inside the keeper's process."""

    def __init__(self, folder: Path) -> None:
        del folder  # in memory

    def start(self) -> dict[str, Any]:
        from moto.server import ThreadedMotoServer

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
