"""The Prefect flows: `extract-articles` for files, `ingest` for sources that are read on a schedule.

`reextract` takes a whole archive shard by shard. The only module that imports Prefect. It composes what works without
it (`read_paths`, `extract_stream`, `open_run`; the stages of `pipeline.ingest`; `reextract.begun`, `run_shard`,
`reextract.finish`) and decides nothing about an article.
"""

# No `from __future__ import annotations`: Prefect runs this file under another name, where it finds no type by name.

import asyncio
import contextlib
import itertools
import logging
import queue
import time
from collections.abc import Callable, Collection, Generator, Iterator
from pathlib import Path
from typing import Annotated, Any, cast

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.futures import PrefectFuture
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Cancelled
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner
from prefect.types.entrypoint import EntrypointType
from pydantic import Field
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from pipeline import manifest
from pipeline import reextract as archive
from pipeline.clock import utc_now
from pipeline.ingest import closing, config
from pipeline.ingest import run as ingestion
from pipeline.ingest.context import Context, Event
from pipeline.ingest.report import markdown
from pipeline.ingest.terminal import level, trouble
from pipeline.locks import BusyError
from pipeline.manifest import Entry, Options
from pipeline.records import Extraction
from pipeline.reextract import Totals, Work
from pipeline.settings import Settings
from pipeline.shard_pool import ShardPool
from pipeline.shards import ShardTask, run_shard
from pipeline.sources.files import read_paths
from pipeline.store import DispositionError, RunWriter, Summary, check_dispositions, open_run
from pipeline.stream import extract_stream

WORKERLESS_SECONDS = 120.0
"""How long a run waits for a cluster that has no worker."""
_LOOK = 5.0
"""Seconds between two looks at a cluster."""


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
    except BusyError as busy:
        return Cancelled(message=f"skipped: {busy}")
    create_markdown_artifact(markdown=markdown(report), key="infraclaims-ingest", description="What one run did")
    return report.summary


def _logged() -> Callable[[Event], None]:
    """Events into the log of the run."""
    logger = get_run_logger()

    def log(event: Event) -> None:
        number = logging.getLevelNamesMapping()[level(event).upper()]
        if logger.isEnabledFor(number):  # a line costs a millisecond, and a row of Prefect's database
            logger.log(number, "%s", trouble(event), extra=event.model_dump(mode="json", exclude={"message"}))

    return log


def serve_ingest(sources: str, cron: str, workers: int) -> None:
    """Run `ingest` on a schedule until this process is stopped, one run at a time."""
    alone = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
    parameters = {"sources": sources, "workers": workers}
    ingest.serve(
        name="serve", cron=cron, parameters=parameters, global_limit=alone, limit=1,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )  # fmt: skip


@task(name="extract-shard", task_run_name="{work.shard.id}", cache_policy=NO_CACHE, persist_result=False)
def extract_shard(work: ShardTask, pool: ShardPool | None) -> Entry:
    """One shard, in a process of the pool or, on a cluster, in the process that this runs in."""
    return pool.do(work) if pool else run_shard(work)


@flow(name="reextract", persist_result=False)
def reextract(
    paths: Annotated[list[str], Field(min_length=1)],
    out: Annotated[str, Field(min_length=1)],
    workers: Annotated[int, Field(ge=1, le=256)] = 1,
    cluster: str | None = None,
    screen: bool = True,
    zstd: bool = False,
    parquet: bool = False,
) -> Totals:
    """Extract archives into shards; shards that are done already are verified and skipped.

    The run ends Failed unless every shard is done and every input record has a disposition; what was done stays, and
    the same call does the rest.

    Args:
        paths: Archives: files, folders, globs or addresses.
        out: Folder for the shards and their manifest.
        workers: Processes that do the shards, on this machine or of a local cluster.
        cluster: Address of a Dask scheduler, or "local" for one on this machine.
        screen: Whether pages that show no evidence of a claim are left unread.
        zstd: Whether the outputs are compressed.
        parquet: Whether Parquet is written beside the JSON Lines.
    """
    options = Options(screen=screen, zstd=zstd, parquet=parquet)
    with archive.begun(paths, Path(out), Settings(), options) as work:
        return _do(work, workers, cluster)


def reextract_begun(work: Work, workers: int, cluster: str | None) -> Totals:
    """The flow `reextract` over work that was prepared, so that what is done already is verified no second time."""

    @flow(name="reextract", persist_result=False)
    def prepared() -> Totals:
        return _do(work, workers, cluster)

    return prepared()


def _do(work: Work, workers: int, cluster: str | None) -> Totals:
    archive.tidy(work)
    done = _run_shards(work, workers, cluster) if work.tasks else []
    totals = archive.finish(work, done)
    create_markdown_artifact(markdown=_totals_report(totals), key="infraclaims-reextract", description="Sums of a run")
    return totals


