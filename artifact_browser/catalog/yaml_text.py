"""YAML from strangers: limits first, then libyaml's safe loader, and every fault with its line and column.

A manifest is at most :data:`MAX_BYTES`, nests at most :data:`MAX_DEPTH` levels and uses at most
:data:`MAX_ALIASES` aliases; the events are counted before anything is built. Behind that: keys that appear twice,
aliases that multiply (counted as if written out) or contain themselves, merge keys that multiply, and numbers long
enough to stall the interpreter. What we write, ``yaml.safe_load`` and Hypha read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml
from yaml.reader import Reader

from artifact_browser.errors import ManifestUnreadable

try:
    from yaml import CSafeDumper as _Dumper
    from yaml import CSafeLoader as _Loader
except ImportError:  # a PyYAML built without libyaml: slower, the same rules
    from yaml import SafeDumper as _Dumper  # type: ignore[assignment]
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

MAX_BYTES = 4 * 1024**2
MAX_DEPTH = 64
MAX_ALIASES = 100
#: Nodes of a document with every alias written out.
MAX_NODES = 2_000_000
#: Key-value pairs one mapping may get from merge keys (``<<``).
MAX_MERGED = 10_000
#: Characters of a number, date or other plain value that is not text.
MAX_SCALAR = 1000
_TEXT_TAG = "tag:yaml.org,2002:str"
_MERGE_TAG = "tag:yaml.org,2002:merge"


class _LimitedLoader(_Loader):
    """libyaml's safe loader with a lid on merge keys, which double with every level."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        super().flatten_mapping(node)
        if len(node.value) > MAX_MERGED:
            raise yaml.constructor.ConstructorError(None, None, "too many merged keys", node.start_mark)


def _as_mapping(loader: _LimitedLoader, node: yaml.MappingNode) -> Any:
    return loader.construct_yaml_map(node)


# Hypha's ``edit`` over HTTP marks every mapping as one of its own class; it means nothing but a mapping.
for _tag in ("!munch.Munch", "!munch"):
    _LimitedLoader.add_constructor(_tag, _as_mapping)


def unreadable(problem: str, line: int = 0, column: int = 0, *, subject: str = "") -> ManifestUnreadable:
    """The error of a manifest that says where: ``line 7, column 3: expected a mapping, found a list``."""
    where = f"line {line}, column {column}: " if line else ""
    return ManifestUnreadable(
        where + problem, subject=subject, todo="Open the manifest, correct it there, and refresh."
    )


def parse_mapping(data: bytes, *, subject: str = "", max_bytes: int = MAX_BYTES) -> dict[Any, Any]:
    """The mapping a manifest holds. Runs in a worker.

    :raises ManifestUnreadable: with line and column; also for an empty text and one that is not a mapping
    """
    if len(data) > max_bytes:
        raise too_large(len(data), max_bytes, subject)
    text = _decode(data, subject)
    try:
        _check_events(text, subject)
        loader = _LimitedLoader(text)
        try:
            node = loader.get_single_node()
            _Walk(subject).measure(_root(node, subject))
            return dict(loader.construct_document(node))
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise _translated(error, subject) from None
    except (ValueError, OverflowError, RecursionError) as error:
        # a date like 2026-13-45, a number without digits: the safe constructors raise what Python raised
        raise unreadable(f"a value cannot be read ({error})", subject=subject) from None


def dump_mapping(body: Mapping[Any, Any]) -> str:
    """``body`` as sorted block YAML in unicode; an empty one gives an empty text."""
    if not body:
        return ""
    return yaml.dump(dict(body), Dumper=_Dumper, sort_keys=True, allow_unicode=True, default_flow_style=False)


def load_own(text: str) -> Any:
    """What a plain YAML reader sees in a text of ours: for checking it before it is written."""
    return yaml.load(text, Loader=_Loader)


def places_in(text: str, paths: Iterable[Sequence[str]]) -> list[tuple[int, int]]:
    """Line and column (from 1) of each path's key in a text that :func:`parse_mapping` has read.

    Of what is not there, where the mapping or list begins that it would be in; zeros for the text as a whole.
    """
    root = yaml.compose(text, Loader=_Loader)
    return [(0, 0) if root is None else _place_of(root, path) for path in paths]


