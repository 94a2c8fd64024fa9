"""The verb `evaluate`."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

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
    from pipeline.evaluation import report
    from pipeline.evaluation.gold import GoldError, read_gold
    from pipeline.evaluation.run import UnansweredError

    try:
        results = _results(read_gold(gold), paths, workers)
    except (GoldError, UnansweredError) as error:
        raise click.UsageError(str(error)) from error
    if html:
        html.parent.mkdir(parents=True, exist_ok=True)
        html.write_text(report.html(results, f"Evaluation against {gold.name}"), encoding="utf-8")
        click.echo(f"wrote {html}", err=True)
    figures = json.dumps(report.figures(results), indent=1) + "\n" if as_json else report.text(results, errors)
    click.echo(figures, nl=False)


def _results(gold: Mapping[str, GoldArticle], paths: tuple[str, ...], workers: int) -> list[Result]:
    from pipeline.evaluation.run import of_claims, of_extractions
    from pipeline.records import Claim
    from pipeline.settings import Settings
    from pipeline.sources.files import read_paths
    from pipeline.stream import extract_stream

    if len(paths) == 1 and (records := _claims_file(Path(paths[0]))) is not None:
        return of_claims(gold, map(Claim.model_validate_json, records))
    settings = Settings()
    with contextlib.closing(extract_stream(read_paths(paths, settings), settings, workers)) as stream:
        return of_extractions(gold, stream)


def _claims_file(path: Path) -> list[str] | None:
    """The lines of a file of claim records, None where it is no such file."""
    if path.suffix != ".jsonl" or not path.is_file():
        return None
    lines = [line for line in path.read_text("utf-8").splitlines() if line.strip()]
    return lines if lines and '"claim_id"' in lines[0] else None
