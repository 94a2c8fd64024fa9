"""What a sentence must hold beside the words of a deal: a contract, both sides as speakers, or a sum."""

from __future__ import annotations

import functools
import re

from pipeline import lexicon
from pipeline.claims.deal_rules import DealRule
from pipeline.claims.scope import word_pattern
from pipeline.reading import Reading, Sentence

_BOTH_SAY = re.compile(
    r"\b(?:the (?:two|pair|duo)|(?:the|both) (?:two )?(?:companies|firms|sides|partners|parties|groups))"
    r"(?: (?:have|both|also|jointly|today)){0,2} (?:said|say|announced|announce|disclosed|confirmed|unveiled|told)\b",
    re.IGNORECASE,
)
"""What both sides tell together binds them."""


def told_as_asked(reading: Reading, sentence: Sentence, rule: DealRule, start: int, end: int) -> bool:
    """Whether the sentence holds what a rule asks for beside its words: a contract, both as speakers, or a sum."""
    under = (rule.under_contract or rule.joint) and under_contract(reading, sentence)
    both = rule.joint and _BOTH_SAY.search(reading.text, sentence.start, sentence.end)
    if (rule.under_contract or rule.joint) and not under and not both:
        return False
    clause = sentence.clauses[sentence.clause_at(start)]
    sums = any(q.kind == "investment" and clause.start <= q.start < max(clause.end, end) for q in sentence.quantities)
    apart = rule.money and reading.text.startswith(",", start)
    lent = word_pattern("deals", "scope", "lent").search(reading.text, sentence.start if apart else start, end)
    return not rule.money or (sums and not apart) or bool(lent)


@functools.cache
def _contract() -> re.Pattern[str]:
    nouns = "|".join(lexicon.toml("deals")["sets"]["deal"])
    return re.compile(
        r"\b(?:(?:under|via|through|part of|thanks to)\s+(?:an?|the|its|their|this|that|our)\s+"
        rf"(?:[$€£₹]?[\w.-]+,?\s+){{0,6}}(?:{nouns})\b"
        rf"|\b(?:{nouns}),? under which\b"
        r"|in (?:an? )?(?:[\w-]{1,20} ){0,3}(?:deal|contract|agreement|pact|lease) (?:worth|valued|that|which|signed|announced))",
        re.IGNORECASE,
    )


def under_contract(reading: Reading, sentence: Sentence) -> bool:
    """Whether a sentence tells what is still to be done under a contract, which then is made ("will supply … under a
    20-year agreement").
    """
    return bool(_contract().search(reading.text, sentence.start, sentence.end))
