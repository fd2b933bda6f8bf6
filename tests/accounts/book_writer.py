"""Writes the accounts file over and over until it is killed: a child of the atomicity test."""

import sys
from dataclasses import replace
from pathlib import Path

from artifact_browser.accounts.book import AccountBook

book = AccountBook(Path(sys.argv[1]))
record = book.get(sys.argv[2])
print("writing", flush=True)
for number in range(10**9):
    book.replace(replace(record, name=f"n{number}" + "x" * 60))
