"""Speed of re-extraction against a bare pass and against reading everything. Prints one JSON object.

    .venv/bin/python tests/made_archive.py /tmp/archive/part-0.warc.gz --pages 1250 --seed 0      # as many as wanted
    .venv/bin/python benchmarks/archive.py /tmp/archive

Costs are CPU seconds of this process and of the one that it has pages read by, so that a busy machine changes them
little; the ratios are of one run. `full` is trafilatura on every page, then annotation, on the first `--full` pages of
each file; the claims of these pages must be the same with and without the screen.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastwarc.warc import ArchiveIterator, WarcRecordType

from pipeline import manifest
from pipeline.clean import clean
from pipeline.extractor import Pipeline, build, explain_article, identify
from pipeline.manifest import Entry, Options
from pipeline.records import Page, Rejected
from pipeline.reextract import finish, prepare, tidy
from pipeline.screen import article_could_hold_claim, bytes_could_hold_claim, text_could_hold_claim
from pipeline.settings import Settings
from pipeline.shards import ShardTask, run_shard
from pipeline.sources.warc import read_warc

SETTINGS = Settings()


def bare(path: Path) -> tuple[int, int, float]:
    """Pages, their bytes, and CPU seconds of a pass with decompression and HTTP decoding and nothing else."""
    began, pages, size = time.process_time(), 0, 0
    with path.open("rb") as stream:
        records = ArchiveIterator(stream, record_types=WarcRecordType.response, auto_decode="all")
        try:
            for record in records:
                size += len(record.reader.read())
                pages += 1
        except OSError:
            pass  # a damaged member ends a bare pass
    return pages, size, time.process_time() - began


def pages_of(path: Path, most: int) -> list[Page | Rejected]:
    return list(itertools.islice(read_warc(path, path.name, SETTINGS), most))


def looks(path: Path, pipeline: Pipeline, most: int) -> dict[str, float]:
    """Milliseconds of each look and step for a page that gets so far, and how many do."""
    spent: Counter[str] = Counter()
    seen: Counter[str] = Counter()

    def timed(name: str, call: Callable[[], Any]) -> Any:
        began = time.process_time()
        result = call()
        spent[name] += time.process_time() - began
        seen[name] += 1
        return result

    def look(page: Page) -> None:
        if not timed("1_bytes", lambda: bytes_could_hold_claim(page)):
            return
        if not timed("2_text", lambda: text_could_hold_claim(page)):
            return
        article = timed("3_clean", lambda: clean(page, SETTINGS))
        if isinstance(article, Rejected) or not timed("4_article", lambda: article_could_hold_claim(article)):
            return
        timed("5_annotate", lambda: explain_article(article, page.source, pipeline))

    for page in pages_of(path, most):
        if isinstance(page, Page):
            look(page)
    found = {f"{name}_ms": round(1000 * spent[name] / seen[name], 3) for name in sorted(seen)}
    return {**found, **{f"{name}_pages": seen[name] for name in sorted(seen)}}


def full(path: Path, pipeline: Pipeline, most: int) -> tuple[int, float, list[str], list[str]]:
    """Pages, CPU seconds of cleaning and annotating each, and the claims without and with the screen."""
    spent, plain, screened, count = 0.0, list[str](), list[str](), 0
    for page in pages_of(path, most):
        if isinstance(page, Rejected):
            continue
        count += 1
        began = time.process_time()
        article = clean(page, SETTINGS)
        found = (
            [] if isinstance(article, Rejected) else explain_article(article, page.source, pipeline).extraction.claims
        )
        spent += time.process_time() - began
        told = [claim.to_json() for claim in found]
        plain += told
        looked = bytes_could_hold_claim(page) and text_could_hold_claim(page)
        if looked and (isinstance(article, Rejected) or article_could_hold_claim(article)):
            screened += told
    return count, spent, plain, screened


def shards(paths: list[Path], out: Path) -> tuple[list[Entry], float]:
    """The entries of a run over the files, and wall seconds."""
    began = time.monotonic()
    work = prepare([str(path) for path in paths], out, SETTINGS, Options())
    out.mkdir(parents=True, exist_ok=True)
    tidy(work)
    done: list[Entry] = []
    for task in work.tasks:
        done.append(run_shard(task))
        manifest.append(out, done[-1])
    finish(work, done)
    return done, time.monotonic() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--full", type=int, default=60, help="pages of each file that are read in full")
    options = parser.parse_args()
    paths = sorted(options.archive.glob("*.warc.gz"))
    pipeline = build(SETTINGS)
    result: dict[str, object] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
        "files": len(paths),
        "stored_MB": round(sum(path.stat().st_size for path in paths) / 1e6, 1),
    }
    passes = [bare(path) for path in paths]
    pages, size = sum(p for p, _, _ in passes), sum(s for _, s, _ in passes)
    bare_ms = 1000 * sum(seconds for _, _, seconds in passes) / pages
    result |= {"bare_pass_pages": pages, "page_KB": round(size / pages / 1000), "bare_ms": round(bare_ms, 3)}
    bytes_could_hold_claim(Page(source="", content=b"x"))  # compiles the matcher
    result["steps"] = looks(paths[0], pipeline, 1250)
    with tempfile.TemporaryDirectory(prefix="infraclaims-bench-") as scratch:
        out = Path(scratch) / "out"
        # The first file pays for starting the page worker, and is not counted.
        fingerprint = identify(SETTINGS).fingerprint
        warm = prepare([str(paths[0])], out, SETTINGS, Options()).shards[0]
        run_shard(ShardTask(shard=warm, out=str(out), fingerprint=fingerprint))
        shutil.rmtree(out)
        growing: list[dict[str, float]] = []
        for count in (1, 2, 4, 8):
            if count <= len(paths):
                entries, _ = shards(paths[:count], Path(scratch) / f"out-{count}")
                records = sum(entry.records for entry in entries)
                cpu = sum(entry.cpu_seconds for entry in entries)
                growing.append({"pages": records, "cpu_seconds": round(cpu, 2), "ms": round(1000 * cpu / records, 3)})
        began = time.monotonic()
        again, _ = shards(paths, Path(scratch) / f"out-{len(paths)}")
        result["resume_of_a_finished_run_seconds"] = round(time.monotonic() - began, 2)
        assert again == []
    screened_ms = growing[-1]["ms"]
    counted = [full(path, pipeline, options.full) for path in paths]
    full_pages = sum(count for count, _, _, _ in counted)
    full_ms = 1000 * sum(seconds for _, seconds, _, _ in counted) / full_pages + bare_ms
    plain = [claim for _, _, claims, _ in counted for claim in claims]
    result |= {
        "linear": growing,
        "screened_ms": screened_ms,
        "full_pages": full_pages,
        "full_ms": round(full_ms, 3),
        "share_of_the_bare_pass": round(bare_ms / screened_ms, 3),
        "times_faster_than_full": round(full_ms / screened_ms, 1),
        "claims_in_the_full_pages": len(plain),
        "claims_lost_by_the_screen": len(plain) - sum(len(claims) for _, _, _, claims in counted),
        "load_at_the_end": round(os.getloadavg()[0], 1),
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
