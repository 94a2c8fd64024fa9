"""The site that a step is of: in its clause, else in its sentence, else the one that the sentences before speak of.

A step without a site in its sentence is taken to be of a site named before only where nothing but words of building
stand between the head of its clause and the step ("The first hall is to open …", "Construction began …"): any other
noun there may be the matter of the step.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from pipeline import lexicon
from pipeline.claims import subjects
from pipeline.claims.scope import word_pattern
from pipeline.reading import Anchor, Placed, Reading, Sentence, Thing

_PART = 7
"""Words between the size of a part and its step."""
_SIZED = 4
"""Words between a size and the hall or site that has it ("the 90 MW AI data center")."""
_STATE = re.compile(r"(?:is|are|was|were|being)\b", re.IGNORECASE)
"""Opens the words of a state ("is building a 90 MW campus"), which the number carries."""
_OBJECT = 7
"""Words between a step and the site behind it ("broke ground in May on its campus")."""
_PUT_OFF = 12
"""Words between a setback and its site ("delayed the start of construction on its … campus")."""
_MATTER = 20
"""Words between a decision and the site that it is about ("voted to rezone … acres of farmland for …")."""
_HEADING = 6
"""Words of a sentence that only names the site of an entry."""
_LEAD = 4
"""Sentences at the head of an article, its title among them, that tell what it is about."""
_BACK = 3
"""Sentences that a step looks back for its site."""
_TOLD_PLACE = 60
"""Characters between a word for a site and the place in which it stands."""
_IN_PLACE = re.compile(
    r"(?:\s[\w-]+){0,3}?\s(?:in|near|outside|at|by|(?:north|south|east|west) of)\s(?:[\w'’-]+\s){0,3}", re.IGNORECASE
)
_FROM = re.compile(r"\b(?:from|off|out of)\s(?:[\w'’-]+\s){0,3}$", re.IGNORECASE)
_SEAT = re.compile(r"\b(?:based|headquartered)\s(?:in|at|near)\s$", re.IGNORECASE)
"""Before a place: it is where a company sits."""
_BESIDE = re.compile(
    r",\s(?:on|at|near|beside|next to|adjacent to|close to|opposite|alongside|across from|(?:north|south|east|west) of)"
    r"\b[^,]*$"
)
"""Before a site that only tells where another one lies ("its Ashby campus, on the Heron site, got …")."""
_OWN = re.compile(r"^(?:['’]s)?\s(?:(?:state|environmental|public|local|energy|utility|air)\s){0,2}")
_WITH = re.compile(r"\b(?:of|at|on|for|in|near)\b")
"""Opens the phrase of what a step is about."""
_POINTS = re.compile(
    r"\b(?:shut|closed|scrapped|cancelled|canceled|dropped|shelved|abandoned|opened|paused)\s(?:it|that|this)\b"
)
"""Words of a step whose object is a site named before."""
_CODE = re.compile(r"(?:\d|-\d)")
"""Behind capitals: the code of a hall ("CB-5", "PH04")."""
_THERE = re.compile(r"\bthere\b")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


def site_of(
    reading: Reading,
    sentence: Sentence,
    step: Anchor,
    *,
    setback: bool,
    wide: bool = False,
    moved: bool = False,
    grown: bool = False,
) -> tuple[Thing | None, float]:
    """The site of a step and how sure the link is; None where none is near enough.

    `grown`: other things than sites are expanded too. `moved`: the step leaves one site for another, so that
    the one behind "from" is not where it happens.
    """
    here, reach = sentence.clause_at(step.start), _PUT_OFF if setback else _OBJECT
    sites = [
        t
        for t in sentence.things
        if t.type in {"cluster", "programme"} and (t.end <= step.start or reading.gap(t, step) <= reach)
    ]
    if moved:
        sites = [t for t in sites if not _FROM.search(reading.text, max(sentence.start, t.start - 40), t.start)]
    if (setback or grown) and all(t.stands_in for t in sites) and _done_to_another(reading, sentence, step):
        return None, 0.0
    if not sites and wide:
        sites = [t for t in sentence.things if t.type == "cluster" and reading.gap(t, step) <= _MATTER][:1]
    if sites:
        best = min(
            sites,
            key=lambda t: (
                abs(sentence.clause_at(t.start) - here),
                t.type != "cluster",
                bool(_BESIDE.search(reading.text, sentence.start, t.start)),
                reading.gap(t, step),
            ),
        )
        return best, 0.85 if not best.stands_in else 0.75
    meant = _pointed_at(reading, sentence, step)
    if meant:
        return meant, 0.55
    place = _place(reading, sentence, step, wide)
    if place and not _names_an_office(reading, place):
        return place, 0.55
    main = subjects.main_site(reading) if place else None
    if main or place:
        return main or place, 0.55
    return _carried(reading, sentence, step, setback=setback)


def of_a_number(reading: Reading, sentence: Sentence, step: Anchor) -> bool:
    """Whether the step is that of a part told by its size ("the first 9 MW coming online"): the number carries it.

    A size set off from its hall ("the first hall, of 45 MW, is finished") leaves the step to the hall.
    """
    heads = word_pattern("scope", "topic", "site_heads")
    sizes = [q for q in sentence.quantities if q.kind in {"power", "accelerators"}]
    if sentence.row:
        cell = sentence.clause_at(step.start)
        sizes = [q for q in sizes if sentence.clause_at(q.start) == cell]
    inside = [q for q in sizes if step.start < q.end and q.start < step.end]
    if inside:
        # "Construction of the 90 MW campus began" is a step of the campus, "the first 90 MW went live" one of the 90.
        end = sentence.end if inside[-1].end >= step.end else step.end
        head = heads.search(reading.text, inside[-1].end, end)
        state = _STATE.match(reading.text, step.start)
        return bool(state) or head is None or reading.words_between(inside[-1].end, head.start()) > _SIZED
    return any(
        q.end <= step.start
        and reading.words_between(q.end, step.start) <= _PART
        and not heads.search(reading.text, q.end, step.start)
        and not _set_off(reading, sentence, Anchor(q.start, q.end), step)
        for q in sizes
    )


_APPOSED = re.compile(r",\s(?:an?|the|its|one of)\s[^;]{0,60}$", re.IGNORECASE)
_CLOSED = re.compile(r"[,–—]\s?$")


@functools.cache
def _finite() -> re.Pattern[str]:
    words = "|".join(re.escape(w) for w in lexicon.toml("events")["linking"]["finite"])
    return re.compile(rf"[,;][^,;]{{0,12}}?(?:\s|^)(?:{words})\b", re.IGNORECASE)


def _set_off(reading: Reading, sentence: Sentence, size: Anchor, step: Anchor) -> bool:
    """Whether a finite verb after a comma takes the step back to the hall or site named before its size, or the comma
    that closes an apposition does ("Heron, a 40 MW campus, broke ground").
    """
    apposed = _APPOSED.search(reading.text, sentence.start, size.start) and _CLOSED.search(
        reading.text, size.end, step.start
    )
    if not apposed and not _finite().search(reading.text, size.end, min(sentence.end, step.end)):
        return False
    clause = max(sentence.start, reading.text.rfind(";", sentence.start, size.start))
    heads = word_pattern("scope", "topic", "site_heads")
    return bool(heads.search(reading.text, clause, size.start)) or any(
        t.type == "cluster" and clause <= t.start and t.end <= size.start for t in sentence.things
    )


def _place(reading: Reading, sentence: Sentence, step: Anchor, wide: bool) -> Thing | None:
    """The town or county of a site without a name ("In Lakeport, AWS won approval for a data center")."""
    heads = word_pattern("scope", "topic", "site_heads").search(reading.text, sentence.start, sentence.end)
    if not heads and not (
        wide and word_pattern("events", "linking", "land").search(reading.text, step.start, sentence.end)
    ):
        return None
    here = sentence.clause_at(step.start)
    places = [t for t in sentence.things if t.type == "place" and t.kind in {"city", "county", ""}]
    places = [t for t in places if not _SEAT.search(reading.text, max(sentence.start, t.start - 16), t.start)]
    near = [t for t in places if abs(sentence.clause_at(t.start) - here) <= 1]
    return min(near, key=lambda t: (t.kind == "county", reading.gap(t, step)), default=None)


def _names_an_office(reading: Reading, place: Thing) -> bool:
    """Whether a place only says whose office it is that decides ("the Lorne County Board of Zoning Appeals")."""
    behind = _OWN.sub("", reading.text[place.end : place.end + 40])
    return bool(word_pattern("events", "linking", "offices").match(behind))


def _stands_there(reading: Reading, sentence: Sentence, place: Thing) -> bool:
    """Whether a sentence tells of a site in the place: "a data center in Ashby", "the Ashby campus"."""
    heads = word_pattern("scope", "topic", "site_heads")
    low = max(sentence.start, place.start - _TOLD_PLACE)
    found = list(heads.finditer(reading.text, low, place.start))
    if found and _IN_PLACE.fullmatch(reading.text, found[-1].end(), place.start):
        return True
    behind = heads.search(reading.text, place.end, min(sentence.end, place.end + _TOLD_PLACE))
    return behind is not None and reading.text[place.end : behind.start()].strip(" -").count(" ") == 0


@functools.cache
def _building_words() -> frozenset[str]:
    linking = lexicon.toml("events")["linking"]
    return frozenset(word for name in ("function", "parts", "builders") for word in linking[name])


def _carried(reading: Reading, sentence: Sentence, step: Anchor, *, setback: bool) -> tuple[Thing | None, float]:
    """The site that the sentences before speak of, if nothing between the head of the clause and the step denies it."""
    for other in reversed(reading.sentences[max(0, sentence.index - _BACK) : sentence.index]):
        if other.row and not sentence.row:
            continue
        sites = [t for t in other.things if t.type == "cluster"]
        if not sites and not setback:
            places = [t for t in other.things if t.type == "place" and t.kind in {"city", "county", ""}]
            sites = [t for t in places if _stands_there(reading, other, t)][:1]
        if sites:
            return (sites[0], 0.55) if _goes_on(reading, sentence, step, sites[0]) else (None, 0.0)
    main = None if setback else subjects.main_site(reading) or _lead_site(reading)
    return (main, 0.5) if main and _goes_on(reading, sentence, step, main) else (None, 0.0)


def _lead_site(reading: Reading) -> Thing | None:
    """The one site that the head of an article tells of, None where it tells of several or none."""
    sites: dict[str, Thing] = {}
    place: Thing | None = None
    towns: dict[str, bool] = {}
    for sentence in reading.sentences[:_LEAD]:
        for thing in sentence.things:
            if thing.type == "place" and thing.kind in {"city", "county", ""}:
                towns[thing.key] = towns.get(thing.key, False) or _stands_there(reading, sentence, thing)
                if len(towns) == 1 and towns[thing.key]:
                    place = thing
            elif thing.type == "cluster" and not thing.stands_in:
                sites.setdefault(thing.key, thing)
    if sites:
        return next(iter(sites.values())) if len(sites) == 1 else None
    return place if len(towns) == 1 else None


def _pointed_at(reading: Reading, sentence: Sentence, step: Anchor) -> Thing | None:
    """The site that a step's own "it" or "that" stands for ("We shut that down in May"), last named before it."""
    if not _POINTS.search(reading.text, step.start, step.end):
        return None
    for other in reversed(reading.sentences[max(0, sentence.index - _BACK) : sentence.index]):
        sites = [t for t in other.things if t.type == "cluster"]
        if sites:
            return sites[-1]
    return None


