"""The operator's verbs as a person types them, and a day of the one who reads the JSONL in the morning."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import hashlib
import hmac
import json
import os
import pty
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import killed
import pytest
from test_flows import processes_with
from website import Site, answering, article, rss

PROGRAM = Path(sys.executable).parent / "infraclaims"
SECRET = "whsec_" + base64.b64encode(b"a secret of the tests").decode()


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


@pytest.fixture(scope="module")
def home(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sources file with a good feed, one that is down, and a webhook for one subject."""
    home = tmp_path_factory.mktemp("home")
    for number in range(3):
        site.page(f"/{number}", article(number))
    site.page("/feed", rss(*(site.url(f"/{number}") for number in (0, 1, 2, 404))), "application/rss+xml")
    site.routes["/down"] = answering(503)
    (home / "sources.toml").write_text(
        '[operation]\ncontact = "tests@example.org"\nallow_addresses = ["127.0.0.1/32"]\n'
        '[politeness]\ndelay = 0.0\n[webhook]\nsubjects = ["Granite"]\n'
        f'url = "{site.url("/hook")}"\n[[sources]]\nname = "wire"\nkind = "feed"\nurl = "{site.url("/feed")}"\n'
        f'[[sources]]\nname = "down"\nkind = "feed"\nurl = "{site.url("/down")}"\n'
    )
    return home


def infraclaims(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *arguments], cwd=home, env={**os.environ, "INFRACLAIMS_WEBHOOK_SECRET": SECRET, **environment},
        capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip


def test_sources_check_tells_what_each_announces(home: Path):
    done = infraclaims(home, "sources", "check")
    assert done.returncode == 1
    assert "ok     wire: 4 found, 4 taken" in done.stdout
    assert "wrong  down: the server answered 503 [server_error]" in done.stdout
    assert not (home / "data").exists(), "nothing is written"
    assert infraclaims(home, "sources", "check", "wire").returncode == 0
    assert "it has wire, down" in infraclaims(home, "sources", "check", "wired").stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("ingest",), 2, "say --once"), (("ingest", "--once", "--sources", "none.toml"), 2, "No such file"),
        (("status",), 2, "no run has been yet"), (("retry",), 2, "no run has been yet"),
    ],
)  # fmt: skip
def test_wrong_usage_is_explained(home: Path, arguments: tuple[str, ...], code: int, said: str):
    done = infraclaims(home, *arguments)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    assert said in done.stderr


@pytest.fixture(scope="module")
def morning(home: Path, site: Site) -> subprocess.CompletedProcess[str]:
    """The first run; the receiver of the webhook fails once."""
    site.post_answers[:] = [200, 500]
    return infraclaims(home, "ingest", "--once")


def test_a_reader_finds_the_claims_in_the_morning(home: Path, morning: subprocess.CompletedProcess[str]):
    assert morning.returncode == 0, morning.stderr
    assert "4 articles: 3 extracted, 1 rejected · 6 claims" in morning.stderr.splitlines()[-1]
    found = duckdb.sql(f"""
        SELECT label, count(*), count(DISTINCT document.url)
        FROM read_json('{home}/data/claims/date=*/*.jsonl') GROUP BY label ORDER BY label
    """)
    assert found.fetchall() == [("aspirational", 3, 3), ("confirmed", 3, 3)]
    feed = json.loads((home / "data/feed.json").read_text())
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert len(feed["items"]) == 6
    assert all(item["title"] and item["content_text"] and "content_html" not in item for item in feed["items"])


def test_logs_are_one_json_object_a_line(morning: subprocess.CompletedProcess[str]):
    lines = [json.loads(line) for line in morning.stderr.splitlines()[:-1]]
    assert {line["stage"] for line in lines} >= {"discover", "fetch", "extract", "publish", "deliver", "end"}
    assert all(line["at"] and line["level"] in ("debug", "info", "warning") for line in lines)
    assert [line["outcome"] for line in lines if line["subject"] == "down"] == ["server_error"]


