"""From an account record to its S3 driver, inside a worker. Cheap: everything dear is shared per process."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from artifact_browser.accounts.record import AccountRecord, Probing
from artifact_browser.paths import Paths
from artifact_browser.storage.driver import Versioning
from artifact_browser.storage.drivers.s3.account import Access, LeaseSource, account_of
from artifact_browser.storage.drivers.s3.boto import Boto
from artifact_browser.storage.drivers.s3.conditions import Conditions
from artifact_browser.storage.drivers.s3.driver import S3Driver
from artifact_browser.storage.drivers.s3.own_blobs import OwnBlobs
from artifact_browser.storage.drivers.s3.probe import Prober
from artifact_browser.storage.drivers.s3.rest import Rest
from artifact_browser.storage.drivers.s3.uploads import Uploads
from artifact_browser.storage.drivers.s3.versioning_state import versioning_status
from artifact_browser.storage.drivers.s3.versions import Versions
from artifact_browser.workers.cancel import CancelToken

if TYPE_CHECKING:
    from artifact_browser.storage.drivers.s3.boto_blobs import BotoBlobs


def open_s3(
    record: AccountRecord,
    lease_source: LeaseSource,
    cancel: CancelToken,
    paths: Paths,
    may_probe: Callable[[str], bool] | None = None,
) -> S3Driver:
    """A driver for one job; makes no request.

    :param lease_source: ``lease_source(renew)`` gives credentials to sign with, ``None`` for anonymous access
    :param may_probe: asks for the person's consent to try out conditional writes in a bucket; without it the record's
        answer counts
    :raises InputError: the endpoint is no address; :raises CredentialsMissing: the profile cannot be read
    """
    account = account_of(record, paths)
    access = Access(account, lease_source, cancel, read_only=record.read_only)
    boto = Boto(access)
    status = None if record.compatibility else partial(versioning_status, access)
    versions = Versions(boto, status, account.remembered.note_state)

    def versioned(bucket: str) -> bool:
        return versions.versioning(bucket) is Versioning.ON

    prober = Prober(boto, may_probe or (lambda _bucket: record.probing is Probing.ALLOWED), versioned)
    conditions = Conditions(account.remembered, prober.probe, versioned)
    return S3Driver(
        access,
        _blobs(record, boto, conditions),
        Rest(boto, conditions),
        Uploads(boto, conditions),
        versions,
        conditions,
    )


def _blobs(record: AccountRecord, boto: Boto, conditions: Conditions) -> BotoBlobs | OwnBlobs:
    if not record.compatibility:
        return OwnBlobs(boto.access, conditions)
    from artifact_browser.storage.drivers.s3.boto_blobs import BotoBlobs  # with all of botocore

    return BotoBlobs(boto, conditions)
