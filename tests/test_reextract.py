"""Re-extraction: screened and not, interrupted and not, the same bytes; what is wrong is found, the rest kept."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as parquet
import pytest
import zstandard
from made_archive import RELEVANT, made, packed, page, paragraphs, record

from pipeline import manifest
from pipeline.flat import from_flat
from pipeline.manifest import ManifestError, Options
from pipeline.merge import merge
from pipeline.reextract import Totals, finish, prepare, tidy
from pipeline.settings import Settings
from pipeline.shards import run_shard
from pipeline.verify import strangers, verify

PROGRAM = Path(sys.executable).parent / "infraclaims"
FILES, PAGES = 4, 30
SETTINGS = Settings()


def relevant(number: int, url: str = "") -> bytes:
    """A record whose page has claims."""
    rnd = random.Random(number)
    body = page(rnd, paragraphs(rnd, RELEVANT[number % len(RELEVANT)]), 6_000)
    return gzip.compress(record(url or f"https://courier.example/relevant/{number}", body), mtime=0)


def write_archive(folder: Path) -> Path:
    """Four files: ordinary pages, some with claims, defects, and one address in two of the files."""
    folder.mkdir()
    for number in range(FILES):
        with (folder / f"part-{number}.warc.gz").open("wb") as out:
            for item in made(PAGES, number, weight=(3_000, 9_000)):
                out.write(packed(item))
            out.write(relevant(2 * number) + relevant(2 * number + 1))
            out.write(relevant(number, "https://courier.example/twice"))
            out.write(relevant(number)[:100] + relevant(number, f"https://courier.example/behind-damage/{number}"))
    return folder


def run(paths: list[str], out: Path, options: Options | None = None) -> Totals:
    """A run without Prefect, in this process."""
    work = prepare(paths, out, SETTINGS, options or Options())
    out.mkdir(parents=True, exist_ok=True)
    tidy(work)
    done = []
    for task in work.tasks:
        done.append(run_shard(task))
        manifest.append(out, done[-1])
    return finish(work, done)


def reasons(paths: list[str], out: Path, options: Options | None = None) -> list[str]:
    return [todo.why for todo in prepare(paths, out, SETTINGS, options or Options()).comparison.todo]


def outputs(out: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(out)): path.read_bytes()
        for folder in ("claims", "articles")
        for path in sorted((out / folder).iterdir())
    }


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_archive(tmp_path_factory.mktemp("archive") / "warcs"))


@pytest.fixture(scope="module")
def whole(archive: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The outputs of an undisturbed run. Tests take a copy."""
    out = tmp_path_factory.mktemp("whole") / "out"
    totals = run([archive], out)
    assert totals.records == sum(totals.dispositions.values()) == FILES * (PAGES + 5)
    assert totals.dispositions["extracted"] >= 4 * FILES
    return out


@pytest.fixture
def out(whole: Path, tmp_path: Path) -> Path:
    shutil.copytree(whole, tmp_path / "out")
    return tmp_path / "out"


def test_without_the_screen_the_claims_are_the_same(archive: str, whole: Path, tmp_path: Path) -> None:
    totals = run([archive], tmp_path / "plain", Options(screen=False))
    screened, plain = outputs(whole), outputs(tmp_path / "plain")
    assert {name: data for name, data in screened.items() if "claims" in name} == {
        name: data for name, data in plain.items() if "claims" in name
    }
    assert totals.claims > 50
    looked = manifest.read(whole).values()
    assert sum(entry.reasons.get("screened_bytes", 0) for entry in looked) > 0.7 * FILES * PAGES
    assert {entry.reasons.get("damaged_record", 0) >= 1 for entry in looked} == {True}


def test_packed_and_tabled_outputs_hold_the_same(archive: str, whole: Path, tmp_path: Path) -> None:
    run([f"{archive}/part-0.warc.gz"], tmp_path / "out", Options(zstd=True, parquet=True))
    found, plain = outputs(tmp_path / "out"), outputs(whole)
    name = next(name for name in plain if name.startswith("claims/part-0"))
    assert zstandard.decompress(found[f"{name}.zst"], max_output_size=1 << 24) == plain[name]
    table = parquet.read_table(tmp_path / "out" / name.replace(".jsonl", ".parquet")).to_pylist()
    assert [from_flat(row).to_json() for row in table] == plain[name].decode().splitlines()
    assert {row["label"] for row in table} <= {"confirmed", "aspirational"}
    articles = parquet.read_table(tmp_path / "out" / name.replace("claims", "articles").replace(".jsonl", ".parquet"))
    lines = plain[name.replace("claims", "articles")].decode().splitlines()
    assert [row["record"] for row in articles.to_pylist()] == lines
    assert [problems for _, problems in verify(tmp_path / "out")] == [[]]


