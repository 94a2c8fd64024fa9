"""Re-extraction against a bare pass and against reading every page; linearity, workers, overhead, resume, memory, loss.

    mkdir /tmp/archive; for i in $(seq -w 0 15); do
      .venv/bin/python tests/made_archive.py /tmp/archive/part-$i.warc.gz --pages 1250 --seed $i; done
    .venv/bin/python benchmarks/archive.py compare /tmp/archive > benchmarks/archive.json
    .venv/bin/python benchmarks/archive.py workers /tmp/archive
    .venv/bin/python benchmarks/archive.py grow /tmp/archive 10000 20000 40000 80000 > benchmarks/archive.jsonl
    .venv/bin/python benchmarks/archive.py plot benchmarks/archive.jsonl > benchmarks/archive.svg
    .venv/bin/python benchmarks/archive.py loss corpus/samples corpus/articles

Costs are CPU seconds of the processes that do the work, so that a busy machine changes them little. What is compared is
measured in turns, file by file. `grow` names the same files several times where it wants more pages than there are.
`loss` takes articles as `infraclaims run` does, each as it is and wrapped in a page of 50 to 300 KB.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import platform
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import trafilatura
from fastwarc.warc import ArchiveIterator, WarcRecordType

from pipeline import manifest
from pipeline.clean import clean
from pipeline.extractor import build, explain_article
from pipeline.identity import identify
from pipeline.manifest import Entry, Options
from pipeline.records import Article, Page, Rejected
from pipeline.reextract import finish, prepare, tidy
from pipeline.screen import article_could_hold_claim, bytes_could_hold_claim, text_could_hold_claim
from pipeline.settings import Settings
from pipeline.shard_pool import ShardPool
from pipeline.shards import ShardTask, run_shard
from pipeline.sources.files import read_paths
from pipeline.sources.warc import read_warc

sys.path.append(str(Path(__file__).parents[1] / "tests"))
import made_archive

SETTINGS = Settings()
PROGRAM = Path(sys.executable).parent / "infraclaims"
GZIP = b"\x1f\x8b\x08"


def bare(path: Path) -> tuple[int, int, float]:
    """Pages, their bytes, and CPU seconds of a pass that decompresses, undoes HTTP encodings and does nothing else."""
    began, pages, size, at = time.process_time(), 0, 0, 0
    with path.open("rb") as stream:
        while at >= 0:
            stream.seek(at)
            try:
                for record in ArchiveIterator(stream, record_types=WarcRecordType.response, auto_decode="all"):
                    at = record.stream_pos
                    size += len(record.reader.read())
                    pages += 1
                at = -1
            except OSError:  # a damaged member ends a pass: on at the next one
                stream.seek(at + 1)
                found = stream.read(1 << 20).find(GZIP)
                at = at + 1 + found if found >= 0 else -1
    return pages, size, time.process_time() - began


def tasks(paths: Sequence[Path], out: Path, options: Options) -> list[ShardTask]:
    """One for each shard of the files."""
    work = prepare([str(path) for path in paths], out, SETTINGS, options)
    out.mkdir(parents=True, exist_ok=True)
    tidy(work)
    return work.tasks


def claims(out: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted((out / "claims").iterdir()))


def machine() -> str:
    return f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"


def looks(paths: Sequence[Path]) -> dict[str, dict[str, float]]:
    """Milliseconds of each step for a page that gets there, and the share of pages that do; all in this process."""
    spent: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    pipeline = build(SETTINGS)
    bytes_could_hold_claim(Page(source="warm", content=b"<!doctype html>", media_type="html"))

    def timed_step(name: str, step: Callable[[], Any]) -> Any:
        began = time.process_time()
        done = step()
        spent[name] += time.process_time() - began
        seen[name] += 1
        return done

    for path in paths:
        pages = read_warc(path, path.name, SETTINGS)
        while (page := timed_step("read", functools.partial(next, pages, None))) is not None:
            if not isinstance(page, Page):
                continue
            if not timed_step("bytes", functools.partial(bytes_could_hold_claim, page)):
                continue
            if not timed_step("text", functools.partial(text_could_hold_claim, page)):
                continue
            article = timed_step("clean", functools.partial(clean, page, SETTINGS))
            if isinstance(article, Article) and timed_step(
                "article", functools.partial(article_could_hold_claim, article)
            ):
                timed_step("annotate", functools.partial(explain_article, article, page.source, pipeline))
    return {
        name: {"ms": round(1000 * spent[name] / seen[name], 3), "share": round(seen[name] / seen["read"], 4)}
        for name in spent
    }


def without_us(path: Path, count: int) -> dict[str, float]:
    """Milliseconds a page of what one would do without this program: trafilatura with the title and date that claims
    need, or its text alone, and annotation of every article.
    """
    spent: Counter[str] = Counter()
    pipeline = build(SETTINGS)
    pages = [page for page in read_warc(path, path.name, SETTINGS) if isinstance(page, Page)][:count]
    for page in pages:
        article = clean(page, SETTINGS)
        steps: dict[str, Callable[[], object]] = {
            "trafilatura": functools.partial(
                trafilatura.extract, page.content, output_format="json", with_metadata=True
            ),
            "trafilatura_text_alone": functools.partial(trafilatura.extract, page.content),
        }
        if isinstance(article, Article):
            steps["annotate"] = functools.partial(explain_article, article, page.source, pipeline)
        for name, step in steps.items():
            began = time.process_time()
            step()
            spent[name] += time.process_time() - began
    return {name: round(1000 * spent[name] / len(pages), 2) for name in spent}


def compare(paths: Sequence[Path], scratch: Path, *, full: int) -> dict[str, object]:
    """A bare pass, a run behind the screen and one that reads every page (the first `full` files), file by file."""
    build(SETTINGS)
    fingerprint = identify(SETTINGS).fingerprint
    cpu: Counter[str] = Counter()
    pages: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    made = lost = size = 0
    for options in (Options(), Options(screen=False)):  # the first shard pays for starting the page worker
        shard = prepare([str(paths[0])], scratch / "warm", SETTINGS, options).shards[0]
        run_shard(ShardTask(shard=shard, out=str(scratch / "warm"), options=options, fingerprint=fingerprint))
    for number, path in enumerate(paths):
        count, length, seconds = bare(path)
        pages["bare"], cpu["bare"], size = pages["bare"] + count, cpu["bare"] + seconds, size + length
        outs: dict[str, bytes] = {}
        for name, options in (("screened", Options()), ("full", Options(screen=False)))[: 2 if number < full else 1]:
            out = scratch / f"{name}-{number}"
            entries = [run_shard(task) for task in tasks([path], out, options)]
            pages[name] += sum(entry.records for entry in entries)
            cpu[name] += sum(entry.cpu_seconds for entry in entries)
            outs[name] = claims(out)
            for entry in entries if name == "screened" else ():
                reasons.update(entry.reasons)
        made += outs["screened"].count(b"\n")
        lost += "full" in outs and outs["full"] != outs["screened"]
    steps = without_us(paths[0], 400)
    ms = {name: 1000 * cpu[name] / pages[name] for name in cpu}
    return {
        "machine": machine(),
        "pages": dict(pages),
        "page_KB": round(size / pages["bare"] / 1000),
        "ms": {name: round(value, 3) for name, value in ms.items()},
        "steps": looks(paths[:8]),
        "share_of_the_bare_pass": round(ms["bare"] / ms["screened"], 3),
        "without_us_ms": steps,
        "times_faster_than_trafilatura_and_annotation": round(
            (steps["trafilatura"] + steps["annotate"]) / ms["screened"], 1
        ),
        "times_faster_than_full": round(ms["full"] / ms["screened"], 1) if full else None,
        "claims": made,
        "files_whose_claims_differ": lost,
        "reasons": dict(sorted(reasons.items())),
    }


def workers(paths: Sequence[Path], scratch: Path) -> dict[str, object]:
    """Wall and CPU seconds of one and of two processes over the same files, in turns; each has done a shard before.

    On a machine that others use, what two cores would give is told by the CPU that a page costs: twice the work of one
    where a page costs two processes no more than one.
    """
    seconds: dict[int, list[float]] = {1: [], 2: []}
    cpu: dict[int, list[float]] = {1: [], 2: []}
    pools = {count: ShardPool(count, screen=True) for count in seconds}
    for count, pool in pools.items():
        in_threads(pool, tasks(paths[:count], scratch / f"warm-{count}", Options()), count)
    for turn in range(3):
        for count, pool in pools.items():
            began = time.monotonic()
            done = in_threads(pool, tasks(paths, scratch / f"out-{count}-{turn}", Options()), count)
            seconds[count].append(round(time.monotonic() - began, 1))
            cpu[count].append(round(sum(entry.cpu_seconds for entry in done), 1))
    for pool in pools.values():
        pool.close()
    return {
        "machine": machine(),
        "wall_seconds": seconds,
        "cpu_seconds": cpu,
        "two_against_one": round(min(seconds[1]) / min(seconds[2]), 2),
        "two_against_one_by_cpu": round(2 * min(cpu[1]) / min(cpu[2]), 2),
    }


def in_threads(pool: ShardPool, work: Sequence[ShardTask], count: int) -> list[Entry]:
    waiting, done = list(work), list[Entry]()

    def go() -> None:
        while waiting:
            done.append(pool.do(waiting.pop(0)))

    threads = [threading.Thread(target=go) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done


def grown(paths: Sequence[Path], folder: Path, count: int) -> list[Path]:
    """Links to the files of the archive, as many as have so many pages together."""
    folder.mkdir()
    links: list[Path] = []
    for number in range(count // 1250):
        links.append(folder / f"part-{number:03}.warc.gz")
        links[-1].symlink_to(paths[number % len(paths)].resolve())
    return links


def grow(paths: Sequence[Path], scratch: Path, counts: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Runs of the command with two workers over more and more pages: CPU, what it costs beyond the shards, memory."""
    for count in counts:
        folder, out = scratch / f"in-{count}", scratch / f"out-{count}"
        grown(paths, folder, count)
        command = [str(PROGRAM), "reextract", str(folder), "-o", str(out), "--workers", "2"]
        first = timed(command)
        entries = list(manifest.read(out).values())
        again = timed(command)
        began = time.monotonic()
        work = prepare([str(folder)], out, SETTINGS, Options())
        finish(work, [])
        assert work.tasks == []
        shards = sum(entry.cpu_seconds for entry in entries)
        yield {
            "pages": sum(entry.records for entry in entries),
            "shards": len(entries),
            "cpu_seconds": round(shards, 1),
            "ms": round(1000 * shards / sum(entry.records for entry in entries), 3),
            "wall_seconds": round(first["wall"], 1),
            "command_cpu_seconds": round(first["cpu"], 1),
            "worker_mb": round(first["mb"]),
            "resume_seconds": round(again["wall"], 1),
            "resume_cpu_seconds": round(again["cpu"], 1),
            "resume_without_prefect_seconds": round(time.monotonic() - began, 2),
            "machine": machine(),
        }