def _place_of(node: yaml.Node, path: Sequence[str]) -> tuple[int, int]:
    mark = None
    for part in path:
        if isinstance(node, yaml.MappingNode):
            found = next((pair for pair in node.value if pair[0].value == part), None)
            if found is None:
                break
            mark, node = found[0].start_mark, found[1]
        elif isinstance(node, yaml.SequenceNode) and part.isdecimal() and len(part) < 8 and int(part) < len(node.value):
            node = node.value[int(part)]
            mark = node.start_mark
        else:
            break
    return (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)


def too_large(size_bytes: int, max_bytes: int, subject: str) -> ManifestUnreadable:
    """The refusal of a text that is over its limit."""
    return ManifestUnreadable(
        f"The manifest has {size_bytes / 1024**2:.1f} MiB; more than {max_bytes // 1024**2} MiB are not read.",
        subject=subject,
        todo="Move what is large into files beside the manifest.",
    )


def _decode(data: bytes, subject: str) -> str:
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        before = data[: error.start]
        column = error.start - (before.rfind(b"\n") + 1) + 1
        raise unreadable("the text is not UTF-8", before.count(b"\n") + 1, column, subject=subject) from None
    unseen = Reader.NON_PRINTABLE.search(text)
    if unseen is not None:
        before_text = text[: unseen.start()]
        column = unseen.start() - (before_text.rfind("\n") + 1) + 1
        problem = f"a control character (U+{ord(unseen.group()):04X}) is in the text"
        raise unreadable(problem, before_text.count("\n") + 1, column, subject=subject)
    return text


def _check_events(text: str, subject: str) -> None:
    """Depth and aliases, counted on the stream of events: nothing is built yet."""
    depth = aliases = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise _at(event, f"nested deeper than {MAX_DEPTH} levels", subject)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.AliasEvent):
            aliases += 1
            if aliases > MAX_ALIASES:
                raise _at(event, f"more than {MAX_ALIASES} aliases", subject)


def _root(node: yaml.Node | None, subject: str) -> yaml.MappingNode:
    if node is None:
        raise unreadable("the manifest is empty", subject=subject)
    if not isinstance(node, yaml.MappingNode):
        found = "a list" if isinstance(node, yaml.SequenceNode) else "a single value"
        raise _at(node, f"expected a mapping, found {found}", subject)
    return node


class _Walk:
    """One look at every node before Python objects are made: duplicate keys, long numbers, aliases written out."""

    def __init__(self, subject: str) -> None:
        self._subject = subject
        #: of each finished node: how many nodes it stands for and how deep it is, aliases written out
        self._measured: dict[int, tuple[int, int]] = {}
        self._open: set[int] = set()

    def measure(self, node: yaml.Node) -> tuple[int, int]:
        known = self._measured.get(id(node))
        if known is not None:
            return known
        if isinstance(node, yaml.ScalarNode):
            if node.tag != _TEXT_TAG and len(node.value) > MAX_SCALAR:
                raise _at(node, f"a number or date of more than {MAX_SCALAR} characters", self._subject)
            return 1, 0
        if id(node) in self._open:
            raise _at(node, "an alias contains itself", self._subject)
        self._open.add(id(node))
        if isinstance(node, yaml.MappingNode):
            self._check_keys(node)
            children = [part for pair in node.value for part in pair]
        else:
            children = node.value
        total, deepest = 1, 0
        for child in children:
            count, depth = self.measure(child)
            total, deepest = total + count, max(deepest, depth)
        self._open.discard(id(node))
        if total > MAX_NODES or deepest + 1 > MAX_DEPTH:
            raise _at(node, "the aliases multiply to more than can be read", self._subject)
        self._measured[id(node)] = total, deepest + 1
        return total, deepest + 1

    def _check_keys(self, node: yaml.MappingNode) -> None:
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == _MERGE_TAG:
                continue
            name = key.tag, key.value
            if name in seen:
                raise _at(key, f"the key \u201c{key.value[:64]}\u201d is there twice", self._subject)
            seen.add(name)


def _at(what: yaml.Node | yaml.Event, problem: str, subject: str) -> ManifestUnreadable:
    mark = what.start_mark
    if mark is None:
        return unreadable(problem, subject=subject)
    return unreadable(problem, mark.line + 1, mark.column + 1, subject=subject)


def _translated(error: yaml.YAMLError, subject: str) -> ManifestUnreadable:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = str(getattr(error, "problem", None) or "not valid YAML")
    if mark is None:
        return unreadable(problem, subject=subject)
    return unreadable(problem, mark.line + 1, mark.column + 1, subject=subject)
