"""Written there and read here, written here and read there: the same keys, the same bytes, the same type and metadata."""

from __future__ import annotations

from tests.foreign.blob import CONTENT_TYPE, Blob, blobs_of
from tests.foreign.conftest import House
from tests.foreign.jobs import read_blobs, write_blobs
from tests.foreign.programs import Program

#: moto finds the key with a pattern that stops at the end of a line.
MOTO_CANNOT = "\n"


def keys_of(program: Program, house: House) -> list[str]:
    return [key for key in program.carries if house.server.name != "moto" or MOTO_CANNOT not in key]


def test_what_they_write_we_read(program: Program, house: House) -> None:
    blobs = blobs_of(keys_of(program, house), CONTENT_TYPE, program.metadata)
    program.write(house.bucket, "", blobs)
    assert set(house.listed("")) ^ set(blobs) == set()
    found = house.bench.pool.run(read_blobs, house.bench.record, house.bucket, tuple(blobs), timeout_s=60)
    for key, wanted in blobs.items():
        seen: Blob = found[key]
        assert (seen.body, seen.content_type) == (wanted.body, wanted.content_type), key
        assert wanted.metadata.items() <= seen.metadata.items(), key


def test_what_we_write_they_read(program: Program, house: House) -> None:
    blobs = blobs_of(keys_of(program, house))
    house.bench.pool.run(write_blobs, house.bench.record, house.bucket, blobs, timeout_s=60)
    found = program.read(house.bucket, "", list(blobs))
    assert set(found) ^ set(blobs) == set()
    told = 0
    for key, seen in found.items():
        assert seen.body == blobs[key].body, key
        if seen.content_type:
            told += 1
            assert seen.content_type == CONTENT_TYPE, key
            assert seen.metadata == program.metadata, key
    assert told
