"""The site of a step whose sentence names none: the one that the sentences before speak of.

A step is taken to be of a site named before only where nothing but words of building stand between the head of its
clause and the step ("The first hall is to open …", "Construction began …"): any other noun there may be the matter of
the step. Steps of nothing but a site in the making ("got its air permit", "broke ground") need no such words.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from pipeline import lexicon
from pipeline.claims import subjects
from pipeline.claims.host_places import HEADING, heading, stands_there, town
from pipeline.claims.scope import finite_verbs, word_pattern
from pipeline.reading import Anchor, ClauseSpan, Placed, Reading, Sentence, Thing
from pipeline.records import CueMention

_DATELINE = re.compile(r"[A-Z][^\n–—]{2,70}?\s?(?:\((?:AP|Reuters|AFP|Bloomberg|UPI)\)\s?[-–—]|[–—]|--|\s-)\s")
"""Opens a sentence as a dateline does, in the midst of a text too ("Ashby, Ohio — The council …" in a newsletter)."""
_ARTICLES = frozenset({"a", "an", "the", "its", "their", "another", "our"})
_SUBJECTS = frozenset({"it", "they", "he", "she", "we", "the", "its", "their", "this", "these", "a", "an"})
"""Behind "that" it opens a clause of its own, which nothing before it goes on into ("said that it will …")."""
_PREPOSITIONS = frozenset({"of", "for", "with", "to", "from", "by", "about"})
_ANTECEDENT = 5
"""Words of a noun phrase, from its article on, among which its noun stands."""
_RELATIVES = frozenset({"which", "that", "whose"})
_LEAD = 4
"""Sentences at the head of an article, its title among them, that tell what it is about."""
_BACK = 3
"""Sentences that a step looks back for its site."""
_OWN = re.compile(r"^(?:['’]s)?\s(?:(?:state|environmental|public|local|energy|utility|air)\s){0,2}")
_WITH = re.compile(r"\b(?:of|at|on|for|in|near)\b")
"""Opens the phrase of what a step is about."""
_POINTS = re.compile(
    r"\b(?:shut|closed|scrapped|cancelled|canceled|dropped|shelved|abandoned|opened|paused)\s(?:it|that|this)\b"
)
"""Words of a step whose object is a site named before."""
_OFFICE = re.compile(
    r"(?:[A-Z][\w'’-]*\s|(?:of|and|for|the)\s){0,5}?(?:Department|Commission|Board|Council|Authority|Agency|Court"
    r"|Committee|Ministry|District|Office|Supervisors|Commissioners|Appeals|Quality|Bureau|Administration)\b"
)
"""A name that ends as that of an authority, which decides on sites and has none."""
_CODE = re.compile(r"(?:\d|-\d)")
"""Behind capitals: the code of a hall ("CB-5", "PH04")."""
_THE = re.compile(r"(?<!\bof )\b(?:the|both|two|its|their|these)\s(?:[a-z-]+\s)?$", re.IGNORECASE)
_PLAN = re.compile(
    r"\s(?:the|its|their|this|that)\s(?:[\w-]+\s){0,2}?"
    r"(?:plans?|scheme|project|proposals?|application|development|campus|facility|rezoning|request|petition|bid|site)\b"
)
_THERE = re.compile(r"\bthere\b")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


def carried(
    reading: Reading, sentence: Sentence, step: Anchor, *, setback: bool, before: Thing | None
) -> tuple[Thing | None, float]:
    """The site that the sentences before speak of, if nothing between the head of the clause and the step denies it."""
    headed = heading(reading, sentence)
    if headed is not None:
        return (headed, 0.55) if not setback or _of_its_plans(reading, sentence, step) else (None, 0.0)
    for other in reversed(reading.sentences[max(0, sentence.index - _BACK) : sentence.index]):
        if other.row and not sentence.row:
            continue
        sites = [t for t in other.things if t.type == "cluster"]
        if not sites and not setback:
            places = [t for t in other.things if town(t)]
            sites = [t for t in places if stands_there(reading, other, t)][:1]
        if sites:
            return (sites[0], 0.55) if _goes_on(reading, sentence, step, sites[0]) else (None, 0.0)
    main = None if setback else subjects.main_site(reading) or _lead_site(reading) or before
    return (main, 0.5) if main and _goes_on(reading, sentence, step, main) else (None, 0.0)


def _of_its_plans(reading: Reading, sentence: Sentence, step: Anchor) -> bool:
    """Whether a setback has a site or its papers as its matter, and nobody just walked away."""
    linking = lexicon.toml("events")["linking"]
    clause = sentence.clauses[sentence.clause_at(step.start)]
    words = reading.text[clause.start : max(clause.end, step.end)].lower()
    return not {*linking["parts"], *linking["objects"]}.isdisjoint(_WORD.findall(words))


def _lead_site(reading: Reading) -> Thing | None:
    """The one site that the head of an article tells of, None where it tells of several or none."""
    sites: dict[str, Thing] = {}
    place: Thing | None = None
    towns: dict[str, bool] = {}
    for sentence in reading.sentences[:_LEAD]:
        for thing in sentence.things:
            if town(thing):
                towns[thing.key] = towns.get(thing.key, False) or stands_there(reading, sentence, thing)
                if len(towns) == 1 and towns[thing.key]:
                    place = thing
            elif thing.type == "cluster" and not thing.stands_in:
                sites.setdefault(thing.key, thing)
    if sites:
        return next(iter(sites.values())) if len(sites) == 1 else None
    return place if len(towns) == 1 else None


def pointed_at(reading: Reading, sentence: Sentence, step: Anchor) -> Thing | None:
    """The site that a step's own "it" or "that" stands for ("We shut that down in May"), last named before it."""
    if not _POINTS.search(reading.text, step.start, step.end):
        return None
    for other in reversed(reading.sentences[max(0, sentence.index - _BACK) : sentence.index]):
        sites = [t for t in other.things if t.type == "cluster"]
        if sites:
            return sites[-1]
    return None


