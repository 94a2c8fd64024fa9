"""What happened to the assertions of one unit, day by day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.ledger.links import Node
from pipeline.ledger.records import Change, Fact, Link, Step

_CHANGES: dict[str, Change] = {
    "supersede.slipped": "slipped",
    "supersede.pulled_forward": "pulled_forward",
    "supersede.grew": "grew",
    "supersede.shrank": "shrank",
    "supersede.dropped": "dropped",
    "supersede.cancelled": "cancelled",
    "supersede.ended": "ended",
    "update.kept": "kept",
    "update.signed": "signed",
    "update.grew": "grew",
    "update.fell": "fell",
    "update.next_stage": "next_stage",
    "update.delayed": "delayed",
    "update.paused": "paused",
    "contradict.same_week": "contradicted",
    "contradict.weaker": "contradicted",
    "contradict.denied": "denied",
}
"""What a link makes of the assertion that it ends at."""
_REPLACING = ("supersede.slipped", "supersede.pulled_forward", "supersede.grew", "supersede.shrank")


def history(nodes: Sequence[Node], subject: str) -> list[Step]:
    """The steps of `subject` in order of their day; those without a day last."""
    by_id = {node.id: node for node in nodes}
    steps: list[Step] = []
    replacing = {link.source for node in nodes for link, _ in node.events if link.rule in _REPLACING}
    for node in nodes:
        if node.id not in replacing:  # else the step of the promise that it replaces says all of it
            steps += _own(node, subject)
        for link, claim in node.events:
            steps.append(_of_link(node, subject, by_id[link.source], link, claim))
    return sorted(steps, key=lambda step: (step.day or "9999", step.metric, step.assertion_id, step.change))


def _own(node: Node, subject: str) -> Iterator[Step]:
    """How it was first told, and when a plan became firm or a report confirmed."""
    head = node.head
    if head.phase == "dropped":
        return
    weak = "floated" if head.phase == "planned" else "reported"
    strong = "promised" if head.phase == "planned" else "confirmed"
    firm = [mention for mention in node.group.mentions if _firm(mention)]
    if firm[:1] == [head]:
        yield _step(node, subject, strong, head)
        return
    yield _step(node, subject, weak, head)
    if firm:
        yield _step(node, subject, "firmed" if head.phase == "planned" else "confirmed", firm[0])


def _firm(mention: Fact) -> bool:
    return mention.realization == "planned" if mention.phase == "planned" else mention.label == "confirmed"


def _step(node: Node, subject: str, change: Change, mention: Fact) -> Step:
    return Step(
        subject_key=node.head.subject_key,
        subject=subject,
        unit=node.head.unit,
        day=mention.published,
        metric=node.head.metric,
        change=change,
        label=mention.label,
        **_amount(mention),
        due_end=mention.due_end,
        days=None,
        ratio=None,
        assertion_id=node.id,
        other=None,
        rule=None,
        claim_id=mention.claim_id,
    )


def _of_link(node: Node, subject: str, newer: Node, link: Link, claim: Fact) -> Step:
    """The step of the older assertion; amount and deadline are those that hold from then on."""
    amount = claim if claim.amount is not None else node.head
    return _step(node, subject, _CHANGES[link.rule], claim).model_copy(
        update={
            **_amount(amount),
            "due_end": newer.dated.due_end or node.dated.due_end,
            "days": link.days,
            "ratio": link.ratio,
            "other": newer.id,
            "rule": link.rule,
        }
    )


def _amount(mention: Fact) -> dict[str, Any]:
    """How much, with its bounds: "up to 6 GW" is not 6 GW."""
    return {
        "value": mention.amount, "min": mention.low, "max": mention.high, "measure": mention.measure,
        "relation": mention.relation, "vague": bool(mention.vague),
    }  # fmt: skip
