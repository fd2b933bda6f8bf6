"""The main job, step by step, through the window: browse, upload, link, collection, stage, commit, card."""

from __future__ import annotations

import asyncio
import random
import urllib.request
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage, QLinearGradient, QPainter
from PySide6.QtWidgets import QLineEdit, QPushButton

from artifact_browser.accounts.record import THIS_COMPUTER, AccountRecord
from artifact_browser.catalog.sample import SAMPLE_BUCKET
from artifact_browser.gui.browse.listing_state import ListingStatus
from artifact_browser.gui.shell.window import Window
from artifact_browser.gui.tour.hands import Hands, TourFailed
from artifact_browser.gui.tour.tour import Step
from artifact_browser.storage.location import Location
from artifact_browser.transfers.handle import TransferHandle
from artifact_browser.transfers.state import JobState

BUCKET = "tour-bucket"
FOLDER = "sensor run 7"
COLLECTION, ARTIFACT = "field-data", "sensor-run-7"
_FETCH_S = 20


class MainJob:
    """Holds what one step leaves for the next.

    :param record: the account the job is done on
    :param work: a private folder for the files to upload
    """

    def __init__(self, window: Window, hands: Hands, record: AccountRecord, work: Path) -> None:
        self._window, self._hands, self._record, self._work = window, hands, record, work
        self._files: dict[str, bytes] = {}
        self._link = ""

    def steps(self) -> list[Step]:
        return [
            ("start", self.start),
            ("new bucket", self.new_bucket),
            ("upload folder", self.upload_folder),
            ("browse folder", self.browse_folder),
            ("copy link", self.copy_link),
            ("fetch link", self.fetch_link),
            ("share", self.share),
            ("new collection", self.new_collection),
            ("new artifact", self.new_artifact),
            ("stage files", self.stage_files),
            ("commit", self.commit),
            ("card", self.card),
            ("sample gallery", self.sample_gallery),
        ]

    # -- browse -------------------------------------------------------------------------------------------------
    async def start(self) -> str:
        """The window is there and lists this account."""
        hands, browse = self._hands, self._window.browse
        await hands.until("the tree shows the account", lambda: browse.tree.model().rowCount() > 0)
        await hands.click_row(browse.tree, self._record.name)
        await self._listed(Location(self._record.id))
        return f"{browse.view.listing.state.total} buckets"

    async def new_bucket(self) -> str:
        hands = self._hands
        self._window.main.actions_["new_bucket"].trigger()
        await hands.type_into("Name", BUCKET, QLineEdit)
        await hands.press("Create", QPushButton)
        await self._listed(Location(self._record.id, BUCKET))
        return BUCKET

    async def upload_folder(self) -> str:
        """Drop a folder made here on the table and wait until it is there."""
        folder = await asyncio.to_thread(self._make_files)
        view = self._window.browse.view
        target = view.table.viewport() if view.table.isVisible() else view
        handle = await self._transfer(lambda: self._hands.drop(target, [folder]))
        counts = handle.snapshot.counts
        return f"{counts.items_done} files, {counts.bytes_done} bytes, {handle.snapshot.verified or 'not verified'}"

    async def browse_folder(self) -> str:
        table = self._window.browse.view.table
        await self._hands.click_row(table, FOLDER, twice=True)
        await self._listed(Location(self._record.id, BUCKET, f"{FOLDER}/"))
        listed = {table.model().index(row, 0).data() for row in range(table.model().rowCount())}
        missing = {name.split("/")[0] for name in self._files} - listed
        if missing:
            raise TourFailed(f"not listed: {sorted(missing)}")
        await self._hands.click_row(table, "cover.png")
        await self._hands.pause(1.0)
        return f"{len(listed)} rows"

    # -- links --------------------------------------------------------------------------------------------------
    async def copy_link(self) -> str:
        table = self._window.browse.view.table
        await self._hands.click_row(table, "readings 100%.csv")
        clipboard = QGuiApplication.clipboard()
        clipboard.clear()
        await self._hands.keys(Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
        await self._hands.until("a link is on the clipboard", lambda: clipboard.text().startswith("http"))
        self._link = clipboard.text()
        return f"a link on {urlsplit(self._link).netloc}"  # the rest of it is a key to the blob

    async def fetch_link(self) -> str:
        """The link works without the app's help, and brings the very bytes."""
        got = await asyncio.to_thread(_fetch, self._link)
        if got != self._files["readings 100%.csv"]:
            raise TourFailed("the link brought other bytes")
        return f"{len(got)} bytes, equal"

    async def share(self) -> str:
        self._window.main.actions_["share"].trigger()
        await self._hands.press("24 hours", QPushButton)
        field = await self._hands.wait_for(QLineEdit, "Link")
        await self._hands.until("the dialog has a link", lambda: field.text().startswith("http"))
        await self._hands.pause(0.3)
        return "24 hours"

    # -- catalog ------------------------------------------------------------------------------------------------
    async def new_collection(self) -> str:
        hands, window = self._hands, self._window
        await hands.press("Close", QPushButton)
        window.navigator.go(Location(self._record.id, BUCKET))
        await self._listed(Location(self._record.id, BUCKET))
        window.main.actions_["gallery_view"].trigger()
        await hands.pause(0.3)
        window.main.actions_["new_collection"].trigger()
        await hands.type_into("Name", "Field data", QLineEdit)
        await hands.press("Create", QPushButton)
        await self._at(Location(self._record.id, BUCKET, f"{COLLECTION}/"))
        return COLLECTION

    async def new_artifact(self) -> str:
        """A staged artifact: its page opens, ready for files."""
        hands = self._hands
        await hands.until("an artifact can be made", self._window.main.actions_["new_artifact"].isEnabled)
        self._window.main.actions_["new_artifact"].trigger()
        await hands.type_into("Name", "Sensor run 7", QLineEdit)
        await hands.type_into("Description", "Roof sensors, one reading a second, with a picture of the site")
        await hands.type_into("Tags", "weather, roof", QLineEdit)
        await hands.press("Create", QPushButton)
        await self._at(Location(self._record.id, BUCKET, f"{COLLECTION}/{ARTIFACT}/"))
        gallery = self._window.catalog.gallery
        await hands.until("its page is shown", gallery.artifact_view.isVisible)
        return ARTIFACT

    async def stage_files(self) -> str:
        """Drop files on the artifact's page."""
        page = self._window.catalog.gallery.artifact_view
        files = sorted(path for path in (self._work / FOLDER).iterdir() if path.is_file())
        handle = await self._transfer(lambda: self._hands.drop(page, files))
        names = {path.name for path in files}
        await self._hands.until("the files are recorded", lambda: names <= _texts(page.files))
        await self._hands.until("it can be committed", self._window.main.actions_["commit"].isEnabled)
        return f"{handle.snapshot.counts.items_done} files"

    async def commit(self) -> str:
        hands = self._hands
        self._window.main.actions_["commit"].trigger()
        button = await hands.wait_for(QPushButton, "Commit")
        await hands.until("the commit may go ahead", button.isEnabled)
        await hands.press("Commit", QPushButton)
        await hands.until("the dialog closes", lambda: hands.find(QPushButton, "Commit") is None)
        await hands.until("nothing is staged any more", lambda: not self._window.main.actions_["commit"].isEnabled())
        return "committed"

    async def card(self) -> str:
        """Up in the collection, the card says committed."""
        self._window.navigator.up()
        view = self._window.catalog.gallery.view
        index = await self._hands.row(view, "Sensor run 7")
        described = Qt.ItemDataRole.AccessibleDescriptionRole

        def committed() -> bool:
            return "committed" in str(view.model().index(index.row(), 0).data(described) or "").lower()

        await self._hands.until("the card says committed", committed)
        await self._hands.pause(1.0)
        return "committed"

    async def sample_gallery(self) -> str:
        """The collection every first run brings, with covers and a staged artifact."""
        self._window.navigator.go(Location(THIS_COMPUTER, SAMPLE_BUCKET, "gallery/"))
        gallery = self._window.catalog.gallery
        for title in ("Flower shapes", "Harbour photos", "Kind of flower", "Tide gauge"):
            await self._hands.row(gallery.view, title)
        await self._hands.pause(1.5)
        return f"{gallery.view.model().rowCount()} cards"

    # -- pieces -------------------------------------------------------------------------------------------------
    async def _at(self, location: Location) -> None:
        await self._hands.until(f"the window is in {location.key}", lambda: self._window.navigator.current == location)

    async def _listed(self, location: Location) -> None:
        listing = self._window.browse.view.listing

        def complete() -> bool:
            here, state = listing.location == location, listing.state
            if here and state.status is ListingStatus.FAILED:
                raise TourFailed(f"not listed: {state.error.title if state.error else 'stopped'}")
            return here and state.status is ListingStatus.COMPLETE

        await self._hands.until(f"{location.bucket or 'the account'} is listed", complete)

    async def _transfer(self, begin: Callable[[], Awaitable[None]]) -> TransferHandle:
        """Begin a transfer and wait for its end."""
        queue = self._window.transfers.room.queue
        before = set(queue.handles)
        await begin()
        await self._hands.until("a transfer begins", lambda: set(queue.handles) - before)
        handle = next(iter(set(queue.handles) - before))
        await self._hands.until("the transfer ends", lambda: handle.ended, 120)
        if handle.snapshot.state is not JobState.DONE:
            raise TourFailed(f"the transfer is {handle.snapshot.state}: {handle.snapshot.error}")
        return handle

    def _make_files(self) -> Path:
        """A folder with odd names, a picture and something bigger; the same bytes every time."""
        dice, folder = random.Random(7), self._work / FOLDER
        rows = "".join(f"{n},{dice.gauss(20, 3):.2f}\n" for n in range(2000))
        self._files = {
            "readings 100%.csv": f"second,celsius\n{rows}".encode(),
            "notes +plus & more.txt": b"Measured on the roof; wind from the west.\n",
            "raw/übersicht.bin": dice.randbytes(3 * 1024 * 1024 + 17),
            "cover.png": b"",
        }
        for name, data in self._files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        _paint_cover(folder / "cover.png")
        self._files["cover.png"] = (folder / "cover.png").read_bytes()
        return folder


def _texts(model: QAbstractItemModel) -> set[str]:
    return {str(model.index(row, 0).data()) for row in range(model.rowCount())}


def _fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=_FETCH_S) as answer:  # noqa: S310 the link was made here a moment ago
        data: bytes = answer.read()
    return data


def _paint_cover(path: Path) -> None:
    image = QImage(640, 320, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    gradient = QLinearGradient(0, 0, 640, 320)
    gradient.setColorAt(0, QColor("#0F766E"))
    gradient.setColorAt(1, QColor("#7C3AED"))
    painter.fillRect(image.rect(), gradient)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QColor(255, 255, 255, 150))
    for ring in range(9):
        painter.drawEllipse(320 - 30 * ring, 160 - 15 * ring, 60 * ring, 30 * ring)
    painter.end()
    image.save(str(path))