def timed(command: Sequence[str]) -> dict[str, float]:
    """Wall and CPU seconds of a command with all its processes, and the most memory of one of them with its child."""
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    most = 0.0
    while running.poll() is None:
        most = max([most, *(resident(pid) + sum(map(resident, children(pid))) for pid in spawned(running.pid))])
        time.sleep(0.5)
    assert running.returncode == 0, running.stderr and running.stderr.read().decode()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall": time.monotonic() - began, "cpu": cpu, "mb": most}


def children(pid: int) -> list[int]:
    try:
        names = Path(f"/proc/{pid}/task").iterdir()
        return [int(child) for name in names for child in (name / "children").read_text().split()]
    except OSError:
        return []


def spawned(pid: int) -> list[int]:
    """The processes of the pool: children that have a child themselves."""
    return [child for child in children(pid) if children(child)]


def resident(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return 0.0


def loss(paths: Sequence[str]) -> dict[str, object]:
    """Articles with claims, as they are and wrapped in pages, and the names of those that the screen leaves."""
    pipeline = build(SETTINGS)
    counts: Counter[str] = Counter()
    lost: list[str] = []
    for found in read_paths(paths, SETTINGS):
        for form, page in [("as it is", found), ("wrapped", wrapped(found))]:
            article = clean(page, SETTINGS) if isinstance(page, Page) else None
            if not isinstance(page, Page) or not isinstance(article, Article):
                continue
            counts[form] += 1
            claimed = explain_article(article, page.source, pipeline).extraction.claims
            counts[f"{form}, with claims"] += bool(claimed)
            looks = bytes_could_hold_claim(page), text_could_hold_claim(page), article_could_hold_claim(article)
            if claimed and not all(looks):
                lost.append(f"{page.source} ({form}): {looks}")
            counts[f"{form}, without claims and left unread"] += not claimed and not all(looks)
    return {**counts, "lost": lost}


def wrapped(found: Page | Rejected) -> Page | None:
    """The text of an article as the page of a newspaper: with navigation, teasers and scripts."""
    article = clean(found, SETTINGS) if isinstance(found, Page) else found
    if isinstance(article, Rejected):
        return None
    rnd = random.Random(article.text)
    blocks = [article.document.title or "News", *(line for line in article.text.split("\n") if line.strip())]
    body = made_archive.page(rnd, blocks, rnd.randint(50_000, 300_000))
    return Page(source=found.source, content=body, media_type="html", url=article.document.url)


WIDTH, HEIGHT, LEFT, RIGHT, EDGE = 640, 340, 60, 160, 40


def plot(path: Path) -> str:
    """An SVG of CPU seconds by pages, from nought: what is linear is straight."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    most, top = max(row["pages"] for row in rows), max(row["cpu_seconds"] for row in rows)
    base = HEIGHT - EDGE
    at = [
        (LEFT + (WIDTH - LEFT - RIGHT) * row["pages"] / most, base - (base - EDGE) * row["cpu_seconds"] / top)
        for row in rows
    ]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-size="12">',
        '<g font-family="sans-serif">',
        f'<path d="M{LEFT},{EDGE}V{base}H{WIDTH - RIGHT}" fill="none" stroke="#777"/>',
        f'<line x1="{LEFT}" y1="{base}" x2="{at[-1][0]:.1f}" y2="{at[-1][1]:.1f}" stroke="#bbb" stroke-dasharray="4"/>',
        f'<polyline points="{points}" fill="none" stroke="#146c2e" stroke-width="2"/>',
        f'<text x="{LEFT}" y="{EDGE - 14}" fill="#555">CPU seconds of the shards, by pages</text>',
    ]
    for row, (x, y) in zip(rows, at, strict=True):
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="#146c2e"/>')
        parts.append(f'<text x="{x + 8:.1f}" y="{y + 4:.1f}" fill="#146c2e">{row["cpu_seconds"]:g}</text>')
        parts.append(f'<text x="{x:.1f}" y="{base + 16}" text-anchor="middle" fill="#555">{row["pages"]:,}</text>')
    return "\n".join([*parts, "</g></svg>"])


def main() -> None:
    """As the arguments ask."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["compare", "workers", "grow", "plot", "loss"])
    parser.add_argument("path", type=Path)
    parser.add_argument("more", nargs="*", help="numbers of pages to grow to; more paths for loss")
    parser.add_argument("--full", type=int, default=1000, help="files of which every page is read in full")
    options = parser.parse_args()
    if options.what == "plot":
        print(plot(options.path))
        return
    if options.what == "loss":
        print(json.dumps(loss([str(options.path), *options.more]), indent=1))
        return
    paths = sorted(options.path.glob("*.warc.gz"))
    with tempfile.TemporaryDirectory(prefix="infraclaims-bench-") as scratch:
        if options.what == "compare":
            print(json.dumps(compare(paths, Path(scratch), full=options.full), indent=1))
        elif options.what == "workers":
            print(json.dumps(workers(paths[:6], Path(scratch)), indent=1))
        else:
            for row in grow(paths, Path(scratch), [int(count) for count in options.more]):
                print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
