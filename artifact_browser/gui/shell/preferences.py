"""What a person prefers, as the settings remember it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from artifact_browser.gui.common.palette import Theme
from artifact_browser.settings import AUTHOR, COUNT_DOWNLOADS, Settings

NOTIFY = "notify_ended"


class Density(StrEnum):
    """How high rows are."""

    NORMAL = "normal"
    COMPACT = "compact"


@dataclass(frozen=True, slots=True)
class Preferences:
    """What can be chosen."""

    theme: Theme = Theme.SYSTEM
    density: Density = Density.NORMAL
    #: tell through the desktop when a long transfer has ended and the window is not looked at
    notify: bool = True
    #: count finished downloads in the artifacts they belong to
    count_downloads: bool = True
    #: who is named as author of versions; empty: the user's name on this computer
    author: str = ""


def remembered(settings: Settings) -> Preferences:
    """What was chosen before; what is not understood is as if never chosen."""
    theme, density = settings.get("theme"), settings.get("density")
    return Preferences(
        Theme(theme) if theme in set(Theme) else Theme.SYSTEM,
        Density(density) if density in set(Density) else Density.NORMAL,
        bool(settings.get(NOTIFY)),
        bool(settings.get(COUNT_DOWNLOADS)),
        settings.get(AUTHOR),
    )
