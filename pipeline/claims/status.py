"""What the article says of a site decides what a bare number there means ("the 1.2 GW campus")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.claims.draft import Draft
from pipeline.claims.facet_rules import facet_rules
from pipeline.claims.facets import cue_at

_SURE = 0.7
"""A step is held against a site's numbers only where it is surely the site's own."""
_RUNS = {"construction_completed", "energized", "operational", "workload_started"}
_BEGUN = {"announced", "construction_started", "permitted"}
_COMING = {"construction_completed", "delivered", "operational"}


def apply(drafts: Sequence[Draft], text: str) -> list[Draft]:
    """The drafts, with numbers that only a weak cue or none called real made plans where their site is yet to run."""
    running = {d.subject.key for d in drafts if d.subject and _shows_running(d)} | _told_as_there(drafts)
    coming: dict[str, Draft] = {}
    for draft in drafts:
        ahead = draft.event in _BEGUN or (draft.event in _COMING and draft.verdict.realization != "realized")
        sure = ahead and draft.link_confidence >= _SURE
        if draft.subject and sure and draft.subject.type != "company" and draft.subject.key not in running:
            coming.setdefault(draft.subject.key, draft)
    dropped = {d.subject.key: d for d in drafts if d.subject and _drops(d) and d.subject.key not in running}
    drafts = [
        _negated(d, dropped[d.subject.key], text) if d.subject and _was_planned(d, dropped) else d for d in drafts
    ]
    return [_planned(d, coming[d.subject.key], text) if d.subject and _leans(d, coming) else d for d in drafts]


def _drops(draft: Draft) -> bool:
    """Whether a whole site was surely given up."""
    sure = draft.link_confidence >= _SURE and draft.verdict.certainty == "asserted"
    return draft.event == "cancelled" and sure and draft.verdict.realization == "realized"


def _was_planned(draft: Draft, dropped: dict[str, Draft]) -> bool:
    """Whether a number is a plan for a site that was given up."""
    if draft.quantity is None or draft.subject is None or draft.subject.key not in dropped:
        return False
    return draft.verdict.realization in {"planned", "possible"}


def _shows_running(draft: Draft) -> bool:
    """Whether a step that makes a site run has happened, or chips or a load are surely there."""
    if draft.verdict.realization != "realized" or draft.verdict.certainty != "asserted":
        return False
    known = draft.quantity is not None and draft.kind in {"accelerators", "power"} and draft.link_confidence >= _SURE
    return draft.event in _RUNS or (known and not _weak(draft))


def _told_as_there(drafts: Sequence[Draft]) -> set[str]:
    """The sites of which two different numbers are told as there, if only in passing."""
    numbers: dict[str, set[tuple[str, float | None]]] = {}
    for draft in drafts:
        real = draft.verdict.realization == "realized" and draft.verdict.certainty == "asserted"
        if draft.quantity and draft.subject and real and draft.link_confidence >= _SURE:
            numbers.setdefault(draft.subject.key, set()).add((draft.kind, draft.quantity.value))
    return {key for key, found in numbers.items() if len(found) > 1}


def _weak(draft: Draft) -> bool:
    return draft.verdict.by_default or draft.verdict.cues[0].rule.startswith(facet_rules().weak)


def _leans(draft: Draft, coming: dict[str, Draft]) -> bool:
    if draft.quantity is None or draft.subject is None or draft.subject.key not in coming:
        return False
    return _weak(draft) and draft.verdict.realization == "realized"


def _planned(draft: Draft, step: Draft, text: str) -> Draft:
    cue = cue_at(text, step.start, step.end, "planned", "site.yet_to_run")
    return replace(draft, verdict=draft.verdict.overruled(cue, "planned", 0.7))


def _negated(draft: Draft, step: Draft, text: str) -> Draft:
    cue = cue_at(text, step.start, step.end, "negated", "site.cancelled")
    return replace(draft, verdict=draft.verdict.overruled(cue, "negated", 0.7))
