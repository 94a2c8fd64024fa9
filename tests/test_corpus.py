"""The corpus keeps its own promises: gold that parses, labels that follow, quotes that are there."""

import datetime as dt
import json
import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any, get_args

import pytest
from lxml import html
from markdown_it import MarkdownIt

from pipeline.records import Certainty, DateRelation, Event, Kind, Label, PartyRole, PowerRole, Realization, Relation

CORPUS = Path(__file__).parent.parent / "corpus"
SAMPLES = CORPUS / "samples"
GOLD = CORPUS / "gold"
INDEX: list[dict[str, str]] = tomllib.loads((CORPUS / "index.toml").read_text("utf-8"))["sample"]
IDS = [sample["id"] for sample in INDEX]
QUANTIFIED = {"accelerators": "accelerator", "power": "MW", "energy": "MWh", "investment": None}
GENRES = {
    "wire news", "press release", "trade press", "local news", "company blog", "analyst post",
    "earnings-call transcript", "newsletter", "listicle", "explainer", "off-topic",
}  # fmt: skip
CLAIM_KEYS = {
    "kind", "event", "subject", "subject_alt", "parties", "roles", "value", "min", "max", "unit", "relation", "role",
    "chip", "label", "realization", "certainty", "date_text", "date_start", "date_end", "date_relation", "attribution",
    "optional", "quote",
}  # fmt: skip
VOCABULARIES = {
    "kind": get_args(Kind),
    "event": (None, *get_args(Event)),
    "label": get_args(Label),
    "realization": get_args(Realization),
    "certainty": get_args(Certainty),
    "relation": (None, *get_args(Relation)),
    "role": (None, *get_args(PowerRole)),
    "date_relation": (None, *get_args(DateRelation)),
}


def gold(sample_id: str) -> dict[str, Any]:
    return json.loads((GOLD / f"{sample_id}.json").read_text("utf-8"))


def claims() -> list[Any]:
    """Every gold claim as one test case, named by its article and place."""
    return [
        pytest.param(sample_id, claim, id=f"{sample_id}-{number}")
        for sample_id in IDS
        for number, claim in enumerate(gold(sample_id)["claims"])
    ]


def visible(markup: str) -> str:
    tree = html.fromstring(markup.encode("utf-8"), parser=html.HTMLParser(encoding="utf-8"))
    for element in tree.xpath("//script | //style"):
        element.drop_tree()
    return tree.text_content()


def text_of(sample: dict[str, str]) -> str:
    """What a reader sees of a sample, with white space collapsed."""
    raw = (SAMPLES / sample["file"]).read_text("utf-8")
    if sample["format"] == "html":
        raw = visible(raw)
    elif sample["format"] == "markdown":
        raw = visible(MarkdownIt().render(re.sub(r"\A---\n.*?\n---\n", "", raw, flags=re.DOTALL)))
    elif sample["format"] == "jsonl":
        row = next(row for row in map(json.loads, raw.splitlines()) if row["id"] == sample["id"])
        raw = f"{row['title']}\n{row['text']}"
    return " ".join(raw.split())


TEXTS = {sample["id"]: text_of(sample) for sample in INDEX}


def test_size_and_formats() -> None:
    assert len(set(IDS)) == len(IDS) >= 20
    assert len({sample["format"] for sample in INDEX}) >= 3
    assert {"US", "UK", "Indian"} <= {sample["usage"] for sample in INDEX}


def test_every_genre_is_present() -> None:
    assert {sample["genre"] for sample in INDEX} == GENRES


def test_gold_and_index_name_the_same_articles() -> None:
    assert {path.stem for path in GOLD.iterdir()} == set(IDS)


def test_every_file_is_in_the_index() -> None:
    assert {path.name for path in SAMPLES.iterdir() if path.is_file()} == {sample["file"] for sample in INDEX}


def test_both_labels_and_every_facet_are_exercised() -> None:
    every = [claim for sample_id in IDS for claim in gold(sample_id)["claims"]]
    counts = Counter(claim["label"] for claim in every)
    assert min(counts[label] for label in get_args(Label)) >= 50
    assert {claim["realization"] for claim in every} == set(get_args(Realization))
    assert {claim["kind"] for claim in every} == set(get_args(Kind))


