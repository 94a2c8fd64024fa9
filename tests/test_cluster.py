"""Many machines: an archive in a bucket of a real S3 server, and a Dask cluster of which a worker is killed."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from faults import wait_for
from moto.server import ThreadedMotoServer
from test_reextract import FILES, command, entries_in, outputs, run, write_archive

from pipeline import manifest
from pipeline.sources.archive import plan

KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
# A nanny's workers may have no processes of their own unless they are told so.
DASK = {"DASK_DISTRIBUTED__WORKER__DAEMON": "False", "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "15s"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_archive(tmp_path_factory.mktemp("archive") / "warcs")


@pytest.fixture(scope="module")
def whole(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("whole") / "out"
    run([str(archive)], out)
    return outputs(out)


@pytest.fixture
def bucket(archive: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The archive in a bucket of a server on loopback; its URI."""
    server = ThreadedMotoServer("127.0.0.1", port=free_port(), verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": endpoint, "NO_PROXY": "127.0.0.1"}.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3", endpoint_url=endpoint)
    client.create_bucket(Bucket="crawl")
    for path in sorted(archive.iterdir()):
        client.upload_file(str(path), "crawl", f"2026/{path.name}")
    names = "".join(f"2026/{path.name}\n" for path in sorted(archive.iterdir()))
    client.put_object(Bucket="crawl", Key="warc.paths", Body=names.encode())
    yield "s3://crawl"
    server.stop()


def claims(found: dict[str, bytes]) -> list[bytes]:
    return sorted(data for name, data in found.items() if name.startswith("claims"))


def test_an_archive_in_a_bucket_gives_the_same_claims(bucket: str, whole: dict[str, bytes], tmp_path: Path) -> None:
    named = [f"{bucket}/2026/part-*.warc.gz"], [f"{bucket}/2026"], [f"{bucket}/warc.paths"]
    assert plan(named[0]) == plan(named[1]) == plan(named[2])
    totals = run(named[2], tmp_path / "out")
    assert totals.shards == FILES
    assert claims(outputs(tmp_path / "out")) == claims(whole)
    assert run(named[0], tmp_path / "out").done == 0
    # The same in ranges: a record that begins in one and ends in the next is read once.
    ranges = plan(named[0], range_bytes=20_000)
    assert len(ranges) > FILES
    assert {shard.uri for shard in ranges} == {shard.uri for shard in plan(named[0])}


@pytest.fixture
def cluster() -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and two workers, each a process; the address, and the workers."""
    port, environment = free_port(), {**os.environ, **DASK}
    address = f"tcp://127.0.0.1:{port}"

    def start(module: str, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{module}", *arguments, "--no-dashboard"],
            env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    scheduler = start("dask_scheduler", "--host", "127.0.0.1", "--port", str(port))
    wait_for(lambda: listens(port), scheduler)
    options = ("--nthreads", "1", "--no-nanny", "--death-timeout", "300")
    workers = [start("dask_worker", address, *options) for _ in range(2)]
    yield address, workers
    for process in (*workers, scheduler):
        process.kill()
        process.wait()


def test_a_cluster_that_loses_a_worker_gives_the_same_bytes(
    cluster: tuple[str, list[subprocess.Popen[bytes]]], archive: Path, whole: dict[str, bytes], tmp_path: Path
) -> None:
    address, workers = cluster
    out = tmp_path / "out"
    program = subprocess.Popen(
        command(str(archive), out, "--cluster", address), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        wait_for(lambda: entries_in(out), program, seconds=600)
        workers[0].send_signal(signal.SIGKILL)
        told = program.communicate(timeout=600)[1].decode()
    finally:
        program.kill()
    assert program.returncode == 0, told
    assert outputs(out) == whole
    assert len(manifest.read(out)) == FILES


IMPATIENT = """
import sys
from pipeline import local_prefect
local_prefect.prepare()
from pipeline import cli, flows
flows.WORKERLESS_SECONDS = 8.0
sys.argv = ["infraclaims", *sys.argv[1:]]
cli.main()
"""


def test_a_cluster_that_loses_all_workers_ends_the_run_which_goes_on_later(
    cluster: tuple[str, list[subprocess.Popen[bytes]]], archive: Path, whole: dict[str, bytes], tmp_path: Path
) -> None:
    address, workers = cluster
    out = tmp_path / "out"
    workers[1].kill()  # one shard at a time, so that some are left when the other goes
    arguments = command(str(archive), out)[1:]
    program = subprocess.Popen(
        [sys.executable, "-c", IMPATIENT, *arguments, "--cluster", address],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        wait_for(lambda: entries_in(out), program, seconds=600)
        workers[0].kill()
        told = program.communicate(timeout=300)[1].decode()
    finally:
        program.kill()
    assert program.returncode == 3, told
    assert "no worker for 8 seconds" in told
    assert "Traceback" not in told
    done = entries_in(out)
    assert 1 <= done < FILES
    again = subprocess.run(command(str(archive), out), capture_output=True, text=True, check=False)
    assert f"{done} done and verified, {FILES - done} to do" in again.stderr
    assert again.returncode == 0, again.stderr
    assert outputs(out) == whole
