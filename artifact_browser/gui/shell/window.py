"""The window with every room in it: built once by ``app.py`` (and by tests and the tour), in one place."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence

from artifact_browser.accounts.record import THIS_COMPUTER
from artifact_browser.bootstrap import Services
from artifact_browser.gui.common.bridge import Bridge
from artifact_browser.gui.shell.main_window import MainWindow
from artifact_browser.gui.shell.navigation import Navigator
from artifact_browser.gui.shell.wiring_browse import BrowseWiring
from artifact_browser.storage.listing import sweep_listings
from artifact_browser.storage.location import Location

_LOG = logging.getLogger(__name__)


class Window:
    """``main`` is the QMainWindow; the wirings put rooms into its slots and connect them."""

    def __init__(self, services: Services) -> None:
        self.bridge = Bridge(services.pool)
        self.navigator = Navigator(Location(THIS_COMPUTER))
        self.main = MainWindow(services, self.bridge, self.navigator)
        self.browse = BrowseWiring(self.main)
        self._furnished = False

    def furnish(self) -> None:
        """Bring in every other room. Apart from the first, because half of the imports are theirs: the window is
        painted before (measured: 0.2 s of CPU less before the first paint).
        """
        if self._furnished:
            return
        self._furnished = True
        from artifact_browser.gui.shell.wiring_accounts import AccountWiring
        from artifact_browser.gui.shell.wiring_buckets import BucketWiring
        from artifact_browser.gui.shell.wiring_catalog import CatalogWiring
        from artifact_browser.gui.shell.wiring_conditions import ConditionsWiring
        from artifact_browser.gui.shell.wiring_copies import CopyWiring
        from artifact_browser.gui.shell.wiring_credentials import CredentialsWiring
        from artifact_browser.gui.shell.wiring_first_run import FirstRunWiring
        from artifact_browser.gui.shell.wiring_notices import NoticeWiring
        from artifact_browser.gui.shell.wiring_notify import NotifyWiring
        from artifact_browser.gui.shell.wiring_opening import OpeningWiring
        from artifact_browser.gui.shell.wiring_preferences import PreferenceWiring
        from artifact_browser.gui.shell.wiring_quit import QuitWiring
        from artifact_browser.gui.shell.wiring_search import SearchWiring
        from artifact_browser.gui.shell.wiring_statistics import StatisticsWiring
        from artifact_browser.gui.shell.wiring_transfers import TransferWiring
        from artifact_browser.gui.shell.wiring_usage import UsageWiring
        from artifact_browser.gui.shell.wiring_watches import WatchWiring

        self.accounts = AccountWiring(self.main, self.browse)
        self.buckets = BucketWiring(self.main, self.browse)
        self.transfers = TransferWiring(self.main, self.browse)
        self.copies = CopyWiring(self.main, self.browse, self.transfers)
        self.search = SearchWiring(self.main, self.browse, self.transfers)
        self.credentials = CredentialsWiring(self.main, self.accounts.room, self.transfers.room)
        self.catalog = CatalogWiring(self.main, self.browse, self.transfers)
        self.conditions = ConditionsWiring(self.main, self.browse, self.catalog)
        self.statistics = StatisticsWiring(self.main, self.browse, self.transfers, self.catalog)
        self.opening = OpeningWiring(self.main, self.browse, self.transfers)
        self.usage = UsageWiring(self.main, self.browse, self.accounts.room)
        self.preferences = PreferenceWiring(self.main, self.browse, self.transfers.room.pace)
        self.notices = NoticeWiring(self.main)
        self.notify = NotifyWiring(self.main, self.transfers.room)
        self.watches = WatchWiring(
            self.main, self.browse, self.transfers, self.catalog, self.accounts.room, self.notify.notifier
        )
        self.quit = QuitWiring(self.main, self.transfers.room, self.notify.notifier)
        self.first_run = FirstRunWiring(self.main, self.browse, self.accounts.add_way)

    def start(self, addresses: Sequence[str] = ()) -> None:
        """Furnish, and begin to list; called after the first paint."""
        self.furnish()

        def begin() -> None:
            self.browse.show_location(self.navigator.current)
            self.browse.tree.setFocus()
            for address in addresses:
                self.browse.go_to_text(address)

        self.bridge.run(sweep_listings, os.getpid(), on_error=lambda error: _LOG.info("not swept: %s", error))
        self.first_run.start(begin)
        # behind the first listing: reading them loads all of transfers
        self.transfers.room.restore(self.main.services.book.all())
        self.notices.start()

    def open_handed_over(self, address: str) -> None:
        """Another start handed this over: come to the front, and go there."""
        self.main.raise_to_front()
        if address:
            self.browse.go_to_text(address)

    def close(self) -> None:
        """Cancel what the rooms still wait for; before the services close."""
        self.bridge.close()
