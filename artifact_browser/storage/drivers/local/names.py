"""How a key becomes file names and back: pure functions, the same on every operating system.

A key is cut at ``/`` into segments; a segment that is a fine file name everywhere *is* the file name. What is not
is written with a mark in front and ``%XX`` for the bytes that do not fit, so only names that begin with the mark
are ever taken for encoded ones: a person's ``50%.txt`` or ``a%2Fb`` keeps its name.

==========================  =======================================  ===========================================
key                         file                                     why
==========================  =======================================  ===========================================
``a/b.csv``                 ``a/b.csv``                              fine everywhere
``a//b``                    ``a/%~/b``                               an empty segment
``trail/``                  ``trail/%~%~``                           an empty last segment is a file
``a:b``, ``x\\y``            ``%~a%3Ab``, ``%~x%5Cy``                 not allowed on Windows
``..``, ``end.``            ``%~.%2E``, ``%~end%2E``                 would leave the folder; lost on Windows
``CON.txt``                 ``%~CON.txt``                            a device on Windows
``%~x``                     ``%~%25~x``                              looks encoded
300 bytes                   ``%~first 240 bytes%+/%~the rest%~``     a name has at most 255 bytes
==========================  =======================================  ===========================================

When the usual name is taken (``a`` exists and ``a/b`` is written, or ``A`` on a file system that takes it for
``a``) there is a second form for everything, told apart by its end: ``%~a%=`` for a folder, ``%~a%~`` for a file,
with all but lower-case ASCII written as ``%XX`` so that no file system can confuse two of them.

Names that people made and that are no form of ours (``a:b`` on Linux, bytes that are not UTF-8) read as themselves.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from artifact_browser.errors import InputError

#: Begins every encoded name.
MARK = "%~"
#: Ends a name that goes on in the folder of that name.
MORE = "%+"
_FOLDER_END = "%="
_FILE_END = "%~"

MAX_KEY_BYTES = 1024
MAX_NAME_BYTES = 255
_PIECE_BYTES = 240

#: A name: one component, or several when it is too long for one.
Form = tuple[str, ...]

_BAD = re.compile(r'[\x00-\x1f\x7f\\:*?"<>|\udc80-\udcff]')
_ESCAPED_LIGHTLY = re.compile(r'[\x00-\x1f\x7f%\\:*?"<>|\udc80-\udcff]|[. ]\Z')
_ESCAPED_EXACTLY = re.compile(r"[^a-z0-9._ -]|[. ]\Z")
_DEVICE = re.compile(r"(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³]) *(?:\.|\Z)", re.IGNORECASE)
_BODY = re.compile(r"(?:%[0-9A-F]{2}|[^%])*")
_ATOM = re.compile(r"%[0-9A-F]{2}|.", re.DOTALL)


def to_bytes(text: str) -> bytes:
    """The bytes of a key or name; bytes of a file name that are not UTF-8 come back as they were."""
    return text.encode("utf-8", "surrogateescape")


def check_key(key: str) -> str:
    """``key`` itself when it can be a blob's key.

    :raises InputError: empty, longer than 1,024 bytes, or not a string of characters
    """
    if not key:
        raise InputError("A blob needs a name.")
    try:
        data = to_bytes(key)
    except UnicodeEncodeError:
        data = b""
    if not data or data.decode("utf-8", "surrogateescape") != key:
        raise InputError("The name holds half characters that cannot be written.", subject=ascii(key)[:200])
    if len(data) > MAX_KEY_BYTES:
        raise InputError(
            f"The name has {len(data):,} bytes; at most {MAX_KEY_BYTES:,} are possible.", subject=key[:200]
        )
    return key


def is_plain(segment: str) -> bool:
    """Whether a segment can be a file name as it is, on every operating system."""
    return (
        segment not in {"", ".", ".."}
        and segment[-1] not in ". "
        and not segment.startswith(MARK)
        and not _BAD.search(segment)
        and not _DEVICE.match(segment)
        and len(to_bytes(segment)) <= MAX_NAME_BYTES
    )


@lru_cache(maxsize=4096)
def forms_of(segment: str, *, is_file: bool) -> tuple[Form, ...]:
    """All names that may stand for ``segment`` on disk: the usual one, the second one, a person's own."""
    own = _own_name(segment, is_file=is_file)
    return tuple(dict.fromkeys((*made_forms(segment, is_file=is_file), *((own,) if own else ()))))


