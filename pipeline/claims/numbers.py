"""Quantity claims: one draft for each number in scope."""

from __future__ import annotations

import functools
import re
from dataclasses import replace

from pipeline import lexicon
from pipeline.claims import changes, dating, parts, subjects, supply
from pipeline.claims.carried_sites import names_an_office
from pipeline.claims.draft import Draft
from pipeline.claims.facet_rules import facet_rules
from pipeline.claims.facets import Verdict, cue_at, verdict
from pipeline.claims.receivers import receivers
from pipeline.claims.scope import clause_of, in_scope, word_pattern
from pipeline.claims.syntax import by_tense
from pipeline.reading import Reading, Sentence, Thing
from pipeline.records import DateMention, QuantityKind, QuantityMention, Realization

_GIVEN = 0.9
"""How surely a number is of those of whom it is said that each gets it."""
_ONLY_MONEY = (
    "commit.secured",
    "commit.capacity",
    "done.state",
    "done.bare",
    "done.premodifier",
    "done.active",
    "done.predicate.",
    "construction.state",
)


def deaf_to(kind: QuantityKind) -> tuple[str, ...]:
    """The rules of cues that say nothing of a number of this kind."""
    return _ONLY_MONEY if kind == "investment" else facet_rules().of_money


def find(reading: Reading) -> list[Draft]:
    """The drafts of all numbers in scope, in reading order."""
    drafts: list[Draft] = []
    for sentence in reading.sentences:
        for mention in sentence.quantities:
            if not in_scope(reading, sentence, mention) or _converted(reading, sentence, mention):
                continue
            given = receivers(reading, sentence, mention)
            nobody = not given and _of_nobody(reading, sentence, mention)
            if nobody or _asked(reading, sentence) or _generic(reading, sentence):
                continue
            standard = _standard(reading, sentence, mention)
            if standard:
                drafts += _compared(reading, sentence, mention, standard)
                continue
            draft = _draft(reading, sentence, mention)
            drafts += [replace(draft, subject=t, link_confidence=_GIVEN) for t in given] or [draft]
    return drafts


def _standard(reading: Reading, sentence: Sentence, mention: QuantityMention) -> Thing | None:
    """The owner of the number that another is measured against ("exceed Granite's roughly 40,000 GPUs")."""
    for thing in sentence.things:
        if thing.end <= mention.start <= thing.end + 30 and reading.text[thing.end : thing.end + 1] == "'":
            before = reading.text[sentence.start : thing.start]
            found = list(word_pattern("scope", "comparison", "more").finditer(before))
            if found and len(before[found[-1].end() :].split()) <= 1:
                return thing
    return None


def _compared(reading: Reading, sentence: Sentence, mention: QuantityMention, standard: Thing) -> list[Draft]:
    """Two claims: the number as its owner has it, and more than it for the subject of the sentence."""
    own = _draft(reading, sentence, mention)
    fact = cue_at(reading.text, standard.start, mention.end, "realized", "comparison.standard")
    known = replace(
        own,
        subject=standard,
        link_confidence=0.9,
        date=None,
        verdict=own.verdict.overruled(fact, "realized", 0.8),
    )
    quantity = mention.quantity
    number = quantity.value if quantity.value is not None else quantity.min
    others = tuple(t for t in sentence.things if t.key != standard.key)
    linked = subjects.link(reading, replace(sentence, things=others), mention)
    more = replace(
        own,
        subject=linked.thing,
        link_confidence=linked.confidence,
        quantity=quantity.model_copy(update={"value": number, "min": number, "max": None, "relation": "gt"}),
    )
    return [known, more]


_ALL_IN = re.compile(r"(?:(?:all|the) )?(?:AI )?data\s?cent(?:er|re)s (?:in|across|throughout) ", re.IGNORECASE)
"""Begins the total of a land ("Data centers in Ireland used 6,900 GWh")."""


