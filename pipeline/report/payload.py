"""What the report shows, as compact lists: strings that repeat are numbers into a list, claims are columns."""

from __future__ import annotations

import json
from typing import Any

from pipeline import display
from pipeline.ledger import words
from pipeline.ledger.records import Assertion
from pipeline.ledger.rules import link_rules
from pipeline.ledger.store import Ledger
from pipeline.records import Claim, Evidence
from pipeline.signals.compute import signals
from pipeline.signals.concentration import edges
from pipeline.signals.show import number, remarks

_COLUMNS = (
    "id", "document", "kind", "label", "subject", "what", "value", "date", "says", "decision", "passages", "correction",
)  # fmt: skip
_PARTS = ("quantity", "date", "subject")
_SHOWN = frozenset({"supersedes", "contradicts"})


class _Index:
    """Numbers strings (or tuples) in the order in which they come."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self._known: dict[Any, int] = {}

    def __call__(self, key: Any, item: Any = None) -> int:
        if key not in self._known:
            self._known[key] = len(self.items)
            self.items.append(key if item is None else item)
        return self._known[key]


def payload(ledger: Ledger, as_of: str | None) -> dict[str, Any]:
    """Everything that the page needs, ready for JSON. `as_of` is the ISO day of the signals."""
    assertions, links = list(ledger.assertions()), list(ledger.links())
    claims = list(ledger.claims())
    subjects = _Index()
    place = {claim.claim_id: at for at, claim in enumerate(claims)}
    at = {assertion.assertion_id: order for order, assertion in enumerate(assertions)}
    named = {assertion.subject_key: assertion.subject for assertion in assertions}
    sides = {item.assertion_id: _sides(item) for item in assertions if item.kind == "agreement"}
    names: dict[str, str] = {}
    deals = [
        (names[edge.supplier], names[edge.customer], at[edge.deal.assertion_id]) for edge in edges(assertions, names)
    ]
    return {
        "asOf": as_of,
        **_claims(claims, subjects, _corrections(ledger)),
        "assertions": [_assertion(item, subjects, place) for item in assertions],
        "links": [
            (link.rule, at[link.source], at[link.target], link.days) for link in links if link.type in _SHOWN
        ],
        "rules": {rule.rule: rule.says for rule in link_rules().values()},
        "history": [
            (
                step.day, subjects(display.one_line(named[step.subject_key]) or "–"),
                sides.get(step.assertion_id) or words.metric(step.metric),
                words.change(step), words.amount(step), step.due_end,
                int(step.label == "confirmed"), [place[step.claim_id]],
            )
            for step in ledger.history()
        ],
        "deals": deals,
        "signals": [
            (
                value.signal, value.measure, value.scope, display.one_line(value.name), number(value), value.value,
                value.basis, remarks(value), [place[claim] for claim in value.claims],
            )
            for value in signals(assertions, links, claims, as_of or "0001-01-01")
        ],
        "subjects": subjects.items,
    }  # fmt: skip


def _corrections(ledger: Ledger) -> dict[str, str]:
    """By claim id, the corrections that were applied to it, with their reasons."""
    fixes = ledger.overrides
    reasons = {row.id: f"{row.id}: {row.reason}" for row in (*fixes.merge, *fixes.alias, *fixes.wrong)}
    found = {claim: f"left out, {reasons[row]}" for claim, row in ledger.excluded().items()}
    for claim, names in ledger.corrected().items():
        found.setdefault(claim, "; ".join(reasons[name] for name in json.loads(names)))
    return found


def _claims(claims: list[Claim], subjects: _Index, corrections: dict[str, str]) -> dict[str, Any]:
    documents, kinds = _Index(), _Index()
    columns: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
    for claim in claims:
        document = claim.document
        facts = [display.one_line(text) if text else None for text in (document.title, document.publisher)]
        day = document.published.isoformat() if document.published else None
        row = (
            claim.claim_id, documents(document.id, (*facts, document.url, day)), kinds(display.kind(claim)),
            int(claim.label == "confirmed"), subjects(display.subject(claim)), display.what(claim),
            claim.quantity.value if claim.quantity else None, display.date(claim.date) if claim.date else None,
            display.source(claim), display.decision(claim), [_passage(part) for part in claim.evidence],
            corrections.get(claim.claim_id),
        )  # fmt: skip
        for column, value in zip(columns.values(), row, strict=True):
            column.append(value)
    return {"claims": columns, "documents": documents.items, "kinds": kinds.items}


def _passage(evidence: Evidence) -> tuple[str, list[tuple[int, int, str, str]]]:
    """The text with its marks: cues with their rule first, then what else does not overlap; offsets into the text."""
    text = display.visible(evidence.text or "")
    found = [(cue.start, cue.end, "cue", f"{cue.facet}: {cue.value} ({cue.rule})") for cue in evidence.cues]
    found += [(*evidence.spans[part], part, part) for part in _PARTS if part in evidence.spans]
    marks: list[tuple[int, int, str, str]] = []
    for start, end, kind, note in found:
        start, end = start - evidence.start, min(end - evidence.start, len(text))
        if 0 <= start < end and all(end <= mark[0] or mark[1] <= start for mark in marks):
            marks.append((start, end, kind, note))
    return text, sorted(marks)


def _sides(item: Assertion) -> str:
    return "deal: " + ", ".join(display.one_line(name) for _, _, name in item.parties)


def _assertion(item: Assertion, subjects: _Index, place: dict[str, int]) -> tuple[Any, ...]:
    company = item.subject_type in ("company", "person")
    return (
        subjects(display.one_line(item.subject) or "–"), item.metric, item.phase, int(item.label == "confirmed"),
        item.value, words.amount(item), int(item.vague), item.due_end, item.first_seen, item.sources, item.status,
        int(company), words.title(item),
        [place[claim] for claim in item.claims],
    )  # fmt: skip