def test_a_finished_run_has_nothing_to_do(archive: str, out: Path) -> None:
    assert reasons([archive], out) == []
    before = outputs(out), (out / "manifest.jsonl").read_bytes()
    assert run([archive], out).done == 0
    assert (outputs(out), (out / "manifest.jsonl").read_bytes()) == before


def test_what_is_missing_or_changed_is_done_again_and_nothing_else(archive: str, whole: Path, out: Path) -> None:
    first, second, *_ = sorted((out / "claims").iterdir())
    first.unlink()
    second.write_bytes(second.read_bytes()[:-1] + b" ")
    (out / "claims" / ".half.jsonl.123.tmp").write_bytes(b"half a line")
    assert reasons([archive], out) == ["missing_output", "damaged_output"]
    assert run([archive], out).done == 2
    assert outputs(out) == outputs(whole)


def test_a_manifest_that_a_crash_cut_off_loses_one_shard(archive: str, whole: Path, out: Path) -> None:
    path = out / "manifest.jsonl"
    path.write_bytes(path.read_bytes()[:-30])
    assert reasons([archive], out) == ["new"]
    assert run([archive], out).shards == FILES
    assert outputs(out) == outputs(whole)
    path.write_bytes(b"not an entry\n" + path.read_bytes())
    with pytest.raises(ManifestError, match=r"manifest\.jsonl:1"):
        reasons([archive], out)


def test_another_version_other_options_and_a_changed_input_are_told(whole: Path, tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "warcs")
    out = tmp_path / "out"
    run([str(archive)], out)
    entries = list(manifest.read(out).values())
    assert reasons([str(archive)], out, Options(screen=False)) == ["new_options"] * FILES
    (archive / "part-1.warc.gz").touch()  # another time, the same bytes
    assert reasons([str(archive)], out) == []
    with (archive / "part-2.warc.gz").open("ab") as part:
        part.write(relevant(99))
    assert reasons([str(archive)], out) == ["changed_input"]
    (archive / "part-4.warc.gz").write_bytes(relevant(98))
    assert reasons([str(archive)], out) == ["changed_input", "new"]
    manifest.write(out, [entries[0].model_copy(update={"fingerprint": "older"}), *entries[1:]])
    assert sorted(reasons([str(archive)], out)) == ["changed_input", "new", "new_fingerprint"]
    assert run([str(archive)], out).shards == FILES + 1
    assert reasons([str(archive)], out) == []


@pytest.mark.parametrize("claims", [True, False], ids=["with claims", "without"])
def test_a_worker_of_another_version_does_no_shard(archive: str, tmp_path: Path, claims: bool) -> None:
    """Of a shard without claims no record would tell who made it."""
    (tmp_path / "none.html").write_text("<p>Nothing of the kind.")
    task = prepare([archive if claims else str(tmp_path / "none.html")], tmp_path / "out", SETTINGS, Options()).tasks[0]
    with pytest.raises(RuntimeError, match=r"another version than the one that planned the run \(older\)"):
        run_shard(task.model_copy(update={"fingerprint": "older"}))
    assert not any((tmp_path / "out").rglob("*.jsonl"))


def test_shards_of_inputs_that_are_not_given_are_refused(archive: str, out: Path) -> None:
    with pytest.raises(ManifestError, match="not given"):
        reasons([f"{archive}/part-0.warc.gz"], out)


def test_verify_finds_what_is_wrong(out: Path) -> None:
    assert all(not problems for _, problems in verify(out))
    assert strangers(out) == []
    entries = manifest.read(out)
    entry = next(iter(entries.values()))
    path = out / entry.outputs[0].path

    def told(change: bytes) -> list[str]:
        """What is said of the shard when its claims are replaced and the manifest agrees with the digest."""
        path.write_bytes(change)
        output = entry.outputs[0].model_copy(update={"size": len(change), "sha256": manifest.file_digest(path)})
        changed = entry.model_copy(update={"outputs": (output, *entry.outputs[1:])})
        manifest.write(out, [changed, *list(entries.values())[1:]])
        return next(problems for found, problems in verify(out) if found.shard.id == entry.shard.id)

    original = path.read_bytes()
    lines = original.splitlines(keepends=True)
    claim = json.loads(lines[0])
    claim["evidence"][0]["cues"] = [
        {"text": "will", "start": 1, "end": 5, "facet": "realization", "value": "planned", "rule": "modal.future"}
    ]
    assert any("cue 'will'" in problem for problem in told(json.dumps(claim).encode() + b"\n" + b"".join(lines[1:])))
    assert any("the manifest counts claims" in problem for problem in told(b"".join(lines[1:])))
    assert any("no claim" in problem for problem in told(b'{"label": "sure"}\n' + b"".join(lines[1:])))
    assert told(original) == []
    path.write_bytes(original + b"\n")
    assert next(problems for _, problems in verify(out)) == ["an output is not what was written"]
    (out / "claims" / "extra.jsonl").write_bytes(b"")
    assert strangers(out) == [out / "claims" / "extra.jsonl"]


