"""One account in one process: what all its jobs share. And one job's access to it: its lease and its stop sign."""

from __future__ import annotations

import atexit
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Any

from artifact_browser.accounts.lease import Lease
from artifact_browser.accounts.record import AccountKind, AccountRecord, KeySource, Probing
from artifact_browser.paths import Paths
from artifact_browser.storage.drivers.s3.connections import ConnectionPool, proxy_for
from artifact_browser.storage.drivers.s3.endpoint import Endpoint, aws_endpoint, parse_endpoint
from artifact_browser.storage.drivers.s3.remembered import Remembered
from artifact_browser.workers.cancel import CancelToken

#: boto3 makes its methods at run time
S3Client = Any
DEFAULT_REGION = "us-east-1"
#: how long what was found out about a proxy counts
_LOOK_S = 1.0
#: ``lease_source(renew)``: ``None`` means anonymous
LeaseSource = Callable[[bool], Lease | None]


class Account:
    """Everything of an account that outlives a job: addresses, client, regions, clock. Shared by threads."""

    def __init__(self, record: AccountRecord, paths: Paths) -> None:
        self.record = record
        chosen = None
        if record.key_source is KeySource.PROFILE:
            from artifact_browser.storage.drivers.s3.profile import settings_of  # with botocore

            chosen = settings_of(record.profile)
        self.region = record.region or (chosen.region if chosen else "") or DEFAULT_REGION
        self.ca_file = record.ca_file or (chosen.ca_file if chosen else "")
        address = record.endpoint or (chosen.endpoint if chosen else "")
        self.endpoint = (
            parse_endpoint(address, record.addressing) if address else aws_endpoint(self.region, record.addressing)
        )
        public = record.public_endpoint
        self.connections = ConnectionPool(self.ca_file)
        self.link_endpoint = parse_endpoint(public, record.addressing) if public else self.endpoint
        self.remembered = Remembered(paths.endpoints_file, self.endpoint.url, record.id, known=self.endpoint.aws)
        #: seconds the server's clock is ahead of ours, once it has complained
        self.clock_offset_s = 0.0
        self._wire_is_private = False
        self._looked_at = float("-inf")
        self._regions: dict[str, str] = {}
        self._clients: dict[tuple[bool, str], S3Client] = {}
        self._lock = threading.Lock()

    @property
    def wire_is_private(self) -> bool:
        """Whether nobody can touch the bytes on the way: they go over TLS, or stay within this computer."""
        now = time.monotonic()
        if now >= self._looked_at + _LOOK_S:  # looking for a proxy takes as long as signing
            self._wire_is_private = self.endpoint.tls or (
                self.endpoint.private and proxy_for(self.endpoint.place()) is None
            )
            self._looked_at = now
        return self._wire_is_private

    def region_of(self, bucket: str) -> str:
        """The region to sign for: the bucket's, where it was learnt, else the account's."""
        return self._regions.get(bucket, self.region)

    def knows_region_of(self, bucket: str) -> bool:
        return bucket in self._regions

    def learn_region(self, bucket: str, region: str) -> bool:
        """Remember where a bucket lives; whether that was news."""
        news = bool(region) and region != self.region_of(bucket)
        if region:
            self._regions[bucket] = region
        return news

    def endpoint_of(self, bucket: str) -> Endpoint:
        return self.endpoint.in_region(self.region_of(bucket))

    def link_endpoint_of(self, bucket: str) -> Endpoint:
        return self.link_endpoint.in_region(self.region_of(bucket))

    def client(self, *, anonymous: bool, for_links: bool = False) -> S3Client:
        """The one boto3 client of this account (making one costs 60 ms, so threads and jobs share it)."""
        from artifact_browser.storage.drivers.s3.boto_client import make_client

        endpoint = self.link_endpoint if for_links else self.endpoint
        with self._lock:
            wanted = (anonymous, endpoint.url)
            if wanted not in self._clients:
                self._clients[wanted] = make_client(endpoint, self.region, self.ca_file, anonymous=anonymous)
            return self._clients[wanted]

    def close(self) -> None:
        """Close idle connections; the account opens new ones when it is used again."""
        self.connections.close()
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()


#: An account that was edited or tested is another one: the one longest unused goes.
MOST_ACCOUNTS = 16
_accounts: OrderedDict[tuple[AccountRecord, Paths], Account] = OrderedDict()
_accounts_lock = threading.Lock()


def account_of(record: AccountRecord, paths: Paths) -> Account:
    """This process's account for a record; a changed record is another account."""
    # what a person sees of it changes nothing on the wire
    wanted = replace(record, name="", colour="", buckets=(), read_only=False, probing=Probing.ASK), paths
    gone: Account | None = None
    with _accounts_lock:
        if wanted not in _accounts:
            _accounts[wanted] = Account(*wanted)
            gone = _accounts.popitem(last=False)[1] if len(_accounts) > MOST_ACCOUNTS else None
        _accounts.move_to_end(wanted)
        found = _accounts[wanted]
    if gone is not None:
        gone.connections.retire()  # jobs may still work with it
        gone.close()
    return found


@atexit.register
def close_accounts() -> None:
    """Close the idle connections of all accounts of this process."""
    with _accounts_lock:
        for account in _accounts.values():
            account.close()


class Access:
    """One job's way in: asks for its lease when it needs it and repairs what a refusal shows to be wrong."""

    def __init__(self, account: Account, lease_source: LeaseSource, cancel: CancelToken, *, read_only: bool) -> None:
        self.account = account
        self.cancel = cancel
        self.read_only = read_only
        self._lease_source = lease_source
        self._lease: Lease | None = None
        self._asked = False
        self._lock = threading.Lock()
        #: ``Date`` header and our time of the last answer that complained of the clock
        self.server_date = ""

    def lease(self) -> Lease | None:
        """Credentials to sign with now; ``None`` is anonymous. :raises CredentialsMissing: and its relatives"""
        with self._lock:
            if not self._asked or (self._lease is not None and self._lease.is_stale()):
                self._lease = self._lease_source(False)
                self._asked = True
            return self._lease

    def renew_credentials(self) -> bool:
        with self._lock:
            if self._lease is None:
                return False
            self._lease = self._lease_source(True)
            return self._lease is not None

    def adjust_clock(self) -> bool:
        """Take over the server's time from its last answer; whether there was one to take."""
        try:
            server_s = parsedate_to_datetime(self.server_date).timestamp()
        except (TypeError, ValueError):
            return False
        self.account.clock_offset_s = server_s - time.time()
        return True

    @property
    def now(self) -> float:
        """Epoch seconds by the server's clock."""
        return time.time() + self.account.clock_offset_s

    @property
    def on_aws(self) -> bool:
        return self.account.endpoint.aws and self.account.record.kind is not AccountKind.S3


class BucketRepairs:
    """An access' repairs, for requests about one bucket."""

    def __init__(self, access: Access, bucket: str) -> None:
        self._access = access
        self._bucket = bucket

    def renew_credentials(self) -> bool:
        return self._access.renew_credentials()

    def adjust_clock(self) -> bool:
        return self._access.adjust_clock()

    def learn_region(self, region: str) -> bool:
        return self._access.account.learn_region(self._bucket, region)
