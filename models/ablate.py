"""What each trained part adds: the claims with and without it, against gold, with its cost.

    python -m models.ablate GOLD ARTICLES [GOLD ARTICLES …]

GOLD is a folder of gold files, ARTICLES what `infraclaims extract` takes. Prints a table in Markdown for each pair; a
variant counts only the articles of its gold. Words per second are of processor time, the best of two runs.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.claims import ClaimFinder
from pipeline.components.entities import KEY as ENTITIES
from pipeline.components.parsed import KEY as PARSE
from pipeline.components.sentences import sentences_of
from pipeline.components.voted_names import KEY as VOTES
from pipeline.evaluation import scoring
from pipeline.evaluation.gold import GoldArticle, read_gold
from pipeline.evaluation.run import of_extractions
from pipeline.extractor import Pipeline, extract_page
from pipeline.identity import SHIPPED, identify, model_folder
from pipeline.nlp import build_nlp
from pipeline.records import Extraction, Page
from pipeline.settings import Settings
from pipeline.sources.files import read_paths


@dataclass(frozen=True)
class Variant:
    """Which trained components run, and whether the parser reads every sentence."""

    name: str
    components: tuple[str, ...]
    every_sentence: bool = False


VARIANTS = (
    Variant("rules", ()),
    Variant("rules + parser", (PARSE,)),
    Variant("rules + names", (VOTES,)),
    Variant("rules + both", (VOTES, PARSE)),
    Variant("rules + parser, ungated", (PARSE,), every_sentence=True),
)


def pipeline(variant: Variant) -> Pipeline:
    """The product's pipeline with the trained components of a variant only."""
    settings = Settings() if variant.components else Settings(model=None)
    nlp = build_nlp(Settings(model=None))
    if VOTES in variant.components:
        nlp.add_pipe(VOTES, before=ENTITIES, config={"model": settings.model})
    if PARSE in variant.components:
        nlp.add_pipe(PARSE, config={"model": settings.model, "every_sentence": variant.every_sentence})
    return Pipeline(settings, nlp, ClaimFinder(), identify(settings))


def megabytes(variant: Variant) -> float:
    """Size of the parts of the shipped pipeline that a variant needs, without what all of it shares."""
    folders = {PARSE: ("tok2vec", "tagger", "parser"), VOTES: ("ner",)}
    root = model_folder(SHIPPED)
    parts = [root / part for name in variant.components for part in folders[name]]
    return sum(file.stat().st_size for part in parts for file in part.rglob("*") if file.is_file()) / 1e6


def run(built: Pipeline, pages: list[Page]) -> tuple[list[Extraction], int]:
    """The extractions, and words per second of processor time."""
    rates: list[float] = []
    found: list[Extraction] = []
    for _ in range(2):
        start = time.process_time()
        found = [extract_page(page, built) for page in pages]
        words = sum(len((result.article.text or "").split()) for result in found)
        rates.append(words / (time.process_time() - start))
    return found, round(max(rates))


def parsed_share(built: Pipeline, found: list[Extraction]) -> float:
    """The part of all sentences that the parser reads."""
    docs = [built.nlp(result.article.text) for result in found if result.article.text]
    parsed = sum(len(doc._.get(PARSE)) for doc in docs) if PARSE in built.nlp.pipe_names else 0
    return parsed / max(1, sum(len(sentences_of(doc)) for doc in docs))


def table(gold: dict[str, GoldArticle], pages: list[Page], say: Callable[[str], object]) -> None:
    """One row for each variant; says at the end whether the gate changed a claim."""
    say("| variant | detected F1 | core F1 (95 %) | confirmed precision | words/s | MB | sentences parsed |\n")
    say("|---|---|---|---|---|---|---|\n")
    claims: dict[str, list[str]] = {}
    for variant in VARIANTS:
        built = pipeline(variant)
        found, speed = run(built, pages)
        results = of_extractions(gold, found)
        low, high = scoring.interval(results, lambda some: scoring.level(some, lambda match: match.core).f1)
        core = scoring.level(results, lambda match: match.core).f1
        detected = scoring.level(results, lambda _: True).f1
        claims[variant.name] = [claim.claim_id + claim.label for result in found for claim in result.claims]
        say(
            f"| {variant.name} | {detected:.3f} | {core:.3f} ({low:.3f} to {high:.3f}) "
            f"| {scoring.confirmed(results).precision:.3f} | {speed:,} | {megabytes(variant):.1f} "
            f"| {100 * parsed_share(built, found):.0f} % |\n"
        )
    ungated = [name for name in claims if name.endswith("ungated")]
    for name in ungated:
        same = claims[name] == claims[name.removesuffix(", ungated")]
        say(f"\n{name}: the claims are {'identical' if same else 'different'} with the gate.\n")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", nargs="+", type=Path, metavar="GOLD ARTICLES")
    pairs: list[Path] = parser.parse_args().pairs
    if len(pairs) % 2:
        parser.error("each GOLD wants its ARTICLES")
    for gold, articles in zip(pairs[::2], pairs[1::2], strict=True):
        pages = [page for page in read_paths([str(articles)], Settings()) if isinstance(page, Page)]
        sys.stdout.write(f"\n{gold}\n\n")
        table(read_gold(gold), pages, sys.stdout.write)


if __name__ == "__main__":
    main()
