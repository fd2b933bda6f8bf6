"""A collection's manifest as text: fields as block YAML, its list of children as one JSON flow mapping per line.

One line per child keeps a commit cheap (the other lines are carried over as they are) and a list of 10,000
readable in milliseconds, while the whole stays YAML for everybody else. Text that another program rewrote has no
such lines: then libyaml reads it, and the next write brings the lines back.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from artifact_browser.catalog.layout import COLLECTION_TYPE
from artifact_browser.catalog.yaml_text import MAX_BYTES, dump_mapping, load_own, parse_mapping, too_large
from artifact_browser.errors import InternalError, ManifestUnreadable

MAX_COLLECTION_BYTES = 32 * 1024**2
LIST_KEY = "collection"
#: The child's folder name, in every entry of the list.
ENTRY_ID = "_id"
_OPENING = re.compile(rb"^collection:[ ]*(\[\])?[ ]*\r?\n", re.MULTILINE)
_BEHIND_LIST = re.compile(rb"\n(?!- \{)")
_IS_COLLECTION = re.compile(rb"^type:[ ]*['\"]?collection['\"]?[ ]*\r?$", re.MULTILINE)
#: What JSON leaves bare and YAML does not allow, folds or swallows; surrogates cannot be UTF-8.
_TO_ESCAPE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_MAX_FIELD_NAME = 256
_MAX_DEPTH = 16
_LINES_AT_ONCE = 500


@dataclass(slots=True)
class CollectionText:
    """A manifest taken apart. ``lines`` are the entries as text (``{...}``), in step with ``entries``."""

    fields: dict[Any, Any]
    entries: list[dict[str, Any]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    _unproven: list[str] = field(default_factory=list)

    def put(self, entry: Mapping[str, Any]) -> bool:
        """Set the entry of ``entry["_id"]``, leaving every other as it is; whether that changed anything."""
        return self.put_all([entry])

    def put_all(self, entries: Sequence[Mapping[str, Any]]) -> bool:
        """Set several entries, the later of one child for good; whether that changed anything."""
        places: dict[Any, list[int]] = {entry[ENTRY_ID]: [] for entry in entries}
        for at, old in enumerate(self.entries):
            name = old.get(ENTRY_ID)
            if isinstance(name, str) and name in places:
                places[name].append(at)
        changed, dropped = False, set()
        for entry in entries:
            line, found = flow_mapping(entry), places[entry[ENTRY_ID]]
            if len(found) == 1 and self.lines[found[0]] == line:
                continue
            changed = True
            self._unproven.append(line)
            if found:
                self.entries[found[0]], self.lines[found[0]] = dict(entry), line
                dropped |= set(found[1:])
                del found[1:]
            else:
                found.append(len(self.entries))
                self.entries.append(dict(entry))
                self.lines.append(line)
        for at in sorted(dropped, reverse=True):
            del self.entries[at], self.lines[at]
        return changed

    def remove(self, name: str) -> bool:
        """Drop the entries of a child; whether there were any."""
        kept = [at for at, entry in enumerate(self.entries) if entry.get(ENTRY_ID) != name]
        changed = len(kept) != len(self.entries)
        self.entries, self.lines = [self.entries[at] for at in kept], [self.lines[at] for at in kept]
        return changed

    def replace(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """A whole new list."""
        self.entries = [dict(entry) for entry in entries]
        self.lines = [flow_mapping(entry) for entry in entries]
        self._unproven = list(self.lines)

    def encode(self) -> bytes:
        """The text to write, checked by reading it back.

        :raises InternalError: it would not read back as written (a fault of ours; nothing was written)
        """
        before = {key: value for key, value in self.fields.items() if isinstance(key, str) and key < LIST_KEY}
        after = {key: value for key, value in self.fields.items() if key not in before}
        listing = "".join(f"- {line}\n" for line in self.lines)
        middle = f"{LIST_KEY}:\n{listing}" if self.lines else f"{LIST_KEY}: []\n"
        data = (dump_mapping(before) + middle + dump_mapping(after)).encode()
        if len(data) > MAX_COLLECTION_BYTES:
            raise too_large(len(data), MAX_COLLECTION_BYTES, "")
        again = read_lines(data)
        if again is None or again.fields.keys() != self.fields.keys() or again.lines != self.lines:
            raise InternalError("The collection's list would not read back as it was written. Nothing was changed.")
        self._prove_new_lines()
        return data

    def _prove_new_lines(self) -> None:
        """The lines this object made mean the same to a YAML reader as to a JSON reader."""
        if not self._unproven:
            return
        as_yaml = load_own("".join(f"- {line}\n" for line in self._unproven))
        if as_yaml != json.loads(f"[{','.join(self._unproven)}]"):
            raise InternalError("The collection's list would not read as YAML. Nothing was changed.")
        self._unproven.clear()


def read_collection(data: bytes, *, subject: str = "") -> CollectionText:
    """A collection's manifest taken apart: by lines where we wrote it, else by libyaml.

    :raises ManifestUnreadable: with line and column
    """
    found = read_lines(data)
    if found is not None:
        return found
    limit = MAX_COLLECTION_BYTES if _IS_COLLECTION.search(data) else MAX_BYTES
    body = parse_mapping(data, subject=subject, max_bytes=limit)
    listed = body.pop(LIST_KEY, None)
    text = CollectionText(body)
    if body.get("type") == COLLECTION_TYPE and isinstance(listed, list):
        text.replace([_entry_of(item) for item in listed if isinstance(item, dict | str)])
    elif listed is not None:
        text.fields[LIST_KEY] = listed  # not ours to interpret
    return text


def read_lines(data: bytes) -> CollectionText | None:
    """The fast way for what :meth:`CollectionText.encode` wrote; ``None`` where the text looks otherwise.

    What stands before and after the list must each be a mapping of its own, so nothing that begins before it
    (a quoted text, a flow mapping) can reach into the list.
    """
    opening = _OPENING.search(data)
    if opening is None:
        return None
    end, lines = opening.end(), list[str]()
    try:
        while data.startswith(b"- {", end):
            stop = data.find(b"\n", end)
            stop = len(data) if stop < 0 else stop
            lines.append(data[end + 2 : stop].decode().rstrip("\r"))
            end = min(stop + 1, len(data))
        if bool(lines) == bool(opening.group(1)):
            return None  # "[]" with entries, or a list in another style
        fields: dict[Any, Any] = {}
        for part in (data[: opening.start()], data[end:]):
            if part.strip():
                fields |= parse_mapping(part)
        entries: list[Any] = []
        for at in range(0, len(lines), _LINES_AT_ONCE):  # the whole list as one more text would be megabytes
            some = lines[at : at + _LINES_AT_ONCE]
            entries += json.loads(f"[{','.join(some)}]")
            if len(entries) != at + len(some):
                return None
    except (ManifestUnreadable, ValueError, RecursionError):
        return None
    if LIST_KEY in fields or fields.get("type") != COLLECTION_TYPE:
        return None
    if not all(isinstance(entry, dict) for entry in entries):
        return None
    return CollectionText(fields, entries, lines)


def read_fields(data: bytes) -> dict[Any, Any] | None:
    """A collection's fields without its list, from what :meth:`CollectionText.encode` wrote; ``None`` where the text looks
    otherwise. The list's lines are passed over, not read.
    """
    opening = _OPENING.search(data)
    if opening is None:
        return None
    end, lines = opening.end(), data.startswith(b"- {", opening.end())
    if lines:
        behind = _BEHIND_LIST.search(data, end)
        end = behind.start() + 1 if behind is not None else len(data)
    fields: dict[Any, Any] = {}
    try:
        for part in (data[: opening.start()], data[end:]):
            if part.strip():
                fields |= parse_mapping(part)
    except ManifestUnreadable:
        return None
    if lines == bool(opening.group(1)) or LIST_KEY in fields or fields.get("type") != COLLECTION_TYPE:
        return None
    return fields


def flow_mapping(entry: Mapping[str, Any]) -> str:
    """``entry`` as one line that is JSON and YAML 1.1 alike and means the same in both."""
    return _flow(entry, 0)


def _flow(value: Any, depth: int) -> str:
    if depth > _MAX_DEPTH:
        return '"\u2026"'
    if isinstance(value, Mapping):
        pairs = [(str(key), item) for key, item in value.items() if len(str(key)) <= _MAX_FIELD_NAME]
        inside = ", ".join(f"{_quoted(key)}: {_flow(item, depth + 1)}" for key, item in pairs)
        return f"{{{inside}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_flow(item, depth + 1) for item in value)}]"
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return _float(value)
    if isinstance(value, date):
        return _quoted(value.isoformat())
    return _quoted(str(value))


def _float(value: float) -> str:
    """YAML 1.1 takes ``1e+16`` for text: a float there has a point."""
    text = repr(value)
    mantissa, exponent, power = text.partition("e")
    if exponent and "." not in mantissa:
        mantissa += ".0"
    return mantissa + exponent + power


def _quoted(text: str) -> str:
    plain = json.dumps(_SURROGATES.sub("\ufffd", text), ensure_ascii=False)
    return _TO_ESCAPE.sub(lambda found: f"\\u{ord(found.group()):04x}", plain)


def _entry_of(item: dict[Any, Any] | str) -> dict[str, Any]:
    """An entry as Hypha or a person wrote it; a bare string is a child's name."""
    if isinstance(item, str):
        return {ENTRY_ID: item}
    return {str(key): value for key, value in item.items()}
