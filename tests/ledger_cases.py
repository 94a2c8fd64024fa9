"""Claims in few words, spelled out into whole records; and the scenario of `ledger/scenario.toml`."""

from __future__ import annotations

import calendar
import datetime as dt
import importlib.util
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from pipeline.label import TABLE
from pipeline.ledger.overrides import Overrides
from pipeline.records import (
    Attribution,
    Claim,
    Cue,
    DateRange,
    Document,
    Evidence,
    Extractor,
    Party,
    Quantity,
    Subject,
    content_hash,
)

SCENARIO = Path(__file__).parent / "ledger" / "scenario.toml"
_SIGNS = {"~": "approx", ">=": "ge", ">": "gt", "<=": "le", "<": "lt"}
_PARTS = {"early": (1, 4), "mid": (5, 8), "late": (9, 12)}


@dataclass(frozen=True)
class Scenario:
    """The claims of the scenario, the assertion that each should join, and the expected ledger."""

    claims: tuple[Claim, ...]
    belongs: dict[str, str]
    links: frozenset[tuple[str, str, str, str, int | None]]
    sources: dict[str, int]
    overrides: Overrides
    articles: tuple[dict[str, Any], ...]


def script(path: Path) -> ModuleType:
    """A program of docs/ or benchmarks/ as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def scenario() -> Scenario:
    data = tomllib.loads(SCENARIO.read_text(encoding="utf-8"))
    claims: list[Claim] = []
    belongs: dict[str, str] = {}
    for row in data["article"]:
        for line in row["claims"].strip().splitlines():
            name, made = claim(line, row)
            claims.append(made)
            belongs[made.claim_id] = name
    links = [line.split() for block in data["link"] for line in block["all"].strip().splitlines()]
    return Scenario(
        claims=tuple(claims),
        belongs=belongs,
        links=frozenset((*row[:4], int(row[4]) if len(row) > 4 else None) for row in links),  # type: ignore[misc]
        sources=data["sources"],
        overrides=Overrides.model_validate(data["overrides"]),
        articles=tuple(data["article"]),
    )


def claim(line: str, article: dict[str, Any]) -> tuple[str, Claim]:
    """The assertion that a line names, and the record that it stands for."""
    name, metric, subject, amount, date, facets, voice, words = (part.strip() for part in line.split("|"))
    kind, _, rest = metric.partition(".")
    text = f"{article['title']}\n\n{article['text']}"
    realization, *flags = facets.split()
    certainty = "hedged" if "hedged" in flags else "asserted"
    subject, _, owner = subject.partition(" @ ")
    parties = _parties(subject) if kind == "agreement" else _parties(f"owner: {owner}") if owner else ()
    record = {
        "kind": kind,
        "event": rest if kind == "milestone" else None,
        "label": TABLE[realization, certainty],  # type: ignore[index]
        "realization": realization,
        "certainty": certainty,
        "confidence": 0.9,
        "subject": Subject(**parties[0].model_dump(exclude={"role"})) if kind == "agreement" else _subject(subject),
        "parties": parties,
        "quantity": _quantity(amount, kind, rest) if amount else None,
        "date": _date(date) if date else None,
        "attribution": _attribution(voice),
        "evidence": (_evidence(text, words, "denied" in flags),),
        "document": Document(
            id=article["id"],
            url=f"https://{article['publisher'].lower().replace(' ', '')}.example/{article['id']}",
            title=article["title"],
            publisher=article["publisher"],
            published=dt.date.fromisoformat(article["day"]) if article["day"] else None,
            text_sha256=content_hash(text),
        ),
        "extractor": Extractor(version="0.1.0", model="rules", fingerprint="f" * 32),
    }
    return name, Claim(claim_id=content_hash(article["id"], line), **record)


def _subject(text: str) -> Subject:
    name, _, type = text.removesuffix(")").partition(" (")
    return Subject(name=name, type=type or "cluster", text=name)  # type: ignore[arg-type]


def _parties(text: str) -> tuple[Party, ...]:
    sides = (side.split(":") for side in text.split(";"))
    return tuple(
        Party(role=role.strip(), name=name.strip(), type="company", text=name.strip())  # type: ignore[arg-type]
        for role, name in sides
    )


def _quantity(text: str, kind: str, rest: str) -> Quantity:
    found = re.fullmatch(r"(\+?)(~|>=|>|<=|<)?([\d.e]+)", text)
    assert found, text
    value, relation = float(found[3]), _SIGNS.get(found[2] or "", "eq")
    return Quantity(
        text=text,
        value=value,
        min=None if relation in ("le", "lt") else value,
        max=None if relation in ("ge", "gt") else value,
        unit={"power": "MW", "accelerators": "accelerator"}.get(kind, rest),
        relation=relation,  # type: ignore[arg-type]
        role=rest if kind == "power" else None,  # type: ignore[arg-type]
        incremental=bool(found[1]),
    )


def _date(text: str) -> DateRange:
    relation, _, when = text.partition(" ")
    start, end = interval(when)
    return DateRange(text=text, start=start, end=end, grain="month", relation=relation)  # type: ignore[arg-type]


def interval(when: str) -> tuple[dt.date, dt.date]:
    """`2027`, `late 2026`, `2026-Q3`, `2026-H1`, `2026-05`, `2026-05-06` as its first and last day."""
    if when.count("-") == 2:
        day = dt.date.fromisoformat(when)
        return day, day
    part, _, year = when.rpartition(" ")
    year, _, month = year.partition("-")
    if part:
        first, last = _PARTS[part]
    elif month[:1] in ("Q", "H"):
        length = {"Q": 3, "H": 6}[month[0]]
        first, last = (int(month[1]) - 1) * length + 1, int(month[1]) * length
    else:
        first, last = (int(month), int(month)) if month else (1, 12)
    return dt.date(int(year), first, 1), dt.date(int(year), last, calendar.monthrange(int(year), last)[1])


def _attribution(voice: str) -> Attribution | None:
    if not voice:
        return None
    if voice in ("anonymous", "document"):
        return Attribution(type=voice, verb="said")  # type: ignore[arg-type]
    kind = "publication" if voice.startswith("=") else "company"
    return Attribution(name=voice.lstrip("="), type=kind, verb="said")  # type: ignore[arg-type]


def _evidence(text: str, words: str, denied: bool) -> Evidence:
    """The sentence that holds the words. They have to stand in the body, once."""
    body = text.index("\n\n") + 2
    at = text.index(words, body)
    start = max(text.rfind(". ", body, at) + 2, body) if text.rfind(". ", body, at) >= 0 else body
    end = text.find(". ", at) + 1 or len(text)
    cue = Cue(text=words, start=at, end=at + len(words), facet="realization", value="negated", rule="negation.denied")
    return Evidence(
        text=text[start:end],
        start=start,
        end=end,
        spans={"quantity": (at, at + len(words))},
        cues=(cue,) if denied else (),
    )
