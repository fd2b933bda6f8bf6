"""Options of uploads and downloads, as the settings remember them for each account."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from artifact_browser.settings import Settings
from artifact_browser.transfers.choice import EVERYTHING, PLAIN_UPLOAD, TreeChoice, choice_of
from artifact_browser.transfers.policy import Decision, Policy
from artifact_browser.transfers.state import Verb


@dataclass(frozen=True, slots=True)
class TransferOptions:
    """What of a tree is moved, and what happens where something is there already."""

    choice: TreeChoice
    policy: Decision = Policy.ASK


#: what a plain upload or download does
PLAIN = {Verb.UPLOAD: TransferOptions(PLAIN_UPLOAD), Verb.DOWNLOAD: TransferOptions(EVERYTHING)}


def remembered_options(settings: Settings, verb: Verb, account_id: str) -> TransferOptions:
    """The last ones of that account; the plain ones where there are none, or none that make sense."""
    try:
        kept = _all(settings, verb)[account_id]
        return TransferOptions(choice_of(kept["choice"]), Policy(str(kept["policy"])))
    except (KeyError, TypeError, ValueError):
        return PLAIN[verb]


def remember_options(settings: Settings, verb: Verb, account_id: str, options: TransferOptions) -> None:
    """:raises DiskError: the settings cannot be written"""
    kept = {"choice": asdict(options.choice), "policy": str(options.policy)}
    settings.set(_name(verb), _all(settings, verb) | {account_id: kept})


def _all(settings: Settings, verb: Verb) -> dict[str, dict[str, object]]:
    found = settings.get(_name(verb))
    return found if isinstance(found, dict) else {}


def _name(verb: Verb) -> str:
    return f"options.{verb.name.lower()}"
