"""Where the words of a step tell of none: of a law, a lender, a contract, a stage of the building, an attribute."""

from __future__ import annotations

import re

from pipeline.claims.scope import word_pattern
from pipeline.claims.step_words import Hit
from pipeline.reading import Reading, Sentence

_OWNED = re.compile(r"(?:['’]s?)?\s(?:the\s|its\s)?")
_OUTSIDE = 2
"""Words between who walks away and the words for it."""
_OBJECT = 3
"""Words between the ending of something and the contract that is ended."""
_LAW = 4
"""Words between a decision and the law that it is about."""
_STAGE = 8
"""Words between a stage of the building and that it was finished."""
_FINISHED = 2
"""Words between "completed" and what was."""
_OF_THEM = re.compile(r"\b(?:them|these|those)\b")
_COMPOUND = re.compile(r"[-‑][^\W\d_]")
"""Behind the words of a step: they are only part of a word ("a delayed-draw loan")."""
_ATTRIBUTE = re.compile(
    r"(?:delay|postpon|paus|cancel|scrapp|suspend|shelv|halt|stall|abandon|expand|enlarg|complet|finish)\w*$",
    re.IGNORECASE,
)
_DETERMINED = re.compile(r"\b(?:an?|the|its|their|our|his|her|this|that|any|each|every)\s$", re.IGNORECASE)
"""Before such a participle: it only tells which thing is meant ("the delayed halls", "an expanded partnership")."""
_PARTLY = re.compile(
    r"(?:%|\bper\s?cent|\bpercent|\bhalf|\bhalfway|\bthirds|\bquarters|\bpartly|\bpartially|\bnearly|\balmost|\bnear"
    r"|\bclose to|\bnowhere near|\bmostly|\blargely)\s(?:of the way\s)?(?:complet|finish|built|done)",
    re.IGNORECASE,
)
_MASS = re.compile(
    r"\b(?:capacity|pipeline|portfolio|space|footprint|megawatts|gigawatts|MW|GW|data cent(?:er|re)s|sites|projects"
    r"|campuses|facilities|load)\s(?:(?:currently|now|already|still)\s)?$",
    re.IGNORECASE,
)
"""Before "under construction": what is being built is only counted ("capacity under construction stood at 810 MW")."""
_ALLOWED = re.compile(r"(?:approv|permitt|authori[sz]|clear|allow|grant|licen[sc]ed|consent|zon)", re.IGNORECASE)
_SIZE_OF = re.compile(
    r"(?:[\s-](?:of|in|total|gross|net|IT|it|AI|critical|load|power|capacity|electricity|grid|currently|already|now|so|far"
    r"|that|has|have|been|was|were|is|are)){0,7}\s$"
)
"""Between a size and that it was approved: the number carries it ("the 800 MW of power approved at the site")."""
_GROWN = 9
"""Words between a growth and the size that is reached by it."""
_GROWTH = re.compile(r"\b(?:to|by|beyond|past|towards?|into|from)\s(?:(?!an?\b|the\b)[\w-]+\s){0,4}$")
_AHEAD = re.compile(
    r"\b(?:be|being|to|will|would|can|could|may|might|should|possibly|eventually)\s(?:[\w-]+\s){0,2}$", re.IGNORECASE
)
"""Before a growth that has not come yet; one that has is a step beside its size."""
_MACHINES = re.compile(
    r"\b(?:turbines?|generators?|gensets|engines|fuel cells|batteries|reactors?)\s"
    r"(?:(?:that|which|already|now)\s){0,2}$",
    re.IGNORECASE,
)


def no_step(reading: Reading, sentence: Sentence, hit: Hit) -> bool:
    """Whether the words of a hit tell of no step of any site."""
    event = hit.rule.event
    return (
        _in_a_name(sentence, hit)
        or _an_attribute(reading, hit)
        or _of_a_column(reading, sentence, hit)
        or (hit.form == "named" and not _names_a_site(reading, sentence, hit))
        or _by_an_outsider(reading, sentence, hit)
        or (event == "permitted" and (_of_a_law(reading, sentence, hit) or _approves_a_size(reading, sentence, hit)))
        or (event == "construction_completed" and _of_a_part(reading, sentence, hit))
        or (event == "delivered" and _of_chips_counted(reading, sentence, hit))
        or (event == "expanded" and _to_a_size(reading, sentence, hit))
        or (
            event == "construction_started"
            and bool(_MASS.search(reading.text, sentence.start, hit.start))
            and _bare(reading, hit)
        )
    )


def _of_chips_counted(reading: Reading, sentence: Sentence, hit: Hit) -> bool:
    """Whether the number of what is put in stands right behind the words, and carries it ("will begin installing about
    23,040 GPUs").
    """
    return any(
        q.kind == "accelerators" and hit.end <= q.start and not reading.text[hit.end : q.start].strip()
        for q in sentence.quantities
    )


def of_machines(reading: Reading, sentence: Sentence, hit: Hit) -> bool:
    """Whether it is the turbines of a site that run, and not the site ("35 turbines have been operating")."""
    return hit.rule.event in {"operational", "workload_started"} and bool(
        _MACHINES.search(reading.text, sentence.start, hit.start)
    )


def _bare(reading: Reading, hit: Hit) -> bool:
    return reading.text[hit.start : hit.end].lower().startswith("under ")