@pytest.mark.parametrize("sample", INDEX, ids=IDS)
def test_article(sample: dict[str, str]) -> None:
    assert 250 <= len(TEXTS[sample["id"]].split()) <= 700
    if sample["format"] != "jsonl":
        assert Path(sample["file"]).stem == sample["id"]
    assert f"`{sample['id']}`" in (CORPUS / "README.md").read_text("utf-8")


@pytest.mark.parametrize("sample_id", IDS)
def test_gold_file(sample_id: str) -> None:
    record = gold(sample_id)
    assert set(record) == {"id", "published", "relevant", "companies", "sites", "claims"}
    assert record["id"] == sample_id
    assert dt.date.fromisoformat(record["published"])
    genre = next(sample["genre"] for sample in INDEX if sample["id"] == sample_id)
    assert record["relevant"] is (genre != "off-topic")
    assert bool(record["claims"]) is record["relevant"]
    unseen = [
        names
        for names in record["companies"] + record["sites"]
        if not any(name.casefold() in TEXTS[sample_id].casefold() for name in names)
    ]
    assert unseen == []


@pytest.mark.parametrize("sample", INDEX, ids=IDS)
def test_address_and_date_that_the_file_carries_are_those_of_the_gold(sample: dict[str, str]) -> None:
    raw = (SAMPLES / sample["file"]).read_text("utf-8")
    told = sample["format"] in {"html", "jsonl"} or raw.startswith("---\n")
    assert told is (re.search(rf"/{sample['id']}[\"\n]", raw) is not None)
    if told:
        assert gold(sample["id"])["published"] in raw


@pytest.mark.parametrize(("sample_id", "claim"), claims())
def test_claim_fields(sample_id: str, claim: dict[str, Any]) -> None:
    assert set(claim) == CLAIM_KEYS
    outside = {key: claim[key] for key, allowed in VOCABULARIES.items() if claim[key] not in allowed}
    assert outside == {}
    assert isinstance(claim["optional"], bool)
    assert (claim["event"] is not None) is (claim["kind"] == "milestone")
    assert (claim["role"] is not None) is (claim["kind"] == "power")
    assert claim["subject"]


@pytest.mark.parametrize(("sample_id", "claim"), claims())
def test_label_follows_from_the_facets(sample_id: str, claim: dict[str, Any]) -> None:
    vouched = (claim["realization"], claim["certainty"]) == ("realized", "asserted")
    assert claim["label"] == ("confirmed" if vouched else "aspirational")


@pytest.mark.parametrize(("sample_id", "claim"), claims())
def test_quote_is_in_the_text(sample_id: str, claim: dict[str, Any]) -> None:
    assert claim["quote"].strip()
    assert " ".join(claim["quote"].split()) in TEXTS[sample_id]


@pytest.mark.parametrize(("sample_id", "claim"), claims())
def test_quantity(sample_id: str, claim: dict[str, Any]) -> None:
    value, low, high = claim["value"], claim["min"], claim["max"]
    if claim["kind"] not in QUANTIFIED:
        assert (value, low, high, claim["unit"], claim["relation"]) == (None,) * 5
        return
    assert re.fullmatch(QUANTIFIED[claim["kind"]] or "[A-Z]{3}", claim["unit"])
    open_low, open_high = claim["relation"] in {"lt", "le"}, claim["relation"] in {"gt", "ge"}
    assert (low is None) is open_low
    assert (high is None) is open_high
    assert value is None or {low, high} - {None} == {value}
    if claim["relation"] == "range":
        assert value is None
        assert low < high


@pytest.mark.parametrize(("sample_id", "claim"), claims())
def test_date(sample_id: str, claim: dict[str, Any]) -> None:
    parts = [claim[key] for key in ("date_text", "date_start", "date_end", "date_relation")]
    assert all(parts) or not any(parts)
    if all(parts):
        assert dt.date.fromisoformat(claim["date_start"]) <= dt.date.fromisoformat(claim["date_end"])


@pytest.mark.parametrize(("sample_id", "claim"), claims())
def test_parties(sample_id: str, claim: dict[str, Any]) -> None:
    assert len(claim["roles"]) == len(claim["parties"])
    assert set(claim["roles"]) <= set(get_args(PartyRole))
    assert (len(claim["parties"]) >= 2) is (claim["kind"] == "agreement")
    unseen = [names for names in claim["parties"] if not any(name in TEXTS[sample_id] for name in names)]
    assert unseen == []
