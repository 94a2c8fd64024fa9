"""The claims of one unit, resolved: assertions, links and history. A function of their set and of the rules."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeVar

from pipeline.ledger.grouping import Group, groups, order
from pipeline.ledger.history import history
from pipeline.ledger.links import Node, assertion_links, mention_links, nodes_of
from pipeline.ledger.records import Assertion, Fact, Resolved
from pipeline.records import content_hash

_T = TypeVar("_T", str, tuple[str, str])
_FIRMNESS = {"realized": 3, "planned": 2, "possible": 1, "negated": 0}


def resolve(facts: Iterable[Fact]) -> Resolved:
    """Assertions with their links and history. `facts` are all claims of one unit, in any order."""
    by_metric: dict[tuple[str, str], list[Fact]] = {}
    for fact in facts:
        by_metric.setdefault((fact.metric, fact.phase), []).append(fact)
    found = [(_id(group), group) for key in sorted(by_metric) for group in groups(by_metric[key])]
    mentions = [mention for _, group in found for mention in group.mentions]
    nodes = nodes_of(found, _most([mention.subject_type for mention in mentions]) or "other")
    name = _most([mention.subject for mention in mentions])
    owner = _most([(mention.owner or "", mention.owner_key or "") for mention in mentions if mention.owner_key])
    between = assertion_links(nodes)
    return Resolved(
        assertions=tuple(_assertion(node, name or "", owner) for node in nodes),
        links=(*(link for node in nodes for link in mention_links(node)), *between),
        history=tuple(history(nodes, name or "")),
    )


def _id(group: Group) -> str:
    anchor = group.anchor
    return content_hash("assertion", anchor.claim_id, anchor.unit, anchor.metric, anchor.phase)[:24]


def _most(found: Sequence[_T]) -> _T | None:
    """What most articles tell; of equals the shorter."""
    counts = Counter(found)
    return min(counts, key=lambda item: (-counts[item], len(str(item)), str(item)), default=None)


def _assertion(node: Node, subject: str, owner: tuple[str, str] | None) -> Assertion:
    mentions, head, dated = node.group.mentions, node.head, node.dated
    days = [mention.published for mention in mentions if mention.published]
    confirmed = [mention for mention in mentions if mention.label == "confirmed"]
    return Assertion(
        assertion_id=node.id,
        unit=head.unit,
        subject_key=head.subject_key,
        subject_id=head.subject_id,
        subject=subject,
        subject_type=node.subject_type,
        owner_key=owner[1] if owner else None,
        owner=owner[0] if owner else None,
        kind=head.kind,
        metric=head.metric,
        phase=head.phase,
        label="confirmed" if confirmed else "aspirational",
        realization=max(mentions, key=lambda mention: (_FIRMNESS[mention.realization],)).realization,
        certainty="asserted" if any(mention.certainty == "asserted" for mention in mentions) else "hedged",
        value=head.amount,
        min=head.low,
        max=head.high,
        measure=head.measure,
        relation=head.relation,
        vague=bool(head.vague),
        chip=next((mention.chip for mention in mentions if mention.chip), None),
        due_start=dated.due_start,
        due_end=dated.due_end,
        parties=_parties(mentions),
        first_seen=min(days, default=None),
        last_seen=max(days, default=None),
        confirmed_since=min((mention.published for mention in confirmed if mention.published), default=None),
        mentions=len(mentions),
        sources=node.sources,
        corroborated=node.sources > 1,
        voices=tuple(sorted({mention.voice for mention in mentions if mention.voice})),
        status=node.status,
        claims=tuple(mention.claim_id for mention in sorted(mentions, key=order)),
        overrides=_overrides(mentions),
    )


def _overrides(mentions: Sequence[Fact]) -> tuple[str, ...]:
    lists = {mention.overrides for mention in mentions}
    return tuple(sorted({name for text in lists for name in json.loads(text)}))


def _parties(mentions: Sequence[Fact]) -> tuple[tuple[str, str, str], ...]:
    """Each side once, in the role that most mentions give it (the first of equals)."""
    roles: dict[str, dict[str, int]] = {}
    names: dict[str, str] = {}
    for mention in mentions:
        for role, key, name in json.loads(mention.parties) if mention.parties != "[]" else ():
            names.setdefault(key, name)
            roles.setdefault(key, {}).setdefault(role, 0)
            roles[key][role] += 1
    return tuple((max(counts, key=lambda role: counts[role]), key, names[key]) for key, counts in roles.items())
