"""What a test is told about a running S3 server."""

from __future__ import annotations

from dataclasses import dataclass, field

from artifact_browser.accounts.lease import Lease, Secret
from artifact_browser.accounts.record import AccountKind, AccountRecord, KeySource, Probing


@dataclass(frozen=True, slots=True)
class S3Server:
    """An S3 endpoint on loopback with the keys of an account that may do everything.

    :ivar name: ``moto`` or ``ceph``
    """

    name: str
    endpoint: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    region: str = "us-east-1"

    @property
    def record(self) -> AccountRecord:
        """The account as the app would write it down."""
        return AccountRecord(
            id=f"test-{self.name}",
            kind=AccountKind.S3,
            name=f"Test {self.name}",
            key_source=KeySource.SESSION,
            endpoint=self.endpoint,
            region=self.region,
            probing=Probing.ALLOWED,
        )

    @property
    def secret(self) -> Secret:
        return Secret(self.access_key, self.secret_key)

    @property
    def lease(self) -> Lease:
        return Lease(self.access_key, self.secret_key)
