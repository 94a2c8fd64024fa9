"""Synthetic claims of an invented universe, any number of them, the same for the same seed.

    .venv/bin/python benchmarks/synthetic_claims.py 50000 > claims.jsonl

Sites and companies are told of as unevenly as in the news (a few very often, most seldom); promises slip, grow and come
true; one article in five is a copy of the one before. The number of sites grows with the number of claims.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import json
import random
import sys
from collections.abc import Iterator
from typing import Any

START = dt.date(2024, 1, 1)
PER_ARTICLE = 5
KINDS = ("power", "power", "accelerators", "milestone", "milestone", "investment", "agreement")
EVENTS = ("construction_started", "operational", "energized", "delayed", "expanded")
FACETS = (
    ("planned", "asserted"), ("planned", "asserted"), ("planned", "hedged"), ("possible", "asserted"),
    ("realized", "asserted"), ("realized", "asserted"), ("realized", "hedged"), ("negated", "asserted"),
)  # fmt: skip
SYLLABLES = ("sal", "ter", "moor", "pike", "or", "glas", "fern", "tes", "brim", "cal", "hol", "wick", "dale", "mere")


def claims(count: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """`count` claim records, article by article, in order of publication."""
    rng = random.Random(seed)
    subjects = max(count // 50, 20)
    articles = -(-count // PER_ARTICLE)
    made = 0
    body: list[dict[str, Any]] = []
    for number in range(articles):
        day = START + dt.timedelta(days=number * 900 // articles)
        size = min(PER_ARTICLE, count - made)
        copied = number % 5 == 4 and len(body) >= size
        if not copied:
            body = [_claim(rng, subjects, day) for _ in range(size)]
        made += size
        yield from _article(body[:size], number, day, copied)


def _article(body: list[dict[str, Any]], number: int, day: dt.date, copied: bool) -> Iterator[dict[str, Any]]:
    source = number - 1 if copied else number
    document = {
        "id": f"d{number:08d}", "url": f"https://paper{number % 40}.example/{number}",
        "title": f"Report {source} on what was said and built this week", "publisher": f"Paper {number % 40}",
        "author": None, "published": day.isoformat(), "retrieved": None, "text_sha256": _digest(source),
    }  # fmt: skip
    for at, part in enumerate(body):
        yield {**part, "claim_id": _digest(number, at), "document": document}


def _claim(rng: random.Random, subjects: int, day: dt.date) -> dict[str, Any]:
    kind = rng.choice(KINDS)
    realization, certainty = rng.choice(FACETS)
    rank = _rank(rng, subjects)
    company = kind in ("agreement", "investment") or rng.random() < 0.2
    subject = _company(rank) if company else _site(rank)
    other = _company(_rank(rng, subjects))
    text = f"{subject['name']} and what was told of its {kind} by {day}, with {rng.randrange(10**6)} words of detail."
    start = rng.randrange(5_000)
    return {
        "schema_version": "1.0", "claim_id": "", "kind": kind,
        "event": rng.choice(EVENTS) if kind == "milestone" else None,
        "label": "confirmed" if (realization, certainty) == ("realized", "asserted") else "aspirational",
        "realization": realization, "certainty": certainty, "confidence": 0.9, "subject": subject,
        "parties": [{"role": "customer", **subject}, {"role": "supplier", **other}] if kind == "agreement" else [],
        "quantity": _quantity(rng, kind, rank), "date": _date(rng, day), "attribution": None,
        "evidence": [{
            "text": text, "start": start, "end": start + len(text), "spans": {"subject": [start, start + 5]},
            "cues": [{"text": "told", "start": start + 20, "end": start + 24, "facet": "realization",
                      "value": realization, "rule": "synthetic"}],
        }],
        "document": {}, "extractor": {"name": "infraclaims", "version": "0.1.0", "model": "rules", "fingerprint": "0"},
    }  # fmt: skip


def _rank(rng: random.Random, subjects: int) -> int:
    """A few are told of very often: the first of 20,000 in 7 claims of 1,000, the second half in 3 of 10."""
    return int(subjects * rng.random() ** 2)


def _quantity(rng: random.Random, kind: str, rank: int) -> dict[str, Any] | None:
    unit = {"power": "MW", "accelerators": "accelerator", "investment": "USD"}.get(kind)
    if unit is None:
        return None
    base = {"MW": 100.0, "accelerator": 10_000.0, "USD": 1e9}[unit]
    value = base * (1 + rank % 17) * rng.choice((1, 1, 1, 1.2, 1.5, 2))
    return {
        "text": f"{value:g}", "value": value, "min": value, "max": value, "unit": unit,
        "relation": rng.choice(("eq", "eq", "approx")), "role": "load" if unit == "MW" else None, "chip": None,
        "count": None, "each": None, "incremental": False, "vague": False, "period": None,
    }  # fmt: skip


def _date(rng: random.Random, day: dt.date) -> dict[str, Any] | None:
    if rng.random() < 0.4:
        return None
    year = day.year + rng.choice((0, 1, 1, 2))
    return {
        "text": str(year), "start": f"{year}-01-01", "end": f"{year}-12-31", "grain": "year", "relation": "by",
        "fiscal": False,
    }  # fmt: skip


def _site(rank: int) -> dict[str, Any]:
    name = f"{_name(rank)} {rank}"
    return {"id": None, "name": name, "type": "cluster", "text": name}


def _company(rank: int) -> dict[str, Any]:
    name = f"{_name(rank)} Compute {rank}"
    return {"id": f"org:synthetic-{rank}", "name": name, "type": "company", "text": name}


def _name(rank: int) -> str:
    size = len(SYLLABLES)
    return (SYLLABLES[rank % size] + SYLLABLES[rank // size % size]).capitalize()


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def main() -> None:
    """Print as many claims as asked for."""
    for record in itertools.islice(claims(int(sys.argv[1])), int(sys.argv[1])):
        print(json.dumps(record))


if __name__ == "__main__":
    main()
