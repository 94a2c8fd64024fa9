"""Speed over a file of articles: words a second, start-up, time to the first claim. Prints one JSON object.

.venv/bin/python benchmarks/speed.py ARTICLES.jsonl
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from pipeline.extractor import build, extract_page
from pipeline.records import Page
from pipeline.settings import Settings
from pipeline.sources.files import read_paths

PROGRAM = Path(sys.executable).parent / "infraclaims"


def seconds(call: Callable[[], object], repeats: int) -> float:
    """Wall-clock seconds of the quickest of several calls; the others tell how busy the machine is."""

    def once() -> float:
        began = time.perf_counter()
        call()
        return time.perf_counter() - began

    return min(once() for _ in range(repeats))


def first_claim(articles: Path) -> float:
    """Seconds from the start of the program to the first claim on its stdout."""
    began = time.perf_counter()
    with subprocess.Popen([PROGRAM, "extract", articles], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout
        line = process.stdout.readline()
        elapsed = time.perf_counter() - began
        process.stdout.close()
    if not line:
        raise SystemExit(f"{articles}: no claims in it")
    return elapsed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", type=Path, help="JSONL of articles")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each measurement, of which the best counts")
    options = parser.parse_args()

    settings = Settings()
    began = time.perf_counter()
    pipeline = build(settings)
    built = time.perf_counter() - began
    pages = [page for page in read_paths([str(options.articles)], settings) if isinstance(page, Page)]
    results = [extract_page(page, pipeline) for page in pages]
    words = sum(len((result.article.text or "").split()) for result in results)
    spent = seconds(lambda: [extract_page(page, pipeline) for page in pages], options.repeats)
    print(
        json.dumps(
            {
                "articles": len(pages),
                "words": words,
                "claims": sum(len(result.claims) for result in results),
                "seconds": round(spent, 3),
                "words_per_second": round(words / spent),
                "build_seconds": round(built, 3),
                "help_seconds": round(
                    seconds(lambda: subprocess.run([PROGRAM, "--help"], capture_output=True, check=True), 5), 3
                ),
                "first_claim_seconds": round(min(first_claim(options.articles) for _ in range(options.repeats)), 3),
                "version": metadata.version("infraclaims"),
                "python": platform.python_version(),
                "machine": f"{platform.machine()}, {os.cpu_count()} cores",
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
