"""The flow through a real Prefect: a server of its own, a server that is there, and a deployment."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline import local_prefect

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
OFFLINE = {"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "NO_PROXY": "127.0.0.1,localhost"}
RUNS = "Northwind AI said that its Granite data center campus in Ohio now runs 96,000 Nvidia H200s."
FILES = ["articles.jsonl", "claims.jsonl", "rejects.jsonl"]


class Server:
    """A Prefect server on loopback, with its files in a folder that goes with it."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = str(probe.getsockname()[1])
        self.api = f"http://127.0.0.1:{port}/api"
        self.environment = {**os.environ, **OFFLINE, "PREFECT_HOME": str(home), "PREFECT_API_URL": self.api}
        local_prefect.copy_tables(home)
        self.log = (home / "server.log").open("wb")
        self.process = subprocess.Popen(
            [BIN / "prefect", "server", "start", "--host", "127.0.0.1", "--port", port, "--no-ui"],
            stdout=self.log, stderr=subprocess.STDOUT, env=self.environment,
        )  # fmt: skip

    def wait(self) -> None:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{self.api}/health", timeout=5).close()
                return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                assert self.process.poll() is None, Path(self.log.name).read_text()
                time.sleep(0.1)
        raise TimeoutError(Path(self.log.name).read_text())

    def ask(self, what: str, **query: Any) -> list[dict[str, Any]]:
        """The objects that a filter of the API finds."""
        request = urllib.request.Request(
            f"{self.api}/{what}/filter", json.dumps(query).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def prefect(self, *arguments: str) -> str:
        done = subprocess.run(
            [BIN / "prefect", "--no-prompt", *arguments],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)
        self.log.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    # On a RAM disk where there is one: setting up the database takes most of the time.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    home = Path(tempfile.mkdtemp(prefix="infraclaims-test-", dir=memory))
    server = Server(home)
    try:
        server.wait()
        yield server
    finally:
        server.stop()
        shutil.rmtree(home)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three articles and two bad inputs."""
    folder = tmp_path_factory.mktemp("inputs")
    for name in "abc":
        (folder / f"{name}.txt").write_text(f"News {name}\n\n{RUNS}\n")
    (folder / "empty.txt").write_bytes(b"")
    (folder / "noise.bin").write_bytes(bytes(range(256)) * 64)
    return folder


def call_flow(server: Server, inputs: Path, out: Path, before: str = "") -> subprocess.CompletedProcess[str]:
    call = f"print(flows.extract_articles([{str(inputs)!r}], {str(out)!r}, batch_size=2))"
    code = f"import pipeline.flows as flows\n{before}\n{call}\n"
    return subprocess.run(
        [sys.executable, "-c", f"if __name__ == '__main__':\n    exec({code!r})"],
        env=server.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_run_completes_in_batches_whatever_its_articles_are(server: Server, inputs: Path, tmp_path: Path):
    done = call_flow(server, inputs, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "inputs=5 extracted=3 irrelevant=0 duplicate=0 rejected=2" in done.stdout
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == FILES
    (run,) = server.ask("flow_runs", sort="START_TIME_DESC", limit=1)
    assert run["state_type"] == "COMPLETED"
    tasks = server.ask("task_runs", task_runs={"flow_run_id": {"any_": [run["id"]]}})
    assert sorted(task["name"] for task in tasks) == ["batch-1", "batch-2", "batch-3"]
    (artifact,) = server.ask("artifacts", artifacts={"flow_run_id": {"any_": [run["id"]]}})
    assert "| rejected | 2 |" in artifact["data"]


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        ("(r for r in whole(*a) if not r.article.source.endswith('c.txt'))", "c.txt: 0"),
        ("(r for r in whole(*a) for _ in range(1 + r.article.source.endswith('c.txt')))", "c.txt: 2"),
    ],
    ids=["lost", "doubled"],
)
def test_a_run_fails_unless_every_input_has_one_disposition(
    server: Server, inputs: Path, tmp_path: Path, broken: str, named: str
):
    patch = f"whole = flows.extract_stream\ndef broken(*a): yield from {broken}\nflows.extract_stream = broken"
    done = call_flow(server, inputs, tmp_path / "out", patch)
    assert done.returncode == 1
    assert f"{named} dispositions for 1 inputs" in done.stderr
    assert list((tmp_path / "out").iterdir()) == []
    (run,) = server.ask("flow_runs", sort="START_TIME_DESC", limit=1)
    assert run["state_type"] == "FAILED"


def test_the_deployment_loads(server: Server):
    server.prefect("work-pool", "create", "infraclaims", "--type", "process")
    server.prefect("deploy", "--all")
    by_name = {deployment["name"]: deployment for deployment in server.ask("deployments")}
    assert sorted(by_name) == ["archive", "hourly", "samples"]
    deployment = by_name["samples"]
    assert deployment["work_pool_name"] == "infraclaims"
    assert deployment["entrypoint"] == "pipeline/flows.py:extract_articles"
    (paths,) = deployment["parameters"]["paths"]
    assert list(ROOT.glob(paths)), "the deployment names inputs that are there"
    by_hand = by_name["archive"]
    assert by_hand["entrypoint"] == "pipeline/flows.py:reextract"
    assert by_hand["schedules"] == []
    assert all(told.get("description") for told in by_hand["parameter_openapi_schema"]["properties"].values())
    ingest = by_name["hourly"]
    assert ingest["entrypoint"] == "pipeline/flows.py:ingest"
    assert [schedule["schedule"]["cron"] for schedule in ingest["schedules"]] == ["7 * * * *"]
    assert ingest["global_concurrency_limit"]["limit"] == 1
    assert ingest["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
    described = ingest["parameter_openapi_schema"]["properties"]
    assert described["sources"]["description"] == "Path of the sources file."
    assert (described["workers"]["minimum"], described["workers"]["maximum"]) == (1, 64)


def processes_with(mark: str) -> list[str]:
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def test_an_operator_runs_a_folder_without_a_server(inputs: Path, tmp_path: Path):
    """Bad inputs included: everything has a disposition, the table closes the run, and nothing is left behind."""
    home, out = tmp_path / "home", tmp_path / "out"
    home.mkdir()
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    done = subprocess.run(
        [BIN / "infraclaims", "run", inputs, inputs / "missing.txt", "-o", out],
        env={**kept, "HOME": str(home), "TMPDIR": str(temporary), "COLUMNS": "120"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "96,000 chips, H200" in done.stdout
    assert "6 articles: 3 extracted, 3 rejected" in done.stdout
    assert "Try next:" in done.stdout
    assert done.stderr.count("infraclaims: ") == 3
    for bad in ("empty.txt", "noise.bin", "missing.txt"):
        assert bad in done.stderr
    assert sorted(path.name for path in out.iterdir()) == FILES
    sources = [json.loads(line)["source"] for line in (out / "articles.jsonl").read_text().splitlines()]
    assert len(sources) == len(set(sources)) == 6
    assert processes_with(str(home)) == []
    assert [*home.rglob("*"), *temporary.rglob("*")] == []


def test_the_tables_of_prefect_are_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    local_prefect.copy_tables(first)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("made again"))
    local_prefect.copy_tables(second)
    assert [path.name for path in second.iterdir()] == ["prefect.db"]
    with contextlib.closing(sqlite3.connect(second / "prefect.db")) as database:
        assert database.execute("SELECT count(*) FROM flow_run").fetchone() == (0,)
        assert database.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)
    (second / "prefect.db").write_bytes(b"a run is in it")
    local_prefect.copy_tables(second)
    assert (second / "prefect.db").read_bytes() == b"a run is in it"


@pytest.mark.parametrize("cache", ["/proc/nowhere", "a file"])
def test_where_no_cache_can_be_prefect_makes_its_own_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: str
):
    (tmp_path / "a file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / cache))
    home = tmp_path / "home"
    home.mkdir()
    local_prefect.copy_tables(home)
    assert list(home.iterdir()) == []


def test_only_flows_imports_prefect():
    importing = [
        path.name
        for path in (ROOT / "pipeline").rglob("*.py")
        if any(line.split()[:2] in (["import", "prefect"], ["from", "prefect"]) or line.startswith("from prefect.")
               for line in path.read_text(encoding="utf-8").splitlines())
    ]  # fmt: skip
    assert importing == ["flows.py"]