def _run_shards(work: Work, workers: int, cluster: str | None) -> list[Entry]:
    """Do all shards that are to do; each enters the manifest as soon as it is done."""
    done: list[Entry] = []
    failures = Console(stderr=True, highlight=False)
    with contextlib.ExitStack() as stack:
        pool = None
        if cluster is None:
            pool = stack.enter_context(contextlib.closing(ShardPool(workers, screen=work.tasks[0].options.screen)))
        else:
            stack.enter_context(_server_for_others())
        # Threads only wait for the pool's processes.
        runner = _runner(cluster, workers)
        stack.enter_context(runner)
        advance = stack.enter_context(_shard_progress(work))
        futures: dict[PrefectFuture[Any], str] = {
            runner.submit(extract_shard, {"work": task, "pool": pool}): task.shard.id for task in work.tasks
        }
        for future in _ended(futures, runner):
            entry = _outcome(future)
            if isinstance(entry, Entry):
                manifest.append(work.out, entry)
                done.append(entry)
            else:  # the others go on; at the end the run fails
                failures.print(f"{futures[future]}: {type(entry).__name__}: {entry}", markup=False, soft_wrap=True)
            advance(entry)
    return done


def _ended(futures: Collection[PrefectFuture[Any]], runner: TaskRunner[Any]) -> Iterator[PrefectFuture[Any]]:
    """The futures in the order in which they end.

    Raises DispositionError when a cluster has had no worker for two minutes: then no other one would end.
    """
    ended: queue.SimpleQueue[PrefectFuture[Any]] = queue.SimpleQueue()
    for future in futures:
        future.add_done_callback(ended.put)
    left, seen = len(futures), time.monotonic()
    while left:
        with contextlib.suppress(queue.Empty):
            yield ended.get(timeout=_LOOK)
            left -= 1
            continue
        if _has_workers(runner):
            seen = time.monotonic()
        elif time.monotonic() - seen > WORKERLESS_SECONDS:
            raise DispositionError(
                f"the cluster has had no worker for {WORKERLESS_SECONDS:.0f} seconds: {left} of {len(futures)} shards "
                "are left; start workers and run the same command again"
            )


def _has_workers(runner: TaskRunner[Any]) -> bool:
    """Whether anybody is there to do a task: always here, on a cluster where its scheduler knows a worker."""
    if isinstance(runner, ThreadPoolTaskRunner):
        return True
    client = cast(Any, runner).client
    try:
        return bool(client.status == "running" and client.nthreads())
    except (TimeoutError, OSError, RuntimeError):  # the scheduler does not answer either
        return False


def _outcome(future: PrefectFuture[Any]) -> object:
    """What a task returned, or the exception that it ended with; one whose workers keep dying has no state."""
    try:
        return future.result(raise_on_failure=False)
    except (Exception, asyncio.CancelledError) as error:
        return error


def _runner(cluster: str | None, workers: int) -> TaskRunner[Any]:
    """Threads here, or a runner on the scheduler at an address, or on a cluster of this machine."""
    if cluster is None:
        return cast(TaskRunner[Any], ThreadPoolTaskRunner(max_workers=workers))
    import dask.config
    from prefect_dask.task_runners import DaskTaskRunner

    # The process that does a shard has another one for its pages, which a daemon may not have.
    dask.config.set({"distributed.worker.daemon": False})
    if cluster != "local":
        return DaskTaskRunner(address=cluster)
    return DaskTaskRunner(cluster_kwargs={"n_workers": workers, "threads_per_worker": 1, "dashboard_address": None})


@contextlib.contextmanager
def _server_for_others() -> Generator[None]:
    """Lets the processes of a cluster report to this run's own Prefect server, where it has one."""
    if PREFECT_API_URL.value():
        yield
        return
    from prefect.server.api.server import SubprocessASGIServer  # a second and a half, for clusters only

    with temporary_settings({PREFECT_API_URL: SubprocessASGIServer().api_url}):
        yield


@contextlib.contextmanager
def _shard_progress(work: Work) -> Generator[Callable[[object], None]]:
    """A bar on stderr, where that is a terminal: stored bytes, pages a second, claims, time left."""
    console = Console(stderr=True)
    columns = (
        TextColumn("re-extracting"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[told]}"), TimeElapsedColumn(), TextColumn("left:"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        row = bar.add_task("", total=sum(task.shard.size for task in work.tasks), told="")
        pages = claims = 0

        def advance(entry: object) -> None:
            nonlocal pages, claims
            if isinstance(entry, Entry):
                pages, claims = pages + entry.records, claims + entry.claims
                seconds = bar.tasks[0].elapsed or 1.0
                told = f"{pages:,} pages, {pages / seconds:,.0f} a second, {claims:,} claims"
                bar.update(row, advance=entry.shard.size, told=told)

        yield advance


def _totals_report(totals: Totals) -> str:
    rows = {
        "shards": totals.shards, "done in this run": totals.done, "records": totals.records, **totals.dispositions,
        "claims": totals.claims, **totals.labels, "CPU seconds": totals.cpu_seconds,
    }  # fmt: skip
    table = "\n".join(f"| {name} | {count} |" for name, count in rows.items())
    reasons = "\n".join(f"| {name} | {count} |" for name, count in totals.reasons.items())
    return f"| what | count |\n|---|---|\n{table}\n\n| reason | records |\n|---|---|\n{reasons}\n"
