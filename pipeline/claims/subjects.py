"""Who or what a number is about.

Every name in the sentence, and every word that stands for one, gets a score from where it stands: possession, the
clause, the preposition before it, its distance. A site beats a company in the same place, since the more specific
thing is the subject. Without a candidate in the sentence the article's focus carries over, with less confidence.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from dataclasses import dataclass

from pipeline import lexicon
from pipeline.claims import labels
from pipeline.claims.antecedents import Told, told_of
from pipeline.claims.host_places import heading
from pipeline.claims.labels import SUBJECT_TYPES
from pipeline.claims.scope import tells, word_pattern
from pipeline.claims.syntax import elsewhere
from pipeline.coreference import speaking
from pipeline.reading import Placed, Reading, Sentence, Thing

_NETWORKS = {"utility", "grid_operator"}
_CARRY_SENTENCES = 8
_ANTECEDENT = re.compile(r",?\s{1,2}(?:which|who|whose|where)\b")
"""Behind a name: the clause that follows is about it."""
_BREAK = re.compile(r"[;:]\s")
_PREPOSITION = re.compile(
    r"\b(at|in|for|on|of|to|from|with|by|into|against|between|under|alongside)\s+(?:[\w-]+\s+){0,3}$"
)
_CHIP_HEAD = re.compile(
    r"^(?:'s?)?\s+(?:[\w-]+\s+){0,3}(?:GPUs?|TPUs?|chips?|processors?|accelerators?|graphics|systems)\b"
)


@dataclass(frozen=True)
class Linked:
    """A subject and how sure the link is (0..1)."""

    thing: Thing | None
    confidence: float


def link(reading: Reading, sentence: Sentence, anchor: Placed, *, prefer_company: bool = False) -> Linked:
    """The subject of what stands at `anchor`."""
    label = labels.of_row(reading, sentence) if sentence.row else labels.of_item(reading, sentence, anchor)
    if label:
        return Linked(label, 0.95)
    candidates = [
        thing
        for thing in sentence.things
        if thing.type in SUBJECT_TYPES
        and not thing.aside
        and thing.kind != "grid_operator"
        and not _is_maker(reading, anchor, thing)
    ]
    headed = heading(reading, sentence) if not candidates and labels.is_field(reading, sentence, anchor) else None
    if headed and headed.type == "cluster":
        return Linked(headed, 0.8)
    told = told_of(reading, sentence, anchor)
    scored = sorted(
        (
            (_score(reading, sentence, anchor, thing, prefer_company) + _turned(told, thing), -thing.start, thing)
            for thing in candidates
        ),
        key=lambda row: (-row[0], -row[1]),
    )
    if scored and scored[0][0] > 0:
        best = scored[0]
        rivals = [s for s in scored[1:] if s[2].key != best[2].key and s[2].type == best[2].type]
        close = bool(rivals) and best[0] - rivals[0][0] < 1
        return Linked(best[2], 0.6 if close else 0.9)
    whole = word_pattern("scope", "company_wide").search(reading.text, sentence.start, sentence.end)
    return carry_over(reading, sentence, prefer_company=prefer_company, whole=whole is not None)


def _turned(told: Told | None, thing: Thing) -> float:
    """The points of a name for what a relative clause is about, or that it loses for only telling it."""
    if told is None:
        return 0.0
    return 6.0 if thing is told.of else -6.0 if thing.key == told.by.key and thing.start >= told.by.start else 0.0


def _is_maker(reading: Reading, anchor: Placed, thing: Thing) -> bool:
    """Whether the thing names the maker of the chips in the quantity ("6 GW of AMD's GPUs"), not their owner."""
    if anchor.start <= thing.start < anchor.end:
        return True
    return 0 <= thing.start - anchor.end < 24 and bool(_CHIP_HEAD.match(reading.text[thing.end : thing.end + 60]))


def _score(reading: Reading, sentence: Sentence, anchor: Placed, thing: Thing, prefer_company: bool) -> float:
    text = reading.text
    gap = reading.gap(thing, anchor)
    before = thing.end <= anchor.start
    clauses = abs(sentence.clause_at(thing.start) - sentence.clause_at(anchor.start))
    runs = before and bool(_OWNS_AND_RUNS.match(text[thing.end : anchor.start]))
    heads = _heads(reading, sentence, thing)
    if runs or heads or _resumed(reading, sentence, thing, anchor):
        clauses = 0
    score = 4.0 if clauses == 0 else 2.5 - clauses
    score += max(0.0, 3 - gap / 4) - elsewhere(reading, sentence, anchor, thing)
    site = thing.type == "cluster"
    score += (1.5 if prefer_company else 3.0) if site else 1.0 if thing.type == "programme" else 0.0
    if thing.stands_in:
        score -= 0.5
    if (
        before
        and _ANTECEDENT.match(text, thing.end)
        and sentence.clause_at(anchor.start) - sentence.clause_at(thing.start) == 1
    ):
        score += 4
    if before and _set_off(reading, sentence, thing, anchor):
        score -= 2.5
    if before and _in_aside(reading, sentence, thing, anchor):
        score -= 6
    owned = before and gap <= 4 and text[thing.end : thing.end + 1] == "'"
    if owned and not _between(sentence, thing, anchor) and not _size_of_a_site(reading, sentence, anchor):
        score += 5
    preposition = _PREPOSITION.search(text, max(sentence.start, thing.start - 40), thing.start)
    word = preposition.group(1) if preposition else ""
    if not site and word in {"from", "with", "by", "against", "under", "alongside"}:
        score -= 3
    if not before:
        placed = word in {"at", "in", "for", "on", "to"} or thing.text == "there"
        score += 1.5 if placed and site else -1.0
        if not site and word == "for":
            score += 1.5
        if not site and _TAKEN.match(text[anchor.end : thing.start]):
            score -= 8 if _RENTS.match(text, thing.end) else 3
        if not site and _GIVES_IT.search(text, anchor.end, thing.start):
            score -= 8
        if site and _SEVERAL.search(text, anchor.end, thing.end):
            score -= 6
        if site and _others_place(reading, sentence, thing, anchor):
            score -= 4
    elif site and not heads and _new_thing(reading, sentence, thing, anchor):
        score -= 6
    if thing.type == "company":
        if _only_judges(thing) and speaking().match(text, thing.end):
            score -= 4
        if not before and speaking().match(text, thing.end):
            score -= 3
        if thing.start - sentence.start < 25:
            score += 1.5
        if thing.kind in {"utility", "analyst", "contractor", "power_cooling", "chip_maker", "server_maker"}:
            score -= 2
        if text[thing.end : thing.end + 1] == "'" and not (before and gap <= 4):
            score -= 0.5
    return score


def _only_judges(thing: Thing) -> bool:
    """Whether a company watches others by trade, by its kind or, where no list holds it, by its name."""
    last = thing.name.split()[-1:]
    return thing.kind == "analyst" or (not thing.kind and last[0] in lexicon.toml("scope")["analyst_names"])


def _resumed(reading: Reading, sentence: Sentence, thing: Thing, anchor: Placed) -> bool:
    """Whether the anchor's clause takes up the name behind insertions ("Tarn, which sold its mine when …, raised")."""
    here, there = sentence.clause_at(thing.start), sentence.clause_at(anchor.start)
    if thing.stands_in or there - here < 2 or not _ANTECEDENT.match(reading.text, thing.end):
        return False
    if any(clause.link != "subordinate" for clause in sentence.clauses[here + 1 : there]):
        return False
    first = reading.text[sentence.clauses[there].start : anchor.start].split(None, 1)
    return bool(first) and first[0].lower() in _resuming()


