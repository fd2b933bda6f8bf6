"""``flyte://av0.1/project/domain/name@version?key=value``: an artifact's address that names no bucket.

Name and version may have slashes and dots. What would end a part too early is percent-encoded in it (``@`` and ``?``
in a name, ``&`` in a value); a plus is a plus. The whole text must be of this form: nothing is left out quietly.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import quote, unquote

from artifact_browser.catalog.artifact_name import ArtifactName, check_component
from artifact_browser.catalog.partitions import MAX_KEYS, check_key, check_value
from artifact_browser.errors import InputError

SCHEME = "flyte"
FORM = "av0.1"
EXAMPLE = f"{SCHEME}://{FORM}/project/domain/name@version?region=us"
_MAX_CHARACTERS = 8192
_HALF_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
#: Never in such an address as they are: blanks and controls, and what would begin a fragment.
_BAD_LETTER = re.compile(r"[\x00-\x20\x7f#]")


@dataclass(frozen=True, slots=True)
class ArtifactUri:
    """The address in parts, decoded.

    :ivar version: a version or an alias; empty: the latest one of these partitions
    :ivar partitions: by key, sorted; a time partition stands among them under its own key
    :raises InputError: a part cannot be used
    """

    name: ArtifactName
    version: str = ""
    partitions: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if self.version:
            check_component(self.version, "version")
        keys = [key for key, _ in self.partitions]
        if len(keys) > MAX_KEYS + 1:
            raise InputError(f"There are more than {MAX_KEYS} partitions and a time.")
        if len(set(keys)) != len(keys):
            raise InputError("A partition is there twice.")
        for key, value in self.partitions:
            check_key(key)
            check_value(key, value)
        object.__setattr__(self, "partitions", tuple(sorted(self.partitions)))

    def __str__(self) -> str:
        name = self.name
        text = f"{SCHEME}://{FORM}/{quote(name.project, safe='')}/{quote(name.domain, safe='')}/{quote(name.name)}"
        if self.version:
            text += "@" + quote(self.version)
        if self.partitions:
            text += "?" + "&".join(f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in self.partitions)
        return text


def is_artifact_uri(text: str) -> bool:
    """Whether ``text`` is meant as such an address, right or wrong."""
    return text.strip().lower().startswith(f"{SCHEME}://")


def parse_artifact_uri(text: str) -> ArtifactUri:
    """The address in ``text``, blanks around it left out. :raises InputError: what is wrong, and where"""
    text = text.strip()
    start = f"{SCHEME}://{FORM}/"
    if len(text) > _MAX_CHARACTERS:
        _refuse(f"An address of an artifact has at most {_MAX_CHARACTERS:,} characters.", text)
    if not is_artifact_uri(text):
        _refuse(f"An address of an artifact begins with {SCHEME}://.", text)
    if not text[len(SCHEME) :].startswith(start[len(SCHEME) :]):
        _refuse(f"Behind {SCHEME}:// there must be {FORM}/: no other form is known.", text, len(SCHEME) + 3)
    if bad := _BAD_LETTER.search(text):
        _refuse(f"{bad[0]!r} must be written as %{ord(bad[0]):02X}.", text, bad.start())
    if half := _HALF_ESCAPE.search(text):
        _refuse("Behind a % there must be two hexadecimal digits; a % itself is %25.", text, half.start())
    path, question, query = text.partition("?")
    project, domain, tail = _split_path(path, len(start), text)
    name, at, version = tail.partition("@")
    if "@" in version:
        _refuse("There is a second @; in a name or version it is %40.", text, path.rfind("@"))
    if at and not version:
        _refuse("Behind the @ there must be a version.", text, len(path))
    if not name:
        _refuse("The name is empty.", text, len(path) - len(tail))
    try:
        found = ArtifactName(_decode(project), _decode(domain), _decode(name))
        return ArtifactUri(found, _decode(version), _split_query(query, len(path) + 1, text) if question else ())
    except InputError as wrong:
        wrong.todo = wrong.todo or f"The form is {EXAMPLE}"
        wrong.subject = wrong.subject or ascii(text[:200])
        raise


def _split_path(path: str, start: int, text: str) -> tuple[str, str, str]:
    parts = path[start:].split("/", 2)
    if len(parts) < 3:
        _refuse("There must be a project, a domain and a name, with slashes between them.", text, len(path))
    project, domain, tail = parts
    for part, where in ((project, start), (domain, start + len(project) + 1)):
        if "@" in part:
            _refuse("The @ stands before the name is complete; in a project or domain it is %40.", text, where)
        if not part:
            _refuse("There is nothing between two slashes.", text, where)
    return project, domain, tail


def _split_query(query: str, start: int, text: str) -> tuple[tuple[str, str], ...]:
    found = []
    for pair in query.split("&"):
        key, equals, value = pair.partition("=")
        if not equals or not key or not value:
            _refuse("A partition is written key=value, and neither is empty.", text, start)
        if "?" in pair:
            _refuse("There is a second question mark; in a value it is %3F.", text, start + pair.index("?"))
        found.append((_decode(key), _decode(value)))
        start += len(pair) + 1
    return tuple(found)


def _decode(part: str) -> str:
    try:
        return unquote(part, errors="strict")
    except UnicodeError:
        raise InputError("What is percent-encoded is no UTF-8.", subject=ascii(part[:200])) from None


def _refuse(detail: str, text: str, position: int | None = None) -> NoReturn:
    where = "" if position is None else f"At character {position + 1}: "
    raise InputError(where + detail, subject=ascii(text[:200])[1:-1], todo=f"The form is {EXAMPLE}")