def _goes_on(reading: Reading, sentence: Sentence, step: Anchor, site: Thing) -> bool:
    """Whether only words of building, dates, cues and those who build the site lead up to the step.

    A name that is no such thing may be that of another site; it is looked for from the head of the sentence on, but
    where the clause of the step has a subject of its own ("…; the third is under construction") only there.
    """
    clause = sentence.clauses[sentence.clause_at(step.start)]
    if (step.start, step.end) == (sentence.start, sentence.end):
        return False
    free = [*sentence.dates, *sentence.quantities, *(c for c in sentence.cues if c.facet == "realization")]
    free += [t for t in sentence.things if t.type == "company" and _builds(reading, t, site)]
    free += [t for t in sentence.things if t.type == "place" and _names_an_office(reading, t)]
    head = list(_WORD.finditer(reading.text, clause.start, step.start))
    known = _building_words()
    tells = word_pattern("events", "linking", "telling").search(reading.text, step.start, step.end)
    strange = any(m.group().lower() not in known and not _inside(m, free) and not _code(reading, m) for m in head)
    several = word_pattern("events", "linking", "several").search(reading.text, clause.start, step.start)
    if strange and (several or not tells) and not _there(reading, step):
        return False
    parts = lexicon.toml("events")["linking"]["parts"]
    if not _of_building(reading, step, free) and not _there(reading, step):
        return False
    start = clause.start if any(m.group().lower() in parts for m in head) else sentence.start
    names = [*free, *sentence.things]
    return not any(
        _like_a_name(reading, m) and not _inside(m, names) for m in _WORD.finditer(reading.text, start, step.end)
    ) and (
        _there(reading, step)
        or not any(
            _builder_of_another(reading, t, site) for t in sentence.things if start <= t.start and t.end <= step.start
        )
    )


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