def _heads(reading: Reading, sentence: Sentence, thing: Thing) -> bool:
    """Whether a site opens its sentence as the place of all that is told there ("In Ashby, Ohio, Tarn plans …")."""
    opens = thing.type == "cluster" and _AT_THE_HEAD.fullmatch(reading.text, sentence.start, thing.start)
    return bool(opens) and bool(_CLOSES.match(reading.text, thing.end))


def _size_of_a_site(reading: Reading, sentence: Sentence, anchor: Placed) -> bool:
    """Whether a number is the size of the site that is named right behind it ("Tarn's 300 MW campus in Ashby")."""
    return any(
        t.type == "cluster" and not t.stands_in and t.start >= anchor.end and reading.gap(t, anchor) <= _RIGHT_BEHIND
        for t in sentence.things
    )


def _set_off(reading: Reading, sentence: Sentence, thing: Thing, anchor: Placed) -> bool:
    """Whether a colon or semicolon parts a name from the number, and another name stands behind that mark."""
    marks = list(_BREAK.finditer(reading.text, thing.end, anchor.start))
    return bool(marks) and any(
        t.type in SUBJECT_TYPES and not t.stands_in and not t.aside and marks[-1].end() <= t.start < anchor.start
        for t in sentence.things
    )


_OPENS = re.compile(r",\s(?=[a-z(])")
_CLOSES = re.compile(r"(?:,\s[A-Z][\w. ]{1,20})?,\s(?!where\b|which\b|whose\b|who\b)")
"""Behind the place at the head of a sentence: its state, and the comma before who does something there."""
_AT_THE_HEAD = re.compile(r"(?:In|At|Near|Outside)\s(?:nearby\s)?")
_RIGHT_BEHIND = 2
"""Words between a size and the site that has it."""
_SEVERAL = re.compile(
    r"\b(?:sites|campuses|locations|facilities|markets|states|data cent(?:er|re)s)\s(?:in|across|between)\s"
)
"""Behind a number: the places that share it ("at two sites in Kansas and Oklahoma")."""
_TAKEN = re.compile(r"^(?:\s[\w-]+){0,4}\s(?:that|which)\s$")
"""Between a number and the company that rents or buys it ("12,600 processors that Tarn has agreed to rent")."""
_GIVES_IT = re.compile(r"\b(?:placed|put in|lodged)\s+with\s$")
"""Before the company that is to deliver what was ordered ("an order for 40,000 GPUs was placed with Tarn")."""
_RENTS = re.compile(
    r"(?:\s(?:has|had|will|would|is|plans|intends|wants|agreed|committed|contracted|signed up|to)){1,5}"
    r"\s(?:rent|lease|buy|use|take|hire|pay for)\b"
)
_OWNS_AND_RUNS = re.compile(
    r"\s(?:also\s|now\s|currently\s)?(?:builds|develops|owns|leases|designs|finances)(?:,\s[a-z]{3,12}){0,2},?\sand\s"
    r"(?:operates|runs|manages|maintains|leases|controls|hosts|develops|owns)\s(?:[a-z]+\s){0,3}$"
)
"""Between a company and what is its own by two verbs ("owns and operates")."""
_HEAD = 90
"""Characters of the longest subject before an aside."""


