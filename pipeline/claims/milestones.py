"""Steps in the life of a site: words of the step (`lexicon/events.toml`), the site, the date, and how real it is."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, replace

from pipeline import lexicon
from pipeline.claims import dating
from pipeline.claims.draft import Draft
from pipeline.claims.echoes import ahead, echoes, superseded
from pipeline.claims.facets import Verdict, cue_at, verdict
from pipeline.claims.scope import word_pattern
from pipeline.claims.step_sites import of_a_number, site_of
from pipeline.components.phrases import PhraseTable
from pipeline.placed import Apart, Cover
from pipeline.reading import Anchor, Reading, Sentence
from pipeline.records import Event, Realization

FORMS: dict[str, Realization] = {
    "done": "realized",
    "open": "planned",
    "pending": "possible",
    "refused": "negated",
    "named": "realized",
}
"""What each form of words says by itself."""
_UNHEARD = ("intent.", "condition.if_proposed")
"""Cues that only name what was dropped or put off ("plans for a hall were withdrawn")."""
SETBACKS: frozenset[Event] = frozenset({"delayed", "paused", "cancelled", "decommissioned"})
"""Steps that are claims only once they have happened: a feared delay is no news of the site."""

_OF_PARTS: frozenset[Event] = frozenset(
    {"construction_started", "construction_completed", "energized", "delivered", "operational", "workload_started"}
)
"""Steps that the number of a part carries, so that they are no claims of their own beside it."""

_CARRIED = 0.55
"""How sure the link to a site is that another sentence names, at most."""
_PRESENT = re.compile(r"\b(?:starts|begins|opens|breaks)\b", re.IGNORECASE)
"""Of the words of a step those that tell a habit as well as a fact."""
_OWNED = re.compile(r"(?:['’]s?)?\s(?:the\s|its\s)?")
_OUTSIDE = 2
"""Words between who walks away and the words for it."""
_LAW = 4
"""Words between a decision and the law that it is about."""
_NOT_BEFORE = re.compile(r"\b(?:not|n't|n’t)\s(?:[\w-]+\s){1,4}(?:before|until)$", re.IGNORECASE)
"""A step that comes no earlier than a date comes from it on ("will not open before 2028")."""
_NONE = re.compile(r"\b(?:no|nor|neither|without|none of the)(?:\s[\w-]+){0,2}\s$", re.IGNORECASE)


class EventRule(lexicon.Rule):
    """One row of events.toml."""

    event: Event
    done: tuple[str, ...] = ()
    """Words that say that it has happened."""
    open: tuple[str, ...] = ()
    """Words that leave that to what governs them."""
    pending: tuple[str, ...] = ()
    """Words that say that somebody is still to decide."""
    refused: tuple[str, ...] = ()
    """Words that say that it was denied."""
    named: tuple[str, ...] = ()
    """Verbs that say that it has happened where the name of a site is their object ("opened Heron")."""


@functools.cache
def rules() -> dict[str, EventRule]:
    """The event rules by name; `LexiconError` names the row that is wrong."""
    return lexicon.rules("events", "event", EventRule)


@dataclass(frozen=True)
class _Hit:
    rule: EventRule
    form: str
    start: int
    end: int


class MilestoneFinder:
    """Finds milestone drafts in a reading."""

    def __init__(self) -> None:
        data = lexicon.toml("events")
        self._deaf = tuple(data["deaf_to"])
        phrases = [(f"{r.rule}/{form}", getattr(r, form)) for r in rules().values() for form in FORMS]
        self._table = PhraseTable([(name, words) for name, words in phrases if words], data["sets"])

    def find(self, reading: Reading) -> list[Draft]:
        """All milestones of the article, one a mention; weak ones ("announced") are kept for the merger to weigh."""
        drafts: list[Draft] = []
        for hit in self._hits(reading):
            sentence = reading.sentence_at(hit.start)
            if hit.end > sentence.end:
                continue
            draft = self._draft(reading, sentence, hit)
            if draft:
                drafts.append(draft)
        return [*(_undated(reading, d) for d in drafts if not superseded(reading, d, drafts)), *echoes(reading, drafts)]

    def _hits(self, reading: Reading) -> list[_Hit]:
        """Matches in characters; where two overlap the longer one stays, a decision still to come before any other."""
        found: list[_Hit] = []
        for name, start, end in self._table.find(reading.doc):
            rule, form = name.rsplit("/", 1)
            low, high = reading.token_span(start, end)
            found.append(_Hit(rules()[rule], form, low, high))
        found.sort(key=lambda h: (-(h.end - h.start), h.form != "pending", h.form, h.start, h.rule.rule))
        told = {
            e: Cover(h for h in found if h.form == "done" and h.rule.event == e) for e in {h.rule.event for h in found}
        }
        kept: list[_Hit] = []
        taken = Apart()
        for hit in found:
            # "voted 5-2 to approve the plan": what was done governs what it was done for.
            if hit.form == "open" and told[hit.rule.event].holds_inside(hit.start):
                continue
            if taken.free(hit.start, hit.end):
                taken.add(hit.start, hit.end)
                kept.append(hit)
        return sorted(kept, key=lambda h: h.start)

    def _draft(self, reading: Reading, sentence: Sentence, hit: _Hit) -> Draft | None:
        step = Anchor(hit.start, hit.end)
        none = _none(reading, sentence, hit)
        if (none and hit.rule.event != "construction_started") or _of_a_column(reading, sentence, hit):
            return None
        if (hit.form == "named" and not _names_a_site(reading, sentence, hit)) or _by_an_outsider(
            reading, sentence, hit
        ):
            return None
        if hit.rule.event == "permitted" and _of_a_law(reading, sentence, hit):
            return None
        site, confidence = site_of(
            reading,
            sentence,
            step,
            setback=hit.rule.event in SETBACKS,
            wide=hit.rule.event == "permitted",
            moved=hit.rule.event == "workload_started",
        )
        if site is None or (hit.rule.event in _OF_PARTS and of_a_number(reading, sentence, step)):
            return None
        if site.type == "place" and hit.rule.event == "announced":
            return None
        found = verdict(
            reading,
            sentence,
            hit,
            default="negated" if none else FORMS[hit.form],
            default_rule=f"{hit.rule.rule}.{hit.form}",
            deaf_to=(*self._deaf, *_UNHEARD) if hit.rule.event in SETBACKS and hit.form == "done" else self._deaf,
            inside=hit.form in {"open", "pending"},
            default_confidence=0.6 if hit.form == "open" else 0.9,
        )
        if hit.form == "pending" and found.realization == "planned":
            found = _by_its_words(reading, hit, found, "possible")
        if hit.rule.event in SETBACKS and found.realization != "realized":
            return None
        rivals = [*sentence.quantities]
        date = dating.link(reading, sentence, hit, rivals, announced=hit.rule.event in {"announced", "permitted"})
        if date is None and _in_general(reading, sentence, hit, found, confidence):
            return None
        if (
            date
            and date.start > hit.start
            and date.end > hit.end
            and _NOT_BEFORE.search(reading.text, hit.start, hit.end)
        ):
            date = date.model_copy(update={"date": date.date.model_copy(update={"relation": "from"})})
            if found.realization == "negated":
                found = _by_its_words(reading, hit, found, "planned")
        return Draft(
            kind="milestone",
            event=hit.rule.event,
            sentence=sentence,
            anchor=(hit.start, hit.end),
            verdict=found if hit.rule.event in SETBACKS else dating.not_before(found, date, reading.published),
            subject=site,
            link_confidence=confidence,
            date=date,
        )


def _by_its_words(reading: Reading, hit: _Hit, found: Verdict, value: Realization) -> Verdict:
    """The verdict with what the words of the step say by themselves."""
    cue = cue_at(reading.text, hit.start, hit.end, value, f"{hit.rule.rule}.{hit.form}")
    return found.overruled(cue, value, found.confidence)


def _undated(reading: Reading, draft: Draft) -> Draft:
    """A slip without the date that lies ahead: that is when the step is due now, not when it slipped."""
    late = draft.event == "delayed" and draft.date is not None and ahead(reading, draft.date)
    return replace(draft, date=None) if late else draft


def _none(reading: Reading, sentence: Sentence, hit: _Hit) -> bool:
    """Whether a "no" right before the step says that there was none ("no permit was issued")."""
    return bool(_NONE.search(reading.text, sentence.start, hit.start))


def _in_general(reading: Reading, sentence: Sentence, hit: _Hit, found: Verdict, confidence: float) -> bool:
    """Whether a step without a date only tells what happens as a rule ("GPUs train models") or on a condition ("once
    the chips arrive", "should the hall not be ready"), and no step of the site.
    """
    carried = confidence <= _CARRIED
    words = reading.text[hit.start : hit.end + 6].lower()
    if carried and hit.rule.event == "workload_started" and found.realization == "planned" and "there" not in words:
        return True
    told = found.realization == "realized" and not _PRESENT.search(reading.text, hit.start, hit.end)
    if hit.form == "pending" or (told and not carried):
        return False
    untold = hit.form == "open" and found.by_default and carried
    clause = sentence.clauses[sentence.clause_at(hit.start)]
    return untold or bool(_condition().search(reading.text, clause.start, hit.start))


@functools.cache
def _condition() -> re.Pattern[str]:
    words = lexicon.toml("events")["linking"]
    opening, turned = ("|".join(words[name]) for name in ("conditions", "after_should"))
    return re.compile(rf"\b(?:{opening})\b|\bshould (?:{turned})\b", re.IGNORECASE)


def _names_a_site(reading: Reading, sentence: Sentence, hit: _Hit) -> bool:
    """Whether the name of a site stands right behind the hit, but for the name of its owner."""
    site = next((t for t in sentence.things if t.type == "cluster" and t.start >= hit.end and not t.stands_in), None)
    if site is None or not reading.text[site.start].isupper():
        return False
    owners = [t for t in sentence.things if t.type == "company" and hit.end <= t.start < site.start]
    start = owners[0].end if owners and owners[0].start - hit.end <= 1 else hit.end
    return bool(_OWNED.fullmatch(reading.text, start, site.start))


def _by_an_outsider(reading: Reading, sentence: Sentence, hit: _Hit) -> bool:
    """Whether it is a lender or a tenant that walks away, which does not end the site by itself."""
    if hit.rule.event != "cancelled":
        return False
    clause = sentence.clauses[sentence.clause_at(hit.start)]
    outsiders = list(word_pattern("events", "linking", "outsiders").finditer(reading.text, clause.start, hit.start))
    return bool(outsiders) and reading.words_between(outsiders[-1].end(), hit.start) <= _OUTSIDE


def _of_a_law(reading: Reading, sentence: Sentence, hit: _Hit) -> bool:
    """Whether what was decided on is a law and no project ("lawmakers passed a bill that would …")."""
    found = word_pattern("events", "linking", "laws").search(reading.text, hit.start, sentence.end)
    return found is not None and reading.words_between(hit.end, found.start()) <= _LAW


def _of_a_column(reading: Reading, sentence: Sentence, hit: _Hit) -> bool:
    """Whether the step heads a column of a table, whose cell holds no date ("Under construction, MW: 120")."""
    if not sentence.row:
        return False
    cell = sentence.clauses[sentence.clause_at(hit.start)]
    return ":" in reading.text[hit.end : cell.end] and not any(
        cell.start <= date.start < cell.end for date in sentence.dates
    )
