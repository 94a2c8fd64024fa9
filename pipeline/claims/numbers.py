"""Quantity claims: one draft for each number in scope."""

from __future__ import annotations

from pipeline.claims import dating, subjects
from pipeline.claims.draft import Draft
from pipeline.claims.facets import verdict
from pipeline.claims.scope import in_scope, power_role
from pipeline.reading import Reading, Sentence
from pipeline.records import QuantityMention, Realization

DEAF: dict[str, tuple[str, ...]] = {
    "accelerators": ("done.money",),
    "power": ("done.money",),
    "energy": ("done.money",),
    "investment": ("done.state", "done.premodifier", "done.predicate.", "construction.state"),
}


def find(reading: Reading) -> list[Draft]:
    """The drafts of all numbers in scope, in reading order."""
    return [
        _draft(reading, sentence, mention)
        for sentence in reading.sentences
        for mention in sentence.quantities
        if in_scope(reading, sentence, mention)
    ]


def _draft(reading: Reading, sentence: Sentence, mention: QuantityMention) -> Draft:
    quantity = mention.quantity
    if mention.kind == "power":
        quantity = quantity.model_copy(update={"role": power_role(reading, sentence, mention)})
    linked = subjects.link(reading, sentence, mention, prefer_company=mention.kind == "investment")
    default, rule = _default(sentence, mention)
    found = verdict(reading, sentence, mention, default=default, default_rule=rule, deaf_to=DEAF[mention.kind])
    rivals = [q for q in sentence.quantities if q is not mention]
    date = dating.link(reading, sentence, mention, rivals, announced=False)
    if date and not dating.plausible(date, found.realization, reading.published):
        date = None
    return Draft(
        kind=mention.kind,
        sentence=sentence,
        anchor=(mention.start, mention.end),
        verdict=found,
        subject=linked.thing,
        link_confidence=linked.confidence,
        quantity=quantity,
        date=date,
    )


def _default(sentence: Sentence, mention: QuantityMention) -> tuple[Realization, str]:
    """What a number is without any cue: money and headlines are plans, a plant or a count stands as it is told."""
    if mention.kind == "investment":
        return "planned", "default.money"
    if sentence.title:
        return "planned", "default.headline"
    return "realized", "default.stated"