def names_an_office(reading: Reading, place: Thing) -> bool:
    """Whether a place only says whose office it is that decides ("the Lorne County Board of Zoning Appeals")."""
    behind = _OWN.sub("", reading.text[place.end : place.end + 40])
    return bool(word_pattern("events", "linking", "offices").match(behind))


@functools.cache
def _building_words() -> frozenset[str]:
    linking = lexicon.toml("events")["linking"]
    return frozenset(word for name in ("function", "parts", "builders") for word in linking[name])


def _goes_on(reading: Reading, sentence: Sentence, step: Anchor, site: Thing) -> bool:
    """Whether only words of building, dates, cues and those who build the site lead up to the step.

    A name that is no such thing may be that of another site; it is looked for from the head of the sentence on, but
    where the clause of the step has a subject of its own ("…; the third is under construction") only there.
    """
    clause = sentence.clauses[sentence.clause_at(step.start)]
    if (step.start, step.end) == (sentence.start, sentence.end):
        return False
    free = [*sentence.dates, *sentence.quantities, *(c for c in sentence.cues if _governs(c))]
    free += [t for t in sentence.things if t.type == "company" and _builds(reading, t, site)]
    free += [t for t in sentence.things if t.type == "place" and names_an_office(reading, t)]
    free += [t for t in sentence.things if t.type == "company" and _OFFICE.fullmatch(t.text)]
    head = _leading_words(reading, sentence, step)
    known = _building_words()
    tells = word_pattern("events", "linking", "telling").search(reading.text, step.start, step.end)
    planned = _of_a_plan(reading, sentence, step)
    office = _office_ends(reading, head) if planned else 0
    strange = any(
        m.group().lower() not in known and not _inside(m, free) and not _code(reading, m) and m.start() >= office
        for m in head
    )
    tells = tells or planned
    several = _several(reading, clause.start, step.start)
    if strange and (several or not tells) and not _there(reading, step):
        return False
    parts = lexicon.toml("events")["linking"]["parts"]
    if not _of_building(reading, step, free) and not _there(reading, step):
        return False
    start = clause.start if any(m.group().lower() in parts for m in head) else _past_dateline(reading, sentence)
    names = [*free, *sentence.things]
    return not any(
        _like_a_name(reading, m) and not _inside(m, names) for m in _WORD.finditer(reading.text, start, step.end)
    ) and (
        _there(reading, step)
        or not any(
            _builder_of_another(reading, t, site) for t in sentence.things if start <= t.start and t.end <= step.start
        )
    )


