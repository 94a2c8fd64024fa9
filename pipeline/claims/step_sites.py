"""The site that a step is of: in its clause, else in its sentence, else the one that the sentences before speak of
(`carried_sites`).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from pipeline import lexicon
from pipeline.claims import subjects
from pipeline.claims.carried_sites import carried, like_a_name, names_an_office, pointed_at
from pipeline.claims.host_places import by_state_only, heading, opens_with, planned_there, site_there, town
from pipeline.claims.scope import word_pattern
from pipeline.reading import Anchor, Reading, Sentence, Thing

_WITH_PLACE = 3
"""Words between a site and the town that it stands in ("the Heron plant in Oak Creek")."""
_SUBJECT_OF = 5
"""Words between a list of sites and the step that all of them take."""
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
_FROM = re.compile(r"\b(?:from|off|out of)\s(?:[\w'’-]+\s){0,3}$", re.IGNORECASE)
_SEAT = re.compile(r"\b(?:based|headquartered)\s(?:in|at|near)\s$", re.IGNORECASE)
_SEATED = re.compile(r"(?:,\s[A-Z][\w.]{1,15},?)?-(?:based|headquartered)\b")
"""Before and behind a place: it is where a company sits."""
_BESIDE = re.compile(
    r",\s(?:on|at|near|beside|next to|adjacent to|close to|opposite|alongside|across from|(?:north|south|east|west) of)"
    r"\b[^,]*$"
)
"""Before a site that only tells where another one lies ("its Ashby campus, on the Heron site, got …")."""
_NEXT_TO = re.compile(
    r",?\s(?:near|beside|next to|adjacent to|close to|opposite|alongside|across from|not far from)\s"
    r"(?:(?:the|its|their|an?|existing|new|[A-Z][\w'’-]+)\s){0,5}$"
)
_SUBJECT = re.compile(
    r"(?:(?:and|but|while)\s)?(?:[A-Z][\w’'-]+['’]s?\s)?([A-Z][\w-]+)(?:\s[A-Z0-9][\w-]*){0,3}\s"
    r"(?:is|was|has|had|will|would|are|were|opened|broke|began|started|went|came)\b"
)
_LINK = re.compile(r"(?:,\s[A-Z][\w. ]{1,16})?(?:,|,?\s(?:and|&))(?:\s(?:in|at|its|the))?\s")
_AND = re.compile(r"\band\b|&")
"""Between the sites of a list, each with its state at most, and before the last of them."""
_IN = re.compile(r"\b(?:in|at|near|outside)\s(?:[a-z]+\s)?$", re.IGNORECASE)
_APPOSED = re.compile(r",\s(?:its|their|the|our|an?)\s(?:[\w-]+\s){0,3}", re.IGNORECASE)


def site_of(
    reading: Reading,
    sentence: Sentence,
    step: Anchor,
    *,
    setback: bool,
    wide: bool = False,
    moved: bool = False,
    grown: bool = False,
    before: Thing | None = None,
) -> tuple[Thing | None, float]:
    """The site of a step and how sure the link is; None where none is near enough.

    `grown`: other things than sites are expanded too. `before`: the site of the step told just before. `moved`: the
    step leaves one site for another, so that the one behind "from" is not where it happens.
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
    sites = [t for t in sites if not _beside(reading, sentence, t)]
    if sites:
        best = min(
            sites,
            key=lambda t: (
                abs(sentence.clause_at(t.start) - here),
                t.type != "cluster",
                bool(_BESIDE.search(reading.text, sentence.start, t.start)),
                setback and t.stands_in,
                reading.gap(t, step),
            ),
        )
        if here != sentence.clause_at(best.start) and _has_its_own(reading, sentence, step, here):
            return None, 0.0
        best = _in_its_place(reading, sentence, _apposed_to(reading, sites, best))
        return best, 0.85 if not best.stands_in else 0.75
    meant = pointed_at(reading, sentence, step)
    if meant:
        return meant, 0.55
    place = _place(reading, sentence, step, wide)
    if place and not names_an_office(reading, place):
        return _standing_before(sentence, step, place), 0.55
    main = subjects.main_site(reading) if place else None
    if main or place:
        return main or place, 0.55
    if _done_to_another(reading, sentence, step):
        return None, 0.0
    site, sure = carried(reading, sentence, step, setback=setback, before=before)
    near = [t.key for t in sentence.things if t.type == "cluster" and _beside(reading, sentence, t)]
    return (site, sure) if site is None or site.key not in near else (None, 0.0)


