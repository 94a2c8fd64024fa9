"""Programs that are stopped or killed in the middle of their work: nothing is left, and the same command goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from faults import own_mounts, started, wait_for
from test_cli import PLANS, PROGRAM, RUNS, article, infraclaims
from test_flows import processes_with
from test_reextract import entries_in, write_archive
from test_reextract import run as run_shards


def many_pages(folder: Path) -> Path:
    path = folder / "many.jsonl"
    path.write_text("".join(article(str(number), f"{RUNS} {PLANS}") + "\n" for number in range(3_000)))
    return path


STOPS = {
    "Ctrl-C": (signal.SIGINT, os.killpg),
    "SIGTERM": (signal.SIGTERM, os.kill),
    "SIGTERM to all": (signal.SIGTERM, os.killpg),
    "SIGHUP": (signal.SIGHUP, os.kill),
}


@pytest.mark.parametrize("stop", STOPS)
def test_a_signal_ends_an_extraction_and_leaves_nothing(tmp_path: Path, stop: str):
    number, kill = STOPS[stop]
    out = tmp_path / "out"
    process = started(tmp_path, "extract", many_pages(tmp_path), "-o", out)
    half = out / ".claims.jsonl.tmp"
    wait_for(lambda: half.exists() and half.stat().st_size, process)
    kill(process.pid, number)
    told = process.communicate(timeout=30)[1].decode()
    assert process.returncode == 128 + number
    assert f"infraclaims: stopped by {number.name}" in told
    assert "Traceback" not in told
    assert list(out.iterdir()) == []
    wait_for(lambda: not processes_with(f"MARK={tmp_path}"), seconds=20)


def test_an_extraction_that_was_killed_is_done_again_over_what_it_left(tmp_path: Path):
    out, pages = tmp_path / "out", many_pages(tmp_path)
    process = started(tmp_path, "extract", pages, "-o", out)
    wait_for(lambda: (out / ".claims.jsonl.tmp").exists(), process)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert {path.name for path in out.iterdir()} == {f".{name}.jsonl.tmp" for name in ("claims", "articles", "rejects")}
    wait_for(lambda: not processes_with(f"MARK={tmp_path}"), seconds=20)
    pages.write_text(article("one", RUNS) + "\n")
    assert infraclaims("extract", pages, "-o", out).returncode == 0
    assert {path.name for path in out.iterdir()} == {f"{name}.jsonl" for name in ("claims", "articles", "rejects")}


def test_ctrl_c_ends_a_re_extraction_in_time_and_the_same_command_goes_on(tmp_path: Path):
    """Ctrl-C reaches Prefect's server as well, which the run would wait for without end."""
    archive, out = write_archive(tmp_path / "warcs"), tmp_path / "out"
    process = started(tmp_path, "reextract", archive, "-o", out, "--workers", "2")
    wait_for(lambda: entries_in(out), process)
    os.killpg(process.pid, signal.SIGINT)
    began = time.monotonic()
    told = process.communicate(timeout=60)[1].decode()
    assert time.monotonic() - began < 20
    if process.returncode:  # it may have been done already
        assert process.returncode == 130, told
        assert "stopped by SIGINT" in told
    wait_for(lambda: not processes_with(f"MARK={tmp_path}"), seconds=20)
    run_shards([str(archive)], out)
    assert infraclaims("verify", out).returncode == 0


@pytest.mark.skipif(not own_mounts(), reason="no mount of one's own is permitted here")
def test_a_disk_that_is_full_loses_only_the_shards_that_had_no_room(tmp_path: Path):
    """Room for one shard of four: the others are named and leave no half file, and are what is left to do."""
    write_archive(tmp_path / "warcs")
    (tmp_path / "out").mkdir()
    script = (
        "mount -t tmpfs -o size=60k none out || exit 99\n"
        '"$@" reextract warcs -o out --workers 1 2> told\necho $? > code\nfind out -name "*.tmp" > half\n'
        '"$@" reextract warcs -o out --dry-run 2> again'
    )
    command = ["unshare", "-rm", "bash", "-c", script, "bash", PROGRAM]
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    told = (tmp_path / "told").read_text()
    assert done.returncode == 0, (told, (tmp_path / "again").read_text(), done.stderr)
    assert (tmp_path / "code").read_text() == "3\n", told
    assert told.count("No space left on device") == 3
    assert "3 of 4 shards were not done" in told
    assert "Traceback" not in told
    assert (tmp_path / "half").read_text() == ""
    assert "1 done and verified, 3 to do" in (tmp_path / "again").read_text()