@lru_cache(maxsize=4096)
def made_forms(segment: str, *, is_file: bool) -> tuple[Form, Form]:
    """The names we give: the usual one, and the second form for when it is taken."""
    end = _FILE_END if is_file else ""
    if is_plain(segment):
        usual: Form = (segment,)
    else:
        usual = _cut(_escape(segment, _ESCAPED_LIGHTLY), "" if segment else end, end)
    second_end = _FILE_END if is_file else _FOLDER_END
    return usual, _cut(_escape(segment, _ESCAPED_EXACTLY), second_end, second_end)


def segment_of(form: Sequence[str], *, is_file: bool) -> str | None:
    """The segment that a name on disk stands for; ``None`` for several components that are no form of ours."""
    if len(form) == 1 and not form[0].startswith(MARK):
        return form[0]
    segment = _decode(form)
    if segment is not None and tuple(form) in made_forms(segment, is_file=is_file):
        return segment
    return form[0] if len(form) == 1 else None


def is_continued(name: str) -> bool:
    """Whether a folder's name is the first piece of a longer one."""
    return name.startswith(MARK) and name.endswith(MORE) and len(name) >= len(MARK) + len(MORE)


def usual_path(key: str) -> tuple[str, ...]:
    """The components of the file that ``key`` is usually kept in, below its bucket."""
    *parents, last = key.split("/")
    parts = [name for segment in parents for name in made_forms(segment, is_file=False)[0]]
    return (*parts, *made_forms(last, is_file=True)[0])


def key_of(components: Sequence[str]) -> str | None:
    """The key that a file stands for, from its components below the bucket; ``None`` if it stands for none."""
    segments: list[str | None] = []
    pending: list[str] = []
    for at, name in enumerate(components):
        pending.append(name)
        is_file = at == len(components) - 1
        if is_continued(name) and not is_file:
            continue
        segments.append(segment_of(pending, is_file=is_file))
        pending = []
    return None if None in segments or pending else "/".join(segment or "" for segment in segments)


def _own_name(segment: str, *, is_file: bool) -> Form | None:
    """The segment as a name that a person may have given, where the usual name is another."""
    if segment in {"", ".", ".."} or "\0" in segment or len(to_bytes(segment)) > MAX_NAME_BYTES:
        return None
    return (segment,) if segment_of((segment,), is_file=is_file) == segment else None


def _escape(segment: str, escaped: re.Pattern[str]) -> str:
    return escaped.sub(lambda found: "".join(f"%{byte:02X}" for byte in to_bytes(found[0])), segment)


def _cut(body: str, short_end: str, long_end: str) -> Form:
    """``body`` with its mark and end, in as many pieces as it takes."""
    single = f"{MARK}{body}{short_end}"
    if len(to_bytes(single)) <= MAX_NAME_BYTES:
        return (single,)
    pieces, piece, size = [], "", 0
    for atom in _ATOM.findall(body):
        length = len(to_bytes(atom))
        if size + length > _PIECE_BYTES:
            pieces.append(piece)
            piece, size = "", 0
        piece += atom
        size += length
    return (*(f"{MARK}{piece}{MORE}" for piece in pieces), f"{MARK}{piece}{long_end}")


def _decode(form: Sequence[str]) -> str | None:
    """What the pieces say, whether or not we would have written them so."""
    body = ""
    for at, name in enumerate(form):
        end = (
            MORE
            if at < len(form) - 1
            else next((end for end in (_FILE_END, _FOLDER_END) if name[2:].endswith(end)), "")
        )
        if not name.startswith(MARK) or not name[2:].endswith(end):
            return None
        body += name[len(MARK) : len(name) - len(end)]
    if not _BODY.fullmatch(body):
        return None
    data = re.sub(rb"%([0-9A-F]{2})", lambda found: bytes.fromhex(found[1].decode()), to_bytes(body))
    return data.decode("utf-8", "surrogateescape")