def _has_its_own(reading: Reading, sentence: Sentence, step: Anchor, here: int) -> bool:
    """Whether a name of nothing known is the subject of the clause of a step ("…, and Cambridge's Dawn is getting an
    upgrade"), so that no site of another clause is.
    """
    clause = sentence.clauses[here]
    if clause.link not in {"main", "coordinate"}:
        return False
    found = _SUBJECT.match(reading.text, clause.start, step.start)
    if found is None or not like_a_name(reading, found[1]):
        return False
    return not any(t.start < found.end(1) and found.start(1) < t.end for t in (*sentence.things, *sentence.dates))


def listed_with(reading: Reading, sentence: Sentence, step: Anchor, site: Thing) -> list[Thing]:
    """The other sites of "Heron, Tarn and Garrow went live", each of which takes the step."""
    subject = site.end <= step.start and reading.words_between(site.end, step.start) <= _SUBJECT_OF
    if not subject or sentence.clause_at(site.start) != sentence.clause_at(step.start):
        return []
    same = [t for t in sentence.things if t.type == site.type and not t.stands_in]
    if site not in same or (site.type == "place" and not town(site)):
        return []
    if site.type == "place":
        same = [t for t in same if town(t) and (t.kind != "county" or site.kind == "county")]
    at = same.index(site)
    low, high = at, at
    while low and _joined(reading, same[low - 1], same[low]):
        low -= 1
    while high + 1 < len(same) and _joined(reading, same[high], same[high + 1]):
        high += 1
    chain = same[low : high + 1]
    if len(chain) < 2 or not _AND.search(reading.text, chain[-2].end, chain[-1].start):
        return []
    return [t for t in chain if t.key != site.key]


def _joined(reading: Reading, first: Thing, second: Thing) -> bool:
    return bool(_LINK.fullmatch(reading.text, first.end, second.start))


def _standing_before(sentence: Sentence, step: Anchor, place: Thing) -> Thing:
    """The site that a place behind a step is only the town of ("finished the first … at its Heron campus in Ashby")."""
    clause = sentence.clause_at(place.start)
    between = [t for t in sentence.things if t.type == "cluster" and step.end <= t.start and t.end <= place.start]
    return next((t for t in reversed(between) if sentence.clause_at(t.start) == clause), place)


def _beside(reading: Reading, sentence: Sentence, site: Thing) -> bool:
    """Whether a site only tells near what something lies ("rezoned the land, near the Heron plant")."""
    return not site.stands_in and bool(_NEXT_TO.search(reading.text, sentence.start, site.start))


def _in_its_place(reading: Reading, sentence: Sentence, site: Thing) -> Thing:
    """The place that heads or opens the passage, for a site that is only described there ("its Texas campus")."""
    if site.stands_in:
        opening = [t for t in sentence.things if town(t) and opens_with(reading, sentence, t)]
        meant = opening[0] if opening and opening[0].text not in site.name else None
        return meant if meant and site.start > meant.start else site
    if by_state_only(site):
        headed = heading(reading, sentence)
        return headed if headed is not None and headed.type == "place" else site
    return site


def _apposed_to(reading: Reading, sites: Sequence[Thing], site: Thing) -> Thing:
    """The name that a site's description only explains ("Project Heron, its West Texas campus"), else the site."""
    named = [site] if not site.stands_in else [t for s in reading.sentences for t in s.things if t.key == site.key]
    for told in named:
        for other in sites if told is site else _clusters_before(reading, told):
            if other.end < told.start and _APPOSED.fullmatch(reading.text, other.end, told.start):
                return other
    return site


def _clusters_before(reading: Reading, thing: Thing) -> list[Thing]:
    return [t for t in reading.sentence_at(thing.start).things if t.type == "cluster" and t.end < thing.start]


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
        and not _has_head(reading, q.end, step)
        and not _set_off(reading, sentence, Anchor(q.start, q.end), step)
        for q in sizes
    )


def _has_head(reading: Reading, size: int, step: Anchor) -> bool:
    """Whether a word for a building stands between a size and its step, or opens the step right behind it ("The first
    100 MW | building is expected to be ready").
    """
    heads = word_pattern("scope", "topic", "site_heads")
    if heads.search(reading.text, size, step.start):
        return True
    opening = heads.match(reading.text, step.start)
    return opening is not None and bool(_SIZE_OF_IT.fullmatch(reading.text, size, step.start))


_SIZE_OF_IT = re.compile(r"[\s-](?:[\w-]+\s){0,3}")
_INSERTED = re.compile(r",\s(?:an?|the|its|one of)\s[^;]{0,60}$", re.IGNORECASE)
_ELIDED = re.compile(
    r"\b(?:first|second|third|fourth|fifth|sixth|another|other|one),?\s(?:of|at|with)?\s?(?:about\s)?$", re.IGNORECASE
)
"""Before the size of a hall whose word is left out ("A second, of 180 MW, has been under construction")."""
_CLOSED = re.compile(r"[,–—]\s?$")


