"""What a store can do is found out although it is in trouble for a moment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from artifact_browser.errors import OutcomeUnknown
from artifact_browser.paths import in_home
from artifact_browser.storage.driver import Condition, Support
from artifact_browser.storage.drivers.s3.boto import Boto
from tests.parts.s3_server import S3Server
from tests.storage.conformance.stores import Store


@pytest.mark.parametrize("lost", range(1, 12, 2))
def test_one_lost_answer_is_not_what_it_cannot_do(
    moto: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: int
) -> None:
    call: Callable[..., Any] = Boto.call
    asked = 0

    def call_or_not(self: Boto, *arguments: Any, once: bool = False, **named: Any) -> Any:
        nonlocal asked
        asked += once
        if once and asked == lost:
            raise OutcomeUnknown("Lost.")
        return call(self, *arguments, once=once, **named)

    store = Store("s3 moto", moto.record, in_home(tmp_path).make(), moto.secret)
    with store.opened() as driver:
        bucket = f"probe-{tmp_path.name.replace('_', '-')[:40].strip('-').lower()}-{lost}"
        driver.create_bucket(bucket)
        driver.put(bucket, "a", b"1", condition=Condition(if_absent=True))
        wanted = driver.capabilities
    monkeypatch.setattr(Boto, "call", call_or_not)
    shaky = Store("s3 moto", moto.record, in_home(tmp_path / "shaky").make(), moto.secret)
    with shaky.opened() as driver:
        driver.put(bucket, "b", b"1", condition=Condition(if_absent=True))
        assert asked > lost
        assert driver.capabilities == wanted
        assert wanted.conditional_create is Support.YES
