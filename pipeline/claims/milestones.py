"""Steps in the life of a site: words of the step (`lexicon/events.toml`), the site, the date, and how real it is."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from pipeline import lexicon
from pipeline.claims import dating, subjects
from pipeline.claims.draft import Draft
from pipeline.claims.facets import verdict
from pipeline.claims.scope import word_pattern
from pipeline.components.phrases import PhraseTable
from pipeline.reading import Reading, Sentence, Thing
from pipeline.records import Event, Realization

_PART = 7
"""Words between the size of a part and its step."""
_OBJECT = 7
"""Words between a step and the site behind it ("broke ground in May on its campus")."""
_LEADING = 2
"""Words before a step that leads its clause ("Construction could begin in 2026")."""
FORMS: dict[str, Realization] = {"done": "realized", "open": "planned", "refused": "negated"}
"""What each form of words says by itself."""
_UNHEARD = ("intent.",)
"""Cues that only name what was dropped or put off ("plans for a hall were withdrawn")."""
SETBACKS: frozenset[Event] = frozenset({"delayed", "paused", "cancelled", "decommissioned"})
"""Steps that are claims only once they have happened: a feared delay is no news of the site."""


class EventRule(lexicon.Rule):
    """One row of events.toml."""

    event: Event
    done: tuple[str, ...] = ()
    """Words that say that it has happened."""
    open: tuple[str, ...] = ()
    """Words that leave that to what governs them."""
    refused: tuple[str, ...] = ()
    """Words that say that it was denied."""


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
        return drafts

    def _hits(self, reading: Reading) -> list[_Hit]:
        """Matches in characters; where two overlap the longer one stays, `done` before `open`."""
        found: list[_Hit] = []
        for name, start, end in self._table.find(reading.doc):
            rule, form = name.rsplit("/", 1)
            low, high = reading.token_span(start, end)
            found.append(_Hit(rules()[rule], form, low, high))
        found.sort(key=lambda h: (-(h.end - h.start), h.form, h.start, h.rule.rule))
        kept: list[_Hit] = []
        for hit in found:
            if not any(hit.start < other.end and other.start < hit.end for other in kept):
                kept.append(hit)
        return sorted(kept, key=lambda h: h.start)

    def _draft(self, reading: Reading, sentence: Sentence, hit: _Hit) -> Draft | None:
        site, confidence = _site(reading, sentence, hit)
        if site is None or _of_a_number(reading, sentence, hit):
            return None
        found = verdict(
            reading,
            sentence,
            hit,
            default=FORMS[hit.form],
            default_rule=f"{hit.rule.rule}.{hit.form}",
            deaf_to=(*self._deaf, *_UNHEARD) if hit.rule.event in SETBACKS and hit.form == "done" else self._deaf,
            inside=hit.form == "open",
            default_confidence=0.6 if hit.form == "open" else 0.9,
        )
        if hit.rule.event in SETBACKS and found.realization != "realized":
            return None
        rivals = [*sentence.quantities]
        date = dating.link(reading, sentence, hit, rivals, announced=hit.rule.event in {"announced", "permitted"})
        return Draft(
            kind="milestone",
            event=hit.rule.event,
            sentence=sentence,
            anchor=(hit.start, hit.end),
            # The date of a setback is the new one, which lies ahead.
            verdict=found if hit.rule.event in SETBACKS else dating.not_before(found, date, reading.published),
            subject=site,
            link_confidence=confidence,
            date=date,
        )


def _site(reading: Reading, sentence: Sentence, hit: _Hit) -> tuple[Thing | None, float]:
    """The site that the step is of: in its clause, else in the sentence, else the last one where the step leads."""
    here = sentence.clause_at(hit.start)
    sites = [
        t
        for t in sentence.things
        if t.type in {"cluster", "programme"} and (t.end <= hit.start or reading.gap(t, hit) <= _OBJECT)
    ]
    if sites:
        best = min(
            sites,
            key=lambda t: (abs(sentence.clause_at(t.start) - here), t.type != "cluster", reading.gap(t, hit)),
        )
        return best, 0.85 if not best.stands_in else 0.75
    place = _place(reading, sentence, hit)
    if place and hit.rule.event != "announced":
        return place, 0.55
    clause = sentence.clauses[sentence.clause_at(hit.start)]
    if reading.words_between(clause.start, hit.start) > _LEADING:
        return None, 0.0
    for other in reversed(reading.sentences[max(0, sentence.index - 2) : sentence.index]):
        for thing in other.things:
            if thing.type == "cluster":
                return thing, 0.55
    main = None if hit.rule.event in SETBACKS else subjects.main_site(reading)
    return main, 0.5 if main else 0.0


def _place(reading: Reading, sentence: Sentence, hit: _Hit) -> Thing | None:
    """The town or county of a site without a name ("In Lakeport, AWS won approval for a data center")."""
    if not word_pattern("scope", "topic", "site_heads").search(reading.text, sentence.start, sentence.end):
        return None
    here = sentence.clause_at(hit.start)
    places = [t for t in sentence.things if t.type == "place" and t.kind in {"city", "county"}]
    near = [t for t in places if abs(sentence.clause_at(t.start) - here) <= 1]
    return min(near, key=lambda t: reading.gap(t, hit), default=None)


def _of_a_number(reading: Reading, sentence: Sentence, hit: _Hit) -> bool:
    """Whether the step is that of a part told by its size ("the first 9 MW coming online"): the number carries it."""
    heads = word_pattern("scope", "topic", "site_heads")
    return any(
        q.kind in {"power", "accelerators"}
        and q.end <= hit.start
        and reading.words_between(q.end, hit.start) <= _PART
        and not heads.search(reading.text, q.end, hit.start)
        for q in sentence.quantities
    )