@functools.cache
def _finite() -> re.Pattern[str]:
    words = "|".join(re.escape(w) for w in lexicon.toml("events")["linking"]["finite"])
    return re.compile(rf"[,;][^,;]{{0,12}}?(?:\s|^)(?:{words})\b", re.IGNORECASE)


def _set_off(reading: Reading, sentence: Sentence, size: Anchor, step: Anchor) -> bool:
    """Whether a finite verb after a comma takes the step back to the hall or site named before its size, or the comma
    that closes an apposition does ("Heron, a 40 MW campus, broke ground").
    """
    apposed = _INSERTED.search(reading.text, sentence.start, size.start) and _CLOSED.search(
        reading.text, size.end, step.start
    )
    if not apposed and not _finite().search(reading.text, size.end, min(sentence.end, step.end)):
        return False
    clause = max(sentence.start, reading.text.rfind(";", sentence.start, size.start))
    heads = word_pattern("scope", "topic", "site_heads")
    if _ELIDED.search(reading.text, sentence.start, size.start) or heads.search(reading.text, clause, size.start):
        return True
    return any(t.type == "cluster" and clause <= t.start and t.end <= size.start for t in sentence.things)


def _place(reading: Reading, sentence: Sentence, step: Anchor, wide: bool) -> Thing | None:
    """The town or county of a site without a name ("In Lakeport, AWS won approval for a data center"), or the site
    that is told elsewhere to stand there ("Construction in Lakeport began").
    """
    here = sentence.clause_at(step.start)
    places = [t for t in sentence.things if town(t)]
    places = [t for t in places if not _SEAT.search(reading.text, max(sentence.start, t.start - 16), t.start)]
    places = [t for t in places if not _SEATED.match(reading.text, t.end, min(sentence.end, t.end + 32))]
    aside = [t for t in sentence.things if t.type == "cluster" and _beside(reading, sentence, t)]
    near = [
        t
        for t in places
        if not any(s.start <= t.start and reading.words_between(s.end, t.start) <= _WITH_PLACE for s in aside)
        and (abs(sentence.clause_at(t.start) - here) <= 1 or (t.end <= step.start and opens_with(reading, sentence, t)))
    ]
    best = min(
        near, key=lambda t: (names_an_office(reading, t), t.kind == "county", reading.gap(t, step)), default=None
    )
    if best is None or _tells_of_a_site(reading, sentence, step, best, wide):
        return best
    told = step.start <= best.start < step.end or _IN.search(reading.text, sentence.start, best.start)
    if names_an_office(reading, best) or reading.gap(best, step) > _OBJECT or not (told or best.end + 2 >= step.start):
        return None
    return None if _done_to_another(reading, sentence, step) else site_there(reading, best)


def _tells_of_a_site(reading: Reading, sentence: Sentence, step: Anchor, place: Thing, wide: bool) -> bool:
    """Whether a sentence that names a place has a word for a site in it, or one for its land where it is decided on."""
    if word_pattern("scope", "topic", "site_heads").search(reading.text, sentence.start, sentence.end):
        return True
    land = word_pattern("events", "linking", "land").search(reading.text, step.start, sentence.end)
    return (wide and bool(land)) or planned_there(reading, sentence, place)


@functools.cache
def _object() -> re.Pattern[str]:
    determiners, ends = ("|".join(lexicon.toml("events")["linking"][name]) for name in ("determiners", "ends_object"))
    return re.compile(rf"(?:\b(?:{determiners})\s)((?:(?!(?:{ends})\b)[\w'’-]+\s?){{1,7}})", re.IGNORECASE)


def _done_to_another(reading: Reading, sentence: Sentence, step: Anchor) -> bool:
    """Whether the step has an object without a word of building in it ("cancelled its annual fair")."""
    if word_pattern("events", "linking", "elsewhere").match(reading.text, step.end + 1, sentence.end):
        return True
    last = reading.text[step.start : step.end].rsplit(maxsplit=1)[-1]
    found = _object().match(reading.text, step.end - len(last), sentence.end)
    found = found or _object().match(reading.text, min(step.end + 1, sentence.end), sentence.end)
    if found is None:
        return False
    words = lexicon.toml("events")
    known = {
        *words["linking"]["parts"],
        *words["linking"]["objects"],
        *words["sets"]["site"],
        *words["sets"]["permit"],
        *words["sets"]["gear"],
    }
    told = [*sentence.things, *sentence.dates, *sentence.quantities]
    return known.isdisjoint(found[1].lower().split()) and not any(
        t.start < found.end() and found.start(1) < t.end for t in told
    )
