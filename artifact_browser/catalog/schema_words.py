"""How a schema's findings are said: kinds of values, places, short lists. Plain text, cut; the values are strangers'."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import islice
from typing import Any

_TYPES = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}
_LONGEST = 60
_MOST_SHOWN = 8
_LONGEST_POINTER = 1000


def types_in_words(types: Iterable[str]) -> str:
    """``text``, ``a list or null``."""
    words = list(dict.fromkeys(_TYPES.get(name, str(name)) for name in types))
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def kind_of(value: Any) -> str:
    """What a value is, without showing all of it: ``a list``, ``the number 3``, ``a date``."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {_cut(str(value) if value == value else 'NaN')}"
    if isinstance(value, date):
        return "a date"
    kinds: tuple[tuple[type, str], ...] = ((str, "text"), (dict, "a mapping"), (list, "a list"), (bytes, "binary data"))
    return next((words for kind, words in kinds if isinstance(value, kind)), "something JSON does not have")


def quoted(value: Any) -> str:
    """A value as it is named in a sentence: texts in quotes, others as JSON has them, all of them short."""
    if isinstance(value, str):
        return f"\u201c{_cut(value)}\u201d"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return _cut(str(value)) if isinstance(value, int | float) else kind_of(value)


def shown_list(values: Sequence[Any]) -> str:
    """The first of ``values``, and how many more there are."""
    shown = ", ".join(quoted(value) for value in islice(values, _MOST_SHOWN))
    return f"{shown} and {len(values) - _MOST_SHOWN:,} more" if len(values) > _MOST_SHOWN else shown


def place_words(path: Iterable[Any], whole: str) -> str:
    """A place as a person reads it: ``“authors”, entry 2, “name”``; ``whole`` where the path is empty."""
    words: list[str] = []
    names: list[str] = []
    for part in (*path, 0):
        if isinstance(part, int) and not isinstance(part, bool):
            if names:
                words.append(f"\u201c{_cut('.'.join(names), 120)}\u201d")
            words.append(f"entry {part + 1:,}")
            names = []
        else:
            names.append(str(part))
    return ", ".join(words[:-1]) or whole


def pointer_of(path: Iterable[Any]) -> str:
    """The place as a JSON pointer (RFC 6901); of a very long one its beginning, which is a place around it."""
    pointer = ""
    for part in path:
        longer = f"{pointer}/{str(part)[:_LONGEST_POINTER].replace('~', '~0').replace('/', '~1')}"
        if len(longer) > _LONGEST_POINTER:
            break
        pointer = longer
    return pointer


def path_of(pointer: str) -> tuple[str, ...]:
    """A JSON pointer's parts."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def _cut(text: str, most: int = _LONGEST) -> str:
    plain = " ".join(text[: most * 2].split())
    return plain if len(plain) <= most else plain[: most - 1] + "\u2026"
