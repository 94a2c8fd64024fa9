"""Annotations of claims: completed, and checked against their article.

    python -m corpus.annotation complete FOLDER…    fill in what follows from the rest, in place, then check
    python -m corpus.annotation check FOLDER…       every file against its article; exit code 1 if one is wrong
    python -m corpus.annotation agree FOLDER FOLDER how far two annotations agree, by universe, before adjudication

An annotation is one JSON object an article, as README.md of this folder says. A claim may leave out what is null,
empty or false, and its label, unit and bounds where they follow from facets, kind, value and relation.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args

from lxml import html
from markdown_it import MarkdownIt

from pipeline.components.measures import rules
from pipeline.evaluation.gold import GoldArticle
from pipeline.evaluation.scoring import HEADLINES, Result, compare, field_accuracy
from pipeline.records import (
    Certainty,
    Claim,
    DateRange,
    DateRelation,
    Document,
    Event,
    Evidence,
    Extractor,
    Kind,
    Label,
    Party,
    PartyRole,
    PowerRole,
    Quantity,
    Realization,
    Relation,
    Subject,
)

CORPUS = Path(__file__).parent
UNITS = {"accelerators": "accelerator", **{row.kind: row.unit for row in rules().units}, "investment": None}
DEFAULTS: dict[str, Any] = {
    "kind": None, "event": None, "subject": None, "subject_alt": [], "parties": [], "roles": [],
    "value": None, "min": None, "max": None, "unit": None, "relation": None, "role": None, "chip": None,
    "label": None, "realization": None, "certainty": "asserted",
    "date_text": None, "date_start": None, "date_end": None, "date_relation": None,
    "attribution": None, "optional": False, "quote": "",
}  # fmt: skip
VOCABULARIES: dict[str, tuple[Any, ...]] = {
    "kind": get_args(Kind),
    "event": (None, *get_args(Event)),
    "label": get_args(Label),
    "realization": get_args(Realization),
    "certainty": get_args(Certainty),
    "relation": (None, *get_args(Relation)),
    "role": (None, *get_args(PowerRole)),
    "date_relation": (None, *get_args(DateRelation)),
}


@cache
def index() -> dict[str, dict[str, str]]:
    """The entries of every index.toml of the corpus by article id; `file` is made relative to the corpus."""
    entries: dict[str, dict[str, str]] = {}
    for path in sorted(CORPUS.rglob("index.toml")):
        shared = tomllib.loads(path.read_text("utf-8"))
        for entry in shared.pop("sample"):
            if entry["id"] in entries:
                raise ValueError(f"{path}: {entry['id']} is an id already")
            file = (path.parent / entry["file"]).relative_to(CORPUS).as_posix()
            entries[entry["id"]] = {**shared, **entry, "file": file}
    return entries


@cache
def text_of(article: str) -> str:
    """What a reader sees of an article, with white space collapsed."""
    entry = index()[article]
    raw = (CORPUS / entry["file"]).read_text("utf-8")
    if entry["format"] == "html":
        raw = _visible(raw)
    elif entry["format"] == "markdown":
        raw = _visible(MarkdownIt().enable("table").render(re.sub(r"\A---\n.*?\n---\n", "", raw, flags=re.DOTALL)))
    elif entry["format"] == "jsonl":
        row = next(row for row in map(json.loads, raw.splitlines()) if row["id"] == article)
        raw = f"{row['title']}\n{row['text']}"
    return " ".join(raw.split())


def _visible(markup: str) -> str:
    tree = html.fromstring(markup.encode("utf-8"), parser=html.HTMLParser(encoding="utf-8"))
    for element in tree.xpath("//script | //style"):
        element.drop_tree()
    return str(tree.text_content())


def completed(record: dict[str, Any]) -> dict[str, Any]:
    """An annotation with every key in its place, and what follows from the rest filled in."""
    claims = [_completed(claim) for claim in record.get("claims", [])]
    return {
        "id": record["id"],
        "published": record["published"],
        "relevant": record.get("relevant", True),
        "companies": record.get("companies", []),
        "sites": record.get("sites", []),
        "claims": claims,
    }


def _completed(claim: dict[str, Any]) -> dict[str, Any]:
    full = {**DEFAULTS, **claim}
    vouched = (full["realization"], full["certainty"]) == ("realized", "asserted")
    full["label"] = full["label"] or ("confirmed" if vouched else "aspirational")
    full["unit"] = full["unit"] or UNITS.get(full["kind"])
    value, relation = full["value"], full["relation"]
    if value is not None and full["min"] is None and full["max"] is None:
        full["min"] = None if relation in {"lt", "le"} else value
        full["max"] = None if relation in {"gt", "ge"} else value
    return full


def problems(record: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a completed annotation."""
    if record["id"] not in index():
        yield f"no index.toml has the id {record['id']}"
        return
    dt.date.fromisoformat(record["published"])
    text = text_of(record["id"])
    folded = text.casefold()
    for names in record["companies"] + record["sites"]:
        if not any(name.casefold() in folded for name in names):
            yield f"none of the names {names} is in the text"
    if not record["relevant"] and record["claims"]:
        yield "off topic, and yet it has claims"
    for number, claim in enumerate(record["claims"]):
        yield from (f"claim {number} ({claim.get('quote', '')[:50]!r}): {wrong}" for wrong in _problems(claim, text))


