"""moto's S3 server with a counter before it: each request that arrives is counted by what it is.

``GET /-/counts`` answers what was asked since the last time it was asked. A process of its own that ends with its standard
input: ``python -m benchmarks.moto_server``; it prints its port.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server


class Counting:
    """A WSGI application around another."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/-/counts":
            with self._lock:
                counts, self._counts = self._counts, Counter()
            start_response("200 OK", [("Content-Type", "application/json")])
            return [json.dumps(counts).encode()]
        with self._lock:
            self._counts[kind_of(environ)] += 1
        answer: Iterable[bytes] = self._inner(environ, start_response)
        return answer


def kind_of(environ: dict[str, Any]) -> str:
    """What a request is: ``list``, ``copy``, ``bucket`` or its method."""
    method = environ["REQUEST_METHOD"]
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    if "/" not in environ["PATH_INFO"].strip("/"):
        return "list" if method == "GET" and "list-type" in query else "delete" if "delete" in query else "bucket"
    return "copy" if "HTTP_X_AMZ_COPY_SOURCE" in environ else str(method).lower()


def main() -> None:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, Counting(DomainDispatcherApplication(create_backend_app)), threaded=True)
    print(server.server_port, flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
