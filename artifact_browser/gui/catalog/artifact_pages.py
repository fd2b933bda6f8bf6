"""The pages of an artifact, in their order. A new one is a class of its own and a line here."""

from __future__ import annotations

from artifact_browser.gui.catalog.artifact_page import ArtifactPage
from artifact_browser.gui.catalog.files_page import FilesPage
from artifact_browser.gui.catalog.lineage_page import LineagePage
from artifact_browser.gui.catalog.metadata_page import MetadataPage
from artifact_browser.gui.catalog.overview_page import OverviewPage

PAGES: tuple[type[ArtifactPage], ...] = (
    OverviewPage,
    FilesPage,
    MetadataPage,
    LineagePage,
)
