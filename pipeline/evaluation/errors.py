"""The errors of an extraction, each with its likely cause, so that work can go where most of them are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.evaluation.gold import GoldClaim
from pipeline.evaluation.scoring import MEASURED, Match, Result, detected
from pipeline.records import Claim


@dataclass(frozen=True)
class Error:
    """One error: its cause, the article, what is wrong, and the words of the article."""

    cause: str
    article: str
    what: str
    quote: str


def errors(results: Sequence[Result]) -> dict[str, list[Error]]:
    """All errors by cause, the cause with most errors first."""
    groups: defaultdict[str, list[Error]] = defaultdict(list)
    for result in results:
        for error in _of(result):
            groups[error.cause].append(error)
    return dict(sorted(groups.items(), key=lambda group: (-len(group[1]), group[0])))


def _of(result: Result) -> Iterator[Error]:
    for match in result.matches:
        yield from _wrong(result.id, match)
    for gold in result.missed:
        yield Error(_why_missed(gold, result), result.id, f"{gold.what} of {gold.subject} [{gold.label}]", gold.quote)
    for claim in result.false:
        yield Error(_why_false(claim, result), result.id, what(claim), _quote(claim))


def _wrong(article: str, match: Match) -> Iterator[Error]:
    gold, claim = match.gold, match.claim
    told = {
        "realization": (gold.realization, claim.realization),
        "certainty": (gold.certainty, claim.certainty),
        "subject": (gold.subject, claim.subject.name if claim.subject else None),
        "date": (_interval(gold.date_start, gold.date_end), _date(claim)),
        "relation": (gold.relation, claim.quantity.relation if claim.quantity else None),
        "role": (gold.role, claim.quantity.role if claim.quantity else None),
    }
    for name, (wanted, got) in told.items():
        if match.agrees[name]:
            continue
        cause = f"wrong {name}"
        if name == "realization":
            cause = "false confirmed" if claim.label == "confirmed" else "wrong scope or cue"
            got = f"{got} by {claim.evidence[0].cues[0].rule}" if claim.evidence[0].cues else got
        elif name == "date":
            cause = "missed date" if claim.date is None else "date too many" if gold.date_end is None else "wrong date"
        yield Error(cause, article, f"{gold.what}: {name} is {got}, not {wanted}", gold.quote)


def _why_missed(gold: GoldClaim, result: Result) -> str:
    if any(detected(gold, match.claim) for match in result.matches):
        return f"missed {gold.kind}: taken for another claim of the same content"
    if gold.kind == "milestone" and any(c.event == gold.event for c in result.false):
        return "missed milestone: given to another site"
    if gold.kind in MEASURED and any(
        c.quantity and c.kind in MEASURED and c.quantity.value == gold.value for c in result.false
    ):
        return f"missed {gold.kind}: taken for another kind"
    return f"missed {gold.kind}"


def _why_false(claim: Claim, result: Result) -> str:
    if not result.relevant:
        return "claim in an off-topic article"
    if any(detected(gold, claim) for gold in result.gold):
        return f"false {claim.kind}: told a second time"
    return f"false {claim.kind}"


def what(claim: Claim) -> str:
    """Kind and number, step or parties of a record, with its subject and label."""
    number = claim.quantity.text if claim.quantity else claim.event or " / ".join(p.name for p in claim.parties)
    return f"{claim.kind} {number} of {claim.subject.name if claim.subject else None} [{claim.label}]"


def _quote(claim: Claim) -> str:
    return (claim.evidence[0].text or "") if claim.evidence else ""


def _date(claim: Claim) -> str | None:
    return _interval(claim.date.start, claim.date.end) if claim.date else None


def _interval(start: object, end: object) -> str | None:
    return f"{start}..{end}" if start or end else None
