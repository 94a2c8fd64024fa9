"""Faults of the machine under a run of ingestion, and what the next run makes of them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import killed
import pytest
from faults import FULL, READ_ONLY, own_mounts, started
from operation import Operation, source
from test_cli import PROGRAM
from website import Site, article, rss

from pipeline.ingest import tables
from pipeline.ingest.run import Extract

PAGES = 12


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        for number in range(PAGES):
            site.page(f"/{number}", article(number))
        site.page("/feed", rss(*(site.url(f"/{number}") for number in range(PAGES))), "application/rss+xml")
        yield site


@pytest.fixture
def home(site: Site, tmp_path: Path) -> Path:
    (tmp_path / "sources.toml").write_text(
        '[operation]\ncontact = "tests@example.org"\nallow_addresses = ["127.0.0.1/32"]\nbatch = 4\n'
        f'[politeness]\ndelay = 0.0\n[[sources]]\nname = "wire"\nkind = "feed"\nurl = "{site.url("/feed")}"\n'
    )
    return tmp_path


def stopped_at(home: Path, stage: str, act: Callable[[int], object]) -> tuple[int, str]:
    """A run in which something happens at the first event of a stage: its exit code and what it said."""
    process = started(home, "ingest", "--once")
    assert process.stderr
    said: list[str] = []
    acted = False
    with process.stderr:
        for line in process.stderr:
            said.append(line.decode())
            if not acted and line.startswith(b"{") and json.loads(line)["stage"] == stage:
                act(process.pid)
                acted = True
    return process.wait(timeout=60), "".join(said)


def all_done(home: Path) -> bool:
    """Whether every page has one disposition and every claim stands once."""
    if killed.status(home / "sources.toml")["pages"] != {"done": PAGES}:
        return False
    return len(killed.told(home)["dispositions"]) == PAGES


@pytest.mark.parametrize("stage", ["discover", "fetch", "extract", "publish"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_run_at_any_stage_and_the_next_goes_on(home: Path, stage: str, number: signal.Signals):
    code, said = stopped_at(home, stage, lambda pid: os.kill(pid, number))
    assert code == 128 + number, said
    assert f"stopped by {number.name}" in said
    assert "Traceback" not in said
    assert killed.run(home / "sources.toml") == 0
    assert all_done(home)


@pytest.mark.skipif(not own_mounts(), reason="no mount of one's own is permitted here")
@pytest.mark.parametrize("how", [FULL, READ_ONLY], ids=["full", "read-only"])
def test_a_data_folder_that_takes_nothing_ends_the_run_with_its_reason(home: Path, how: str):
    for name in ("before", "disk"):
        (home / name).mkdir()
    text = (home / "sources.toml").read_text().replace("batch = 4", 'batch = 4\ndata = "disk"')
    (home / "sources.toml").write_text(text)
    script = f'{how} || exit 99\n"$@"'
    command = ["unshare", "-rm", "bash", "-c", script, "bash", PROGRAM, "ingest", "--once"]
    done = subprocess.run(command, cwd=home, check=False, capture_output=True, text=True)
    assert (done.returncode, "Traceback" in done.stderr) == (3, False), done.stderr
    assert "disk" in done.stderr
    assert "full" in done.stderr or "No space left" in done.stderr or "Read-only" in done.stderr, done.stderr
    assert killed.run(home / "sources.toml") == 0


def test_a_state_that_is_damaged_in_the_middle_is_named(home: Path):
    """By that run or the next. Claims that were published stay; without the state all sources are read anew."""

    def damage(_: int) -> None:
        for name in ("state.db", "state.db-wal"):
            with contextlib.suppress(FileNotFoundError):
                data = (home / "data" / name).read_bytes()
                (home / "data" / name).write_bytes(bytes(byte ^ 0x5A for byte in data))

    code, said = stopped_at(home, "publish", damage)
    assert (code in (0, 3), "Traceback" in said) == (True, False), said
    if code == 0:  # it had all that it needed in its memory, and the next one finds out
        code, said = stopped_at(home, "end", lambda _: None)
    assert (code, "Traceback" in said) == (3, False), said
    assert "state.db" in said
    published = sorted((home / "data" / "claims").rglob("*.jsonl"))
    assert published
    for path in (home / "data").glob("state.db*"):
        path.unlink()
    assert killed.run(home / "sources.toml") == 0
    assert all(path.exists() for path in published)


def test_a_state_that_another_process_keeps_is_waited_for_and_then_named(
    site: Site, tmp_path: Path, extract: Extract, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tables, "_WAIT_SECONDS", 0.2)
    operation = Operation(tmp_path, source("wire", "feed", url=site.url("/feed")))
    with operation.opened():
        pass
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "state.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(tables.StateError, match=r"state\.db cannot be opened: database is locked"):
            operation.run(extract)
        other.execute("ROLLBACK")
    assert operation.run(extract).summary.extracted == PAGES


def test_a_record_of_the_archive_that_is_damaged_costs_its_page_alone(site: Site, tmp_path: Path, extract: Extract):
    """Between its storing and its extraction, by the disk: the page is rejected with its reason, the rest is read."""
    operation = Operation(tmp_path, source("wire", "feed", url=site.url("/feed")))
    hurt: list[str] = []

    def damage(event: object) -> None:
        if getattr(event, "stage", "") == "fetch" and not hurt:
            hurt.append(getattr(event, "subject", ""))
            with sqlite3.connect(tmp_path / "data" / "state.db") as db:
                query = "SELECT archive_file, archive_offset FROM pages WHERE url = ?"
                file, offset = db.execute(query, (hurt[0],)).fetchone()
            db.close()
            with (tmp_path / "data" / "archive" / file).open("r+b") as archive:
                archive.seek(offset)
                archive.write(bytes(40))

    operation.after = damage
    operation.run(extract)
    found = operation.dispositions()
    assert found.pop(hurt[0]) == ("rejected", "archive_unreadable")
    assert set(found.values()) == {("extracted", None)}
    assert len(found) == PAGES - 1


def test_a_log_that_cannot_be_written_stops_no_run(home: Path):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([PROGRAM, "ingest", "--once"], cwd=home, stderr=full, check=False)
    assert done.returncode == 0
    assert all_done(home)
