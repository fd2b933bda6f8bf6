"""Regular expressions of a schema, in time that grows with the text alone: RE2, as for a person's own expressions.

JSON Schema means ECMAScript's; RE2 knows them without look-around and back-references, and ``\\uXXXX`` is written its way.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

MAX_LETTERS = 1000
_MAX_MEMORY = 2 * 1024**2
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)


class BadPattern(Exception):
    """Why an expression cannot be used, in words."""


@lru_cache(maxsize=512)
def find_pattern(pattern: str) -> Callable[[str], bool]:
    """Whether a text holds a match of ``pattern``. Runs in a worker.

    :raises BadPattern: it is none that RE2 knows, is too long, or wants too much memory
    """
    import re2  # in workers, and only where one is used

    if len(pattern) > MAX_LETTERS:
        raise BadPattern(f"it is longer than {MAX_LETTERS:,} letters")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MAX_MEMORY
    try:
        search = re2.compile(_encoded(_ESCAPE.sub(_as_re2, pattern)), options).search
    except re2.error as error:
        said = error.args[0] if error.args else ""
        words = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        if words.startswith(("invalid perl operator", "invalid escape sequence")):
            words += " (look-around and back-references are not known)"
        raise BadPattern(words[:200]) from None
    return lambda text: search(_encoded(text)) is not None


def _as_re2(found: re.Match[str]) -> str:
    escape = found.group(1)
    return f"\\x{{{escape[1:]}}}" if len(escape) == 5 else found.group()


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
