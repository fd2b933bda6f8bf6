"""The job that serves links to *This computer*: runs in the links lane, started with the first link.

The window imports this module to start the job, so the server itself, SQLite and the driver are imported inside it.
"""

from __future__ import annotations

import threading
from collections.abc import Generator

from artifact_browser.accounts.record import THIS_COMPUTER, AccountKind, AccountRecord
from artifact_browser.storage.drivers.local.links import LinkKeyWanted, LinkService, LinkWriteWanted
from artifact_browser.workers.job import JobContext

#: How soon the server notices that it is to stop.
_POLL_S = 0.05


def serve_links(
    context: JobContext, record_root: str, port: int, key: bytes | None = None
) -> Generator[LinkService, None, None]:
    """Job: serve links of the store at ``record_root`` ("" = the default store) until cancelled.

    Yields the :class:`LinkService` (with the port that was bound) once, as its first event.

    :param port: the remembered port; 0 for any. :param key: asked for (:class:`LinkKeyWanted`) when not given
    :raises JobCancelled: at its end
    """
    from artifact_browser.storage.drivers.local.link_listener import bind
    from artifact_browser.storage.drivers.local.open import open_local, root_of

    if key is None:
        key = bytes(context.ask(LinkKeyWanted()))
    record = AccountRecord(THIS_COMPUTER, AccountKind.LOCAL, "Links", root=record_root)

    def no_links() -> LinkService:
        raise AssertionError("the link server signs nothing")

    driver = open_local(record, context.paths, context.cancel, no_links)
    try:
        root = str(root_of(record, context.paths))
        server = bind(port, key, root, driver, lambda: bool(context.ask(LinkWriteWanted())))
        loop = threading.Thread(target=server.serve_forever, args=(_POLL_S,), name="link server", daemon=True)
        loop.start()
        try:
            yield LinkService(server.server_port, key)
            while True:
                context.cancel.wait(3600)
        finally:
            server.stop()
            loop.join(1)
    finally:
        driver.close()