def _office_ends(reading: Reading, head: Sequence[re.Match[str]]) -> int:
    """Where the name of the authority ends that opens a clause ("The Epping Forest District Council approved …")."""
    first = next((m for m in head if m.group()[0].isupper() and m.group().lower() not in _ARTICLES), None)
    found = _OFFICE.match(reading.text, first.start()) if first else None
    return found.end() if found else 0


def _of_a_plan(reading: Reading, sentence: Sentence, step: Anchor) -> bool:
    """Whether what is decided on is the plan spoken of ("approved the scheme", "voted down the project")."""
    return bool(_PLAN.match(reading.text, step.end, sentence.end))


def _several(reading: Reading, start: int, end: int) -> bool:
    """Whether a step is told of many, in general; "the developers" are those of the site."""
    found = word_pattern("events", "linking", "several").finditer(reading.text, start, end)
    return any(not _THE.search(reading.text, start, match.start()) for match in found)


def _governs(cue: CueMention) -> bool:
    """Whether a cue only says how real a step is, and is no noun ("deals") that the step may be of."""
    return cue.facet == "realization" and not cue.rule.startswith("commit.")


def _leading_words(reading: Reading, sentence: Sentence, step: Anchor) -> list[re.Match[str]]:
    """The words from the head of the clause to the step; with those of what a relative clause, or a verb behind one,
    goes on about ("Land purchases, which had stalled in May, were completed").
    """
    here = sentence.clause_at(step.start)
    head = list(_WORD.finditer(reading.text, sentence.clauses[here].start, step.start))
    first = (head[0].group() if head else reading.text[step.start : step.end].split()[0]).lower()
    if here and first in _RELATIVES and not (len(head) > 1 and head[1].group().lower() in _SUBJECTS):
        return _of_the_antecedent([*_words_of(reading, sentence.clauses[here - 1]), *head])
    if any(m.group().lower() in _RELATIVES for m in head):
        return _of_the_antecedent(head)
    earlier = [c for c in sentence.clauses[:here] if c.link in {"main", "coordinate"}]
    if earlier and len(head) <= 1 and first in finite_verbs():
        return [*_words_of(reading, earlier[-1]), *head]
    return head


def _of_the_antecedent(words: list[re.Match[str]]) -> list[re.Match[str]]:
    """The words from the noun phrase on that a relative clause goes on about, where it is a building of the site ("the
    firm will lease | a new building, CB-5, that is to open"), else all of them.
    """
    parts = lexicon.toml("events")["linking"]["parts"]
    spelled = [m.group().lower() for m in words]
    last = max((i for i, word in enumerate(spelled) if word in _RELATIVES), default=0)
    if last + 1 < len(words) and spelled[last + 1] in _SUBJECTS:
        return words
    article = max((i for i, word in enumerate(spelled[:last]) if word in _ARTICLES), default=-1)
    named = spelled[article + 1 : min(last, article + _ANTECEDENT)]
    return words[article:] if article >= 0 and not _noun_words(named).isdisjoint(parts) else words


def _noun_words(words: Sequence[str]) -> frozenset[str]:
    """The words before the first preposition."""
    end = next((i for i, word in enumerate(words) if word in _PREPOSITIONS), len(words))
    return frozenset(words[:end])


