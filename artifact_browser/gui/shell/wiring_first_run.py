"""The first run: a small sample on *This computer*, and a greeting that goes when it is dismissed or used."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from artifact_browser.accounts.record import THIS_COMPUTER
from artifact_browser.catalog.sample import SAMPLE_BUCKET, lay_sample
from artifact_browser.gui.common.icons import RESOURCES
from artifact_browser.gui.shell.main_window import MainWindow
from artifact_browser.gui.shell.welcome_bar import WelcomeBar
from artifact_browser.gui.shell.wiring_browse import BrowseWiring
from artifact_browser.storage.location import Location

_DONE = "first_run_done"


class FirstRunWiring(QObject):
    """:meth:`start` begins in place of the plain first listing.

    :param add_account: opens *Add account* for a kind
    """

    def __init__(self, window: MainWindow, browse: BrowseWiring, add_account: Callable[[str], object]) -> None:
        super().__init__(window)
        self._window, self._browse = window, browse
        self._bar: WelcomeBar | None = None
        if self.due:
            self._bar = WelcomeBar()
            self._bar.dismissed.connect(self._dismiss)
            self._bar.way_chosen.connect(add_account)
            browse.view.add_below(self._bar)
            window.navigator.location_changed.connect(self._follow)
        window.services.book.listen(self._accounts_changed)

    @property
    def due(self) -> bool:
        """Whether nobody has used the app in this home, or the greeting still stands."""
        return not self._window.services.settings.first_run_done

    def start(self, begin: Callable[[], None]) -> None:
        """Lay the sample if this is the first run, then ``begin``."""
        if not self.due:
            begin()
            return
        record = self._window.services.book.get(THIS_COMPUTER)
        self._window.bridge.run(
            lay_sample,
            record,
            str(RESOURCES / "sample" / SAMPLE_BUCKET),
            owner=self,
            on_done=lambda _: begin(),
            on_error=lambda _: begin(),
        )

    def _follow(self, location: Location) -> None:
        """Among the buckets the greeting says where one is; inside one it would be in the way."""
        if self._bar is not None:
            self._bar.setVisible(not location.bucket)

    def _accounts_changed(self) -> None:
        if self._bar is not None and len(self._window.services.book.all()) > 1:
            self._dismiss()

    def _dismiss(self) -> None:
        self._window.services.settings.set(_DONE, True)
        if self._bar is not None:
            self._bar.hide()
            self._bar.deleteLater()
            self._bar = None
            self._browse.tree.show_location(Location(THIS_COMPUTER))
