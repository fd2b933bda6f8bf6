"""Artifact Browser: one window over many object stores.

The rooms, from the street to the cellar (imports run downwards only, import-linter holds it)::

    __main__ > app > gui > bootstrap > catalog > transfers > storage > accounts > workers
             > settings | paths | log > errors

``docs/architecture.md`` draws the house and gives the reason for every decision.
"""

__version__ = "0.1.0"
