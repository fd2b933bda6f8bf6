"""Regular expressions of a schema, in time that grows with the text alone: RE2, as for a person's own expressions.

JSON Schema means ECMAScript's; RE2 knows them without look-around and back-references, and ``\\uXXXX`` is written its way.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

MAX_LETTERS = 1000
_MAX_MEMORY = 512 * 1024
#: Instructions of RE2 an expression may have: at worst each letter of a text is looked at by all of them.
_MAX_SIZE = 5000
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)


class BadPattern(Exception):
    """Why an expression cannot be used, in words."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """:ivar search: whether a text holds a match; :ivar size: how many instructions it has"""

    search: Callable[[str], bool]
    size: int


@lru_cache(maxsize=256)
def find_pattern(pattern: str) -> Pattern:
    """An expression, made ready. Runs in a worker.

    :raises BadPattern: it is none that RE2 knows, is too long, or too large when it is written out
    """
    import re2  # in workers, and only where one is used

    if len(pattern) > MAX_LETTERS:
        raise BadPattern(f"it is longer than {MAX_LETTERS:,} letters")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MAX_MEMORY
    try:
        made = re2.compile(_encoded(_ESCAPE.sub(_as_re2, pattern)), options)
    except re2.error as error:
        said = error.args[0] if error.args else ""
        words = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        if words.startswith(("invalid perl operator", "invalid escape sequence")):
            words += " (look-around and back-references are not known)"
        raise BadPattern(words[:200]) from None
    if made.programsize > _MAX_SIZE:
        raise BadPattern("its counts make it too large")
    return Pattern(lambda text: made.search(_encoded(text)) is not None, made.programsize)


def _as_re2(found: re.Match[str]) -> str:
    escape = found.group(1)
    return f"\\x{{{escape[1:]}}}" if len(escape) == 5 else found.group()


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
