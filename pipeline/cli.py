"""The verbs that a person types. Each imports what it needs when it runs, so that `--help` answers at once."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline import cli_archive, cli_evaluate, cli_ingest, cli_ledger
from pipeline.cli_io import FAILED, REJECTED, Program, day, named_for_prefect, printing, write_page, writing
from pipeline.locks import BusyError

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.records import Claim, Extraction, Page, Rejected
    from pipeline.store import Summary

SHOWN, SHOWN_OF_ONE = 40, 2
"""Claims that the closing table of `run` shows, in all and of one article; the files hold all of them."""

_OTHER_FORMATS = frozenset({".json", ".ndjson", ".csv", ".parquet"})


_PUBLISHED = click.option(
    "--published", metavar="YYYY-MM-DD", callback=day, help="Publication date of inputs that tell none."
)
_URL = click.option("--url", help="Address of inputs that tell none.")
_WORKERS = click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Worker processes.")


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="infraclaims", message="%(prog)s %(version)s")
def main() -> None:
    """Read news about AI infrastructure and write one labelled claim per fact.

    \b
    Example:
      infraclaims extract article.html
      infraclaims explain article.html --html why.html
    """


@main.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), help="Folder for all records, or a .jsonl file for claims."
)
@_PUBLISHED
@_URL
@_WORKERS
def extract(paths: tuple[str, ...], out: Path | None, published: dt.date | None, url: str | None, workers: int) -> None:
    """Write the claims of files, folders, globs or - (stdin).

    HTML, Markdown, plain text and JSONL of articles are told apart by content. With -o DIR the claims, the
    articles and the rejected inputs are written as claims.jsonl, articles.jsonl and rejects.jsonl; with
    -o FILE.jsonl only the claims. Without -o they go to stdout: as JSONL into a pipe, as a table on a terminal.

    Exit code: 0 when no input was rejected, 1 when some were (each is named on stderr), 2 for wrong usage.

    \b
    Example:
      infraclaims extract articles/ page.html "news/*.md" -o out
      infraclaims extract articles.jsonl -o claims.jsonl --workers 2
      cat page.html | infraclaims extract - --published 2026-03-05 > claims.jsonl
    """
    from pipeline.settings import Settings
    from pipeline.stream import extract_stream

    _check_out(out)
    with contextlib.closing(extract_stream(_pages(paths, url, published), Settings(), workers)) as stream:
        results = _naming_rejected(stream)
        if out is None and not sys.stdout.isatty():
            rejected = _stream(results)
        elif out is None:
            rejected = _show(results)
        else:
            rejected = _write(results, out)
    sys.exit(REJECTED if rejected else 0)


@main.command()
@click.argument("article")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write one HTML page there instead.")
@_PUBLISHED
@_URL
def explain(article: str, html: Path | None, published: dt.date | None, url: str | None) -> None:
    """Show what was found in ARTICLE and why each claim has its label.

    ARTICLE is a file, - (stdin), or FILE.jsonl:LINE for one line of a file of articles.

    \b
    Example:
      infraclaims explain article.html
      infraclaims explain articles.jsonl:3 --html why.html
    """
    page = _one_page(article, url, published)
    from pipeline.extractor import build, explain_page
    from pipeline.settings import Settings

    found = explain_page(page, build(Settings()))
    rejected = found.extraction.article.disposition == "rejected"
    if html is None:
        from pipeline.render import Screen, explanation

        with printing():
            Screen(highlight=False).print(explanation(found))
    elif not rejected:
        from pipeline.explain_html import page as html_page

        write_page(html, html_page(found))
    if rejected:
        _name_rejected(found.extraction)
        sys.exit(REJECTED)


@main.command()
@click.argument("record", type=click.Choice(["claim", "article"]), default="claim")
def schema(record: str) -> None:
    """Print the JSON Schema of a claim (the default) or an article.

    \b
    Example:
      infraclaims schema claim > claim.schema.json
    """
    from pipeline.schema import schema_text

    with printing():
        click.echo(schema_text("article" if record == "article" else "claim"), nl=False)


@main.command()
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option(
    "-o", "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder for the records."
)
@_WORKERS
def run(paths: tuple[str, ...], out: Path, workers: int) -> None:
    """Write the claims by a Prefect flow and show some of them.

    Starts a Prefect of its own and stops it again, unless the environment names one (PREFECT_API_URL).

    Exit code: 0 when no input was rejected, 1 when some were (each is named on stderr), 2 for wrong usage,
    3 when the run failed and wrote nothing.

    \b
    Example:
      infraclaims run corpus/samples -o out
    """
    from pipeline import local_prefect
    from pipeline.render import Screen
    from pipeline.store import try_out

    named_for_prefect(*paths, out)
    with writing(out):  # known before the seconds that Prefect takes to start
        try_out(out)
    if sys.stderr.isatty():
        click.echo("starting Prefect, some ten seconds ...", err=True)
    with writing(Path(tempfile.gettempdir())):
        local_prefect.prepare()
    from pipeline import flows

    try:
        summary = flows.extract_articles(list(paths), str(out), workers)
    except BusyError as busy:
        raise click.UsageError(str(busy)) from busy
    except Exception as error:
        click.echo(f"infraclaims: the run failed and wrote nothing: {error}", err=True)
        sys.exit(FAILED)
    with printing():
        _closing(Screen(highlight=False), out, summary)
    sys.exit(REJECTED if summary.rejected else 0)


for _module in (cli_evaluate, cli_archive, cli_ingest, cli_ledger):
    for _command in _module.commands():
        main.add_command(_command)


def _pages(paths: tuple[str, ...], url: str | None, published: dt.date | None) -> Iterator[Page | Rejected]:
    from pipeline.settings import Settings
    from pipeline.sources.files import read_paths

    stdin = sys.stdin.buffer if sys.stdin else None
    return read_paths(paths, Settings(), stdin=stdin, url=url, published=published)


def _one_page(article: str, url: str | None, published: dt.date | None) -> Page | Rejected:
    """The page that `article` names; a usage error where it names none or several."""
    path, _, number = article.rpartition(":")
    of_line = number.isdigit() and path and not Path(article).exists()
    pages = _pages((path if of_line else article,), url, published)
    chosen = [page for page in pages if not of_line or page.source == article]
    if len(chosen) == 1:
        return chosen[0]
    if of_line:
        raise click.UsageError(f"{path} has no article in line {number}")
    raise click.UsageError(f"{article} holds {len(chosen)} articles: name one, such as {chosen[0].source}")


def _naming_rejected(results: Iterator[Extraction]) -> Iterator[Extraction]:
    for result in results:
        if result.article.disposition == "rejected":
            _name_rejected(result)
        yield result


def _name_rejected(result: Extraction) -> None:
    from pipeline.render import rejection

    article = result.article
    click.echo(rejection(article.source, article.message or "rejected", article.reason or "unknown"), err=True)


def _stream(results: Iterator[Extraction]) -> int:
    """JSONL to stdout while it arrives; the number of rejected inputs."""
    from pipeline.store import line

    rejected = 0
    for result in results:
        with printing():
            sys.stdout.buffer.writelines(map(line, result.claims))
        rejected += result.article.disposition == "rejected"
    return rejected


def _show(results: Iterator[Extraction]) -> int:
    """A table to the terminal; the number of rejected inputs."""
    from collections import Counter

    from rich.console import Console

    from pipeline.render import claims_table, summary_line
    from pipeline.store import count, summary

    counts: Counter[str] = Counter()
    claims: list[Claim] = []
    for result in results:
        claims += result.claims
        count(counts, result)
    console = Console(highlight=False)
    if claims:
        console.print(claims_table(claims, console.width), "")
    console.print(summary_line(summary(counts)), soft_wrap=True)
    return counts["rejected"]


def _write(results: Iterator[Extraction], out: Path) -> int:
    """Files as `-o` asks; the number of rejected inputs."""
    from rich.console import Console

    from pipeline.render import summary_line
    from pipeline.store import write_claims, write_run

    to_file = _is_jsonl(out) and not out.is_dir()
    with writing(out):
        summary = (write_claims if to_file else write_run)(results, out)
    Console(stderr=True, highlight=False).print(summary_line(summary), soft_wrap=True)
    click.echo(f"wrote {out}", err=True)
    return summary.rejected


def _is_jsonl(out: Path) -> bool:
    return out.suffix.lower() == ".jsonl"


def _check_out(out: Path | None) -> None:
    """Refuses what is no folder, or would become one named like a file of another format."""
    if out is None or out.is_dir() or _is_jsonl(out):
        return
    if out.exists() or str(out) == "-" or out.suffix.lower() in _OTHER_FORMATS:
        raise click.UsageError(f"-o takes a folder or a .jsonl file, not {out}; without -o the claims go to stdout")


def _closing(console: Console, out: Path, summary: Summary) -> None:
    """The table of some claims, the rejected inputs, where everything is, and what to try next."""
    from pipeline.records import Claim
    from pipeline.render import claims_table, rejection, summary_line
    from pipeline.store import ARTICLES, CLAIMS, REJECTS, Reject

    with (out / CLAIMS).open(encoding="utf-8") as lines:
        by_article = itertools.groupby(map(Claim.model_validate_json, lines), key=lambda claim: claim.document.id)
        firsts = itertools.chain.from_iterable(itertools.islice(group, SHOWN_OF_ONE) for _, group in by_article)
        claims = list(itertools.islice(firsts, SHOWN))
    if claims:
        console.print(claims_table(claims, console.width), "")
    if summary.claims > len(claims):
        console.print(f"{len(claims)} of {summary.claims:,} claims; all are in {out / CLAIMS}\n", markup=False)
    console.print(summary_line(summary), soft_wrap=True)
    with (out / REJECTS).open(encoding="utf-8") as lines:
        for reject in map(Reject.model_validate_json, lines):
            click.echo(rejection(reject.source, reject.message, reject.reason), err=True)
    program, example = shlex.quote(_invoked_as()), _example(out / ARTICLES)
    console.print(f"\nWritten to {out}/: {CLAIMS}, {ARTICLES}, {REJECTS}\nTry next:", markup=False)
    if example:
        page = shlex.quote(str(out / "why.html"))
        console.print(f"  {program} explain {shlex.quote(example)} --html {page}", markup=False, soft_wrap=True)
        console.print(f"  head -n 1 {shlex.quote(str(out / CLAIMS))}", markup=False, soft_wrap=True)
    console.print(f"  {program} --help", markup=False)


def _invoked_as() -> str:
    """How to call this program again from here: by name when it is on the PATH, else by its file."""
    program = Path(sys.argv[0])
    if shutil.which(program.name) or not program.exists():
        return program.name
    return os.path.relpath(program)


def _example(articles: Path) -> str | None:
    """The source of the first article with claims in it."""
    from pipeline.records import ArticleRecord

    with articles.open(encoding="utf-8") as lines:
        records = map(ArticleRecord.model_validate_json, lines)
        found = next((record for record in records if record.disposition == "extracted"), None)
    return found.source if found else None
