"""The verbs for claims of many articles: `ledger`, `signals`, `report`, `export`, `diff`."""

from __future__ import annotations

import contextlib
import datetime as dt
import sys
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli_io import FAILED, REJECTED, day, printing, writing
from pipeline.locks import only_one
from pipeline.store import sync_folder

if TYPE_CHECKING:
    from pipeline.ledger.overrides import Overrides
    from pipeline.ledger.store import Added, Ledger
    from pipeline.records import Claim, Rejected

DIFFERENT = 1
"""Exit code of `diff` where the two are not the same."""

LEDGER = "ledger.db"
"""The file of a ledger in its folder."""

_LEDGER = click.argument("ledger", metavar="LEDGER", type=click.Path(exists=True, path_type=Path))
_CLAIMS = click.argument("claims", metavar="CLAIMS...", nargs=-1)
_INTO = click.option(
    "-o", "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder of the ledger."
)
_OVERRIDES = click.option(
    "--overrides",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help="File of corrections (TOML); may be given several times.",
)

_AS_OF = click.option(
    "--as-of", metavar="YYYY-MM-DD", callback=day, help="Day of the judgement; else the last publication."
)


def commands() -> tuple[click.Command, ...]:
    """What `cli` adds to its verbs."""
    return ledger_group, signals, report, export, diff


@click.group("ledger")
def ledger_group() -> None:
    """Claims of many articles as assertions, with links and histories.

    \b
    Example:
      infraclaims ledger build out -o ledger
      infraclaims ledger show ledger Saltgrass
    """


@ledger_group.command()
@_CLAIMS
@_INTO
@_OVERRIDES
def build(claims: tuple[str, ...], out: Path, overrides: tuple[Path, ...]) -> None:
    """Make a ledger of CLAIMS: files of claims, folders of a run, or - (stdin). An earlier one is replaced.

    Exit code: 0 when every line was read, 1 when some were rejected (each is named on stderr and in rejects.jsonl),
    2 for wrong usage, or a folder that cannot be written or that another run has, 3 when no claim could be read: then
    an earlier ledger stays.

    \b
    Example:
      infraclaims ledger build out -o ledger
      infraclaims ledger build 2025.jsonl 2026.jsonl --overrides corrections.toml -o ledger
    """
    if not claims:
        raise click.UsageError("name at least one file of claims")
    with _usable(out), only_one(out):
        made = out / f".{LEDGER}.tmp"
        _remove(made)
        try:
            added = _add(made, claims, out, _corrections(overrides))
            if added.rejected and not added.new:
                click.echo(f"infraclaims: no claim could be read; {out / LEDGER} is as it was", err=True)
                sys.exit(FAILED)
            made.replace(out / LEDGER)
            sync_folder(out)
        finally:
            _remove(made)
    _tell(added, out)


@ledger_group.command()
@_CLAIMS
@_INTO
@_OVERRIDES
def add(claims: tuple[str, ...], out: Path, overrides: tuple[Path, ...]) -> None:
    """Add CLAIMS to a ledger: the same result as building it of all of them, at the cost of what they touch.

    Corrections that are given replace those of the ledger; without --overrides those stay.

    \b
    Example:
      infraclaims ledger add today.jsonl -o ledger
      infraclaims ledger add --overrides corrections.toml -o ledger
    """
    if not claims and not overrides:
        raise click.UsageError("name files of claims, or corrections")
    with _usable(out), only_one(out):
        added = _add(out / LEDGER, claims, out, _corrections(overrides))
    _tell(added, out)


@ledger_group.command()
@_LEDGER
@click.argument("subject", required=False)
@click.option("--rules", is_flag=True, help="Name the rule of each link in the table.")
def show(ledger: Path, subject: str | None, rules: bool) -> None:
    """Show the history of SUBJECT (a name or an id), or without one what is in the ledger.

    Each line has the day on which it was told, and who published it; a deal names its parties. On a terminal a table,
    into a pipe the history as JSONL.

    \b
    Example:
      infraclaims ledger show ledger
      infraclaims ledger show ledger "Saltgrass"
    """
    from pipeline.ledger.show import history_table, overview
    from pipeline.render import Screen
    from pipeline.store import line

    with _opened(ledger) as book, printing():
        if subject is None:
            Screen(highlight=False).print(overview(book))
            return
        steps = list(book.told_of(subject))
        if not steps:
            raise _unknown(book, subject)
        if sys.stdout.isatty():
            Screen(highlight=False).print(history_table(steps, rules=rules))
        else:
            sys.stdout.buffer.writelines(map(line, steps))