def _of_nobody(reading: Reading, sentence: Sentence, mention: QuantityMention) -> bool:
    """Whether a number is the total of a country, a market or a queue, which no one owns ("Texas expects 218 GW")."""
    clause = clause_of(sentence, mention)
    totals = [q for q in sentence.quantities if q.kind == mention.kind and q.end <= mention.start]
    if totals and _of_nobody(reading, sentence, totals[-1]):
        return not any(
            t.type in {"cluster", "programme", "company"} and totals[-1].end <= t.start < mention.start
            for t in sentence.things
        )
    before = [t for t in sentence.things if clause.start <= t.start < mention.start]
    if any(t.type in {"cluster", "programme"} or (t.type == "company" and not _counts(t)) for t in before):
        return False
    sized = word_pattern("scope", "topic", "site_heads").search(
        reading.text, mention.end, _words_on(reading, sentence, mention)
    )
    if sized and not _OF_MANY.match(reading.text, mention.end):
        return False
    if any(thing.kind == "grid_operator" and supply.gives(reading, sentence, thing, mention) for thing in before):
        return False
    for thing in before:
        all_in = _ALL_IN.match(reading.text, clause.start, thing.start)
        leads = reading.words_between(all_in.end() if all_in else clause.start, thing.start) <= 1
        owns = reading.text[thing.end : thing.end + 1] == "'" and reading.gap(thing, mention) <= _TOTAL
        if _counts(thing) and (leads or owns) and not _decides(reading, thing, mention):
            return True
    here = sentence.clause_at(mention.start)
    relative = here and re.match(r"(?:which|who|that)\b", reading.text[clause.start :])
    head = sentence.clauses[here - 1] if relative else clause
    leading = _LEADING_THAT.match(reading.text, head.start)
    found = word_pattern("scope", "nobody").match(reading.text, leading.end() if leading else head.start)
    return found is not None and not word_pattern("scope", "deciding").match(reading.text, found.end() + 1)


def _decides(reading: Reading, place: Thing, mention: QuantityMention) -> bool:
    """Whether a place only says whose office it is that decides on a number ("Ohio regulators approved 900 MW")."""
    verb = word_pattern("scope", "deciding").search(reading.text, place.end, mention.start)
    return bool(verb) and names_an_office(reading, place)


def _counts(thing: Thing) -> bool:
    """Whether a thing is only counted for: a country or state, or who runs its grid."""
    return (thing.kind in lexicon.toml("scope")["counted_for"] and not thing.aside) or thing.kind == "grid_operator"


def _words_on(reading: Reading, sentence: Sentence, mention: QuantityMention) -> int:
    """Where the few words behind a number end that say what it is the size of."""
    found = re.compile(r"(?:\W{0,20}[\w-]{1,40}){0,4}").match(reading.text, mention.end, sentence.end)
    return found.end() if found else mention.end


def _generic(reading: Reading, sentence: Sentence) -> bool:
    """Whether the sentence speaks of any such thing ("An AI campus now wants 500 MW") and names nobody."""
    named = any(t.type in {"company", "cluster", "programme", "place"} for t in sentence.things)
    opening = word_pattern("scope", "generic").match(reading.text, sentence.start)
    if opening and (
        _STANDS.search(reading.text, sentence.start, sentence.end)
        or _TELLER.match(reading.text, sentence.start, sentence.end)
    ):
        return False
    return bool(opening) and not named and not sentence.title and not sentence.row and not sentence.dates


_TELLER = re.compile(
    r"an? (?:[\w-]+ ){0,2}?(?:person|people|spokes\w{3,8}|source|banker|official|executive|employee|engineer|insider"
    r"|filing|document|memo|permit|letter|statement|prospectus|presentation)\b[^.;]{0,80}?\b(?:the|its|their|this)\s(?!typical|average|usual)",
    re.IGNORECASE,
)
"""Who tells of one such thing, and of no thing of the kind ("A spokesman said the site draws 40 MW")."""
_STANDS = re.compile(
    r"\b(?:(?:would|will|could|is to|are to)\s(?:also\s)?"
    r"(?:stand|sit|rise|go up|be (?:built|placed|installed|sited|erected|added|housed))"
    r"|(?:is|are|was|were)\s(?:also\s)?(?:planned|proposed|being built|being installed)|has been (?:built|installed))"
    r"\s(?:in|on|at|beside|next to|near|behind|alongside|for|under)\sthe\b"
)
"""Words that tell of one such thing in its place ("A gas plant of 40 MW would stand in the north-east corner")."""


def _asked(reading: Reading, sentence: Sentence) -> bool:
    """Whether the sentence is a question about nobody in particular."""
    named = any(t.type in {"company", "cluster", "programme"} for t in sentence.things)
    return reading.text[sentence.end - 1] == "?" and not named


