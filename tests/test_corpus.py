"""The corpus keeps its own promises: gold that parses, labels that follow, quotes that are there."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any, get_args

import pytest

from corpus.annotation import CORPUS, completed, index, problems, text_of
from pipeline.records import Kind, Label, Realization

INDEX = index()
IDS = sorted(INDEX)
GENRES = {
    "wire news", "press release", "trade press", "local news", "company blog", "analyst post",
    "earnings-call transcript", "newsletter", "listicle", "explainer", "feature", "startup news", "national news",
    "national newspaper", "gadget site", "off-topic",
}  # fmt: skip
SPLITS = {
    "granite": "train", "meridian": "train",
    "fjordlight": "dev", "broadsheet": "dev", "wharf": "dev",
    "monsoon": "test", "ledgerline": "test", "newsstand": "test", "gazette": "test",
}  # fmt: skip


def gold(article: str) -> dict[str, Any]:
    return json.loads((CORPUS / "gold" / INDEX[article]["universe"] / f"{article}.json").read_text("utf-8"))


def test_size_formats_and_genres() -> None:
    assert len(IDS) >= 120
    assert {entry["format"] for entry in INDEX.values()} == {"html", "markdown", "text", "jsonl"}
    assert {"US", "UK", "Indian"} <= {entry["usage"] for entry in INDEX.values()}
    assert {entry["genre"] for entry in INDEX.values()} == GENRES
    assert sum(entry["genre"] == "off-topic" for entry in INDEX.values()) >= 25


def test_an_invented_universe_stands_in_one_split() -> None:
    assert {entry["universe"]: entry["split"] for entry in INDEX.values()} == SPLITS
    assert {(entry["universe"], entry["split"]) for entry in INDEX.values()} == set(SPLITS.items())


def test_gold_and_index_name_the_same_articles() -> None:
    assert sorted(path.stem for path in (CORPUS / "gold").rglob("*.json")) == IDS


def test_every_file_is_in_the_index() -> None:
    named = {entry["file"] for entry in INDEX.values()}
    folders = {CORPUS / name.rpartition("/")[0] for name in named}
    here = {path.relative_to(CORPUS).as_posix() for folder in folders for path in folder.iterdir() if path.is_file()}
    assert {name for name in here if not name.endswith("index.toml")} == named


def test_both_labels_and_every_facet_are_exercised() -> None:
    every = [claim for article in IDS for claim in gold(article)["claims"]]
    counts = Counter(claim["label"] for claim in every)
    assert min(counts[label] for label in get_args(Label)) >= 200
    assert {claim["realization"] for claim in every} == set(get_args(Realization))
    assert {claim["kind"] for claim in every} == set(get_args(Kind))


@pytest.mark.parametrize("article", IDS)
def test_gold_says_nothing_that_its_article_does_not(article: str) -> None:
    record = gold(article)
    assert completed(record) == record
    assert list(problems(record)) == []
    assert record["relevant"] is (INDEX[article]["genre"] != "off-topic")


@pytest.mark.parametrize("article", IDS)
def test_article(article: str) -> None:
    entry = INDEX[article]
    assert 150 <= len(text_of(article).split()) <= 1100
    if entry["format"] != "jsonl":
        assert Path(entry["file"]).stem == article


@pytest.mark.parametrize("article", [a for a in IDS if INDEX[a]["universe"] == "granite"])
def test_address_and_date_that_the_file_carries_are_those_of_the_gold(article: str) -> None:
    raw = (CORPUS / INDEX[article]["file"]).read_text("utf-8")
    told = INDEX[article]["format"] in {"html", "jsonl"} or raw.startswith("---\n")
    assert told is (re.search(rf"/{article}[\"\n]", raw) is not None)
    if told:
        assert gold(article)["published"] in raw


def claim(**changes: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "kind": "power", "role": "load", "subject": "Juniper Basin", "value": 650, "relation": "eq",
        "realization": "planned", "quote": "650 megawatts",
    }  # fmt: skip
    return told | changes


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({}, None),
        ({"relation": "ge"}, None),
        ({"relation": "ge", "min": 650, "max": 650}, "do not fit the relation"),
        ({"label": "confirmed"}, "does not follow"),
        ({"realization": "likely"}, "realization 'likely'"),
        ({"role": None}, "a role belongs"),
        ({"event": "operational"}, "an event belongs"),
        ({"kind": "investment", "role": None, "unit": "dollars"}, "unit 'dollars'"),
        ({"subject": None}, "no subject"),
        ({"quote": "651 megawatts"}, "not in the text"),
        ({"date_text": "in 2027", "date_start": "2027-01-01"}, "half a date"),
        (
            {"date_text": "2027", "date_start": "2027-12-31", "date_end": "2027-01-01", "date_relation": "on"},
            "ends before it starts",
        ),
        ({"parties": [["Larkspur"], ["Nobody"]], "roles": ["customer", "supplier"]}, "['Nobody'] is not in the text"),
        ({"parties": [["Larkspur"]]}, "roles [] of 1 parties"),
        ({"subjekt": "Tarn"}, "keys"),
    ],
)
def test_what_is_wrong_with_a_claim_is_said(changes: dict[str, Any], complaint: str | None) -> None:
    record = {"id": "wire-larkspur-juniper-basin", "published": "2026-04-15", "claims": [claim(**changes)]}
    found = list(problems(completed(record)))
    assert found == [] if complaint is None else any(complaint in problem for problem in found)