def _past_dateline(reading: Reading, sentence: Sentence) -> int:
    """Where a sentence begins behind its dateline ("TUCSON, Ariz. (AP) — The council …")."""
    if sentence.start <= reading.dateline[0] < sentence.end:
        return reading.dateline[1]
    found = _DATELINE.match(reading.text, sentence.start, sentence.end)
    return found.end() if found else sentence.start


def _words_of(reading: Reading, clause: ClauseSpan) -> list[re.Match[str]]:
    return list(_WORD.finditer(reading.text, clause.start, clause.end))


def _of_building(reading: Reading, step: Anchor, free: Sequence[Placed]) -> bool:
    """Whether what a step itself names as its matter is a part of a site ("work on the second hall has begun")."""
    opened = _WITH.search(reading.text, step.start, step.end)
    if opened is None:
        return True
    known = _building_words() | _step_words()
    return all(
        m.group().lower() in known or _inside(m, free) or _code(reading, m)
        for m in _WORD.finditer(reading.text, opened.end(), step.end)
    )


@functools.cache
def _step_words() -> frozenset[str]:
    """The words that steps are told with, but for the matter of a decision."""
    data = lexicon.toml("events")
    told = " ".join(p for row in data["event"] for form in ("done", "open") for p in row.get(form, ()))
    named = (*data["sets"]["gear"], *data["sets"]["works"], *data["sets"]["gridlink"], *data["sets"]["permit"])
    return frozenset((*re.findall(r"[a-z'-]+", told), *named, *data["sets"]["bodies"]))


def _builder_of_another(reading: Reading, thing: Thing, site: Thing) -> bool:
    """Whether a thing is a company that the article does not name beside the site, and no mere maker of its chips."""
    office = _OFFICE.fullmatch(thing.text)
    return thing.type == "company" and not thing.aside and not office and not _builds(reading, thing, site)


def _there(reading: Reading, step: Anchor) -> bool:
    """Whether "there" right behind a step points back to the site ("broke ground there last year")."""
    return bool(_THERE.search(reading.text, max(0, step.end - 5), step.end + 7))


def _inside(match: re.Match[str], spans: Sequence[Placed]) -> bool:
    return any(span.start <= match.start() < span.end for span in spans)


def _code(reading: Reading, match: re.Match[str]) -> bool:
    """Whether a word begins the code of a hall ("CB-5", "PH04")."""
    return match.group().isupper() and bool(_CODE.match(reading.text, match.end()))


def _like_a_name(reading: Reading, match: re.Match[str]) -> bool:
    """Whether a word that is no code and no part of an office has a capital and stands nowhere without one."""
    if _code(reading, match) or _OFFICE.match(reading.text, match.start()):
        return False
    return like_a_name(reading, match.group())


def like_a_name(reading: Reading, word: str) -> bool:
    """Whether a word has a capital and stands nowhere in the article without one."""
    if not word[0].isupper() or word.lower() in _building_words():
        return False
    low = word.lower()
    return not (
        reading.spellings.issuperset(re.findall(r"\w+", low)) and re.search(rf"\b{re.escape(low)}\b", reading.text)
    )


def _builds(reading: Reading, company: Thing, site: Thing) -> bool:
    """Whether some sentence of the article names the company beside the site, or the site heads the entry about it."""
    named = reading.sentences_by_key
    title = reading.sentences[0]
    told = {t.key for t in title.things if t.type == "company" and not t.aside} if title.title else set[str]()
    if told == {company.key}:
        return True
    return _entry(reading, company, site) or not named[site.key].isdisjoint(named[company.key])


def _entry(reading: Reading, company: Thing, site: Thing) -> bool:
    """Whether a paragraph opens with the site as its heading ("Tarn, Ohio. Fernlea broke ground in May …")."""
    first, here = reading.sentence_at(site.start), reading.sentence_at(company.start)
    heads = site.start == first.start and reading.words_between(first.start, first.end) <= HEADING
    return heads and first.paragraph == here.paragraph and first.index < here.index
