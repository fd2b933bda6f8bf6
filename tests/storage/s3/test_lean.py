"""What need not be loaded for what is done a million times: most workers begin without botocore."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from contextlib import closing
from pathlib import Path

import artifact_browser
from artifact_browser.paths import in_home
from artifact_browser.storage.drivers.s3.open import open_s3
from artifact_browser.workers.cancel import CancelToken
from tests.parts.s3_server import S3Server

PROGRAM = """
import sys
from pathlib import Path
from artifact_browser.accounts.lease import Lease
from artifact_browser.accounts.record import AccountKind, AccountRecord, KeySource
from artifact_browser.paths import in_home
from artifact_browser.storage.driver import LinkOptions
from artifact_browser.storage.drivers.s3.open import open_s3
from artifact_browser.workers.cancel import CancelToken

url, access_key, secret_key, home, bucket = sys.argv[1:]
record = AccountRecord("lean", AccountKind.S3, "Lean", KeySource.SESSION, endpoint=url)
driver = open_s3(record, lambda renew: Lease(access_key, secret_key), CancelToken(), in_home(Path(home)).make())
driver.put(bucket, "key", b"content")
assert driver.head(bucket, "key").size_bytes == 7
with driver.get(bucket, "key") as reader:
    assert reader.read() == b"content"
assert [key for page in driver.list_pages(bucket) for key in page.keys] == ["key"]
assert driver.presign(bucket, ["key"], LinkOptions())[0].url.startswith(url)
print("botocore" in sys.modules)
driver.delete(bucket, "key")
print("botocore" in sys.modules)
"""


def test_blobs_are_listed_read_written_and_shared_without_botocore(moto: S3Server, tmp_path: Path) -> None:
    bucket = f"lean-{uuid.uuid4().hex[:12]}"
    driver = open_s3(moto.record, lambda _renew: moto.lease, CancelToken(), in_home(tmp_path / "other").make())
    with closing(driver):
        driver.create_bucket(bucket)
    done = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM, moto.endpoint, moto.access_key, moto.secret_key, str(tmp_path), bucket],
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ, PYTHONPATH=str(Path(artifact_browser.__file__).parent.parent)),
    )
    assert done.stderr == ""
    assert done.stdout.split() == ["False", "True"]  # deleting is boto3's
