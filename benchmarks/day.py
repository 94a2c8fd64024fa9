"""A day of operation in minutes: runs under a clock that jumps; memory and open files have to stay flat.

.venv/bin/python benchmarks/day.py [--runs 48]

Every run finds new pages in a feed that grows, pages that changed, a source that is down and pages that fail. Prints
one JSON object: resident memory in MB and open files of the process after each quarter of the day, the same of its
extraction worker, and what was done.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gc
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import website
from operation import Operation, source
from website import Site, answering, article, rss

from pipeline.ingest.run import extraction
from pipeline.settings import Settings

NEW_PAGES = 4


def resident(pid: int) -> float:
    """MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def children(pid: int) -> list[int]:
    return [int(child) for path in Path(f"/proc/{pid}/task").glob("*/children") for child in path.read_text().split()]


def sample() -> dict[str, Any]:
    gc.collect()
    pid = os.getpid()
    workers = [child for child in children(pid) if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]
    return {
        "memory_mb": round(resident(pid), 1), "open_files": len(list(Path(f"/proc/{pid}/fd").iterdir())),
        "worker_memory_mb": round(sum(map(resident, workers)), 1), "children": len(children(pid)),
    }  # fmt: skip


def day(runs: int) -> dict[str, Any]:
    """What was measured after each run, and the counts at the end."""
    samples: list[dict[str, Any]] = []
    began = time.monotonic()
    with Site() as site, tempfile.TemporaryDirectory() as folder, extraction(Settings()) as extract:
        site.routes["/down"] = answering(503)
        site.routes["/broken"] = website.reset
        sources = source("wire", "feed", url=site.url("/feed"), recheck_hours=6.0)
        operation = Operation(Path(folder), sources + source("down", "feed", url=site.url("/down")))
        for run in range(runs):
            numbers = range(max(0, (run - 20) * NEW_PAGES), (run + 1) * NEW_PAGES)
            for number in numbers[-NEW_PAGES:]:
                site.page(f"/{number}", article(number))
            site.page(f"/{numbers[0]}", article(numbers[0], chips=100_000 + run))
            links = [*(site.url(f"/{number}") for number in numbers), site.url(f"/gone{run}"), site.url("/broken")]
            site.page("/feed", rss(*links), "application/rss+xml")
            site.seen.clear()
            operation.run(extract, minutes=24 * 60 / runs)
            samples.append(sample())
        status = operation.status()
    quarters = {f"after run {n}": samples[n - 1] for n in sorted({1, *(runs * q // 4 for q in (1, 2, 3, 4))})}
    return {
        "runs": runs, "seconds": round(time.monotonic() - began), "load": os.getloadavg()[0], **quarters,
        "pages": status.pages, "claims": status.claims, "simulated": str(dt.timedelta(days=1)),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=48)
    print(json.dumps(day(parser.parse_args().runs), indent=1))


if __name__ == "__main__":
    main()
