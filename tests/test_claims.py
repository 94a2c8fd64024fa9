"""Mini-articles and exactly the claims that they make."""

from __future__ import annotations

import datetime as dt
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pipeline import Page, build, extract_page
from pipeline.extractor import Pipeline
from pipeline.label import label
from pipeline.records import ArticleRecord, Claim

CASES: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "cases" / "claims.toml").read_text("utf-8"))[
    "case"
]
PUBLISHED = "2026-03-05"
KEYS = {
    "kind", "event", "q", "value", "min", "max", "rel", "role", "chip", "inc", "vague", "subject", "label", "real",
    "hedged", "date", "when", "drel", "parties", "by", "mentions",
}  # fmt: skip


@cache
def pipeline() -> Pipeline:
    return build()


def run(case: dict[str, Any]) -> tuple[ArticleRecord, tuple[Claim, ...]]:
    published = case.get("published", PUBLISHED)
    page = Page(
        source=case["id"],
        content=case["text"],
        media_type="text",
        title=case.get("title"),
        publisher=case.get("publisher"),
        published=dt.date.fromisoformat(published) if published else None,
    )
    result = extract_page(page, pipeline())
    return result.article, result.claims


def expected(claim: dict[str, Any]) -> dict[str, Any]:
    """The claim of a case with everything filled in that it leaves to the defaults."""
    assert set(claim) <= KEYS
    bounds = {key: claim.get(key) for key in ("value", "min", "max")}
    if claim.get("rel", "eq") in {"eq", "approx"}:
        bounds["min"] = bounds["max"] = bounds["value"]
    power = "load" if claim["kind"] == "power" else None
    return {
        "kind": claim["kind"],
        "event": claim.get("event"),
        "quantity": claim.get("q"),
        **bounds,
        "relation": claim.get("rel", "eq") if "q" in claim else None,
        "role": claim.get("role", power),
        "chip": claim.get("chip"),
        "incremental": claim.get("inc", False),
        "vague": claim.get("vague", False),
        "subject": claim.get("subject"),
        "parties": claim.get("parties", []),
        "label": claim["label"],
        "realization": claim.get("real", "realized"),
        "certainty": "hedged" if claim.get("hedged") else "asserted",
        "date": claim.get("date"),
        "when": claim.get("when", ""),
        "date_relation": claim.get("drel", "on") if "date" in claim else None,
        **({"by": claim["by"]} if "by" in claim else {}),
        **({"mentions": claim["mentions"]} if "mentions" in claim else {}),
    }


def found(claim: Claim) -> dict[str, Any]:
    quantity, date, source = claim.quantity, claim.date, claim.attribution
    return {
        "kind": claim.kind,
        "event": claim.event,
        "quantity": quantity and quantity.text,
        "value": quantity and quantity.value,
        "min": quantity and quantity.min,
        "max": quantity and quantity.max,
        "relation": quantity and quantity.relation,
        "role": quantity and quantity.role,
        "chip": quantity and quantity.chip,
        "incremental": bool(quantity and quantity.incremental),
        "vague": bool(quantity and quantity.vague),
        "subject": claim.subject and claim.subject.name,
        "parties": [f"{party.role}: {party.name}" for party in claim.parties],
        "label": claim.label,
        "realization": claim.realization,
        "certainty": claim.certainty,
        "date": date and date.text,
        "when": f"{date.start}..{date.end}" if date and date.start else "",
        "date_relation": date and date.relation,
        "by": f"{source.name}/{source.type}" if source else "-",
        "mentions": len(claim.evidence),
    }


def same(want: dict[str, Any], have: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The fields that differ, each as (wanted, found); parties count in any order."""
    return {
        key: (value, have[key])
        for key, value in want.items()
        if (sorted(value) != sorted(have[key]) if key == "parties" else value != have[key])
    }


def order(claim: dict[str, Any]) -> tuple[str, ...]:
    return (claim["kind"], claim["event"] or "", claim["quantity"] or "", claim["subject"] or "", *claim["parties"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_claims(case: dict[str, Any]) -> None:
    _, claims = run(case)
    wanted = sorted((expected(claim) for claim in case["claims"]), key=order)
    have = sorted((found(claim) for claim in claims), key=order)
    assert [order(claim) for claim in have] == [order(claim) for claim in wanted]
    assert [same(*pair) for pair in zip(wanted, have, strict=True)] == [{}] * len(wanted)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_offsets(case: dict[str, Any]) -> None:
    article, claims = run(case)
    text = article.text or ""
    for claim in claims:
        assert claim.label == label(claim.realization, claim.certainty)
        assert all(text[e.start : e.end] == e.text for e in claim.evidence)
        assert all(text[cue.start : cue.end] == cue.text for e in claim.evidence for cue in e.cues)
        spans = claim.evidence[0].spans
        told = {name: text[start:end] for name, (start, end) in spans.items()}
        assert told.pop("quantity", None) == (claim.quantity and claim.quantity.text)
        assert told.pop("subject", None) == (claim.subject and claim.subject.text)
        assert told.pop("date", None) == (claim.date and claim.date.text)
        assert [told.pop(f"party_{n}") for n, _ in enumerate(claim.parties, 1)] == [p.text for p in claim.parties]
        assert set(told) <= {"event", "deal"}
        assert any(cue.facet == "realization" and cue.value == claim.realization for cue in claim.evidence[0].cues)


def test_a_case_stands_once() -> None:
    ids = [case["id"] for case in CASES]
    assert len(ids) == len(set(ids))
