"""One run of the app's services with the real keychain: ``program.py HOME keep|lease``; keys come on standard input."""

import json
import os
import sys
import threading
from pathlib import Path

from artifact_browser import bootstrap
from artifact_browser.accounts.lease import Secret
from artifact_browser.accounts.record import AccountKind, AccountRecord, KeySource
from artifact_browser.paths import in_home
from artifact_browser.workers.job import Lane
from tests.accounts.lease_jobs import take_lease

RECORD = AccountRecord("kept-account", AccountKind.AWS, "Kept", key_source=KeySource.KEYCHAIN)


def main() -> None:
    services = bootstrap.build(in_home(Path(sys.argv[1])))
    try:
        if sys.argv[2] == "keep":
            secret, done, errors = sys.stdin.readline().strip(), threading.Event(), []
            services.broker.keep(
                RECORD.id, Secret("AKKEPT", secret), KeySource.KEYCHAIN, lambda e: (errors.append(e), done.set())
            )
            assert done.wait(30)
            assert errors == [None]
            services.book.add(RECORD)
        lease = services.pool.run(take_lease, RECORD, lane=Lane.ENGINE, timeout_s=30)
        pids = [os.getpid(), *services.pool.pids(Lane.ENGINE), *services.pool.pids(Lane.INTERACTIVE)]
        seen = [Path(f"/proc/{pid}/{name}").read_bytes() for pid in pids for name in ("cmdline", "environ")]
        visible = any(lease.secret_key.encode() in text for text in seen)
        print(json.dumps([lease.access_key, lease.secret_key, visible]))
    finally:
        services.close()


if __name__ == "__main__":
    main()
