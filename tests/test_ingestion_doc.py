"""docs/ingestion.md: its tables are the settings, and its commands run."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from faults import hear_signals
from test_flows import OFFLINE, processes_with
from website import Site, article, rss

from pipeline.ingest import config
from pipeline.ingest.fetcher import Reason

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "ingestion.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^```sh\n(.*?)^```$", PAGE, flags=re.M | re.S)
MODELS = {
    "[operation]": config.Operation, "[politeness]": config.Politeness, "a source": config.Source,
    "[webhook]": config.Webhook,
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_settings_and_defaults_are_those_of_the_program(name: str):
    section = next(part for part in PAGE.split("| key of ")[1:] if part.startswith((f"`{name}`", name)))
    rows = re.findall(r"^\| (`.+?) \|(.*?)\|", section.split("\n\n")[0], flags=re.M)
    told = {key: default.strip(" `") for keys, default in rows for key in re.findall(r"`(\w+)`", keys)}
    fields = MODELS[name].model_fields
    assert set(told) | ({"politeness"} & set(fields)) == set(fields)
    for key, default in told.items():
        value = fields[key].get_default()
        plain = f'"{value}"' if isinstance(value, str | Path) else "()" if value == () else str(value)
        if fields[key].is_required() or value is None or isinstance(value, config.Filters) or key in ("pages",):
            assert default == "", key
        else:
            assert default == plain, key


def test_every_reason_is_explained():
    table = PAGE.split("| reason |")[1].split("\n\n")[0]
    rows = re.findall(r"^\| (`.+?) \|", table, flags=re.M)
    assert {reason for row in rows for reason in re.findall(r"`(\w+)`", row)} == {
        *get_args(Reason),
        "archive_unreadable",
    }


@pytest.fixture
def checkout() -> Iterator[Path]:
    """A folder like a checkout, with sources that a local site serves."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="infraclaims-doc-", dir=memory))
    for name in ("pipeline", "corpus", "prefect.yaml"):
        (folder / name).symlink_to(ROOT / name)
    (folder / ".venv").symlink_to(Path(sys.executable).parent.parent)
    with Site() as site:
        site.page("/feed", rss(site.url("/1"), site.url("/2")), "application/rss+xml")
        site.page("/1", article(1))
        site.page("/2", article(2))
        (folder / "sources.example.toml").write_text(
            '[operation]\ncontact = "tests@example.org"\nallow_addresses = ["127.0.0.1/32"]\n'
            "[politeness]\ndelay = 0.0\n"
            f'[[sources]]\nname = "wire"\nkind = "feed"\nurl = "{site.url("/feed")}"\n'
        )
        yield folder
    shutil.rmtree(folder, ignore_errors=True)


def ask(api: str, what: str, **query: Any) -> list[dict[str, Any]]:
    request = urllib.request.Request(
        f"{api}/{what}/filter", json.dumps(query).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return {**kept, **OFFLINE, "HOME": str(home), "PREFECT_HOME": str(home / "prefect"), **more}


def test_the_first_run_works_as_written(checkout: Path):
    done = subprocess.run(
        ["bash", "-euxc", COMMANDS[0]],
        cwd=checkout,
        env=environment(checkout),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 found, 2 taken" in done.stdout
    assert "claims: 4" in done.stdout
    for pattern in re.findall(r"^\| `(.+?)[`/]", PAGE.split("| path | what |")[1].split("\n\n")[0], flags=re.M):
        name = pattern.split("/")[0]
        if name not in ("links", "rejects"):
            assert (checkout / "data" / name).exists(), name


def test_server_worker_deployment_and_a_scheduled_run_work_as_written(checkout: Path):
    """The commands of the page, on another port; then a run by the schedule, beside the one by hand."""
    port = free_port()
    script = COMMANDS[1].replace("server start", f"server start --no-ui --port {port}").replace("4200", str(port))
    # What a person waits for between the terminals.
    script = script.replace(
        "\nexport", f"\nuntil curl -sf http://127.0.0.1:{port}/api/health; do sleep 0.2; done\nexport"
    )
    (checkout / "sources.toml").write_bytes((checkout / "sources.example.toml").read_bytes())
    quick = {"PREFECT_WORKER_QUERY_SECONDS": "1", "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "2"}
    api = f"http://127.0.0.1:{port}/api"
    with subprocess.Popen(
        ["bash", "-euc", f"{script}\n.venv/bin/prefect deployment schedule create ingest/hourly --interval 15\nwait"],
        cwd=checkout, env=environment(checkout, **quick), start_new_session=True,
        stdout=(log := (checkout / "log").open("wb")), stderr=log,
    ) as shell:  # fmt: skip
        try:
            scheduled = wait_for_scheduled(api, shell, checkout / "log")
            assert scheduled["state_type"] == "COMPLETED", scheduled["state"]
            artifacts = ask(api, "artifacts", sort="CREATED_DESC")
            assert {artifact["key"] for artifact in artifacts} == {"infraclaims-ingest"}
            assert any("| claims | 4 |" in artifact["data"] for artifact in artifacts)
            assert any("Northwind" in artifact["data"] or "Granite" in artifact["data"] for artifact in artifacts)
        finally:
            end_group(shell)
            log.close()
    claims = [line for path in (checkout / "data/claims").glob("*/*.jsonl") for line in path.read_text().splitlines()]
    assert len(claims) == 4, "the second run adds nothing"


def end_group(shell: subprocess.Popen[bytes]) -> None:
    """Server, worker and shell: a worker whose server is gone first would wait for it."""
    os.killpg(shell.pid, signal.SIGTERM)
    shell.wait(timeout=60)
    time.sleep(2)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(shell.pid, signal.SIGKILL)


def wait_for_scheduled(api: str, shell: subprocess.Popen[bytes], log: Path) -> dict[str, Any]:
    until = time.monotonic() + 240
    while time.monotonic() < until:
        assert shell.poll() is None, log.read_text()
        time.sleep(1)
        try:
            runs = ask(api, "flow_runs", sort="START_TIME_DESC")
        except OSError:
            continue
        for run in runs:
            if run["auto_scheduled"] and run["state_type"] in ("COMPLETED", "FAILED", "CRASHED"):
                return run
    raise TimeoutError(log.read_text())


def test_serve_runs_on_a_schedule_by_one_process(checkout: Path):
    """Seconds in the sixth field of cron, so that the test need not wait for a minute."""
    (checkout / "sources.toml").write_bytes((checkout / "sources.example.toml").read_bytes())
    command = [checkout / ".venv/bin/infraclaims", "serve", "--cron", "* * * * * */10"]
    mark = environment(checkout, SERVE_MARK=str(checkout))
    with (
        (checkout / "log").open("wb") as log,
        subprocess.Popen(command, cwd=checkout, env=mark, stderr=log, preexec_fn=hear_signals) as served,
    ):
        try:
            until = time.monotonic() + 200
            while not list((checkout / "data").glob("claims/*/*.jsonl")) or not (checkout / "data/feed.json").exists():
                assert served.poll() is None, (checkout / "log").read_text()
                assert time.monotonic() < until, (checkout / "log").read_text()
                time.sleep(0.5)
        finally:
            served.send_signal(signal.SIGINT)
            try:
                served.wait(timeout=60)
            finally:
                served.kill()
    assert "Traceback" not in (checkout / "log").read_text(), (checkout / "log").read_text()
    until = time.monotonic() + 20  # what watches over a process notices its end a moment later
    while left := processes_with(f"SERVE_MARK={checkout}"):
        assert time.monotonic() < until, left
        time.sleep(0.2)
