"""Deployment cadence: dated checkpoints against an open-ended roadmap, and what became of them."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from pipeline.ledger.grouping import days_between
from pipeline.ledger.records import Assertion, Link
from pipeline.signals.records import Checkpoint, Outcome, Speaker, Value, choices

_BY_RULE: dict[str, Outcome] = {
    "supersede.slipped": "slipped",
    "supersede.pulled_forward": "pulled_forward",
    "supersede.grew": "revised",
    "supersede.shrank": "revised",
    "supersede.dropped": "dropped",
    "supersede.cancelled": "dropped",
    "contradict.denied": "dropped",
}
_UNTOLD = "no article here tells what became of it; it may have been kept"
DECIDED: tuple[Outcome, ...] = ("met", "late", "slipped", "dropped")


def checkpoints(assertions: Iterable[Assertion], links: Iterable[Link], as_of: str) -> list[Checkpoint]:
    """Every promise of a step or an amount, with its outcome on the ISO day `as_of`."""
    ends: dict[str, Link] = {}
    for link in links:
        if link.rule == "update.kept" or (link.rule in _BY_RULE and link.target not in ends):
            ends[link.target] = link
    found = [
        assertion
        for assertion in assertions
        if assertion.phase == "planned" and assertion.metric.startswith(choices().cadence.metrics)
    ]
    return [_checkpoint(assertion, ends.get(assertion.assertion_id), as_of) for assertion in found]


def _checkpoint(assertion: Assertion, end: Link | None, as_of: str) -> Checkpoint:
    outcome, days = _outcome(assertion, end, as_of)
    fields = ("assertion_id", "subject_key", "subject", "owner_key", "owner", "metric", "value", "measure", "due_end")
    shared = {name: getattr(assertion, name) for name in fields}
    return Checkpoint(**shared, outcome=outcome, days=days, claims=assertion.claims)


def _outcome(assertion: Assertion, end: Link | None, as_of: str) -> tuple[Outcome, int | None]:
    if end and end.rule == "update.kept":
        late = end.days is not None and end.days > choices().cadence.on_time_days
        return ("late" if late else "met"), end.days
    if end:
        return _BY_RULE[end.rule], end.days
    if not assertion.due_end:
        return "open_ended", None
    days = days_between(assertion.due_end, as_of)
    return ("overdue", days) if days > 0 else ("pending", days)


def cadence(found: Sequence[Checkpoint]) -> list[Value]:
    """The values of each site, of each company with all of its sites, and of all."""
    return [value for speaker, of_it in _scopes(found) for value in _values(speaker, of_it)]


def _scopes(found: Sequence[Checkpoint]) -> Iterator[tuple[Speaker, list[Checkpoint]]]:
    sites: dict[str, list[Checkpoint]] = {}
    companies: dict[str, list[Checkpoint]] = {}
    names: dict[str, str] = {}
    for item in found:
        if item.subject_key != item.owner_key:
            sites.setdefault(item.subject_key, []).append(item)
            names.setdefault(item.subject_key, item.subject)
        if item.owner_key:
            companies.setdefault(item.owner_key, []).append(item)
            names.setdefault(item.owner_key, item.owner or "")
    for key in sorted(sites):
        yield Speaker("cadence", "site", key, names[key]), sites[key]
    for key in sorted(companies):
        yield Speaker("cadence", "company", key, names[key]), companies[key]
    if found:
        yield Speaker("cadence", "all", "all", "all"), list(found)


def _values(speaker: Speaker, found: Sequence[Checkpoint]) -> Iterator[Value]:
    thin = choices().thin
    counts = Counter(item.outcome for item in found)
    dated = [item for item in found if item.due_end]
    few = f"thin: {len(found)} promises told, {thin.checkpoints} needed" if len(found) < thin.checkpoints else None
    yield speaker.value("dated_share", None if few else len(dated) / len(found), "share", found, few)
    for outcome in sorted(counts):
        of_it = [item for item in found if item.outcome == outcome]
        yield speaker.value(outcome, counts[outcome], "count", of_it, note=_UNTOLD if outcome == "overdue" else None)
    yield _kept_share(speaker, found)
    slips = [item for item in found if item.outcome in ("slipped", "late") and item.days is not None]
    few = f"thin: {len(slips)} slips, {thin.slips} needed" if len(slips) < thin.slips else None
    median = None if few else statistics.median(item.days for item in slips if item.days is not None)
    yield speaker.value("median_slip", median, "days", slips, few)


def _kept_share(speaker: Speaker, found: Sequence[Checkpoint]) -> Value:
    """Of the promises of which articles tell what became of them, those that were kept; overdue ones are unknown."""
    needed = choices().thin.decided_checkpoints
    decided = [item for item in found if item.outcome in DECIDED]
    overdue = [item for item in found if item.outcome == "overdue"]
    untold = f"unknown of {len(overdue)} more, which are overdue" if overdue else None
    if not decided and overdue:
        unknown = f"no article tells what became of any; {len(overdue)} are overdue"
        return speaker.value("kept_share", None, "share", overdue, unknown)
    if len(decided) < needed:
        few = f"thin: what became of {len(decided)} promises is told, {needed} needed"
        return speaker.value("kept_share", None, "share", decided, few, note=untold)
    met = sum(item.outcome == "met" for item in decided)
    return speaker.value("kept_share", met / len(decided), "share", decided, note=untold)