def _an_attribute(reading: Reading, hit: Hit) -> bool:
    """Whether the words are part of a longer word, or of a noun phrase that only names what is meant."""
    told = reading.text[hit.start : hit.end]
    if _COMPOUND.match(reading.text, hit.end):
        return True
    return bool(_ATTRIBUTE.fullmatch(told)) and bool(_DETERMINED.search(reading.text, max(0, hit.start - 8), hit.start))


def _approves_a_size(reading: Reading, sentence: Sentence, hit: Hit) -> bool:
    """Whether it is the size before it that was approved, which the number carries."""
    if not _ALLOWED.match(reading.text, hit.start):
        return False
    return any(
        q.kind in {"power", "accelerators"}
        and q.end <= hit.start
        and _SIZE_OF.fullmatch(reading.text, q.end, hit.start)
        for q in sentence.quantities
    )


def _to_a_size(reading: Reading, sentence: Sentence, hit: Hit) -> bool:
    """Whether a growth is told by the size that it leads to, which the number carries ("will expand it to 30 MW")."""
    if hit.form != "open" and not _AHEAD.search(reading.text, max(sentence.start, hit.start - 40), hit.start):
        return False
    sizes = [q for q in sentence.quantities if q.kind in {"power", "accelerators"} and q.end > hit.end]
    return any(
        reading.words_between(hit.end, q.start) <= _GROWN
        and _GROWTH.search(reading.text, hit.start, max(q.start, hit.end))
        for q in sizes
    )


def _in_a_name(sentence: Sentence, hit: Hit) -> bool:
    """Whether the words begin inside a name ("built by Galecrest Power on the old ranch"), but for who decides."""
    return hit.rule.event != "permitted" and any(
        t.start < hit.start < t.end and t.type in {"company", "person", "publication"} for t in sentence.things
    )


def _names_a_site(reading: Reading, sentence: Sentence, hit: Hit) -> bool:
    """Whether the name of a site stands right behind the hit, but for the name of its owner."""
    site = next((t for t in sentence.things if t.type == "cluster" and t.start >= hit.end and not t.stands_in), None)
    if site is None or not reading.text[site.start].isupper():
        return False
    owners = [t for t in sentence.things if t.type == "company" and hit.end <= t.start < site.start]
    start = owners[0].end if owners and owners[0].start - hit.end <= 1 else hit.end
    return bool(_OWNED.fullmatch(reading.text, start, site.start))


def _by_an_outsider(reading: Reading, sentence: Sentence, hit: Hit) -> bool:
    """Whether a contract ends or grows, a lender or a tenant walks away, or a business grows: nothing of the site."""
    event = hit.rule.event
    if event not in {"cancelled", "paused", "expanded"}:
        return False
    if _object_is(reading, sentence, hit, "contracts") or (
        event == "expanded" and _object_is(reading, sentence, hit, "business")
    ):
        return True
    clause = sentence.clauses[sentence.clause_at(hit.start)]
    outsiders = list(word_pattern("events", "linking", "outsiders").finditer(reading.text, clause.start, hit.start))
    walked = event == "cancelled" and bool(outsiders)
    return walked and reading.words_between(outsiders[-1].end(), hit.start) <= _OUTSIDE


def _object_is(reading: Reading, sentence: Sentence, hit: Hit, words: str) -> bool:
    """Whether one of a list of words stands right behind those of a step, as what it is done to."""
    found = word_pattern("events", "linking", words).search(reading.text, hit.start, sentence.end)
    return found is not None and reading.words_between(hit.end, found.start()) <= _OBJECT


def of_gear(reading: Reading, sentence: Sentence, hit: Hit) -> bool:
    """Whether the words of a delivery, or what follows them, name what comes ("the first racks arrived")."""
    gear = word_pattern("events", "sets", "gear")
    return bool(
        gear.search(reading.text, hit.start, sentence.end) or _OF_THEM.search(reading.text, hit.start, sentence.end)
    )


def _of_a_law(reading: Reading, sentence: Sentence, hit: Hit) -> bool:
    """Whether what was decided on is a law and no project ("lawmakers passed a bill that would …")."""
    found = word_pattern("events", "linking", "laws").search(reading.text, hit.start, sentence.end)
    return found is not None and reading.words_between(hit.end, found.start()) <= _LAW


def _of_a_part(reading: Reading, sentence: Sentence, hit: Hit) -> bool:
    """Whether it is a first stage of the building, or no building at all, that is finished ("ground works at Heron were
    finished", "completed its purchase").
    """
    if _PARTLY.search(reading.text, max(sentence.start, hit.start - 24), hit.end):
        return True
    parts = word_pattern("events", "linking", "stages")
    clause = sentence.clauses[sentence.clause_at(hit.start)]
    before = list(parts.finditer(reading.text, clause.start, hit.end))
    behind = parts.search(reading.text, hit.end, clause.end)
    if before and "," not in reading.text[before[-1].end() : hit.start]:
        return reading.words_between(before[-1].end(), hit.start) <= _STAGE
    return behind is not None and reading.words_between(hit.end, behind.start()) <= _FINISHED


def _of_a_column(reading: Reading, sentence: Sentence, hit: Hit) -> bool:
    """Whether the step heads a column of a table, whose cell holds no date ("Under construction, MW: 120")."""
    if not sentence.row:
        return False
    cell = sentence.clauses[sentence.clause_at(hit.start)]
    return ":" in reading.text[hit.end : cell.end] and not any(
        cell.start <= date.start < cell.end for date in sentence.dates
    )