def _in_aside(reading: Reading, sentence: Sentence, thing: Thing, anchor: Placed) -> bool:
    """Whether a name stands in an insertion between another name and its verb ("Marl, once a partner of Tarn, has
    40 MW"), so that what the verb tells is not of it.
    """
    text = reading.text
    opened = _OPENS.search(text, sentence.start, min(thing.start, sentence.start + _HEAD))
    if not opened or tells(text[sentence.start : opened.start()].lower()):
        return False
    if not any(t.type in SUBJECT_TYPES and not t.aside and t.end <= opened.start() for t in sentence.things):
        return False
    return any(match["verb"].lower() in _resuming() for match in _RESUMES.finditer(text, thing.end, anchor.start))


_RESUMES = re.compile(r"[,–—)]\s(?:[a-z]+ly\s|also\s|now\s)?(?P<verb>[a-z]+)\b")


@functools.cache
def _resuming() -> frozenset[str]:
    """Verbs with which a clause goes on behind an insertion."""
    words = lexicon.toml("cues")["clause"]
    return frozenset((*words["verbs"], *words["resuming"]))


_NEW_THING = re.compile(
    r"(?:\b(?:and|but|while|before|then)\b|[;,])(?P<verb>[^;,]*?)\b(?:an?|another|one|two|three)\s+(?:[\w-]+\s+){0,3}$"
)
_MAKING = ("intent.", "modal.future", "schedule.", "infinitive.", "progressive.", "commit.pledge", "modal.possible")


