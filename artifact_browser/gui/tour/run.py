"""``--tour DIR``: the real window, a temporary home, the main job, and an exit code."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from artifact_browser.accounts.lease import Secret
from artifact_browser.accounts.record import THIS_COMPUTER, AccountKind, AccountRecord, KeySource, Probing
from artifact_browser.bootstrap import Services
from artifact_browser.errors import ArtifactBrowserError, CredentialsMissing
from artifact_browser.gui.shell.window import Window
from artifact_browser.gui.tour.hands import Hands
from artifact_browser.gui.tour.main_job import MainJob
from artifact_browser.gui.tour.tour import run_steps

#: Where ``--tour-endpoint`` takes its keys from.
ACCESS_KEY, SECRET_KEY = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"
_ACCOUNT = "tour"


async def run_tour(services: Services, window: Window, folder: Path, endpoint: str) -> bool:
    """Do the main job in ``window``; whether every step succeeded. Writes only into ``folder``.

    :param endpoint: an S3 endpoint to do it on instead of *This computer*; keys come from the environment
    """
    folder.mkdir(parents=True, exist_ok=True)
    window.main.resize(1440, 900)
    hands = Hands(window.main)
    try:
        record = await _account(services, endpoint) if endpoint else services.book.get(THIS_COMPUTER)
    except ArtifactBrowserError as error:
        sys.stderr.write(f"{error.title}. {error.detail}\n")
        return False
    window.browse.tree.reload_accounts()
    with tempfile.TemporaryDirectory(prefix="artifact-browser-tour-", ignore_cleanup_errors=True) as work:
        job = MainJob(window, hands, record, Path(work))
        return await run_steps(job.steps(), hands, folder, endpoint or record.name)


async def _account(services: Services, endpoint: str) -> AccountRecord:
    """An account for the endpoint, with keys for this run only."""
    if not (os.environ.get(ACCESS_KEY) and os.environ.get(SECRET_KEY)):
        raise CredentialsMissing(f"The tour needs {ACCESS_KEY} and {SECRET_KEY} in the environment.")
    record = AccountRecord(
        id=_ACCOUNT,
        kind=AccountKind.S3,
        name="Tour store",
        colour="#2563EB",
        key_source=KeySource.SESSION,
        endpoint=endpoint,
        region=os.environ.get("AWS_REGION", "us-east-1"),
        probing=Probing.ALLOWED,
    )
    services.book.add(record)
    kept: asyncio.Future[ArtifactBrowserError | None] = asyncio.get_running_loop().create_future()
    loop = asyncio.get_running_loop()
    secret = Secret(os.environ[ACCESS_KEY], os.environ[SECRET_KEY])

    def done(error: ArtifactBrowserError | None) -> None:
        loop.call_soon_threadsafe(kept.set_result, error)

    services.broker.keep(record.id, secret, KeySource.SESSION, done)
    error = await kept
    if error is not None:
        raise error
    return record