def _converted(reading: Reading, sentence: Sentence, mention: QuantityMention) -> bool:
    """Whether a sum in brackets only gives the sum before it in another currency: one claim, in the first currency."""
    if mention.kind != "investment":
        return False
    return any(
        q.kind == "investment"
        and q.end <= mention.start
        and (q.quantity.unit != mention.quantity.unit or _bracketed(reading, q, mention))
        and _IN_BRACKETS.fullmatch(reading.text[q.end : mention.start])
        for q in sentence.quantities
    )


def _bracketed(reading: Reading, before: QuantityMention, mention: QuantityMention) -> bool:
    """Whether a sum stands alone in brackets behind another."""
    closed = reading.text.startswith(")", mention.end)
    return closed and bool(_BRACKETED.fullmatch(reading.text, before.end, mention.start))


def _draft(reading: Reading, sentence: Sentence, mention: QuantityMention) -> Draft:
    quantity = mention.quantity
    if mention.kind == "power":
        quantity = quantity.model_copy(update={"role": supply.role(reading, sentence, mention)})
    linked = _subject(reading, sentence, mention)
    default, rule = _default(reading, sentence, mention)
    deaf = deaf_to(mention.kind)
    if _of_a_contract(reading, sentence, mention) or (mention.kind == "investment" and quantity.relation == "le"):
        deaf = (*deaf, "done.money")
    found = verdict(reading, sentence, mention, default=default, default_rule=rule, deaf_to=deaf)
    found = by_tense(reading, sentence, mention, found)
    found = changes.told_behind(reading, sentence, mention, found)
    found = changes.changed(reading, sentence, mention, found)
    whole = parts.whole_of(reading, sentence, mention)
    rivals = [q for q in sentence.quantities if q not in (mention, whole) and not _converted(reading, sentence, q)]
    date = dating.link(reading, sentence, mention, rivals, announced=False, found=found)
    if found.cues[0].rule == changes.IN_PART:
        date = None
    bare = found.by_default and found.realization == "planned"
    if date and bare and (_sizes_site(reading, sentence, mention) or _decided_on(reading, sentence, mention, date)):
        date = date if dating.fits(date, "planned", reading.published) else None
    found, date = changes.no_earlier(reading, found, date)
    if date is None and _just_raised(mention, found):
        date = dating.of_the_news(reading, sentence, mention)
    return Draft(
        kind=mention.kind,
        sentence=sentence,
        anchor=(mention.start, mention.end),
        verdict=dating.not_before(found, date, reading.published),
        subject=linked.thing,
        link_confidence=linked.confidence,
        quantity=quantity,
        another=quantity.incremental
        or bool(_APART.search(reading.text, max(sentence.start, mention.start - 40), mention.start)),
        date=date,
    )


_RAISED = re.compile(r"(?:rais|clos|complet|secur|borrow|land|obtain|sign|tied|pric|issu|plac)", re.IGNORECASE)


def _just_raised(mention: QuantityMention, found: Verdict) -> bool:
    """Whether a sum was got by a step that has its day, and is no total of what was spent or raised so far."""
    cue = found.cues[0]
    return (
        mention.kind == "investment"
        and found.realization == "realized"
        and cue.rule.startswith(facet_rules().of_money)
        and bool(_RAISED.search(cue.text))
    )


def _subject(reading: Reading, sentence: Sentence, mention: QuantityMention) -> subjects.Linked:
    """The subject of a number; of power or money that somebody gives, who or what gets it, and of a sum that stands
    for a site ("the $4 billion project"), that site.
    """
    money = mention.kind == "investment"
    if _stands_for_site(reading, sentence, mention):
        sites = tuple(t for t in sentence.things if t.type in _SITES)
        found = subjects.link(reading, replace(sentence, things=sites), mention)
        if found.thing and found.thing.type in _SITES:
            return found
    givers = {t.key for t in sentence.things if supply.gives_away(reading, sentence, t, mention)}
    if givers:
        others = replace(sentence, things=tuple(t for t in sentence.things if t.key not in givers))
        linked = subjects.link(reading, others, mention, prefer_company=money)
        named = linked.thing
        site = subjects.main_site(reading) if not money and named and named.type == "company" else None
        if site and named not in others.things:
            return subjects.Linked(site, 0.5)
        if named and named.key not in givers:
            return linked
    return subjects.link(reading, sentence, mention, prefer_company=money)


_SITES = {"cluster", "programme"}
_DEFINITE = re.compile(r"\b(?:the|this|that)\s(?:[\w-]+\s){0,2}$", re.IGNORECASE)