@functools.cache
def _object() -> re.Pattern[str]:
    determiners, ends = ("|".join(lexicon.toml("events")["linking"][name]) for name in ("determiners", "ends_object"))
    return re.compile(rf"(?:\b(?:{determiners})\s)((?:(?!(?:{ends})\b)[\w'’-]+\s?){{1,7}})", re.IGNORECASE)


def _done_to_another(reading: Reading, sentence: Sentence, step: Anchor) -> bool:
    """Whether the step has an object without a word of building in it ("cancelled its annual fair")."""
    last = reading.text[step.start : step.end].rsplit(maxsplit=1)[-1]
    found = _object().match(reading.text, step.end - len(last), sentence.end)
    found = found or _object().match(reading.text, min(step.end + 1, sentence.end), sentence.end)
    if found is None:
        return False
    words = lexicon.toml("events")
    known = {*words["linking"]["parts"], *words["sets"]["site"], *words["sets"]["permit"], *words["sets"]["gear"]}
    told = [*sentence.things, *sentence.dates, *sentence.quantities]
    return known.isdisjoint(found[1].lower().split()) and not any(
        t.start < found.end() and found.start(1) < t.end for t in told
    )


def _builder_of_another(reading: Reading, thing: Thing, site: Thing) -> bool:
    """Whether a thing is a company that the article does not name beside the site, and no mere maker of its chips."""
    return thing.type == "company" and not thing.aside and not _builds(reading, thing, site)


