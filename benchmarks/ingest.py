"""What state, archive, publishing and Prefect cost on top of fetch + extract, over pages served on loopback.

.venv/bin/python benchmarks/ingest.py PAGES...        # HTML files or folders of them

Fetch + extract is the same fetcher and the same workers with the results written to one folder. Each way runs once
for each repeat, in turn; the best of each counts. CPU seconds are those of this process and its children, and say more
than wall-clock seconds on a busy machine. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from website import Site, rss

# The processes that a run starts read this file again: what they have no use for is imported where it is used.

HOSTS = 4
ALLOWED = ("127.0.0.1/32",)


def plain(sites: list[Site], urls: list[str], folder: Path) -> int:
    """Fetch all pages, several hosts at once, and extract them; the number of claims."""
    from pipeline.clock import utc_now
    from pipeline.ingest.fetcher import Fetched, Fetcher
    from pipeline.records import Page
    from pipeline.settings import Settings
    from pipeline.store import write_run
    from pipeline.stream import extract_stream

    async def fetch_all() -> list[Page]:
        async with Fetcher("benchmark", utc_now, networks=ALLOWED) as fetcher:

            async def one_host(site: Site) -> list[Page]:
                pages: list[Page] = []
                for url in (url for url in urls if url.startswith(site.base)):
                    found = await fetcher.fetch(url, timeout=60, max_bytes=10**7)
                    assert isinstance(found, Fetched), found
                    pages.append(Page(source=url, content=found.content, url=url, retrieved=found.last.at))
                return pages

            return [page for pages in await asyncio.gather(*map(one_host, sites)) for page in pages]

    return write_run(extract_stream(asyncio.run(fetch_all()), Settings()), folder).claims


def whole(sources: Path) -> int:
    """The same pages through a run of ingestion."""
    from pipeline.clock import utc_now
    from pipeline.ingest import closing, config
    from pipeline.ingest.run import extraction, open_run
    from pipeline.settings import Settings

    settings = config.load(sources)
    with open_run(settings, utc_now, lambda _: None) as context, extraction(Settings()) as extract:
        return closing.ingest(context, Settings(), extract).summary.claims


def by_prefect(sources: Path) -> int:
    """The same by the flow, with a server that is running."""
    from pipeline import flows

    return flows.ingest(str(sources)).claims


def write_sources(folder: Path, sites: list[Site]) -> Path:
    path = folder / "sources.toml"
    feeds = "".join(
        f'[[sources]]\nname = "s{n}"\nkind = "feed"\nurl = "{site.url("/feed")}"\n' for n, site in enumerate(sites)
    )
    path.write_text(
        f'[operation]\ncontact = "a benchmark"\nallow_addresses = {json.dumps(ALLOWED)}\n'
        f"[politeness]\ndelay = 0.0\n{feeds}"
    )
    return path


def serve(pages: list[bytes], count: int, stack: ExitStack) -> tuple[list[Site], list[str]]:
    """`count` pages round the hosts, the given ones again and again."""
    sites = [stack.enter_context(Site()) for _ in range(HOSTS)]
    urls: list[str] = []
    for number in range(count):
        site = sites[number % HOSTS]
        site.page(f"/{number}", pages[number % len(pages)])
        urls.append(site.url(f"/{number}"))
    for site in sites:
        site.page("/feed", rss(*(url for url in urls if url.startswith(site.base))), "application/rss+xml")
    return sites, urls


def measured(call: Callable[[], int]) -> tuple[float, float, int]:
    """Wall-clock seconds, CPU seconds with children, and what the call returned."""
    before, began = os.times(), time.perf_counter()
    result = call()
    after = os.times()
    return time.perf_counter() - began, sum(after[:4]) - sum(before[:4]), result


def inputs(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        yield from sorted(path.rglob("*.html")) if path.is_dir() else [path]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", type=Path, nargs="+")
    parser.add_argument("--count", type=int, help="pages to serve; more than there are repeats them")
    parser.add_argument("--repeats", type=int, default=2)
    options = parser.parse_args()
    pages = [path.read_bytes() for path in inputs(options.pages)]
    count = options.count or len(pages)
    from pipeline import local_prefect

    best: dict[str, tuple[float, float]] = {}
    claims: dict[str, int] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(local_prefect.server(folder / "prefect"))
        sites, urls = serve(pages, count, stack)
        for repeat in range(options.repeats):
            ways: dict[str, Callable[[Path], int]] = {
                "fetch_extract": lambda home: plain(sites, urls, home / "out"),
                "ingest": lambda home: whole(write_sources(home, sites)),
                "ingest_by_prefect": lambda home: by_prefect(write_sources(home, sites)),
            }
            for name, way in ways.items():
                home = folder / f"{name}-{repeat}"
                home.mkdir()
                wall, cpu, claims[name] = measured(lambda way=way, home=home: way(home))
                known = best.get(name, (wall, cpu))
                best[name] = min(known[0], wall), min(known[1], cpu)
    base = best["fetch_extract"]
    report = {
        name: {
            "wall_seconds": round(wall, 2), "cpu_seconds": round(cpu, 2), "claims": claims[name],
            "wall_overhead": round(wall / base[0] - 1, 3), "cpu_overhead": round(cpu / base[1] - 1, 3),
        }
        for name, (wall, cpu) in best.items()
    }  # fmt: skip
    load = os.getloadavg()[0]
    print(json.dumps({"pages": count, "at": dt.datetime.now(dt.UTC).isoformat(), "load": load, **report}, indent=1))


if __name__ == "__main__":
    main()
