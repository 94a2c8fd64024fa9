"""Deals that several words of a sentence tell: the longest words speak, and one round of money is one deal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.claims.draft import Draft


def told_once(drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts without those that only repeat a part of another of their sentence."""
    return _one_nature(_one_round(_one_purchase(_longest(drafts))))


def _one_round(drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts with all who put money into one company, by the words of one sentence, as parties of one deal."""
    rounds: dict[tuple[int, frozenset[str]], Draft] = {}
    result: list[Draft] = []
    for draft in drafts:
        takers = frozenset(t.key for role, t in draft.parties if role != "investor")
        if draft.nature != "financing" or not takers:
            result.append(draft)
            continue
        first = rounds.setdefault((draft.sentence.index, takers), draft)
        known = {t.key for _, t in first.parties}
        joined = (*first.parties, *((r, t) for r, t in draft.parties if t.key not in known))
        same = first.verdict.realization == draft.verdict.realization
        if first is draft or not same:
            result.append(draft)
        else:
            rounds[draft.sentence.index, takers] = replace(first, parties=joined)
            result = [rounds[draft.sentence.index, takers] if d is first else d for d in result]
    return result


def _longest(drafts: Sequence[Draft]) -> list[Draft]:
    """Drafts without those whose words and parties are a part of another's ("buy" in "agreed to buy").

    The longer words take over what changes hands by the shorter ones.
    """

    def within(a: Draft, b: Draft) -> bool:
        inside = b.start <= a.start and a.end <= b.end and a.anchor != b.anchor
        return inside and b.strong >= a.strong and {t.key for _, t in a.parties} <= {t.key for _, t in b.parties}

    def natured(outer: Draft) -> Draft:
        bought = any(d.nature == "acquisition" and within(d, outer) for d in drafts)
        return replace(outer, nature="acquisition") if bought else outer

    return [natured(d) for d in drafts if not any(within(d, other) for other in drafts)]


def _one_nature(drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts without supplies that only repeat, between the same parties in one sentence, that money was given or
    a company bought.
    """
    money = [(d.sentence.index, {t.key for _, t in d.parties}) for d in drafts if d.nature != "supply"]

    def repeats(draft: Draft) -> bool:
        keys = {t.key for _, t in draft.parties}
        return any(draft.sentence.index == index and keys <= parties for index, parties in money)

    return [d for d in drafts if d.nature != "supply" or not repeats(d)]


def _one_purchase(drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts with the seller as a party of the purchase that the same words tell ("buy Tarn from Garrow")."""

    def sold(bought: Draft) -> Draft:
        known = {t.key for _, t in bought.parties}
        sellers = [(r, t) for d in drafts if _of_purchase(d, bought) for r, t in d.parties if t.key not in known]
        return replace(bought, parties=(*bought.parties, *sellers))

    purchases = [d for d in drafts if d.nature == "acquisition"]
    others = [d for d in drafts if not any(_of_purchase(d, bought) for bought in purchases)]
    return [sold(d) if d.nature == "acquisition" else d for d in others]


def _of_purchase(draft: Draft, bought: Draft) -> bool:
    """Whether two drafts are the two sides of one purchase: by the same words, and for the same buyer."""
    same = draft.nature == "supply" and bought.start <= draft.start < bought.end and draft.subject and bought.subject
    return bool(same) and draft.subject == bought.subject
