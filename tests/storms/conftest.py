"""The servers that storms go over, one after the other."""

from __future__ import annotations

import pytest

from tests.parts.s3_server import S3Server


@pytest.fixture(params=["moto", pytest.param("ceph", marks=pytest.mark.ceph)])
def server(request: pytest.FixtureRequest) -> S3Server:
    """A real part; the same test runs over each."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, S3Server)
    return found
