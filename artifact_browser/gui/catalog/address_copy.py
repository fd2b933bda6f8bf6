"""Copying an artifact's ``flyte://`` address, which a worker finds out: it has one only while its name is registered."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QWidget

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.catalog import name_jobs
from artifact_browser.catalog.artifact_name import ArtifactName
from artifact_browser.catalog.artifact_uri import ArtifactUri
from artifact_browser.catalog.layout import Place
from artifact_browser.catalog.own_address import version_address
from artifact_browser.errors import ArtifactBrowserError, InputError
from artifact_browser.gui.common.bridge import Bridge
from artifact_browser.gui.common.format import elided, printable
from artifact_browser.gui.common.plain_tip import plain_tip
from artifact_browser.gui.common.toast import show_toast

WORDS = "Copy as flyte:// URI"
_LOOKING = "Looking whether it has a registered name\u2026"


def copy_version_address(over: QWidget, name: ArtifactName, version: str) -> None:
    """Put the address of a version of the artifact that is registered as ``name`` on the clipboard."""
    try:
        _put(over, version_address(name, version))
    except InputError as error:
        show_toast(over.window(), why_not(error))


def copy_address(bridge: Bridge, over: QWidget, record: AccountRecord, place: Place) -> None:
    """Put the artifact's address on the clipboard; says over ``over`` that it did, or why not."""

    def refused(error: ArtifactBrowserError) -> None:
        show_toast(over.window(), why_not(error))

    bridge.run(
        name_jobs.address_of, record, place, "", owner=over,
        on_done=lambda uri: _put(over, uri), on_error=refused,
    )  # fmt: skip


def add_address_entry(menu: QMenu, bridge: Bridge, over: QWidget, record: AccountRecord, place: Place) -> None:
    """An entry that can be chosen as soon as the artifact's name is found to be registered; until then it says why not."""
    entry = menu.addAction(WORDS)
    entry.setEnabled(False)
    entry.setToolTip(_LOOKING)

    def known(uri: ArtifactUri) -> None:
        entry.setEnabled(True)
        entry.setToolTip(plain_tip(printable(str(uri))))
        entry.triggered.connect(lambda: _put(over, uri))

    bridge.run(
        name_jobs.address_of, record, place, "", owner=entry,
        on_done=known, on_error=lambda error: entry.setToolTip(plain_tip(why_not(error))),
    )  # fmt: skip


def why_not(error: ArtifactBrowserError) -> str:
    """Why there is no address, in a line."""
    return printable(f"{error.detail or error.title} {error.todo}".strip())


def _put(over: QWidget, uri: ArtifactUri) -> None:
    QGuiApplication.clipboard().setText(str(uri))
    show_toast(over.window(), f"Copied {elided(printable(str(uri)), 100)}")
