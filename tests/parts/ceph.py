"""Ceph RADOS Gateway from Debian's packages: the real S3 server of the tests.

One monitor, one storage daemon (bluestore on a sparse file), one gateway, as plain processes on loopback; no manager,
no systemd, no root needed. Traps that cost time to find: ``ms mon client mode = crc`` (the gateway otherwise insists
on a secure monitor connection and hangs with -13), and ``osd new`` and ``ceph-osd --mkfs`` want the same UUID.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import uuid
from pathlib import Path
from typing import Any

from tests.parts.process import answers, free_port, need_programs, spawn, stop, wait_for

CONFIG = """\
[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{mon_port}/0]
mon initial members = a
public network = 127.0.0.0/8
cluster network = 127.0.0.0/8
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
auth allow insecure global id reclaim = true
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon max pg per osd = 2000
osd crush chooseleaf type = 0
run dir = {folder}
admin socket =
log file = {folder}/$name.log
pid file =
mon data avail crit = 1
mon data avail warn = 2
[mon.a]
mon data = {folder}/mon
[osd.0]
osd data = {folder}/osd
osd objectstore = bluestore
osd op num shards = 2
osd class update on start = false
bluestore block size = {block_bytes}
bluestore block create = true
bluestore fsck on mount = false
osd memory target = 1073741824
[client.rgw.a]
rgw data = {folder}/rgw
rgw frontends = beast endpoint=127.0.0.1:{port} tcp_nodelay=1
rgw enable usage log = false
rgw enable ops log = false
rgw thread pool size = 32
rgw sts key = abcdefghijklmnop
rgw s3 auth use sts = true
rgw crypt require ssl = false
rgw dns name = localhost
rgw override bucket index max shards = 1
rgw run sync thread = false
"""
BLOCK_BYTES = 20 * 1024**3  # sparse: takes what is written
PROGRAMS = ("ceph", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin")


def check() -> None:
    """:raises PartMissing: with what is not installed"""
    need_programs("Ceph RADOS Gateway", *PROGRAMS)


class Server:
    """The three daemons; about 15 s to start fresh."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._config = folder / "ceph.conf"
        self._children: list[subprocess.Popen[bytes]] = []

    def start(self) -> dict[str, Any]:
        port, mon_port, fsid = free_port(), free_port(), str(uuid.uuid4())
        for name in ("mon", "osd", "rgw"):
            (self._folder / name).mkdir(parents=True)
        self._config.write_text(
            CONFIG.format(folder=self._folder, fsid=fsid, mon_port=mon_port, port=port, block_bytes=BLOCK_BYTES)
        )
        self._start_monitor(fsid, mon_port)
        self._start_store()
        self._daemon("radosgw", "-n", "client.rgw.a")
        wait_for(lambda: answers(port), "the gateway answers", timeout_s=60, alive=self._children)
        access_key, secret_key = "proving" + secrets.token_hex(6), secrets.token_hex(20)
        self._run(
            *("radosgw-admin", "-n", "client.rgw.a", "user", "create", "--uid", "proving", "--display-name", "Proving"),
            *("--access-key", access_key, "--secret", secret_key, "--caps", "roles=*;users=*;oidc-provider=*"),
        )
        endpoint = f"http://127.0.0.1:{port}"
        warm_up(endpoint, access_key, secret_key)
        return {
            "endpoint": endpoint,
            "access_key": access_key,
            "secret_key": secret_key,
            "config": str(self._config),
        }

    def _start_monitor(self, fsid: str, mon_port: int) -> None:
        map_file = self._folder / "monmap"
        address = f"[v2:127.0.0.1:{mon_port}/0]"
        subprocess.run(
            ["monmaptool", "--create", "--fsid", fsid, "--addv", "a", address, map_file], check=True, stdout=-3
        )
        self._run("ceph-mon", "--mkfs", "-i", "a", "--monmap", str(map_file))
        self._daemon("ceph-mon", "-i", "a")
        wait_for(lambda: answers(mon_port), "the monitor answers", alive=self._children)

    def _start_store(self) -> None:
        osd_id = str(uuid.uuid4())
        self._run("ceph", "--connect-timeout", "20", "osd", "new", osd_id)
        self._run("ceph", "osd", "crush", "add", "osd.0", "1.0", "root=default", "host=proving")
        self._run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd_id)
        self._daemon("ceph-osd", "-i", "0")
        wait_for(lambda: "1 up" in self._run("ceph", "osd", "stat"), "the osd is up", alive=self._children)

    def _run(self, program: str, *arguments: str) -> str:
        done = subprocess.run(
            [program, "-c", self._config, *arguments], capture_output=True, text=True, timeout=60, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{program} {arguments[0]}: {done.stderr.strip()[-500:]}")
        return done.stdout

    def _daemon(self, program: str, *arguments: str) -> None:
        as_whom = ["--setuser", "root", "--setgroup", "root"] if os.geteuid() == 0 else []
        log = self._folder / f"{program}.out"
        self._children.append(spawn([program, "-c", self._config, *arguments, "-f", *as_whom], log=log))

    def stop(self) -> None:
        for child in reversed(self._children):
            child.kill()  # nothing in it is worth a clean shutdown
        for child in self._children:
            stop(child)
        shutil.rmtree(self._folder, ignore_errors=True)


def warm_up(endpoint: str, access_key: str, secret_key: str) -> None:
    """Pools are created on first use: 2 s each for the first bucket, blob and multipart upload."""
    import boto3

    client: Any = boto3.client(  # type: ignore[call-overload]
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        region_name="us-east-1",
    )
    where = {"Bucket": "warm-up", "Key": "warm"}
    client.create_bucket(Bucket="warm-up")
    client.put_object(**where, Body=b"warm")
    upload = client.create_multipart_upload(**where)["UploadId"]
    client.upload_part(**where, UploadId=upload, PartNumber=1, Body=b"warm")
    client.abort_multipart_upload(**where, UploadId=upload)
    client.delete_object(**where)
    client.delete_bucket(Bucket="warm-up")
    client.close()