def _problems(claim: dict[str, Any], text: str) -> Iterator[str]:
    if set(claim) != set(DEFAULTS):
        yield f"keys {sorted(set(claim) ^ set(DEFAULTS))}"
        return
    yield from (f"{key} {claim[key]!r}" for key, allowed in VOCABULARIES.items() if claim[key] not in allowed)
    if (claim["event"] is not None) is not (claim["kind"] == "milestone"):
        yield "an event belongs to a milestone and to nothing else"
    if (claim["role"] is not None) is not (claim["kind"] == "power"):
        yield "a role belongs to power and to nothing else"
    vouched = (claim["realization"], claim["certainty"]) == ("realized", "asserted")
    if claim["label"] != ("confirmed" if vouched else "aspirational"):
        yield "the label does not follow from the facets"
    if not claim["subject"] and not claim["optional"]:
        yield "no subject"
    if not claim["quote"].strip() or " ".join(claim["quote"].split()) not in text:
        yield "the quote is not in the text"
    yield from _quantity_problems(claim)
    yield from _date_problems(claim)
    if len(claim["roles"]) != len(claim["parties"]) or not set(claim["roles"]) <= set(get_args(PartyRole)):
        yield f"roles {claim['roles']} of {len(claim['parties'])} parties"
    if (len(claim["parties"]) >= 2) is not (claim["kind"] == "agreement"):
        yield "an agreement has two parties or more, and nothing else has"
    yield from (f"party {names} is not in the text" for names in claim["parties"] if not any(n in text for n in names))


def _quantity_problems(claim: dict[str, Any]) -> Iterator[str]:
    value, low, high, relation = claim["value"], claim["min"], claim["max"], claim["relation"]
    if claim["kind"] not in UNITS:
        if (value, low, high, claim["unit"], relation) != (None,) * 5:
            yield "a quantity where none belongs"
        return
    if not re.fullmatch(UNITS[claim["kind"]] or "[A-Z]{3}", claim["unit"] or ""):
        yield f"unit {claim['unit']!r}"
    if relation is None:
        yield "no relation"
    if (low is None) is not (relation in {"lt", "le"}) or (high is None) is not (relation in {"gt", "ge"}):
        yield f"bounds {low} to {high} do not fit the relation {relation}"
    if value is not None and {low, high} - {None} != {value}:
        yield f"bounds {low} to {high} do not fit the value {value}"
    if relation == "range" and (value is not None or not (low or 0) < (high or 0)):
        yield "a range has two bounds and no value"


def _date_problems(claim: dict[str, Any]) -> Iterator[str]:
    parts = [claim[key] for key in ("date_text", "date_start", "date_end", "date_relation")]
    if any(parts) and not all(parts):
        yield f"half a date: {parts}"
    elif all(parts) and dt.date.fromisoformat(parts[1]) > dt.date.fromisoformat(parts[2]):
        yield f"the date ends before it starts: {parts}"


def as_record(claim: dict[str, Any], article: str) -> Claim:
    """A completed annotation as the extractor would have written it, so that one yardstick measures both."""
    quantity = None
    if claim["kind"] in UNITS:
        quantity = Quantity(
            text=claim["quote"], value=claim["value"], min=claim["min"], max=claim["max"], unit=claim["unit"],
            relation=claim["relation"], role=claim["role"],
        )  # fmt: skip
    date = None
    if claim["date_start"]:
        start, end = (dt.date.fromisoformat(claim[key]) for key in ("date_start", "date_end"))
        date = DateRange(text=claim["date_text"], start=start, end=end, grain="span", relation=claim["date_relation"])
    subject = claim["subject"]
    return Claim(
        claim_id="", kind=claim["kind"], event=claim["event"], label=claim["label"], realization=claim["realization"],
        certainty=claim["certainty"], confidence=1, date=date, quantity=quantity,
        subject=Subject(name=subject, type="other", text=subject) if subject else None,
        parties=tuple(
            Party(role=role, name=names[0], type="other", text=names[-1])
            for role, names in zip(claim["roles"], claim["parties"], strict=True)
        ),
        evidence=(Evidence(text=claim["quote"], start=0, end=0),),
        document=Document(id=article, text_sha256=""), extractor=Extractor(version="", model="", fingerprint=""),
    )  # fmt: skip


def agreement(first: Path, second: Path) -> dict[str, dict[str, float]]:
    """By universe: F1 of the claims, label and all fields, the first folder taken as gold, optional claims aside."""
    results: dict[str, list[Result]] = {}
    for path in sorted(first.glob("*.json")):
        one, other = (completed(json.loads((folder / path.name).read_text("utf-8"))) for folder in (first, second))
        records = [as_record(claim, other["id"]) for claim in other["claims"] if not claim["optional"]]
        results.setdefault(index()[path.stem]["universe"], []).append(compare(GoldArticle.model_validate(one), records))
    return {
        universe: {
            "claims": sum(len(r.matches) + len(r.missed) for r in found),
            "detect_f1": round(HEADLINES["detect_f1"](found), 3),
            "label_given_match": round(field_accuracy(found, "label"), 3),
            "strict_f1": round(HEADLINES["strict_f1"](found), 3),
        }
        for universe, found in results.items()
    }


def main() -> int:
    """`complete` writes files anew with every key; `check` says what is wrong with those of a folder."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("verb", choices=["complete", "check", "agree"])
    parser.add_argument("paths", nargs="+", type=Path, metavar="FOLDER")
    arguments = parser.parse_args()
    if arguments.verb == "agree":
        for universe, found in agreement(*arguments.paths).items():
            print(universe, json.dumps(found))
        return 0
    wrong = 0
    for path in sorted(file for folder in arguments.paths for file in folder.glob("*.json")):
        record = completed(json.loads(path.read_text("utf-8")))
        if arguments.verb == "complete":
            path.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", "utf-8")
        for problem in problems(record):
            wrong += 1
            print(f"{path.name}: {problem}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