@ledger_group.command("export")
@_LEDGER
@click.option(
    "-o", "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder for the files."
)
@click.option("--format", "form", type=click.Choice(["jsonl", "parquet"]), default="jsonl", show_default=True)
def export_ledger(ledger: Path, out: Path, form: str) -> None:
    """Write claims, assertions, links and history as JSONL, or as Parquet with views.sql for DuckDB.

    \b
    Example:
      infraclaims ledger export ledger -o tables --format parquet
    """
    from pipeline.ledger import export

    with _opened(ledger) as book, _usable(out):
        written = (export.export_parquet if form == "parquet" else export.export_jsonl)(book, out)
    for path in written:
        click.echo(f"wrote {path}", err=True)


@click.command()
@_LEDGER
@_AS_OF
@click.option("--about", help="Only values about this site or company.")
@click.option("--all", "everything", is_flag=True, help="Also the measures of which no claim tells anything.")
def signals(ledger: Path, as_of: dt.date | None, about: str | None, everything: bool) -> None:
    """Deployment cadence, energy and cooling, customer concentration (docs/signals.md defines every measure).

    The values that have a number, or evidence that is thin; with --all also those without any. On a terminal a table,
    into a pipe JSONL with the claims behind each.

    \b
    Example:
      infraclaims signals ledger
      infraclaims signals ledger --as-of 2026-06-30 > signals.jsonl
    """
    from pipeline.ledger.names import plain_words
    from pipeline.render import Screen
    from pipeline.signals.compute import of_ledger
    from pipeline.signals.show import values_table
    from pipeline.store import line

    with _opened(ledger) as book, printing():
        values = of_ledger(book, as_of)
        if about is not None:
            values = [value for value in values if about == value.key or plain_words(about) == plain_words(value.name)]
            if not values and not book.known(about):
                raise _unknown(book, about)
        values = [value for value in values if everything or value.basis]
        if sys.stdout.isatty():
            Screen(highlight=False).print(values_table(values))
        else:
            sys.stdout.buffer.writelines(map(line, values))


@click.command()
@_LEDGER
@click.option(
    "-o", "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder for index.html."
)
@_AS_OF
def report(ledger: Path, out: Path, as_of: dt.date | None) -> None:
    """Write one self-contained page of the ledger: overview, timelines, claims, suppliers, signals.

    It opens from disk, needs no network, and runs nothing that comes from an article.

    \b
    Example:
      infraclaims report ledger -o report
    """
    from pipeline.report.page import write_report

    with _opened(ledger) as book, _usable(out):
        path = write_report(book, out, as_of)
    click.echo(f"wrote {path}", err=True)