def test_merge_sorts_and_takes_a_document_once(out: Path, tmp_path: Path) -> None:
    done = merge(out, tmp_path / "claims.jsonl")
    claims = [json.loads(line) for line in (tmp_path / "claims.jsonl").read_text("utf-8").splitlines()]
    ids = [claim["document"]["id"] for claim in claims]
    assert ids == sorted(ids)
    assert len(claims) == done.claims == sum(e.claims for e in manifest.read(out).values()) - done.duplicates
    assert done.duplicates > 0
    twice = [c for c in claims if c["document"]["url"] == "https://courier.example/twice"]
    first = (out / next(iter(manifest.read(out).values())).outputs[0].path).read_text("utf-8").splitlines()
    assert twice == [json.loads(line) for line in first if "courier.example/twice" in line]


def command(archive: str, out: Path, *more: str) -> list[str]:
    return [str(PROGRAM), "reextract", archive, "-o", str(out), "--workers", "2", *more]


def entries_in(out: Path) -> int:
    path = out / "manifest.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def running() -> Iterator[tuple[int, str]]:
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield int(place.parent.name), place.read_bytes().decode("utf-8", "replace")
        except OSError:
            continue


def test_a_run_that_was_killed_goes_on_to_the_same_bytes(archive: str, whole: Path, tmp_path: Path) -> None:
    """As a user has it: kill -9 of the program after its first shard, then the same command, then verify and merge."""
    out = tmp_path / "out"
    first = subprocess.Popen(
        command(archive, out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    while entries_in(out) == 0:
        assert first.poll() is None
        time.sleep(0.05)
    first.send_signal(signal.SIGKILL)
    first.wait()
    done = entries_in(out)
    assert 1 <= done <= FILES
    # The processes that it had started are gone soon; they would write to the same folder.
    for _ in range(100):
        if not any(str(out) in line for _, line in running()):
            break
        time.sleep(0.1)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(first.pid, signal.SIGKILL)  # Prefect's server, which cannot know that nobody needs it
    again = subprocess.run(command(archive, out), capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert f"{FILES} shards: {done} done and verified, {FILES - done} to do" in again.stderr
    assert outputs(out) == outputs(whole)
    # A finished run is verified and added up, and starts nothing.
    nowhere = {**os.environ, "PREFECT_API_URL": "http://127.0.0.1:9/api"}
    settled = subprocess.run(command(archive, out), env=nowhere, capture_output=True, text=True, check=False)
    assert (settled.returncode, settled.stderr.count("0 to do")) == (0, 1), settled.stderr
    assert outputs(out) == outputs(whole)
    dry = subprocess.run(command(archive, out, "--dry-run"), capture_output=True, text=True, check=False)
    assert f"{FILES} done and verified, 0 to do" in dry.stderr
    proof = subprocess.run([PROGRAM, "verify", out], capture_output=True, text=True, check=False)
    assert (proof.returncode, proof.stdout.strip().endswith("whole")) == (0, True)
    merged = subprocess.run([PROGRAM, "merge", out, "-o", tmp_path / "all.jsonl"], capture_output=True, check=False)
    assert (merged.returncode, (tmp_path / "all.jsonl").stat().st_size > 0) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["reextract", "missing.warc.gz", "-o", "out"], "missing.warc.gz: there is no such file"),
        (["reextract", "README", "-o", "out"], "README: not a WARC, JSONL, Parquet or HTML file"),
        (["verify", "."], "there is no manifest"),
    ],
)
def test_wrong_usage_is_told(arguments: list[str], told: str, tmp_path: Path) -> None:
    (tmp_path / "README").write_text("hello")
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 2
    assert told in done.stderr.replace("\n", " ")
