"""Regular expressions of a person's own on keys, in time that grows with the key and with nothing else.

RE2, because Python's ``re`` tries all ways to share a key among nested repeats: ``(a+)+$`` takes for ever on forty letters,
holds the interpreter meanwhile and cannot be stopped. (``regex`` has a time limit for matching, but none for compiling:
nested counts fill the memory.) RE2 leaves the interpreter to other threads, has a limit of memory, and knows neither
look-around nor back-references, and says so.
"""

from __future__ import annotations

from collections.abc import Callable

from artifact_browser.errors import InputError
from artifact_browser.storage.columns import encode_key

MAX_LETTERS = 1000
_MAX_MEMORY = 16 * 1024**2


def compiled_expression(text: str, *, match_case: bool = True) -> Callable[[bytes], bool]:
    """Whether an encoded key holds a match. In workers; any thread.

    :raises InputError: it is none, is longer than :data:`MAX_LETTERS`, or wants more memory than it may have
    """
    import re2  # in workers, and only where one is used

    if len(text) > MAX_LETTERS:
        raise InputError(f"The expression is longer than {MAX_LETTERS:,} letters.")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MAX_MEMORY
    options.dot_nl = True  # a key may hold anything
    options.case_sensitive = match_case
    try:
        search = re2.compile(encode_key(text), options).search
    except re2.error as error:
        raise InputError(f"The expression cannot be used: {_words(error)}.", subject=text[:200]) from None
    return lambda key: search(key) is not None


def _words(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    if words.startswith(("invalid perl operator", "invalid escape sequence")):
        return f"{words} (look-around and back-references are not known)"
    return words
