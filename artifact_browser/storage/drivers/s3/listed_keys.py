"""Decoding listed keys: percent only, and once per endpoint the question what a raw ``+`` means.

With ``encoding-type=url`` AWS writes a space as ``+`` and a plus as ``%2B``; other servers leave ``+`` alone. botocore
always reads ``+`` as a space, which turns ``cat+x`` into a key that does not exist. Here the first raw ``+`` is
settled by evidence: other escapes on the page, else by asking which of the two readings exists.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import unquote, unquote_to_bytes

from artifact_browser.storage.driver import Support
from artifact_browser.storage.drivers.s3.remembered import Remembered
from artifact_browser.storage.texts import Texts

#: Parts the names of a page: in XML no text holds it.
_BETWEEN = b"<"
_MOST_QUESTIONS = 3


class KeyDecoder:
    """Decodes one listing's pages.

    :param exists: whether any key starts with this text (one small listing)
    """

    def __init__(self, remembered: Remembered, exists: Callable[[str], bool]) -> None:
        self._remembered = remembered
        self._exists = exists
        self._questions = 0

    def decode_page(self, keys: Sequence[str], prefixes: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
        """Keys and prefixes of a page; keys that came as bytes stay bytes where that is safe."""
        if isinstance(keys, Texts) and not any("+" in prefix for prefix in prefixes):
            plain = _decoded_at_once(keys)
            if plain is not None:
                return plain, self.decode(prefixes)
        decoded = self.decode([*keys, *prefixes])
        return decoded[: len(keys)], decoded[len(keys) :]

    def decode(self, names: Sequence[str]) -> list[str]:
        """Encoded names of a page as keys."""
        if not any("+" in name for name in names):
            return [unquote(name) if "%" in name else name for name in names]
        if self._plus_is_raw(names):
            return [unquote(name) if "%" in name else name for name in names]
        return [unquote(name.replace("+", " ")) for name in names]

    def _plus_is_raw(self, names: Sequence[str]) -> bool:
        known = self._remembered.facts().raw_plus
        if known is Support.UNKNOWN:
            known = self._evidence(names)
            if known is not Support.UNKNOWN:
                self._remembered.learn(raw_plus=known)
        return known is not Support.NO

    def _evidence(self, names: Sequence[str]) -> Support:
        escapes_plus = any("%2B" in name or "%2b" in name for name in names)
        escapes_space = any("%20" in name for name in names)
        if escapes_plus != escapes_space:
            return Support.NO if escapes_plus else Support.YES
        for name in names:
            if "+" in name and self._questions < _MOST_QUESTIONS:
                self._questions += 1
                raw, spaced = self._exists(unquote(name)), self._exists(unquote(name.replace("+", " ")))
                if raw != spaced:
                    return Support.YES if raw else Support.NO
        return Support.UNKNOWN


def _decoded_at_once(names: Texts) -> Texts | None:
    """All names with their escapes resolved; ``None``: a ``+``, or an escape that is no UTF-8, wants a closer look."""
    if b"+" in names.joined:
        return None
    if b"%" not in names.joined:
        return names
    decoded = unquote_to_bytes(_BETWEEN.join(names.raw))
    try:
        decoded.decode()
    except UnicodeDecodeError:
        return None
    found = decoded.split(_BETWEEN)
    return Texts(found) if len(found) == len(names) else None
