"""The verb `evaluate`."""

from __future__ import annotations

import contextlib
import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli_io import printing, write_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.evaluation.gold import GoldArticle
    from pipeline.evaluation.scoring import Result


def commands() -> tuple[click.Command, ...]:
    """What `cli` adds to its verbs."""
    return (evaluate,)


@click.command()
@click.argument("gold", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), help="Write figures and errors as a page there."
)
@click.option(
    "--errors", type=click.IntRange(min=0), default=0, show_default=True, help="Errors to list of each cause."
)
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Worker processes.")
def evaluate(gold: Path, paths: tuple[str, ...], as_json: bool, html: Path | None, errors: int, workers: int) -> None:
    """Measure the claims of articles against gold.

    GOLD is a folder of gold files, one JSON object an article. Each PATH is an article, a folder or a glob of them, as
    `extract` takes them; or one claims.jsonl that was extracted before. Articles without gold are passed over.

    \b
    Example:
      infraclaims evaluate corpus/gold/granite corpus/samples
      infraclaims evaluate corpus/gold/granite out/claims.jsonl --errors 5 --html errors.html
    """
    from pipeline.claim_files import ClaimFileError
    from pipeline.evaluation import report
    from pipeline.evaluation.gold import GoldError, read_gold
    from pipeline.evaluation.run import UnansweredError

    try:
        results = _results(read_gold(gold), paths, workers)
    except (GoldError, UnansweredError, ClaimFileError) as error:
        raise click.UsageError(str(error)) from error
    if html:
        write_page(html, report.html(results, f"Evaluation against {gold.name}"))
    figures = json.dumps(report.figures(results), indent=1) + "\n" if as_json else report.text(results, errors)
    with printing():
        click.echo(figures, nl=False)


def _results(gold: Mapping[str, GoldArticle], paths: tuple[str, ...], workers: int) -> list[Result]:
    from pipeline.claim_files import read_claims
    from pipeline.evaluation.run import of_claims, of_extractions
    from pipeline.settings import Settings
    from pipeline.sources.files import read_paths
    from pipeline.stream import extract_stream

    if len(paths) == 1 and _is_claims_file(Path(paths[0])):
        return of_claims(gold, read_claims(paths[0]))
    settings = Settings()
    with contextlib.closing(extract_stream(read_paths(paths, settings), settings, workers)) as stream:
        return of_extractions(gold, stream)


def _is_claims_file(path: Path) -> bool:
    """Whether the first line of a .jsonl file looks like a claim record, of whatever version."""
    if path.suffix != ".jsonl" or not path.is_file():
        return False
    with contextlib.suppress(OSError), path.open("rb") as lines:
        return any(b'"claim_id"' in line for line in itertools.islice(filter(bytes.strip, lines), 1))
    return False
