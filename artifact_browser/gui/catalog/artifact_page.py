"""What a page of an artifact is: told what to show when it is looked at, and told when nobody looks any more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from PySide6.QtWidgets import QWidget

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.bootstrap import Services
from artifact_browser.catalog.files import StagedFile
from artifact_browser.catalog.layout import Place, place_of
from artifact_browser.catalog.opening import Opened
from artifact_browser.gui.common.bridge import Bridge
from artifact_browser.storage.location import Location


@dataclass(frozen=True, slots=True)
class PageTools:
    """What every page is made with: jobs go through ``bridge``."""

    services: Services
    bridge: Bridge


@dataclass(frozen=True, slots=True)
class ShownArtifact:
    """What a page shows. :ivar staged: the person looks at the staged manifest, not at the committed one"""

    record: AccountRecord
    location: Location
    opened: Opened
    staged: bool

    @property
    def place(self) -> Place:
        return place_of(self.location)

    @property
    def writable(self) -> bool:
        return not self.record.read_only

    @property
    def fields(self) -> Mapping[str, str]:
        """The manifest's fields as short texts."""
        return (self.opened.staged if self.staged else self.opened.committed) or {}

    @property
    def before(self) -> Mapping[str, str] | None:
        """The committed fields where a staged manifest is looked at."""
        return self.opened.committed if self.staged else None

    @property
    def files(self) -> tuple[StagedFile, ...]:
        return self.opened.staged_files if self.staged else self.opened.committed_files


class ArtifactPage(QWidget):
    """Base of the pages in ``artifact_pages.PAGES``; made when it is first looked at."""

    #: the chip's words, and the page's accessible name
    TITLE: ClassVar[str]
    #: it learns of every artifact, also while another page is looked at: for pages that ask no store
    ALWAYS_TOLD: ClassVar[bool] = False

    def __init__(self, tools: PageTools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tools = tools
        self.setAccessibleName(self.TITLE)

    def show_artifact(self, shown: ShownArtifact) -> None:
        """Show this; what was shown before is given up. Called when the page is turned to, and again whenever what is
        looked at may have changed.
        """
        raise NotImplementedError

    def leave(self) -> None:
        """Another page or place is looked at: stop what is under way."""