def _new_thing(reading: Reading, sentence: Sentence, site: Thing, anchor: Placed) -> bool:
    """Whether the number is the size of something that a further verb of planning brings in behind a site ("runs
    4,000 chips at its Lund campus, and plans a 200 MW data center"), so that it is not of that site.
    """
    text = reading.text
    brought = _NEW_THING.search(text, site.end, anchor.start)
    if not brought or not _sized().match(text, anchor.end):
        return False
    return any(c.rule.startswith(_MAKING) and brought.start("verb") <= c.start < brought.end() for c in sentence.cues)


@functools.cache
def _sized() -> re.Pattern[str]:
    """Behind a number: the head noun of a site that has it for its size."""
    return re.compile(
        rf"\s{{1,2}}(?:[\w-]{{1,40}}\s{{1,2}}){{0,3}}?{word_pattern('scope', 'topic', 'site_heads').pattern}",
        re.IGNORECASE,
    )


def _others_place(reading: Reading, sentence: Sentence, thing: Thing, anchor: Placed) -> bool:
    """Whether a number that is not listed with the anchor stands between it and a name behind it."""
    between = [q for q in sentence.quantities if anchor.end <= q.start and q.end <= thing.start]
    return any(not reading.listed(anchor, q) and not reading.text.endswith("including ", 0, q.start) for q in between)


def _between(sentence: Sentence, thing: Thing, anchor: Placed) -> bool:
    """Whether another name stands between a possessor and the number, which is then that one's."""
    return any(t.type in SUBJECT_TYPES and thing.end <= t.start and t.end <= anchor.start for t in sentence.things)


def carry_over(reading: Reading, sentence: Sentence, *, prefer_company: bool, whole: bool = False) -> Linked:
    """The subject that the sentences before were about, else the article's own; of a `whole` company no site of it."""
    lead = reading.lead_of(sentence)
    named = [t for t in lead.things if t.type in SUBJECT_TYPES and not t.aside] if lead else []
    if lead and named:
        free = [t for t in named if not _PREPOSITION.search(reading.text, lead.start, t.start)]
        return Linked((free or named)[0], 0.7)
    order = ["company", "programme", "cluster"] if prefer_company else ["cluster", "programme", "company"]
    order = ["company"] if whole else order
    earlier = [
        other
        for other in reading.sentences[max(0, sentence.index - _CARRY_SENTENCES) : sentence.index]
        if not (other.row and not sentence.row)
        and not (reading.item(sentence) and reading.item(other) and other.quantities)
    ]
    for distance, other in enumerate(reversed(earlier), 1):
        things = [t for t in other.things if t.type in SUBJECT_TYPES and not t.aside and t.kind not in _NETWORKS]
        for kind in order if other.paragraph == sentence.paragraph or distance <= 2 else order[:2]:
            for thing in things:
                if thing.type == kind:
                    return Linked(thing, 0.6 if distance <= 2 else 0.45)
    main = main_subject(reading)
    return Linked(main, 0.4 if main else 0.3)


def main_subject(reading: Reading) -> Thing | None:
    """The thing that the article is about: the first of its opening sentences, sites before companies there."""
    for sentence in reading.sentences[:4]:
        for kind in ("cluster", "programme", "company"):
            for thing in sentence.things:
                if thing.type == kind and not thing.stands_in and not thing.aside:
                    return thing
    return None


def main_site(reading: Reading) -> Thing | None:
    """The one site of an article that speaks of no other half as often, None where several share it."""
    sites = [t for s in reading.sentences for t in s.things if t.type == "cluster" and not t.stands_in]
    ranked = Counter(t.key for t in sites).most_common(2)
    if not ranked or (len(ranked) > 1 and ranked[1][1] * 2 > ranked[0][1]):
        return None
    return next(t for t in sites if t.key == ranked[0][0])
