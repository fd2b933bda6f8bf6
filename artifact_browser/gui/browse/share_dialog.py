"""*Share*: how long a link works and what it is for. The effective end is the loudest thing in it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLineEdit, QPushButton, QSpinBox, QTabBar, QWidget

from artifact_browser.errors import ArtifactBrowserError
from artifact_browser.gui.browse.link_words import until_words
from artifact_browser.gui.common.dialog import AppDialog, Note
from artifact_browser.gui.common.format import elided, printable
from artifact_browser.gui.common.widgets import Kind, button, label
from artifact_browser.storage.driver import Link, LinkOptions

#: label -> seconds
EXPIRIES = (("15 min", 15 * 60), ("1 hour", 3600), ("24 hours", 24 * 3600), ("7 days", 7 * 24 * 3600))
_MAX_HOURS = 7 * 24


@dataclass(frozen=True, slots=True)
class ShareRequest:
    """What to sign: the blobs' keys for a download, or one key to upload to."""

    keys: tuple[str, ...]
    options: LinkOptions


class ShareDialog(AppDialog):
    """Named ``Share``. Whoever opens it signs what :attr:`request_changed` asks for and calls :meth:`show_links`.

    :param keys: the selected blobs' keys; empty when only an upload link makes sense
    :param prefix: where an upload link's key starts from
    :param local: links of This computer, which work only here and while the app runs
    """

    #: a :class:`ShareRequest` to sign
    request_changed = Signal(object)

    def __init__(
        self,
        keys: tuple[str, ...],
        prefix: str,
        expiry_s: int,
        *,
        local: bool,
        read_only: bool,
        parent: QWidget | None = None,
    ) -> None:
        title = f"Share {len(keys)} blobs" if len(keys) > 1 else "Share"
        super().__init__(title, "Copy link", parent, cancel="Close", width=560)
        self.setAccessibleName("Share")
        self._keys, self._prefix, self._local = keys, prefix, local
        self._links: tuple[Link, ...] = ()
        self._tabs = self._make_tabs(read_only)
        self._expiry_s = expiry_s
        self._expiries = QButtonGroup(self)
        self._hours = QSpinBox()
        self._add_expiries()
        self.until = Note(self)
        self.until.setAccessibleName("Works until")
        self.body.addWidget(self.until)
        self.save_as = QLineEdit()
        self.save_as.setPlaceholderText("(blob\u2019s own name)")
        self._save_as_label = self.add_field("Save as", self.save_as)
        self.upload_key = QLineEdit(keys[0] if len(keys) == 1 else prefix)
        self._upload_label = self.add_field("Upload to key", self.upload_key)
        self.url = QLineEdit()
        self.url.setReadOnly(True)
        self.add_field("Link", self.url)
        self.body.addWidget(
            label(
                "Links can\u2019t be taken back: delete the blob or change the key to end them early.",
                Kind.HINT,
                wrap=True,
            )
        )
        self.save_as.textEdited.connect(lambda _: self._request())
        self.upload_key.textEdited.connect(lambda _: self._request())
        self._tabs.currentChanged.connect(self._follow_tab)
        self._follow_tab()

    # -- building -----------------------------------------------------------------------------------------------
    def _make_tabs(self, read_only: bool) -> QTabBar:
        tabs = QTabBar()
        tabs.setDrawBase(False)
        tabs.setExpanding(False)
        tabs.setAccessibleName("Kind of link")
        tabs.addTab("Download links" if len(self._keys) > 1 else "Download link")
        tabs.addTab("Upload link")
        tabs.setTabEnabled(0, bool(self._keys))
        tabs.setTabEnabled(1, not read_only and len(self._keys) <= 1)
        if read_only:
            tabs.setTabToolTip(1, "This account is read-only")
        if not self._keys:
            tabs.setCurrentIndex(1)
        self.body.addWidget(tabs)
        return tabs

    def _add_expiries(self) -> None:
        self.body.addWidget(label("Works for", Kind.DIM))
        row = QHBoxLayout()
        row.setSpacing(8)
        known = False
        for number, (text, seconds) in enumerate(EXPIRIES):
            choice = _choice(text)
            choice.setChecked(seconds == self._expiry_s)
            known = known or seconds == self._expiry_s
            self._expiries.addButton(choice, number)
            row.addWidget(choice, 1)
        custom = _choice("Custom\u2026")
        custom.setChecked(not known)
        self._expiries.addButton(custom, len(EXPIRIES))
        row.addWidget(custom, 1)
        self._hours.setRange(1, _MAX_HOURS)
        self._hours.setSuffix(" h")
        self._hours.setValue(max(1, round(self._expiry_s / 3600)))
        self._hours.setAccessibleName("Hours")
        self._hours.setVisible(not known)
        row.addWidget(self._hours)
        self.body.addLayout(row)
        self._expiries.idClicked.connect(self._choose_expiry)
        self._hours.valueChanged.connect(lambda hours: self._set_expiry(hours * 3600))

    # -- asking and showing -------------------------------------------------------------------------------------
    @property
    def request(self) -> ShareRequest:
        upload = self._tabs.currentIndex() == 1
        options = LinkOptions("PUT" if upload else "GET", self._expiry_s, "" if upload else self.save_as.text().strip())
        return ShareRequest((self.upload_key.text(),) if upload else self._keys, options)

    @property
    def links(self) -> tuple[Link, ...]:
        return self._links

    def start(self) -> None:
        """Ask for the first links; call once :attr:`request_changed` is connected."""
        self._request()

    def show_links(self, links: tuple[Link, ...]) -> None:
        """What was signed: fill the end and the link, and let it be copied."""
        self._links = links
        first = links[0]
        words, limited = until_words(first, local=self._local)
        end, _, why = words.partition(". ")
        self.until.show_text(why, Kind.NOTE_WARNING if limited else Kind.NOTE_OK, heading=f"{end}." if why else end)
        self.url.setText(first.url if len(links) == 1 else f"{elided(first.url, 60)}   + {len(links) - 1} more")
        self.url.setCursorPosition(0)
        self.primary.setText(f"Copy {len(links)} links" if len(links) > 1 else "Copy link")
        self.primary.setAccessibleName("Copy link")
        self.show_note("")
        self.grow()
        self.set_busy(False)

    def show_failure(self, error: ArtifactBrowserError) -> None:
        self._links = ()
        self.until.show_text("")
        self.url.clear()
        self.show_note(" ".join(part for part in (error.title + ".", error.detail, error.todo) if part))
        self.primary.setEnabled(False)
        self.unsetCursor()

    def _request(self) -> None:
        request = self.request
        upload = self._tabs.currentIndex() == 1
        if not request.keys or (upload and request.keys[0] in {"", self._prefix}):
            self._links = ()
            self.until.show_text("")
            self.url.clear()
            self.primary.setEnabled(False)
            self.show_note("Type the key the upload goes to." if upload else "", Kind.NOTE_WARNING)
            return
        self.set_busy(True)
        self.request_changed.emit(request)

    def _follow_tab(self, _: int = 0) -> None:
        upload = self._tabs.currentIndex() == 1
        for widget in (self.save_as, self._save_as_label):
            widget.setVisible(not upload and len(self._keys) == 1)
        for widget in (self.upload_key, self._upload_label):
            widget.setVisible(upload)
        where = printable(self._keys[0]) if len(self._keys) == 1 else ""
        self.subtitle.setText(elided(where, 80))
        self.subtitle.setVisible(bool(where))
        self._request()

    def _choose_expiry(self, number: int) -> None:
        custom = number == len(EXPIRIES)
        self._hours.setVisible(custom)
        self._set_expiry(self._hours.value() * 3600 if custom else EXPIRIES[number][1])

    def _set_expiry(self, seconds: int) -> None:
        if seconds != self._expiry_s:
            self._expiry_s = seconds
            self._request()


def _choice(text: str) -> QPushButton:
    made = button(text)
    made.setCheckable(True)
    return made
