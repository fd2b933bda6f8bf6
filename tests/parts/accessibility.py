"""The window as a screen reader meets it: elements by role and name over AT-SPI, without a GUI toolkit's help."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.parts.bus import call
from tests.parts.process import wait_for

ACCESSIBLE = "org.a11y.atspi.Accessible"
PROPERTIES = "org.freedesktop.DBus.Properties"
ROOT = "/org/a11y/atspi/accessible/root"
SHOWING = 25  # AT-SPI's state number


@dataclass(frozen=True, slots=True)
class Element:
    """One accessible element of a running program.

    :ivar role: as AT-SPI names it ("push button", "table", "tree", "menu item", "dialog" ...)
    """

    bus: str
    owner: str
    path: str

    def _ask(self, interface: str, method: str, signature: str | None = None, *body: Any) -> Any:
        return call(self.bus, self.owner, self.path, interface, method, signature, body)[0]

    def _get(self, interface: str, name: str) -> Any:
        return self._ask(PROPERTIES, "Get", "ss", interface, name)[1]

    @property
    def name(self) -> str:
        return str(self._get(ACCESSIBLE, "Name"))

    @property
    def description(self) -> str:
        return str(self._get(ACCESSIBLE, "Description"))

    @property
    def role(self) -> str:
        return str(self._ask(ACCESSIBLE, "GetRoleName"))

    @property
    def showing(self) -> bool:
        low, _high = self._ask(ACCESSIBLE, "GetState")
        return bool(low >> SHOWING & 1)

    @property
    def middle(self) -> tuple[int, int]:
        """Where to click, in screen pixels."""
        x, y, width, height = self._ask("org.a11y.atspi.Component", "GetExtents", "u", 0)
        return x + width // 2, y + height // 2

    @property
    def text(self) -> str:
        """An element's text (line edits, labels)."""
        return str(self._ask("org.a11y.atspi.Text", "GetText", "ii", 0, -1))

    def children(self, most: int = 300) -> list[Element]:
        count = int(self._get(ACCESSIBLE, "ChildCount"))
        found = (self._ask(ACCESSIBLE, "GetChildAtIndex", "i", i) for i in range(min(count, most)))
        return [Element(self.bus, owner, path) for owner, path in found if not path.endswith("/null")]

    def walk(self, depth: int = 25) -> Iterator[Element]:
        """Everything that is showing below, depth first; what vanishes meanwhile is passed over."""
        try:
            children = self.children()
        except RuntimeError:
            return
        for child in children:
            try:
                showing = child.showing
            except RuntimeError:
                continue
            if showing:
                yield child
            if depth:
                yield from child.walk(depth - 1)


def find(bus: str, role: str, name: str, timeout_s: float = 15.0) -> Element:
    """The first showing element of this role ("any") and name (a shell pattern, case ignored).

    :raises TimeoutError: none is showing in time
    """

    def probe() -> Element | None:
        for element in Element(bus, "org.a11y.atspi.Registry", ROOT).walk():
            try:
                if role in ("any", element.role) and fnmatch.fnmatch(element.name.lower(), name.lower()):
                    return element
            except RuntimeError:
                continue
        return None

    return wait_for(probe, f"a {role} named {name!r} is showing", timeout_s=timeout_s, interval_s=0.2)
