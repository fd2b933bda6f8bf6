"""The prefixes directly below one, a page at a time: for a tree, which never shows them all at once."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from artifact_browser.accounts.record import AccountRecord
from artifact_browser.storage.location import DELIMITER
from artifact_browser.storage.open import opened
from artifact_browser.workers.job import JobContext

#: So many prefixes make a page, or as many as one more request brings.
FOLDERS_A_PAGE = 1000
#: Where blobs lie between the prefixes, so many requests are made for a page at most.
MOST_REQUESTS = 20


@dataclass(frozen=True, slots=True)
class FolderPage:
    """:ivar after: where the next page begins, a key; empty when this is the last"""

    prefixes: tuple[str, ...]
    after: str = ""


def list_folder_page(
    context: JobContext, record: AccountRecord, bucket: str, prefix: str, after: str = "", last: str = ""
) -> Generator[None, None, FolderPage]:
    """Job: a page of the prefixes below ``prefix``, behind the key ``after``.

    :param last: the last prefix of the page before: a store may name it again
    """
    yield from ()
    found: list[str] = []
    with opened(context, record) as driver:
        pages = driver.list_pages(bucket, prefix, delimiter=DELIMITER, start_after=after)
        for number, page in enumerate(pages, start=1):
            context.cancel.raise_if_cancelled()
            for one in page.prefixes:
                if one != last:
                    found.append(one)
                    last = one
            if page.next_token is None:
                break
            if len(found) >= FOLDERS_A_PAGE or number >= MOST_REQUESTS:
                ends = [*page.keys[-1:], *page.prefixes[-1:]]
                return FolderPage(tuple(found), max(ends, default=last))
    return FolderPage(tuple(found))
