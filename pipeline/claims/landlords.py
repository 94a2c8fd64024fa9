"""Whose a site is: the company that the article names as its owner or builder, which lets it and buys for it."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from pipeline import lexicon
from pipeline.reading import ClauseSpan, Reading, Sentence, Thing

_POSSESSED = re.compile(
    r"(?:['’]s?)?\s(?:(?!(?:at|in|on|from|for|to|with|and)\b)[\w-]+\s){0,3}"
    r"(?:(?:campus|site|halls?|facility|complex|project|data cent(?:er|re)s?|plant)\s(?:at|in|near|outside)\s)?"
)
_CAMPUS = re.compile(
    r"['’]s?\s(?:(?!(?:at|in|on|from|for|to|with|and)\b)[\w-]+\s){0,3}"
    r"(?:campus(?:es)?|sites?|facilit(?:y|ies)|complex|project|data cent(?:er|re)s?|halls?)\b"
)
_IN_SITE_OF = re.compile(
    r"\b(?:at|in|inside)\s(?:[\w-]+\s){1,4}(?:owned by|run by|operated by|built by|belonging to|of|leased from)\s$"
)
_SPACE = re.compile(
    r"\b(?:megawatts?|MW|gigawatts?|GW|halls?|buildings?|campus|floors?|site|facility|capacity|data cent(?:er|re)s?"
    r"|space|phases?|suites?|racks?)\b|\d(?:MW|GW)\b"
)
"""What a lease is of."""
_PLANT = re.compile(r"\b(?:wind|solar|nuclear|hydro|gas|geothermal|reactors?|turbines?|plant|farm|land|acres)\b")
_CLOSE = 60
"""Characters before a site that tell whose it is."""
_ITS = re.compile(r"\b(?:its|their)\s(?:[\w-]+\s){0,3}$")
_OWNER_OF = re.compile(r"\b(?:owner|developer|operator|builder|landlord) of (?:the )?$")
_APPOSED = re.compile(r"(?:\s[\w-]+){0,3},\s")
"""Between a site and who has it: the rest of its name."""
_OTHERS = re.compile(
    r"\b(?:partners?|tenants?|buyers?|customers?|clients?|takers?|some(?:body|one)|others?) (?:to|who|that) $"
)
"""Before words of taking: that somebody else is to take the space ("looking for a partner to take 100 MW")."""
_WITH = re.compile(r"\bwith\s(?:the|an?|[A-Z])")
_NEAR = 5
"""Words between a site and whose it is."""
_TOLD = 25
"""Words between a site and who is said, in the same clause, to build it."""
_BACK = 3
"""Sentences before a lease that tell of the site or of its landlord."""
_BETWEEN = 10
"""Words between the words of a lease and the site where the space is."""


@functools.cache
def _words(name: str) -> re.Pattern[str]:
    words = sorted(lexicon.toml("deals")["landlord"][name], key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(re.escape(w) for w in words)})\b", re.IGNORECASE)


@functools.cache
def _built_by() -> re.Pattern[str]:
    """Right before a name: that it builds or owns what was named before."""
    words = "|".join(re.escape(w) for w in lexicon.toml("deals")["landlord"]["passive"])
    return re.compile(rf"\b(?:{words}),?\s(?:the\s)?(?:[a-z][\w-]*\s){{0,3}}$")


@functools.cache
def _aboard() -> re.Pattern[str]:
    """Behind the words of a deal: that it is of space ("signed a memorandum to lease 10 MW")."""
    words = "|".join(lexicon.toml("deals")["landlord"]["aboard"])
    return re.compile(rf"(?:\s[\w-]+){{0,4}}?\s?to\s(?:{words})\b", re.IGNORECASE)


def owner_of(reading: Reading, site: Thing, others: Sequence[Thing]) -> Thing | None:
    """The company whose site it is by the words of the article, if it is none of the others."""
    keys = {t.key for t in others}
    for sentence in reading.sentences:
        sites = [t for t in sentence.things if t.key == site.key and t.type == site.type]
        orgs = [t for t in sentence.things if t.type == "company" and t.key not in keys and not t.aside]
        for place in sites:
            for org in orgs:
                if _has(reading, org, place) or _its_own(reading, sentence, org, place):
                    return org
    return _of_the_lexicon(reading, site, keys) or _of_the_title(reading, keys)


def _of_the_lexicon(reading: Reading, site: Thing, keys: set[str]) -> Thing | None:
    """The owner that the gazetteer has for a site, where the article names it."""
    known = lexicon.by_id().get(site.id or "")
    owner = known.owner if isinstance(known, lexicon.Site) else None
    if owner is None or owner in keys:
        return None
    return next((t for s in reading.sentences for t in s.things if t.id == owner and not t.aside), None)


def _of_the_title(reading: Reading, keys: set[str]) -> Thing | None:
    """The one company that the title names: what the article says of sites without an owner is said of its own."""
    title = reading.sentences[0]
    orgs = {t.key: t for t in title.things if t.type == "company" and not t.aside}
    others = [thing for key, thing in orgs.items() if key not in keys]
    return others[0] if title.title and len(others) == 1 else None


def _its_own(reading: Reading, sentence: Sentence, org: Thing, site: Thing) -> bool:
    """Whether the one company of a sentence has a site by an "its" ("Tarn said work at its Fern campus"), or is named
    behind it as "the owner of" it.
    """
    low = max(sentence.start, site.start - _CLOSE)
    if org.end <= site.start and _ITS.search(reading.text, low, site.start):
        named = {t.key for t in sentence.things if t.type == "company" and not t.aside and t.start < site.start}
        return named == {org.key}
    owned = org.start >= site.end and _OWNER_OF.search(reading.text, low, site.start)
    return bool(owned) and bool(_APPOSED.fullmatch(reading.text, site.end, org.start))


def _has(reading: Reading, org: Thing, site: Thing) -> bool:
    """Whether a company stands before its site ("Tarn's hall", "Tarn is building the hall") or behind "built by"."""
    first, second = (org, site) if org.start < site.start else (site, org)
    between = reading.text[first.end : second.start]
    if re.search(r"[;:.]", between):
        return False
    gap = reading.words_between(first.end, second.start)
    if gap > _NEAR:
        return first is site and gap <= _TOLD and bool(_built_by().search(between))
    if first is site:
        apposed = between in {", ", " (", " – ", " — "} and _CAMPUS.match(reading.text, org.end)
        return bool(apposed or _words("passive").search(between)) or _builds(reading, org, between)
    owns = org.text.lower() in {"its", "our"} or between[:2] in {"'s", "’s", "' ", "’ "}
    return (owns and bool(_POSSESSED.fullmatch(between))) or bool(_words("active").search(between))


def _builds(reading: Reading, org: Thing, between: str) -> bool:
    """Whether a relative clause says that the company built the site before it ("the campus that Tarn built")."""
    behind = reading.text[org.end : org.end + 40]
    return bool(re.search(r"\b(?:that|which)\s$", between) and _words("active").match(behind.lstrip()))


def _hosts(reading: Reading, org: Thing) -> bool:
    """Whether a company is told as whose site it is ("at Tarn's campus", "in a hall of Garrow")."""
    at = re.search(r"\b(?:at|in|inside|from|of)\s$", reading.text[max(0, org.start - 8) : org.start])
    before = _IN_SITE_OF.search(reading.text, max(0, org.start - 60), org.start)
    return bool((at and _CAMPUS.match(reading.text, org.end)) or before)


def landlord(reading: Reading, sentence: Sentence, tenants: Sequence[Thing], start: int, end: int) -> list[Thing]:
    """Who lets the site where somebody takes space ("Garrow's lease at Fern Hollow"), if the words are of renting."""
    words = reading.text[start:end]
    clause = sentence.clauses[sentence.clause_at(start)]
    renting = _words("renting").search(words) is not None
    space = any(
        clause.start <= q.start < clause.end and q.kind in {"power", "accelerators"} for q in sentence.quantities
    )
    lease = _words("renting").search(reading.text, clause.start, clause.end)
    rents = (
        renting
        or (_words("taking").search(words) is not None and (space or lease is not None))
        or _aboard().match(reading.text, end) is not None
    )
    if not rents:
        return []
    for org in sentence.things:
        near = org.type == "company" and org.start >= end and reading.words_between(end, org.start) <= _BETWEEN
        if near and org.key not in {t.key for t in tenants} and _hosts(reading, org):
            return [org]
    for site in sentence.things:
        if site.type == "cluster" and site.start >= end and reading.words_between(end, site.start) <= _BETWEEN:
            owner = owner_of(reading, site, tenants)
            return [owner] if owner else []
    named = _WITH.search(reading.text, end, clause.end)
    told = renting or any(
        0 <= reading.words_between(end, q.start) <= _NEAR for q in sentence.quantities if q.start >= end
    )
    others = _OTHERS.search(reading.text, max(clause.start, start - 24), start)
    return _of_the_story(reading, sentence, clause, tenants) if (told or lease) and not (named or others) else []


def _of_the_story(reading: Reading, sentence: Sentence, clause: ClauseSpan, tenants: Sequence[Thing]) -> list[Thing]:
    """The landlord where the words of a lease name none: who owns the site told last, else whose story it is.

    None of space that nobody measures, nor of a power plant's output; chips are let by whose story it is.
    """
    chips = any(clause.start <= q.start < clause.end and q.kind == "accelerators" for q in sentence.quantities)
    if chips and not _words("renting").search(reading.text, clause.start, clause.end):
        return []
    if not (chips or _SPACE.search(reading.text, clause.start, clause.end)):
        return []
    if _PLANT.search(reading.text, clause.start, clause.end):
        return []
    keys = {t.key for t in tenants}
    before = reading.sentences[max(0, sentence.index - _BACK) : sentence.index + 1]
    sites = [t for other in before for t in other.things if t.type == "cluster" and t.start < sentence.end]
    owner = owner_of(reading, sites[-1], tenants) if sites and not chips else _of_the_title(reading, keys)
    deals = lexicon.toml("deals")
    none: list[str] = deals["landlord"]["no_landlord"] + ([] if chips else deals["trades"]["hyperscalers"])
    return [owner] if owner and owner.kind not in none else []