@click.command()
@_CLAIMS
@click.option(
    "-o", "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="FILE.parquet or FILE.jsonld."
)
def export(claims: tuple[str, ...], out: Path) -> None:
    """Write CLAIMS as Parquet with flat columns, or as schema.org JSON-LD, by the ending of FILE.

    Exit code: 0 when every line was read, 1 when some were rejected (each is named on stderr), 2 for wrong usage.

    \b
    Example:
      infraclaims export out -o claims.parquet
      infraclaims export out -o claims.jsonld
    """
    from pipeline.claim_files import claims_or_rejected
    from pipeline.records import Rejected

    if not claims or out.suffix not in (".parquet", ".jsonld"):
        raise click.UsageError("name files of claims, and with -o a file that ends in .parquet or .jsonld")
    rejects: list[Rejected] = []
    items = (item for item in _naming(claims_or_rejected(claims), rejects) if not isinstance(item, Rejected))
    with _usable(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        if out.suffix == ".parquet":
            from pipeline.flat import flat_row
            from pipeline.parquet import write_parquet
            from pipeline.tables import claim_fields

            write_parquet(out, claim_fields(), map(flat_row, items))
        else:
            from pipeline.jsonld import jsonld_lines
            from pipeline.store import replacing

            with replacing([out]) as (file,):
                file.writelines(text.encode("utf-8", "replace") for text in jsonld_lines(items))
    click.echo(f"wrote {out}", err=True)
    sys.exit(REJECTED if rejects else 0)


@click.command()
@click.argument("before", type=click.Path(exists=True, path_type=Path))
@click.argument("after", type=click.Path(exists=True, path_type=Path))
def diff(before: Path, after: Path) -> None:
    """Compare two extractions: claims added, gone, and changed in label or value.

    BEFORE and AFTER are files of claims or folders of a run. On a terminal a line a difference, into a pipe JSONL; the
    summary goes to stderr.

    Exit code: 0 when they say the same, 1 when they differ, 2 for wrong usage or a line that is no claim.

    \b
    Example:
      infraclaims diff out-old out-new
    """
    from pipeline.claim_files import ClaimFileError, read_claims
    from pipeline.compare import counts, differences
    from pipeline.render import difference
    from pipeline.store import line

    try:
        found = differences(read_claims(before), read_claims(after))
    except ClaimFileError as error:
        raise click.UsageError(str(error)) from error
    with printing():
        for item in found:
            if sys.stdout.isatty():
                click.echo(difference(item))
            else:
                sys.stdout.buffer.write(line(item))
    click.echo(", ".join(f"{count} {name}" for name, count in counts(found).items()), err=True)
    sys.exit(DIFFERENT if found else 0)


def _unknown(book: Ledger, name: str) -> click.UsageError:
    """Says that there is no such name, and which are like it."""
    nearest = " or ".join(map(repr, book.nearest(name)))
    return click.UsageError(f"the ledger knows no {name!r}" + (f"; did you mean {nearest}?" if nearest else ""))


def _remove(path: Path) -> None:
    """Remove a ledger that was not finished, and the journal that SQLite keeps beside it."""
    for each in (path, path.with_name(f"{path.name}-journal")):
        each.unlink(missing_ok=True)


def _corrections(paths: tuple[Path, ...]) -> Overrides | None:
    from pipeline.ledger.overrides import read_overrides

    return read_overrides(paths) if paths else None


def _add(path: Path, claims: tuple[str, ...], out: Path, overrides: Overrides | None) -> Added:
    from pipeline.claim_files import claims_or_rejected
    from pipeline.ledger.store import Ledger
    from pipeline.store import REJECTS

    rejects: list[Rejected] = []
    with Ledger(path, create=True) as book:
        added = book.add(_naming(claims_or_rejected(claims), rejects), overrides)
    _write_rejects(rejects, out / REJECTS)
    return added


def _naming(items: Iterable[Claim | Rejected], rejects: list[Rejected]) -> Iterator[Claim | Rejected]:
    """The items as they are; the rejected are named on stderr and kept."""
    from pipeline.records import Rejected
    from pipeline.render import rejection

    for item in items:
        if isinstance(item, Rejected):
            click.echo(rejection(item.source, item.message, item.reason), err=True)
            rejects.append(item)
        yield item


def _write_rejects(rejects: Iterable[Rejected], path: Path) -> None:
    from pipeline.store import Reject, line, replacing

    records = [Reject(source=item.source, reason=item.reason, message=item.message) for item in rejects]
    with replacing([path]) as (file,):
        file.writelines(map(line, records))


def _tell(added: Added, out: Path) -> None:
    """What was done, on stderr; ends with exit code 1 where lines were rejected."""
    from pipeline.ledger.show import added_line

    click.echo(added_line(added), err=True)
    click.echo(f"wrote {out / LEDGER}", err=True)
    sys.exit(REJECTED if added.rejected else 0)


@contextlib.contextmanager
def _usable(out: Path) -> Generator[None]:
    """Turns what is wrong with files that were named into a usage error that says what."""
    from pipeline.ledger.overrides import OverridesError
    from pipeline.ledger.store import LedgerError
    from pipeline.parquet import MissingExtraError

    try:
        with writing(out):
            yield
    except (LedgerError, OverridesError, MissingExtraError) as error:
        raise click.UsageError(str(error)) from error


@contextlib.contextmanager
def _opened(path: Path) -> Generator[Ledger]:
    """The ledger in a folder or file."""
    from pipeline.ledger.store import Ledger

    with _usable(path), Ledger(path / LEDGER if path.is_dir() else path) as book, book.snapshot():
        yield book
