"""What must stand beside the words of a deal: its matter, a contract, both sides as speakers, or a sum."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from pipeline import lexicon
from pipeline.claims import roles
from pipeline.claims.deal_rules import DealRule
from pipeline.claims.scope import in_scope, word_pattern
from pipeline.reading import Anchor, Reading, Sentence, Thing
from pipeline.records import PartyRole

_BOTH_SAY = re.compile(
    r"\b(?:the (?:two|pair|duo)|(?:the|both) (?:two )?(?:companies|firms|sides|partners|parties|groups))"
    r"(?: (?:have|both|also|jointly|today)){0,2} (?:said|say|announced|announce|disclosed|confirmed|unveiled|told)\b",
    re.IGNORECASE,
)
"""What both sides tell together binds them."""
_FEW = 12
"""Words of a clause that has no room for the matter of its deal."""
_WAS = re.compile(
    r"\b(?:then|once|former|formerly|previously|ex-|old|disused)(?: an?| the| used for)? $", re.IGNORECASE
)
"""Before what a site was used for when it was bought."""
_FURTHER = re.compile(
    r"\b(?:(?:an?|the)\s(?:second|third|further|separate|new|additional)|another)\s(?:[\w-]+\s){0,3}?$", re.IGNORECASE
)
_FURTHER_ON = 60
"""Characters behind the words of a deal among which the site is named that it is about."""


def told_as_asked(reading: Reading, sentence: Sentence, rule: DealRule, start: int, end: int) -> bool:
    """Whether the sentence holds what a rule asks for beside its words: a contract, both as speakers, or a sum."""
    under = (rule.under_contract or rule.joint) and under_contract(reading, sentence)
    both = rule.joint and _BOTH_SAY.search(reading.text, sentence.start, sentence.end)
    if (rule.under_contract or rule.joint) and not under and not both:
        return False
    clause = sentence.clauses[sentence.clause_at(start)]
    sums = any(q.kind == "investment" and clause.start <= q.start < max(clause.end, end) for q in sentence.quantities)
    apart = rule.money and reading.text.startswith(",", start)
    money = word_pattern("deals", "scope", "no_price" if apart else "lent")
    lent = money.search(reading.text, sentence.start if apart else start, end)
    return not rule.money or (sums and not apart) or bool(lent)


def of_money(reading: Reading, sentence: Sentence, things: Sequence[Thing]) -> bool:
    """Whether those who take part do so in a financing: by their trade, or as the sentence or the last one tells."""
    last = reading.sentences[max(0, sentence.index - 1)]
    told = word_pattern("deals", "scope", "lent").search(reading.text, last.start, sentence.end)
    return bool(told) or any(roles.lends(t) for t in things)


@functools.cache
def _contract() -> re.Pattern[str]:
    nouns = "|".join(lexicon.toml("deals")["sets"]["deal"])
    return re.compile(
        r"\b(?:(?:under|via|through|part of|thanks to)\s+(?:an?|the|its|their|this|that|our)\s+"
        rf"(?:[$€£₹]?[\w.-]+,?\s+){{0,6}}(?:{nouns})\b"
        rf"|\b(?:{nouns}),? under which\b"
        r"|in (?:an? )?(?:[\w-]{1,20} ){0,3}(?:deal|contract|agreement|pact|lease) "
        r"(?:worth|valued|that|which|signed|announced))",
        re.IGNORECASE,
    )


def under_contract(reading: Reading, sentence: Sentence) -> bool:
    """Whether a sentence tells what is still to be done under a contract, which then is made ("will supply … under a
    20-year agreement").
    """
    return bool(_contract().search(reading.text, sentence.start, sentence.end))


def concerns(reading: Reading, sentence: Sentence, start: int, sides: Sequence[tuple[PartyRole, Thing]]) -> bool:
    """Whether a deal is about AI infrastructure: by clause, number or trade."""
    scope = lexicon.toml("deals")["scope"]
    clause = sentence.clauses[sentence.clause_at(start)]
    elsewhere = word_pattern("deals", "scope", "elsewhere").finditer(reading.text, clause.start, clause.end)
    if not all(_WAS.search(reading.text, max(clause.start, found.start() - 20), found.start()) for found in elsewhere):
        return False
    if any(thing.kind in scope["kinds"] for _, thing in sides):
        return True
    topics, strong = word_pattern("deals", "scope", "topics"), word_pattern("scope", "topic", "strong")
    told = topics.search(reading.text, clause.start, clause.end) or strong.search(
        reading.text, sentence.start, sentence.end
    )
    if told or any(in_scope(reading, sentence, q) for q in sentence.quantities):
        return True
    named = any(t.type == "company" and not t.stands_in for _, t in sides)
    return named and all(t.type == "company" for _, t in sides) and _curt(reading, sentence, start)


def _curt(reading: Reading, sentence: Sentence, start: int) -> bool:
    """Whether a clause of few words tells a deal whose matter the others tell ("We have no contract with …")."""
    clause = sentence.clauses[sentence.clause_at(start)]
    if sentence.title or reading.words_between(clause.start, clause.end) > _FEW:
        return False
    around = reading.sentences[max(0, sentence.index - 2) : sentence.index + 2]
    return any(
        any(t.type == "cluster" for t in other.things) or any(in_scope(reading, other, q) for q in other.quantities)
        for other in around
    )


def of_a_further_site(reading: Reading, sentence: Sentence, anchor: Anchor) -> bool:
    """Whether a deal is about a further site ("in talks with Tarn about a second campus")."""
    end = min(sentence.end, anchor.end + _FURTHER_ON)
    heads = word_pattern("scope", "topic", "site_heads").finditer(reading.text, anchor.end, end)
    return any(_FURTHER.search(reading.text, anchor.end, head.start()) for head in heads)
