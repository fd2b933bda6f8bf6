"""The read-only guard knows every method of the protocol: one that is added must be put on a side here."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from artifact_browser.errors import ReadOnlyAccount
from artifact_browser.storage.driver import Capabilities, Driver, LinkOptions, Support
from artifact_browser.storage.read_only import ReadOnlyDriver

READS = {"list_buckets", "check_bucket", "list_pages", "head", "get", "get_tags", "list_parts", "list_uploads", "close",
         "list_versions", "conditional_writes",
         "versioning"}  # fmt: skip
CHANGES = {
    "create_bucket", "delete_bucket", "put", "delete", "delete_many", "copy", "put_tags", "create_upload",
    "upload_part", "complete_upload", "abort_upload", "copy_part", "delete_versions",
    "remove_folders", "try_conditions", "make_durable",
}  # fmt: skip
PROMISED = {name for name, member in vars(Driver).items() if inspect.isfunction(member) and not name.startswith("_")}


class Recorder:
    """Below the guard: writes down what gets through."""

    capabilities = Capabilities("recorder", conditional_create=Support.YES)

    def __init__(self) -> None:
        self.reached: list[str] = []

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: object, **options: object) -> str:
            self.reached.append(name)
            return name

        return call


def arguments_of(name: str) -> dict[str, object]:
    """Something for each parameter that must be given."""
    given: dict[str, object] = {"number": 1, "keys": ["k"], "parts": [], "body": b"x", "options": LinkOptions()}
    parameters = list(inspect.signature(getattr(Driver, name)).parameters.values())[1:]
    wanted = [one.name for one in parameters if one.default is inspect.Parameter.empty]
    return {one: given.get(one, "bucket-or-key") for one in wanted}


def test_every_method_of_the_protocol_stands_on_a_side() -> None:
    assert READS | CHANGES | {"presign"} == PROMISED
    assert not READS & CHANGES


@pytest.mark.parametrize("name", sorted(PROMISED - READS - {"presign"}))
def test_what_changes_is_refused_before_the_store_hears_of_it(name: str) -> None:
    below = Recorder()
    with pytest.raises(ReadOnlyAccount) as caught:
        getattr(ReadOnlyDriver(below), name)(**arguments_of(name))
    assert below.reached == []
    assert "bucket-or-key" in caught.value.subject


@pytest.mark.parametrize("name", sorted(READS))
def test_what_reads_goes_through_with_the_same_arguments(name: str) -> None:
    below = Recorder()
    getattr(ReadOnlyDriver(below), name)(**arguments_of(name))
    assert below.reached == [name]
    assert inspect.signature(getattr(ReadOnlyDriver, name)) == inspect.signature(getattr(Driver, name))


def test_only_download_links_are_signed() -> None:
    below = Recorder()
    guarded = ReadOnlyDriver(below)
    guarded.presign("b", ["k"], LinkOptions("GET"))
    for method in ("PUT", "DELETE", "POST", "get"):
        with pytest.raises(ReadOnlyAccount):
            guarded.presign("b", ["k"], LinkOptions(method))
    assert below.reached == ["presign"]
    assert not guarded.capabilities.create_bucket
    assert guarded.capabilities.conditional_create is Support.YES
