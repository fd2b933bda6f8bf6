"""Measurements of the app against itself and its peers; each prints a table and with ``--json`` a list of rows."""
