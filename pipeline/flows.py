"""The Prefect flow: reads, extracts in batches, writes, and fails unless every input has exactly one disposition.

The only module that imports Prefect. It composes what works without it (`read_paths`, `extract_stream`,
`open_run`) and decides nothing about an article.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Generator, Iterator
from pathlib import Path

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from pipeline.records import Extraction
from pipeline.settings import Settings
from pipeline.sources.files import read_paths
from pipeline.store import DispositionError, RunWriter, Summary, check_dispositions, open_run
from pipeline.stream import extract_stream


@task(name="extract-batch", task_run_name="batch-{number}", cache_policy=NO_CACHE, persist_result=False)
def extract_batch(number: int, size: int, results: Iterator[Extraction], run: RunWriter) -> list[str]:  # noqa: ARG001
    """Extract and write the next `size` articles of the stream; returns their sources.

    All batches draw on one stream, hence on one set of warm worker processes and one memory of the ids seen.
    """
    sources: list[str] = []
    for result in itertools.islice(results, size):
        run.write(result)
        sources.append(result.article.source)
    return sources


@flow(name="extract-articles", persist_result=False)
def extract_articles(paths: list[str], out: str, workers: int = 1, batch_size: int = 50) -> Summary:
    """Extract every article under `paths` into the folder `out` (claims.jsonl, articles.jsonl, rejects.jsonl).

    A bad article is rejected and the run goes on. An input without exactly one disposition raises
    `DispositionError`: the run ends Failed and the files in `out` stay as they were.
    """
    settings = Settings()
    inputs = [page.source for page in read_paths(paths, settings)]
    with contextlib.ExitStack() as stack:
        run = stack.enter_context(open_run(Path(out)))
        stream = stack.enter_context(contextlib.closing(extract_stream(read_paths(paths, settings), settings, workers)))
        results = stack.enter_context(_progress(stream, len(inputs)))
        disposed: list[str] = []
        for number, _ in enumerate(range(0, len(inputs), batch_size), 1):
            disposed += extract_batch(number, batch_size, results, run)
        disposed += [beyond.article.source for beyond in results]
        if problems := check_dispositions(inputs, disposed):
            raise DispositionError("\n".join(problems))
    summary = run.summary()
    create_markdown_artifact(markdown=_report(summary), key="infraclaims-run", description="Counts of one run")
    return summary


@contextlib.contextmanager
def _progress(results: Iterator[Extraction], total: int) -> Generator[Iterator[Extraction]]:
    """The same results, counted by a bar on stderr where that is a terminal."""
    console = Console(stderr=True)
    columns = TextColumn("extracting"), BarColumn(), MofNCompleteColumn(), TextColumn("articles"), TimeElapsedColumn()
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        yield iter(bar.track(results, total=total))


def _report(summary: Summary) -> str:
    rows = "\n".join(f"| {name} | {count} |" for name, count in summary)
    return f"| what | count |\n|---|---|\n{rows}\n"
