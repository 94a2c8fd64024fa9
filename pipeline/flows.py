"""The Prefect flows: `extract-articles` for files, `ingest` for sources that are read on a schedule.

The only module that imports Prefect. It composes what works without it (`read_paths`, `extract_stream`,
`open_run`; the stages of `pipeline.ingest`) and decides nothing about an article.
"""

# No `from __future__ import annotations`: Prefect runs this file under another name, where it finds no type by name.

import contextlib
import itertools
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Annotated, Any

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.states import Cancelled
from prefect.types.entrypoint import EntrypointType
from pydantic import Field
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from pipeline.clock import utc_now
from pipeline.ingest import closing, config
from pipeline.ingest import run as ingestion
from pipeline.ingest.context import Context, Event
from pipeline.ingest.report import markdown
from pipeline.ingest.terminal import trouble
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


@task(name="discover", cache_policy=NO_CACHE, persist_result=False)
def discover(context: Context) -> int:
    """Look at all sources; how many pages are new."""
    return ingestion.discover_all(context, Settings())


@task(name="ingest-batch", task_run_name="batch-{number}", cache_policy=NO_CACHE, persist_result=False)
def ingest_batch(context: Context, number: int, extract: ingestion.Extract) -> ingestion.BatchReport | None:
    """Fetch, extract and publish the next pages that are due; null if there are none."""
    return ingestion.run_batch(context, number, extract)


@task(name="finish", cache_policy=NO_CACHE, persist_result=False)
def finish(context: Context, new: int, reports: list[ingestion.BatchReport]) -> closing.RunReport:
    """Renew what people read, tell the webhook, note the outcome."""
    return closing.finish(context, new, reports)


@flow(name="ingest", persist_result=False)
def ingest(
    sources: Annotated[str, Field(min_length=1)] = "sources.toml",
    workers: Annotated[int, Field(ge=1, le=64)] = 1,
) -> Any:
    """Read the sources, fetch what is new and publish its claims; a run while another is under way is cancelled.

    What a killed run had begun, this one ends. Leaves an artifact: counts, new claims, slow and failing sources.

    Args:
        sources: Path of the sources file.
        workers: Worker processes for the extraction.
    """
    settings = config.load(Path(sources))
    try:
        with (
            ingestion.open_run(settings, utc_now, _logged()) as context,
            ingestion.extraction(Settings(), workers) as extract,
        ):
            report = closing.drive(
                context,
                discover=lambda: discover(context),
                batch=lambda number: ingest_batch(context, number, extract),
                finish=lambda new, reports: finish(context, new, reports),
            )
    except ingestion.BusyError as busy:
        return Cancelled(message=f"skipped: {busy}")
    create_markdown_artifact(markdown=markdown(report), key="infraclaims-ingest", description="What one run did")
    return report.summary


def _logged() -> Callable[[Event], None]:
    """Events into the log of the run."""
    logger = get_run_logger()

    def log(event: Event) -> None:
        level = logger.warning if event.stage == "alert" else logger.info
        level("%s", trouble(event), extra=event.model_dump(mode="json", exclude={"message"}))

    return log


def serve_ingest(sources: str, cron: str, workers: int) -> None:
    """Run `ingest` on a schedule until this process is stopped, one run at a time."""
    alone = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
    parameters = {"sources": sources, "workers": workers}
    ingest.serve(
        name="serve", cron=cron, parameters=parameters, global_limit=alone, limit=1,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )  # fmt: skip
