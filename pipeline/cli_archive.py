"""The verbs for archives: `reextract`, `verify`, `merge`."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli_io import counted, named_for_prefect, printing, writing
from pipeline.locks import BusyError, no_writer

if TYPE_CHECKING:
    from pipeline.reextract import Totals, Work

NOT_WHOLE, FAILED = 1, 3
"""Exit codes beside 0 (done) and 2 (usage): `verify` found something wrong; not every shard was done."""
_SHOWN = 20
_EXTRA = "this needs more packages: pip install 'infraclaims[archive]'"

_OUT = click.argument("out", type=click.Path(exists=True, file_okay=False, path_type=Path))


def commands() -> tuple[click.Command, ...]:
    """What `cli` adds to its verbs."""
    return reextract, verify, merge


@click.command()
@click.argument("archives", metavar="ARCHIVE...", nargs=-1, required=True)
@click.option(
    "-o", "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder for the shards."
)
@click.option("--workers", type=click.IntRange(min=1), help="Worker processes.  [default: one a core]")
@click.option("--cluster", metavar="ADDRESS", help="A Dask scheduler (tcp://host:8786), or local.")
@click.option("--no-screen", is_flag=True, help="Clean and annotate every page, whatever it shows.")
@click.option("--zstd", is_flag=True, help="Compress the outputs.")
@click.option("--parquet", is_flag=True, help="Write Parquet beside the JSONL.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and why, and do nothing.")
def reextract(
    archives: tuple[str, ...],
    out: Path,
    workers: int | None,
    cluster: str | None,
    no_screen: bool,
    zstd: bool,
    parquet: bool,
    dry_run: bool,
) -> None:
    """Write the claims of whole archives, shard by shard; what is done already is verified and skipped.

    ARCHIVE is a WARC file, a JSONL or Parquet file of articles, a folder of these or of HTML, a glob, or a list of
    such paths (warc.paths), here or under s3://, gs:// or https://. The claims and articles of each shard go to
    OUT/claims and OUT/articles, what was done to OUT/manifest.jsonl. After an interruption the same command goes on.

    Exit code: 0 when every input record has a disposition, 2 for wrong usage, 3 when shards are left to do.

    \b
    Example:
      infraclaims reextract CC-NEWS-20260305.warc.gz -o out
      infraclaims reextract "s3://bucket/crawl/*.warc.gz" -o out --workers 8 --dry-run
    """
    from pipeline.manifest import Options
    from pipeline.reextract import begun, finish, prepare, tidy
    from pipeline.settings import Settings

    settings, options = Settings(), Options(screen=not no_screen, zstd=zstd, parquet=parquet)
    if dry_run:
        with _explained():
            _say_what(prepare(archives, out, settings, options))
        return
    with _explained(), begun(archives, out, settings, options) as work:
        _say_what(work)
        if work.tasks:
            named_for_prefect(*archives, out)
            totals = _with_prefect(work, workers or os.cpu_count() or 1, cluster)
        else:  # a finished run is told so without the seconds that Prefect takes to start
            tidy(work)
            totals = finish(work, [])
    _say_totals(totals, out)


def _with_prefect(work: Work, workers: int, cluster: str | None) -> Totals:
    from pipeline import local_prefect

    used = {"hyperscan": work.tasks[0].options.screen, "prefect_dask": cluster is not None}
    missing = [name for name in used if used[name] and importlib.util.find_spec(name) is None]
    if missing:  # told before the seconds that Prefect takes to start
        raise ModuleNotFoundError(name=missing[0])
    with writing(Path(tempfile.gettempdir())):
        local_prefect.prepare()
    from pipeline import flows

    return flows.reextract_begun(work, workers, cluster)


@click.command()
@_OUT
def verify(out: Path) -> None:
    """Prove that the folder OUT of `reextract` is whole: files, digests, records, offsets, sums.

    Exit code: 0 when it is, 1 when something is wrong (each thing is named on stderr), 2 for wrong usage.

    \b
    Example:
      infraclaims verify out
    """
    from pipeline.manifest import NOT_FINISHED, is_unfinished
    from pipeline.verify import strangers
    from pipeline.verify import verify as verified

    records = claims = shards = wrong = 0
    with _explained(), no_writer(out):
        for entry, problems in verified(out):
            shards, records, claims = shards + 1, records + entry.records, claims + entry.claims
            wrong += bool(problems)
            for problem in problems[:_SHOWN]:
                click.echo(f"{entry.shard.id}: {problem}", err=True)
        others, unfinished = strangers(out), is_unfinished(out)
    for path in others:
        click.echo(f"{path}: no entry of the manifest names it", err=True)
    if unfinished:
        click.echo(f"{out}: {NOT_FINISHED}", err=True)
    found = f"{counted(wrong, 'shard')} of them wrong" if wrong else "not all" if others or unfinished else "whole"
    with printing():
        click.echo(f"{counted(shards, 'shard')}, {counted(records, 'record')}, {counted(claims, 'claim')}: {found}")
    sys.exit(NOT_WHOLE if wrong or others or unfinished else 0)


@click.command()
@_OUT
@click.option("-o", "--to", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to write.")
def merge(out: Path, to: Path) -> None:
    """Write the claims of the folder OUT of `reextract` into one sorted file.

    Claims are sorted by document id. Of a document that several shards hold the first shard counts.

    \b
    Example:
      infraclaims merge out -o claims.jsonl
    """
    from pipeline.merge import merge as merged

    with _explained(), no_writer(out), writing(to):
        done = merged(out, to)
    again = f"; {done.duplicates:,} of documents that an earlier shard has are left out" if done.duplicates else ""
    click.echo(f"wrote {counted(done.claims, 'claim')} to {to}{again}", err=True)


def _say_what(work: Work) -> None:
    """What is to do and why, on stderr."""
    from pipeline.manifest import WHY, Why

    reasons: Counter[Why] = Counter(todo.why for todo in work.comparison.todo)
    size = sum(todo.shard.size for todo in work.comparison.todo) / 1e6
    kept, todo = len(work.comparison.kept), len(work.comparison.todo)
    click.echo(
        f"{counted(len(work.shards), 'shard')}: {kept:,} done and verified, {todo:,} to do ({size:,.0f} MB)", err=True
    )
    for why, count in sorted(reasons.items()):
        click.echo(f"  {count:,}: {WHY[why]}", err=True)
    if work.comparison.gone:
        click.echo(f"  {counted(len(work.comparison.gone), 'shard')} of changed inputs: removed", err=True)


def _say_totals(totals: Totals, out: Path) -> None:
    dispositions = ", ".join(f"{count:,} {name}" for name, count in totals.dispositions.items())
    click.echo(f"{counted(totals.records, 'record')}: {dispositions}; {counted(totals.claims, 'claim')}", err=True)
    for reason, count in sorted(totals.reasons.items(), key=lambda item: -item[1]):
        click.echo(f"  {count:,} {reason}", err=True)
    click.echo(f"wrote {out}", err=True)


@contextlib.contextmanager
def _explained() -> Generator[None]:
    """Turns what a person can mend into a message: usage errors, a missing extra, shards left to do."""
    from pipeline.manifest import ManifestError
    from pipeline.sources.archive import ArchiveError
    from pipeline.store import DispositionError

    try:
        yield
    except (ArchiveError, ManifestError, BusyError) as error:
        raise click.UsageError(str(error)) from error
    except ModuleNotFoundError as error:
        raise click.UsageError(f"{_EXTRA} ({error.name} is missing)") from error
    except DispositionError as error:
        click.echo(f"infraclaims: {error}", err=True)
        sys.exit(FAILED)
    except OSError as error:
        raise click.UsageError(f"{error.filename or ''}: {error.strerror or error}") from error