def _there(reading: Reading, step: Anchor) -> bool:
    """Whether "there" right behind a step points back to the site ("broke ground there last year")."""
    return bool(_THERE.search(reading.text, max(0, step.end - 5), step.end + 7))


def _inside(match: re.Match[str], spans: Sequence[Placed]) -> bool:
    return any(span.start <= match.start() < span.end for span in spans)


def _code(reading: Reading, match: re.Match[str]) -> bool:
    """Whether a word begins the code of a hall ("CB-5", "PH04")."""
    return match.group().isupper() and bool(_CODE.match(reading.text, match.end()))


def _like_a_name(reading: Reading, match: re.Match[str]) -> bool:
    """Whether a word has a capital and stands nowhere in the article without one."""
    word = match.group()
    if not word[0].isupper() or word.lower() in _building_words():
        return False
    if _code(reading, match):
        return False
    low = word.lower()
    return not (
        reading.spellings.issuperset(re.findall(r"\w+", low)) and re.search(rf"\b{re.escape(low)}\b", reading.text)
    )


def _builds(reading: Reading, company: Thing, site: Thing) -> bool:
    """Whether some sentence of the article names the company beside the site, or the site heads the entry about it."""
    named = reading.sentences_by_key
    return _entry(reading, company, site) or not named[site.key].isdisjoint(named[company.key])


def _entry(reading: Reading, company: Thing, site: Thing) -> bool:
    """Whether a paragraph opens with the site as its heading ("Tarn, Ohio. Fernlea broke ground in May …")."""
    first, here = reading.sentence_at(site.start), reading.sentence_at(company.start)
    heading = site.start == first.start and reading.words_between(first.start, first.end) <= _HEADING
    return heading and first.paragraph == here.paragraph and first.index < here.index
