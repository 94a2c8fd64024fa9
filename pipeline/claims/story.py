"""Who is a deal's other side where its words do not name it: whose story the article is, or who was named before."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline import lexicon
from pipeline.reading import Reading, Sentence, Thing

_GOODS = re.compile(
    r"(?:['’]s)?\s(?:(?!(?:for|to|in|at|of|on|and|with|from|by|its)\s)[\w-]{1,20}\s){0,2}?"
    r"(?:chips?|GPUs?|TPUs?|processors?|accelerators?|servers?|hardware|racks|systems)\b"
)
_ITEM = 4
"""Words before those of a deal that begin an item of a list."""
_LOAN = 3
"""Sentences before the words of a loan that may name the borrower."""


def of_a_product(sentence: Sentence, thing: Thing) -> bool:
    """Whether a name only says whose product is meant ("40,000 Nvidia GPUs")."""
    return thing.aside or any(q.start <= thing.start < q.end for q in sentence.quantities)


def named_for_goods(reading: Reading, thing: Thing) -> bool:
    """Whether a name only says whose goods are meant ("a loan to fill the halls with Garrow chips")."""
    return bool(_GOODS.match(reading.text, thing.end))


def earlier_company(reading: Reading, sentence: Sentence, right: Sequence[Thing], *, back: int = 2) -> list[Thing]:
    """The company that the sentences before speak of, if it is none of those behind the words."""
    keys = {t.key for t in right}
    voice = set(lexicon.toml("coreference")["first_person"])
    for other in reversed(reading.sentences[max(0, sentence.index - back) : sentence.index]):
        for thing in other.things:
            if thing.type != "company" or thing.key in keys or thing.kind == "analyst":
                continue
            if thing.text.lower() not in voice and not of_a_product(other, thing):
                return [thing]
    return []


def of_the_lead(reading: Reading, sentence: Sentence, right: Sequence[Thing], start: int) -> list[Thing]:
    """The first company of the lead of a list whose item begins with the words of a deal ("- An order with Tarn")."""
    lead = reading.lead_of(sentence)
    if lead is None or reading.words_between(sentence.start, start) > _ITEM:
        return []
    keys = {t.key for t in right}
    return [t for t in lead.things if t.type == "company" and t.key not in keys and not t.aside][:1]


def teller(
    reading: Reading, sentence: Sentence, orgs: Sequence[Thing], others: Sequence[Thing], end: int
) -> list[Thing]:
    """Whose story it is, who so takes a loan or places an order: we, the one company of the title, or the last one."""
    keys = {t.key for t in others}
    voice = set(lexicon.toml("coreference")["first_person"])
    us = [t for t in orgs if t.start >= end and t.text.lower() in voice and t.key not in keys]
    title = reading.sentences[0]
    named = {t.key: t for t in title.things if t.type == "company" and not t.aside and t.kind != "investor"}
    alone = [t for key, t in named.items() if key not in keys]
    if us or (title.title and len(alone) == 1):
        return us[:1] or alone
    last = earlier_company(reading, sentence, others, back=_LOAN)
    return [t for t in last if t.kind != "investor"]
