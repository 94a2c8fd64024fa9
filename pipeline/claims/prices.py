"""Whose the sum of a deal is: the buyer's who pays it, the borrower's who takes it, whoever is named nearer to it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from pipeline.claims.draft import Draft
from pipeline.claims.scope import word_pattern
from pipeline.reading import Reading

_NEAR = 30
"""Words between a deal's words and its price."""
_BESIDE = 40
"""Characters before and behind a sum that may show that it is no price ("capital expenditure of $40 billion")."""
_FOR = re.compile(r"\b(?:for|at a cost of|worth|valued at)\s+(?:[a-z]+\s+){0,3}$")
_LENDING = re.compile(r"\b(?:lend(?:s|ing)?|lent|loan(?:s|ed)?|mortgage|financing|sanction(?:s|ed))\b", re.IGNORECASE)
"""In the words of a deal: that its sum is lent ("agreed to lend", "sanctioned a term loan of")."""
_SURE = 0.8


def apply(reading: Reading, drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts, with prices and loans of a deal in their sentence given to the one who pays or borrows."""
    deals = [d for d in drafts if d.kind == "agreement"]
    return [_paid(reading, draft, deals) if draft.kind == "investment" else draft for draft in drafts]


def _paid(reading: Reading, amount: Draft, deals: Sequence[Draft]) -> Draft:
    """The sum as the deal's own subject's, where it was given to another party of a deal that it is the sum of."""
    for deal in sorted(deals, key=lambda d: _gap(reading, amount, d)):
        others = {thing.key for _, thing in deal.parties if deal.subject and thing.key != deal.subject.key}
        theirs = amount.subject is not None and (amount.subject.key in others or _for_a_site(reading, amount, deal))
        fact = amount.verdict.realization == "realized" and deal.verdict.realization in {"planned", "possible"}
        if theirs and not fact and deal.sentence.index == amount.sentence.index and _priced(reading, amount, deal):
            return replace(amount, subject=deal.subject, link_confidence=_SURE)
    return amount


def _for_a_site(reading: Reading, amount: Draft, deal: Draft) -> bool:
    """Whether a site is sold or let "for" a sum, which its buyer pays."""
    site = amount.subject is not None and amount.subject.type == "cluster" and deal.nature != "financing"
    return site and bool(_FOR.search(reading.text, max(deal.end, amount.start - _BESIDE), amount.start))


def _gap(reading: Reading, amount: Draft, deal: Draft) -> int:
    low, high = sorted((amount.anchor, deal.anchor))
    return reading.words_between(low[1], high[0])


def _priced(reading: Reading, amount: Draft, deal: Draft) -> bool:
    """Whether a sum stands near a deal's words, and is called a loan where money is lent, else nothing but a price."""
    if _gap(reading, amount, deal) > _NEAR:
        return False
    low = max(amount.sentence.start, amount.start - _BESIDE)
    high = min(amount.sentence.end, amount.end + _BESIDE)
    if deal.nature == "financing":
        lending = deal.anchor[0] <= amount.start and _LENDING.search(reading.text, *deal.anchor)
        return bool(lending) or bool(word_pattern("deals", "scope", "lent").search(reading.text, amount.end, high))
    return not word_pattern("deals", "scope", "no_price").search(reading.text, low, high)
