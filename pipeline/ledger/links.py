"""How the assertions of one unit follow each other: each link by a rule that has a name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from pipeline.ledger.grouping import Group, chips_agree, dates_agree, days_between, independent, source_keys
from pipeline.ledger.records import Fact, Link, Status
from pipeline.ledger.rules import link_rules, rules


@dataclass
class Node:
    """An assertion while its links are sought. `day` is when it was first told."""

    id: str
    group: Group
    subject_type: str
    sources: int
    day: str | None
    status: Status = "open"
    closed: str | None = None
    """The day on which it stopped being open."""
    events: list[tuple[Link, Fact]] = field(default_factory=list[tuple[Link, Fact]])
    """The links that end here as target, each with the claim that made it."""

    @property
    def head(self) -> Fact:
        """The mention that stands for it."""
        return self.group.anchor

    @property
    def vouched(self) -> Fact | None:
        """The first mention that is confirmed: told as fact by somebody who vouches."""
        return next((mention for mention in self.group.mentions if mention.label == "confirmed"), None)

    @property
    def dated(self) -> Fact:
        """The mention that tells its date, else the one that stands for it."""
        return self.group.dated or self.group.anchor


def nodes_of(found: Iterable[tuple[str, Group]], subject_type: str) -> list[Node]:
    """The assertions of a unit in the order in which they were first told; those without a day last."""
    nodes = [
        Node(id, group, subject_type, len(independent(group.mentions)), group.anchor.published) for id, group in found
    ]
    for node in nodes:
        if node.head.phase != "planned":
            node.status = "stands" if node.head.phase == "actual" else "dropped"
    return sorted(nodes, key=lambda node: (node.day or "9999", node.head.metric, node.id))


def mention_links(node: Node) -> Iterator[Link]:
    """`same_as` from every further mention of an assertion to its first."""
    kind = node.head.kind
    rule = "same.deal" if kind == "agreement" else "same.step" if kind == "milestone" else "same.amount"
    for mention in node.group.mentions[1:]:
        yield _link(rule, mention.claim_id, node.head.claim_id, node)


def assertion_links(nodes: Sequence[Node]) -> list[Link]:
    """All other links between the assertions of one unit, in order; marks what they close.

    Each assertion is held against those that were first told before it. Without a publication date nothing is known
    of before and after, so such assertions have no links.
    """
    dated = [node for node in nodes if node.day]
    chains: dict[str, list[Node]] = {}
    links: list[Link] = []
    for node in dated:
        chain = chains.setdefault(node.head.metric, [])
        links += _within(node, chain)
        if node.vouched and node.subject_type in rules().one_at_a_time.subjects:
            if node.head.metric == "milestone.cancelled":
                links += _cancelled(node, chains)
            elif node.head.metric in ("milestone.delayed", "milestone.paused"):
                links += _waiting(node, chains)
        chain.append(node)
    return links


def _within(node: Node, chain: Sequence[Node]) -> Iterator[Link]:
    """Links to earlier assertions of the same metric."""
    peers = [other for other in chain if chips_agree(other.head, node.head)]
    if node.head.phase == "dropped":
        yield from _dropped(node, peers)
        return
    disputed = [other for other in peers if other.head.phase == node.head.phase and _disputes(node, other)]
    for other in disputed:
        yield _made("contradict.same_week", node, other)
    if node.head.phase == "actual":
        yield from _kept(node, peers)
    peers = [other for other in peers if other not in disputed]
    if node.head.phase == "planned":
        yield from _replanned(node, [other for other in peers if other.status == "open"])
    else:
        yield from _changed_fact(node, [other for other in peers if other.head.phase == "actual"])


def _dropped(node: Node, peers: Sequence[Node]) -> Iterator[Link]:
    """What is denied is contradicted; what is dropped is over."""
    for other in peers:
        if not _comparable(node, other) or other.status == "superseded":
            continue
        if any(mention.denied for mention in node.group.mentions):
            yield _closing("contradict.denied", node, other, "dropped" if other.status == "open" else other.status)
        elif other.head.kind == "agreement" and other.status in ("open", "stands"):
            yield _closing("supersede.ended", node, other, "superseded")
        elif other.status == "open":
            yield _closing("supersede.dropped", node, other, "superseded")


def _comparable(node: Node, other: Node) -> bool:
    """Whether what is negated is the other: no amount, or the same one, and a date that agrees."""
    one, two = node.head.amount, other.head.amount
    same = one is None or two is None or abs(one - two) <= rules().tolerance.one_sided * max(abs(one), abs(two))
    return same and dates_agree(node.dated, other.dated)


def _kept(node: Node, peers: Sequence[Node]) -> Iterator[Link]:
    """Promises that the fact fulfils, from the day on which somebody vouches for it.

    A company has many plans: there the amount has to be the promised one.
    """
    fact = node.vouched
    if fact is None or fact.published is None:
        return
    for other in peers:
        if other.status != "open" or other.day == node.day or not _fulfils(node, other):
            continue
        own_date = node.dated.due_end if node.head.kind == "milestone" else None
        due = other.dated.due_end
        days = days_between(due, min(own_date or fact.published, fact.published)) if due else None
        rule = "update.signed" if node.head.kind == "agreement" else "update.kept"
        yield _closing(rule, node, other, "kept", days, claim=fact)


def _fulfils(node: Node, other: Node) -> bool:
    fact, promise = node.head.amount, other.head.amount
    if fact is None or promise is None:
        return fact is promise
    tolerance = rules().tolerance.kept
    short = fact < promise * (1 - tolerance)
    beyond = fact > promise * (1 + rules().tolerance.one_sided)
    return not short and (_one_at_a_time(node) or not beyond)


def _replanned(node: Node, open_: Sequence[Node]) -> Iterator[Link]:
    """The open promises that this one replaces, and by which rule; a weaker one only contradicts them."""
    earlier = [other for other in open_ if (other.day or "") < (node.day or "") and other.head.phase == "planned"]
    moved = [other for other in earlier if _ratio(node, other) is None and not dates_agree(other.dated, node.dated)]
    others = [other for other in earlier if _ratio(node, other) is not None]
    same_date = [other for other in others if _both_dated(node, other) and dates_agree(other.dated, node.dated)]
    if moved and node.head.kind != "agreement":
        # Of firm promises the last one moved; the others may be of other stages.
        firm = [other for other in moved if not _weaker(other, node)][-1:]
        for other in [other for other in moved if other in firm or _weaker(other, node)]:
            yield _moved(node, other)
    elif same_date:
        for other in same_date:
            yield _resized(node, other)
    elif len(others) == 1 and _one_at_a_time(node):
        yield from _undated_change(node, others[0])


def _weaker(node: Node, other: Node) -> bool:
    """Whether nobody stands behind the one as somebody stands behind the other."""

    def firmness(item: Node) -> tuple[bool, bool]:
        mentions = item.group.mentions
        return (
            any(mention.realization != "possible" for mention in mentions),
            any(mention.certainty == "asserted" for mention in mentions),
        )

    return firmness(node) < firmness(other)


def _moved(node: Node, other: Node) -> Link:
    days = _days(other, node)
    if _weaker(node, other):
        return _made("contradict.weaker", node, other, days)
    return _closing("supersede.slipped" if days > 0 else "supersede.pulled_forward", node, other, "superseded", days)


def _undated_change(node: Node, other: Node) -> Iterator[Link]:
    """The only other promise of a metric of which there is one at a time."""
    days = _days(other, node) if _both_dated(node, other) else 0
    ratio = _ratio(node, other) or 1.0
    if days > 0 and ratio > 1:
        yield _made("update.next_stage", node, other, days=days, ratio=ratio)
    elif days >= 0 or ratio > 1:
        yield _resized(node, other, days or None)


def _resized(node: Node, other: Node, days: int | None = None) -> Link:
    ratio = _ratio(node, other) or 1.0
    if _weaker(node, other):
        return _made("contradict.weaker", node, other, days, ratio)
    rule = "supersede.grew" if ratio > 1 else "supersede.shrank"
    return _closing(rule, node, other, "superseded", days, ratio)


def _changed_fact(node: Node, facts: Sequence[Node]) -> Iterator[Link]:
    """A later fact updates the last one before it, where the subject has one such number at a time.

    Where that one is in dispute, both sides of the dispute are updated.
    """
    earlier = [other for other in facts if (other.day or "") < (node.day or "") and _ratio(node, other) is not None]
    if not earlier or not _one_at_a_time(node):
        return
    last = earlier[-1]
    disputed = {last.id}
    for other in earlier:
        disputed |= {link.target for link, _ in other.events if link.source == last.id and link.type == "contradicts"}
    for other in earlier:
        if other.id in disputed:
            ratio = _ratio(node, other) or 1.0
            rule = "contradict.weaker" if _weaker(node, other) else "update.grew" if ratio > 1 else "update.fell"
            yield _made(rule, node, other, ratio=ratio)


def _disputes(node: Node, other: Node) -> bool:
    """Told differently by other sources at the same time, of something of which only one can be true."""
    if node.day is None or other.day is None or days_between(other.day, node.day) > rules().window.same_week:
        return False
    keys = {key for mention in other.group.mentions for key in source_keys(mention)}
    if any(key in keys for mention in node.group.mentions for key in source_keys(mention)):
        return False
    if node.head.kind == "agreement":
        return False
    both = _both_dated(node, other)
    if _ratio(node, other) is None:
        return both and not dates_agree(node.dated, other.dated)
    return (both and dates_agree(node.dated, other.dated)) or (_one_at_a_time(node) and not both)


def _cancelled(node: Node, chains: dict[str, list[Node]]) -> Iterator[Link]:
    void = rules().lifecycle.void
    for metric in sorted(chains):
        if metric.startswith(void):
            for other in chains[metric]:
                if other.status == "open" and other is not node:
                    yield _closing("supersede.cancelled", node, other, "dropped")


def _waiting(node: Node, chains: dict[str, list[Node]]) -> Iterator[Link]:
    """What a delay or a pause holds up: of each metric the last promise that was not itself news of the same week."""
    rule = "update.delayed" if node.head.metric == "milestone.delayed" else "update.paused"
    week = rules().window.same_week

    def held_up(other: Node) -> bool:
        if other.head.phase != "planned" or days_between(other.day or "", node.day or "") <= week:
            return False
        return other.status == "open" or bool(other.closed and days_between(other.closed, node.day or "") <= week)

    for metric in rules().lifecycle.waits:
        waiting = [other for other in chains.get(metric, ()) if held_up(other)]
        if waiting:
            yield _made(rule, node, waiting[-1])


def _one_at_a_time(node: Node) -> bool:
    single = rules().one_at_a_time
    return node.head.metric in single.metrics and node.subject_type in single.subjects


def _ratio(node: Node, other: Node) -> float | None:
    """The new amount by the old one; null where they agree, or where there is none."""
    new, old = node.head.amount, other.head.amount
    if new is None or old is None or not old:
        return None
    if abs(new - old) <= rules().tolerance.exact * max(abs(new), abs(old)):
        return None
    return round(new / old, 4)


def _both_dated(node: Node, other: Node) -> bool:
    return bool(node.dated.due_end and other.dated.due_end)


def _days(other: Node, node: Node) -> int:
    assert other.dated.due_end
    assert node.dated.due_end
    return days_between(other.dated.due_end, node.dated.due_end)


def _made(
    rule: str, node: Node, other: Node, days: int | None = None, ratio: float | None = None, claim: Fact | None = None
) -> Link:
    link = _link(rule, node.id, other.id, node, days, ratio)
    other.events.append((link, claim or node.head))
    return link


def _closing(
    rule: str, node: Node, other: Node, status: Status, days: int | None = None, ratio: float | None = None,
    claim: Fact | None = None,
) -> Link:  # fmt: skip
    other.status, other.closed = status, node.day
    return _made(rule, node, other, days, ratio, claim)


def _link(rule: str, source: str, target: str, node: Node, days: int | None = None, ratio: float | None = None) -> Link:
    kind = link_rules()[rule].type
    return Link(type=kind, rule=rule, source=source, target=target, unit=node.head.unit, days=days, ratio=ratio)