def test_the_webhook_is_told_of_confirmed_claims_once_and_signed(
    home: Path, site: Site, morning: subprocess.CompletedProcess[str]
):
    assert len(site.posted) == 2, "after an error of the receiver the rest waits"
    assert infraclaims(home, "status", "--json").stdout.count('"waiting":2') >= 1
    with contextlib.closing(sqlite3.connect(home / "data/state.db")) as state, state:
        state.execute("UPDATE deliveries SET next_try = 0 WHERE status = 'waiting'")
    state.close()
    infraclaims(home, "ingest", "--once")
    ids = [headers["webhook-id"] for headers, _ in site.posted]
    assert len(ids) == 4
    assert ids[1] in ids[2:], "the one that failed is sent again under its id"
    for headers, body in site.posted:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.digest(b"a secret of the tests", signed, hashlib.sha256)).decode()
        assert headers["webhook-signature"] == f"v1,{expected}"
        data = json.loads(body)["data"]
        assert (data["label"], data["subject"]["name"]) == ("confirmed", "Granite")
    infraclaims(home, "ingest", "--once")
    assert len(site.posted) == 4


def test_without_its_secret_the_webhook_waits_and_the_run_does_not(home: Path, morning: object):
    done = infraclaims(home, "ingest", "--once", INFRACLAIMS_WEBHOOK_SECRET="")
    assert done.returncode == 0
    assert "INFRACLAIMS_WEBHOOK_SECRET" in done.stderr


def test_status_shows_what_ran_and_what_is_stuck(home: Path, morning: object):
    done = infraclaims(home, "status", COLUMNS="160")
    assert done.returncode == 0
    assert "failing: the server answered 503" in done.stdout
    assert "claims: 6" in done.stdout
    found = json.loads(infraclaims(home, "status", "--json").stdout)
    assert found["pages"] == {"done": 4}
    assert found["runs"][0]["outcome"] == "done"


def test_retry_takes_what_was_rejected_and_sources_that_failed(home: Path, site: Site, morning: object):
    assert infraclaims(home, "retry").stdout == "1 pages and 1 sources are due again\n"
    unknown = infraclaims(home, "retry", "--source", "nope")
    assert (unknown.returncode, "has no source 'nope'; it has " in unknown.stderr) == (2, True), unknown.stderr
    site.page("/404", article(7))
    site.page("/down", rss(site.url("/8")), "application/rss+xml")
    site.page("/8", article(8))
    done = infraclaims(home, "ingest", "--once")
    assert "2 articles: 2 extracted" in done.stderr.splitlines()[-1]


def test_on_a_terminal_there_are_bars_and_no_json(home: Path, morning: object):
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [PROGRAM, "ingest", "--once"], cwd=home, stderr=follower, env={**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    ) as process:
        os.close(follower)
        said = b""
        try:
            while part := os.read(leader, 65_536):
                said += part
        except OSError:
            pass
    os.close(leader)
    assert process.returncode == 0
    assert b"sources" in said
    assert b'{"at"' not in said


def test_a_second_run_is_skipped(home: Path, morning: object):
    with (home / "data/.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = infraclaims(home, "ingest", "--once")
    assert done.returncode == 0
    assert "skipped: another run has" in done.stderr


def test_a_state_that_is_broken_ends_with_a_message(home: Path, tmp_path: Path):
    (tmp_path / "sources.toml").write_bytes((home / "sources.toml").read_bytes())
    (tmp_path / "data").mkdir()
    (tmp_path / "data/state.db").write_bytes(b"no database at all, just some words" * 100)
    done = infraclaims(tmp_path, "ingest", "--once")
    assert (done.returncode, "Traceback" in done.stderr) == (3, False)
    assert "state.db" in done.stderr


def test_killed_runs_end_with_the_same_bytes(capsys: pytest.CaptureFixture[str]):
    """Short form; `make killed` is the long one."""
    killed.main(count=20, kills=3)
    assert "the same bytes" in capsys.readouterr().out


def test_no_worker_outlives_a_run_that_was_killed(home: Path, site: Site, tmp_path: Path):
    for number in range(20, 40):
        site.page(f"/{number}", article(number))
    site.page("/more", rss(*(site.url(f"/{number}") for number in range(20, 40))), "application/rss+xml")
    text = (home / "sources.toml").read_text().replace("/feed", "/more")
    (tmp_path / "sources.toml").write_text(text)
    process = subprocess.Popen(
        [PROGRAM, "ingest", "--once"], cwd=tmp_path, stderr=subprocess.PIPE, env={**os.environ, "MARK": str(tmp_path)}
    )
    assert process.stderr
    for line in process.stderr:
        if json.loads(line)["stage"] == "extract":
            process.kill()
            break
    process.stderr.close()
    process.wait()
    until = time.monotonic() + 20
    while left := processes_with(f"MARK={tmp_path}"):
        assert time.monotonic() < until, left
        time.sleep(0.2)
