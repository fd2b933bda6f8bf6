"""*Add account*, first step: the ways to an account, as cards."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from artifact_browser.gui.accounts.draft import Flavour
from artifact_browser.gui.accounts.way_card import WayCard
from artifact_browser.gui.common.dialog import AppDialog


class ChooseKindDialog(AppDialog):
    """One decision: a click on a card accepts.

    :param profile_count: AWS profiles found on this computer; ``None`` while nobody has looked yet
    """

    def __init__(self, profile_count: int | None, parent: QWidget | None = None) -> None:
        super().__init__("Add account", "Continue", parent, subtitle="Where is your storage?", width=520)
        self._chosen = Flavour.S3
        self.primary.hide()
        self.cards: dict[Flavour, WayCard] = {}
        self._add_card(Flavour.PROFILE, "user", "", "")
        self.show_profiles(profile_count)
        self._add_card(Flavour.S3, "server", "S3-compatible", "MinIO, Ceph and others: an endpoint and your keys")
        self._add_card(Flavour.PUBLIC, "globe", "Public bucket", "Open data that everybody may read, without keys")
        self._add_card(
            Flavour.AWS_KEYS, "key-round", "AWS with an access key", "Type the keys; they go into the keychain"
        )

    def chosen(self) -> Flavour:
        return self._chosen

    def show_profiles(self, count: int | None) -> None:
        """Say how many profiles there are once that is known."""
        card = self.cards[Flavour.PROFILE]
        number = "" if count is None else f" ({count})"
        card.setText(f"AWS profile found on this computer{number}")
        none = "No profile yet: the default chain (environment, instance) can be used"
        card.setDescription(none if count == 0 else "Single sign-on, roles and keys as the AWS tools have them")
        card.setAccessibleName(card.text())
        card.setAccessibleDescription(card.description())

    def _add_card(self, flavour: Flavour, icon_name: str, title: str, text: str) -> None:
        card = WayCard(icon_name, title, text)
        card.setAccessibleName(title)
        card.setAccessibleDescription(text)
        card.clicked.connect(lambda: self._choose(flavour))
        self.cards[flavour] = card
        self.body.addWidget(card)

    def _choose(self, flavour: Flavour) -> None:
        self._chosen = flavour
        self.accept()
