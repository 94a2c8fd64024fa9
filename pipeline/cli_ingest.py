"""The verbs of the operator: ingest, status, retry, sources check, serve. `cli` makes them known."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli_io import printing

if TYPE_CHECKING:
    from pipeline.ingest.config import Config

ATTENTION, FAILED = 1, 3
"""Exit codes: something needs somebody (`status`, `sources check`); a run that could not go on."""

_SOURCES = click.option(
    "--sources", "path", type=click.Path(dir_okay=False, path_type=Path), default=Path("sources.toml"),
    show_default=True, help="The sources file.",
)  # fmt: skip


@click.command()
@_SOURCES
@click.option("--once", is_flag=True, help="Say that this is one run; a schedule is what `serve` is for.")
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Worker processes.")
def ingest(path: Path, once: bool, workers: int) -> None:
    """Read the sources, fetch what is new, and publish its claims.

    A run that is killed is gone on with by the next. A run while another is under way is skipped. On a terminal
    it shows its progress, elsewhere it writes one JSON object a line to stderr.

    Exit code: 0 when done or skipped, 2 for a sources file that cannot be used, 3 when the run could not go on.

    \b
    Example:
      infraclaims ingest --once
      infraclaims ingest --once --sources news/sources.toml --workers 2
    """
    if not once:
        raise click.UsageError("say --once for one run, or `infraclaims serve` for a schedule")
    config = _config(path)
    from rich.console import Console

    from pipeline.clock import utc_now
    from pipeline.display import one_line
    from pipeline.ingest.closing import ingest as run
    from pipeline.ingest.run import extraction, open_run
    from pipeline.ingest.terminal import listening
    from pipeline.locks import BusyError
    from pipeline.render import summary_line
    from pipeline.settings import Settings

    settings = Settings()
    with _failing(config), listening(utc_now) as report:
        try:
            with open_run(config, utc_now, report) as context, extraction(settings, workers) as extract:
                done = run(context, settings, extract)
        except BusyError as busy:
            click.echo(f"infraclaims: skipped: {busy}", err=True)
            return
    console = Console(stderr=True, highlight=False)
    console.print(summary_line(done.summary), soft_wrap=True)
    for alert in done.alerts:
        console.print(f"alert: {one_line(alert)}", markup=False, soft_wrap=True)


@click.command()
@_SOURCES
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
def status(path: Path, as_json: bool) -> None:
    """Show what ran, what is stuck, and how far behind it is.

    Exit code: 0 when all is well, 1 when a source has failed or been silent for days, 2 for wrong usage.

    \b
    Example:
      infraclaims status
      infraclaims status --json
    """
    config = _config(path)
    from pipeline.clock import utc_now
    from pipeline.ingest.health import status as read
    from pipeline.ingest.tables import opened
    from pipeline.ingest.terminal import status_view
    from pipeline.render import Screen

    _need_state(config)
    with _failing(config), opened(config.state_url) as engine, engine.connect() as db:
        now = utc_now()
        found = read(db, config, now.timestamp())
    with printing():
        if as_json:
            click.echo(found.to_json())
        else:
            Screen(highlight=False).print(status_view(found, now))
    sys.exit(ATTENTION if found.alerts else 0)


@click.command()
@_SOURCES
@click.option("--source", help="Only pages of this source.")
@click.option("--reason", help="Only pages with this reason, such as timeout.")
@click.option("--url", help="Only this page.")
def retry(path: Path, source: str | None, reason: str | None, url: str | None) -> None:
    """Make pages due at once that wait for another try or were rejected, and sources that failed.

    The next run takes them. Without an option: all of them.

    \b
    Example:
      infraclaims retry --reason timeout
      infraclaims retry --source example-wire
    """
    config = _config(path)
    from pipeline.ingest.health import sources_due
    from pipeline.ingest.queue import again
    from pipeline.ingest.tables import opened

    _need_state(config)
    with _failing(config), opened(config.state_url) as engine, engine.begin() as db:
        pages = again(db, source=source, reason=reason, url=url)
        looked_at = 0 if url or reason else sources_due(db, source)
    if source and source not in config.by_name and not pages:
        raise _unknown(config, path, source)
    with printing():
        click.echo(f"{pages} pages and {looked_at} sources are due again")


@click.group()
def sources() -> None:
    """Look after the sources file.

    \b
    Example:
      infraclaims sources check
    """


@sources.command()
@click.argument("names", nargs=-1)
@_SOURCES
def check(names: tuple[str, ...], path: Path) -> None:
    """Tell for each source what it announces and what is wrong with it; nothing is written.

    Exit code: 0 when all can be used, 1 when one cannot, 2 for a sources file that cannot be used.

    \b
    Example:
      infraclaims sources check
      infraclaims sources check example-wire
    """
    config = _config(path)
    if unknown := sorted(set(names) - set(config.by_name)):
        raise _unknown(config, path, unknown[0])
    from pipeline.clock import utc_now
    from pipeline.display import one_line
    from pipeline.ingest.check import check as look

    found = look(config, names, utc_now)
    with printing():
        for each in found:
            newest = f", newest of {each.newest}" if each.newest else ""
            outcome = each.wrong or f"{each.found} found, {each.admitted} taken{newest}"
            click.echo(f"{'wrong' if each.wrong else 'ok':5}  {each.name}: {one_line(outcome)}")
            for extra in (each.note, each.example and f"such as {each.example}"):
                if extra:
                    click.echo(f"       {one_line(extra)}")
    sys.exit(ATTENTION if any(each.wrong for each in found) else 0)


@click.command()
@_SOURCES
@click.option("--cron", default="7 * * * *", show_default=True, help="When to run, as cron writes it (UTC).")
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Worker processes.")
def serve(path: Path, cron: str, workers: int) -> None:
    """Run `ingest` on a schedule, until it is stopped, by one command.

    Starts a Prefect server on loopback with its files in the data folder, unless the environment names one
    (PREFECT_API_URL). A run that would overlap another is skipped.

    \b
    Example:
      infraclaims serve --cron "7 * * * *"
    """
    config = _config(path)
    from pipeline import local_prefect

    with _failing(config), local_prefect.server(config.data / "prefect") as api:
        click.echo(f"Prefect is at {api.removesuffix('/api')}; stop with Ctrl-C", err=True)
        from pipeline import flows

        flows.serve_ingest(str(path.resolve()), cron, workers)


def commands() -> tuple[click.Command, ...]:
    """What `cli` adds to its verbs."""
    return ingest, status, retry, sources, serve


def _config(path: Path) -> Config:
    from pipeline.ingest.config import ConfigError, load

    try:
        return load(path)
    except ConfigError as error:
        raise click.UsageError(str(error)) from error


def _unknown(config: Config, path: Path, source: str) -> click.UsageError:
    return click.UsageError(f"{path} has no source {source!r}; it has {', '.join(config.by_name)}")


def _need_state(config: Config) -> None:
    if not config.operation.state_url and not (config.data / "state.db").exists():
        raise click.UsageError(f"{config.data} holds no state: no run has been yet")


@contextlib.contextmanager
def _failing(config: Config) -> Generator[None]:
    """A disk that is full or a state that cannot be opened ends the program with a message, not with a traceback."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import DBAPIError

    from pipeline.display import one_line
    from pipeline.ingest.tables import StateError

    try:
        yield
    except (OSError, StateError, DBAPIError) as error:
        why: object = error
        if isinstance(error, DBAPIError):
            why = f"the state {make_url(config.state_url).render_as_string()}: {error.orig}"
        click.echo(f"infraclaims: the run could not go on: {one_line(str(why))}", err=True)
        sys.exit(FAILED)