@functools.cache
def _site_sized() -> re.Pattern[str]:
    """Behind a sum: the site or the project that it is the cost of."""
    heads = word_pattern("scope", "topic", "site_heads").pattern
    return re.compile(
        rf"(?:\s\([^()]{{1,30}}\))?[\s-](?:[\w-]{{1,30}}\s){{0,3}}?(?:project|development|scheme|{heads})\b",
        re.IGNORECASE,
    )


def _stands_for_site(reading: Reading, sentence: Sentence, mention: QuantityMention) -> bool:
    """Whether a sum is the cost of a site that the words around it stand for."""
    before = _DEFINITE.search(reading.text, max(sentence.start, mention.start - 30), mention.start)
    return bool(before) and _sizes_site(reading, sentence, mention)


def _sizes_site(reading: Reading, sentence: Sentence, mention: QuantityMention) -> bool:
    """Whether a sum is the cost of a site about which something is done ("approved the $12 billion campus")."""
    return mention.kind == "investment" and bool(_site_sized().match(reading.text, mention.end, sentence.end))


def _decided_on(reading: Reading, sentence: Sentence, mention: QuantityMention, date: DateMention) -> bool:
    """Whether a date is that of a decision on what has the number ("in August approved three plants with 2 GW")."""
    clause = clause_of(sentence, mention)
    low = min(clause.start, date.start)
    return bool(word_pattern("scope", "deciding").search(reading.text, low, mention.start))


def _of_a_contract(reading: Reading, sentence: Sentence, mention: QuantityMention) -> bool:
    """Whether a sum is the worth of a contract, which is won or signed but not yet paid ("lands $2 billion lease")."""
    if mention.kind != "investment":
        return False
    found = _contract().match(reading.text, mention.end, sentence.end)
    return bool(found) and not any(
        word_pattern("deals", "scope", words).search(found.group()) for words in ("no_price", "lent")
    )


@functools.cache
def _contract() -> re.Pattern[str]:
    words = "|".join(lexicon.toml("scope")["money"]["contracts"])
    return re.compile(
        rf"(?:,? (?!(?:in|of|from|with|by|after|through|via|under|and|to)\b)[\w-]+){{0,5}}? (?:{words})\b",
        re.IGNORECASE,
    )


_APART = re.compile(
    r"\b(?:second|third|fourth|fifth|next|other|also|separate|remaining|new)\b,?\s(?:[\w-]+\s)?$", re.IGNORECASE
)
"""Before a number: that it is told apart from one of the same size."""
_LEADING_THAT = re.compile(r"(?:(?:and|but)\s)?(?:adding\s|saying\s|noting\s)?that\s", re.IGNORECASE)
_BRACKETED = re.compile(r"\s\((?:about |around |roughly )?")
"""A sum alone in brackets behind another, which it gives in another dollar ("US$10 billion ($14.2 billion)")."""
_IN_BRACKETS = re.compile(r"\s*[(\[,]\s*(?:or |i\.e\.,? |equal to |equivalent to )?")
_OF_MANY = re.compile(
    r"\s+of\s+(?:[\w-]+\s+){0,2}?(?:data cent(?:er|re)s|datacent(?:er|re)s|server farms)\b", re.IGNORECASE
)
"""Behind a number: it counts all that there are of a kind, and sizes no one thing."""
_APOSTROPHE = 3
"""Characters between an owner's name and the number that is its own."""
_TOTAL = 8
"""Words between a place and the total that is its own."""


@functools.cache
def _told_as_fact() -> re.Pattern[str]:
    words = "|".join(facet_rules().told_as_fact)
    return re.compile(rf"(?:\b(?:{words})|'s|s')\s+$", re.IGNORECASE)


def _default(reading: Reading, sentence: Sentence, mention: QuantityMention) -> tuple[Realization, str]:
    """What a number is without any cue: money, headlines and new things ("a 1 GW campus") are plans; what is told as
    known ("its 40,000 GPUs") is a fact.
    """
    if mention.kind == "investment":
        return "planned", "default.money"
    if sentence.title:
        return "planned", "default.headline"
    owner = next((t for t in sentence.things if 0 <= mention.start - t.end <= _APOSTROPHE and not t.stands_in), None)
    known = not (owner and owner.type == "company" and mention.kind == "power") and _told_as_fact().search(
        reading.text, max(sentence.start, mention.start - 12), mention.start
    )
    if mention.quantity.relation != "le" and known:
        return "realized", "default.stated"
    return "planned", "default.new"
