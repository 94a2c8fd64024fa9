"""Floors under the quality of extraction, on our own articles and on sentences that the rules were not written for.

tests/floors.toml holds them, a little under what was measured. A change that falls through one is to be mended; a
change that raises a figure for good raises its floor.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from functools import cache
from pathlib import Path

import pytest

from corpus.annotation import CORPUS, index
from pipeline import Page, build, extract_page
from pipeline.evaluation.gold import GoldArticle, read_gold
from pipeline.evaluation.run import of_extractions
from pipeline.evaluation.scoring import HEADLINES, Result, compare
from pipeline.extractor import Pipeline
from pipeline.settings import Settings
from pipeline.sources.files import read_paths

HERE = Path(__file__).parent
FLOORS: dict[str, dict[str, float]] = tomllib.loads((HERE / "floors.toml").read_text("utf-8"))
CASES = [(name, measure) for name, floors in FLOORS.items() for measure in floors if measure in HEADLINES]


@cache
def pipeline() -> Pipeline:
    return build()


@cache
def results(name: str) -> tuple[Result, ...]:
    """What is extracted from one universe of the corpus, or from the short articles that were written blind."""
    if name == "blind":
        return tuple(blind())
    files = {entry["file"] for entry in index().values() if entry["universe"] == name}
    pages = read_paths([str(CORPUS / file) for file in sorted(files)], Settings())
    return tuple(of_extractions(read_gold(CORPUS / "gold" / name), (extract_page(page, pipeline()) for page in pages)))


def blind() -> list[Result]:
    found: list[Result] = []
    for case in tomllib.loads((HERE / "cases" / "claims_blind.toml").read_text("utf-8"))["case"]:
        published = dt.date.fromisoformat(case["published"]) if "published" in case else None
        page = Page(
            source=case["id"], content=case["text"], media_type="text", title=case.get("title"), published=published
        )
        claims = case.get("claims", [])
        gold = GoldArticle.model_validate({"id": case["id"], "relevant": bool(claims), "claims": claims})
        found.append(compare(gold, extract_page(page, pipeline()).claims, len(case["text"].split())))
    return found


@pytest.mark.parametrize(("name", "measure"), CASES)
def test_floor(name: str, measure: str) -> None:
    measured, floor = HEADLINES[measure](results(name)), FLOORS[name][measure]
    assert measured <= floor if measure == "false_off_topic" else measured >= floor


@pytest.mark.parametrize("name", FLOORS)
def test_all_articles_are_measured(name: str) -> None:
    assert len(results(name)) == FLOORS[name]["articles"]
