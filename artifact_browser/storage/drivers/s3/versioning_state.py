"""Whether a bucket has its versions on, asked on the S3 core.

Uploads ask it (``conditions.py``), and a mover that had to load boto3 for that one question would take 30 MiB and a tenth
of a second more.
"""

from __future__ import annotations

import re

from artifact_browser.storage.drivers.s3.account import Access, BucketRepairs
from artifact_browser.storage.drivers.s3.exchange import Exchange, Request
from artifact_browser.storage.drivers.s3.retries import attempt

_MAX_BYTES = 64 * 1024
#: one element of text in a document of three (S3 API, GetBucketVersioning)
_STATUS = re.compile(rb"<Status>\s*([A-Za-z]{1,16})\s*</Status>")


def versioning_status(access: Access, bucket: str) -> str:
    """``Enabled``, ``Suspended``, or nothing where there never were versions. One GET.

    :raises StorageError: the store does not tell; :raises NetworkError:
    """
    exchange = Exchange(access)
    request = Request("GET", bucket, query=(("versioning", ""),))

    def ask() -> str:
        with exchange.send(request) as answer:
            found = _STATUS.search(answer.read_all(_MAX_BYTES))
        return found[1].decode() if found else ""

    return attempt(ask, BucketRepairs(access, bucket), access.cancel)
