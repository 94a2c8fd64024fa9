"""Which claims say the same thing: the mentions of one assertion, and how many sources they really are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.ledger.records import Fact
from pipeline.ledger.rules import rules

_ONE_SIDED = {"ge": 1, "gt": 1, "le": -1, "lt": -1}
_ALWAYS_DATED = ("investment", "agreement", "milestone", "energy")


@dataclass
class Group:
    """The mentions of one assertion, in order of publication. The first is its anchor."""

    anchor: Fact
    mentions: list[Fact] = field(default_factory=list[Fact])
    dated: Fact | None = None
    """The first mention that tells a resolved date."""

    def join(self, fact: Fact) -> None:
        """Take one more mention in."""
        self.mentions.append(fact)
        if self.dated is None and fact.due_end:
            self.dated = fact


def order(fact: Fact) -> tuple[str, str, int, str]:
    """Claims in order of publication, those without a date last; ties by document and place in it."""
    return fact.published or "9999", fact.document, fact.at, fact.claim_id


def groups(facts: Sequence[Fact]) -> list[Group]:
    """The mentions of one metric and phase, grouped: each joins the group that it agrees with, else begins one.

    Where several agree, one with the very same deadline goes first, then the one that was told last. Mentions are
    taken in the order of publication whatever order they come in, so that the result depends on their set alone.
    """
    found: list[Group] = []
    for fact in sorted(facts, key=order):
        agreeing = [group for group in found if _agrees(group, fact)]
        if agreeing:
            best = max(agreeing, key=lambda group: (_same_deadline(group, fact), order(group.mentions[-1])))
        else:
            best = Group(fact)
            found.append(best)
        best.join(fact)
    return found


def _agrees(group: Group, fact: Fact) -> bool:
    anchor = group.anchor
    # An article tells one fact in one claim: two of its numbers that are not equal are two facts, however near.
    if any(mention.document == fact.document and mention.amount != fact.amount for mention in group.mentions):
        return False
    if not chips_agree(anchor, fact) or not amounts_agree(anchor, fact):
        return False
    if fact.phase == "actual" and fact.kind not in _ALWAYS_DATED:
        return True
    return dates_agree(group.dated or anchor, fact)


def _same_deadline(group: Group, fact: Fact) -> bool:
    return any(mention.due_end == fact.due_end for mention in group.mentions) if fact.due_end else False


def chips_agree(one: Fact, other: Fact) -> bool:
    """The same model, or one of them names none or only its maker."""
    if one.chip == other.chip:
        return True
    chips = {chip for chip in (one.chip, other.chip) if chip and not chip.startswith("org:")}
    return len(chips) < 2


def amounts_agree(one: Fact, other: Fact) -> bool:
    """Whether two amounts may be the same one, by the tolerances of the rules."""
    if one.amount is None or other.amount is None:
        return one.amount is other.amount
    if "range" in (one.relation, other.relation):
        return _overlap(one, other)
    small, large = sorted((one, other), key=lambda fact: (fact.amount or 0.0, fact.claim_id))
    assert small.amount is not None
    assert large.amount is not None
    return large.amount - small.amount <= _slack(small, large) * abs(large.amount)


def _slack(small: Fact, large: Fact) -> float:
    """How far apart they may be, as a part of the larger: a lower bound reaches upward, an upper bound downward."""
    tolerance = rules().tolerance
    if small.vague and _ONE_SIDED.get(small.relation or "") == 1:
        return 1 - 1 / (1 + tolerance.vague)
    if _ONE_SIDED.get(small.relation or "") == 1 or _ONE_SIDED.get(large.relation or "") == -1:
        return tolerance.one_sided
    if "approx" in (small.relation, large.relation):
        return tolerance.approximate
    return tolerance.exact


def _overlap(one: Fact, other: Fact) -> bool:
    tolerance = rules().tolerance.approximate

    def bounds(fact: Fact) -> tuple[float, float]:
        amount = fact.amount or 0.0
        low, high = (fact.low, fact.high) if fact.relation == "range" else (amount, amount)
        return (amount if low is None else low), (amount if high is None else high)

    (low, high), (other_low, other_high) = bounds(one), bounds(other)
    return low <= other_high * (1 + tolerance) and other_low <= high * (1 + tolerance)


def dates_agree(one: Fact, other: Fact) -> bool:
    """Whether two dates may be the same one: unknown, one within the other, or ending in the same month."""
    if not one.due_end or not other.due_end:
        return True
    if abs(days_between(one.due_end, other.due_end)) <= rules().window.same_day_of_deadline:
        return True
    start, other_start = one.due_start or one.due_end, other.due_start or other.due_end
    inside = other_start <= start and one.due_end <= other.due_end
    return inside or (start <= other_start and other.due_end <= one.due_end)


def days_between(first: str, second: str) -> int:
    """Days from the first ISO date to the second."""
    return (dt.date.fromisoformat(second) - dt.date.fromisoformat(first)).days


def independent(mentions: Sequence[Fact]) -> list[list[Fact]]:
    """The mentions by independent source.

    One source are: mentions in one document or in documents with the same text, the same long title or the same
    publisher; passages that are the same word for word; and whatever is told on the word of one named publication.
    """
    if len(mentions) == 1:
        return [list(mentions)]
    parent: dict[str, str] = {}

    def find(key: str) -> str:
        root = key
        while parent.setdefault(root, root) != root:
            root = parent[root]
        while parent[key] != root:
            parent[key], key = root, parent[key]
        return root

    for mention in mentions:
        first, *others = source_keys(mention)
        for other in others:
            parent[find(other)] = find(first)
    together: dict[str, list[Fact]] = {}
    for mention in mentions:
        together.setdefault(find(source_keys(mention)[0]), []).append(mention)
    return list(together.values())


def source_keys(mention: Fact) -> list[str]:
    """What makes two mentions one source, when they share any of it."""
    keys = [f"document {mention.document}", f"text {mention.text_sha256}"]
    if mention.title and len(mention.title.split()) >= rules().window.copied_title:
        keys.append(f"title {mention.title}")
    if mention.passage:
        keys.append(f"passage {mention.passage}")
    keys += [f"publisher {name}" for name in (mention.publisher, mention.origin) if name]
    return keys
