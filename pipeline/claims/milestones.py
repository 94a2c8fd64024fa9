"""Steps in the life of a site: words of the step (`lexicon/events.toml`), the site, the date, and how real it is."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import replace

from pipeline import lexicon
from pipeline.claims import dating
from pipeline.claims.draft import Draft
from pipeline.claims.echoes import ahead, echoes, superseded
from pipeline.claims.facets import Verdict, cue_at, verdict
from pipeline.claims.no_steps import no_step, of_gear, of_machines
from pipeline.claims.step_sites import listed_with, of_a_number, site_of
from pipeline.claims.step_words import FORMS, SETBACKS, Hit, rules
from pipeline.components.phrases import PhraseTable
from pipeline.placed import Apart, Cover, by_span
from pipeline.reading import Anchor, Reading, Sentence, Thing
from pipeline.records import DateMention, Event, QuantityMention, Realization

_UNHEARD = ("intent.", "condition.if_proposed")
"""Cues that only name what was dropped or put off ("plans for a hall were withdrawn")."""

_BEHIND = ("modal.future_predicate", "modal.possible_predicate")
"""Cues that look back at a thing, and so say nothing of a step that was taken ("opened a hall that will train")."""

_OF_PARTS: frozenset[Event] = frozenset(
    {"construction_started", "construction_completed", "energized", "delivered", "operational", "workload_started"}
)
"""Steps that the number of a part carries, so that they are no claims of their own beside it."""

_CARRIED = 0.55
"""How sure the link to a site is that another sentence names, at most."""
_PRESENT = re.compile(r"\b(?:starts|begins|opens|breaks)\b", re.IGNORECASE)
"""Of the words of a step those that tell a habit as well as a fact."""
_NOT_BEFORE = re.compile(r"\b(?:not|n't|n’t)\s(?:[\w-]+\s){1,4}(?:before|until)$", re.IGNORECASE)
"""A step that comes no earlier than a date comes from it on ("will not open before 2028")."""
_NONE = re.compile(r"\b(?:no|nor|neither|without|none of the)(?:\s[\w-]+){0,2}\s$", re.IGNORECASE)

_NOBODY = re.compile(
    r"\b(?:nobody|no one|none of (?:the|them)(?:\s[\w-]+){0,3})(?:\s(?:has|have|had))?(?:\s(?:yet|ever))?\s$",
    re.IGNORECASE,
)
"""Before a step: that it was not taken, which is no news of the site."""
_TO = re.compile(r"\b(?:to|not)\s$", re.IGNORECASE)
"""Before an infinitive, which tells of no fact whatever its date."""
_AWAITED = re.compile(
    r"\b(?:when|once|until|till|as soon as|by the time|if|unless|before|after|whenever)\s(?:[^,;:]{0,60})$",
    re.IGNORECASE,
)
_AT_PRESENT = re.compile(r"\b(?:is|are|'s|has|have|comes|goes|opens|starts|begins|enters)\b", re.IGNORECASE)
_AWAIT = 80
"""Characters before a step among which the "when" stands that it hangs on."""
_LEFT = re.compile(r"\b(?:from|out of|than)\s(?:the\s)?$", re.IGNORECASE)
"""Before the date that a slip leaves behind."""
_READY = re.compile(r"\bready(?: for |-for-)service\b|\bRFS\b", re.IGNORECASE)
_BUILDING = re.compile(r"\b(?:buildings?|halls?|phases?|blocks?|modules?|stages?|shells?|wing)\b", re.IGNORECASE)
_JUST_BEFORE = 3
"""Sentences from a step within which another may be of its site."""
_DECIDED = re.compile(r"(?:approv|rezoning|annexation)", re.IGNORECASE)
"""Begins the words of a decision; what was applied for in May is not granted by that."""
_MOVED = re.compile(r"(?:to|until|till)\b", re.IGNORECASE)
"""Begins the date to which a step was moved."""
_SLOW = re.compile(r"\b(?:later?|behind|overdue)\b", re.IGNORECASE)
"""Words of a slip that say so of what "will" be."""


class MilestoneFinder:
    """Finds milestone drafts in a reading."""

    def __init__(self) -> None:
        data = lexicon.toml("events")
        self._deaf = tuple(data["deaf_to"])
        told = {"done", "refused", "named"}
        # What has happened cannot be told across a "not" or a "will" ("work on the hall has not begun").
        self._tables = [
            PhraseTable(
                [
                    (f"{r.rule}/{form}", getattr(r, form))
                    for r in rules().values()
                    for form in forms
                    if getattr(r, form)
                ],
                data["sets"],
                data["barred"] if forms is told else (),
            )
            for forms in (told, FORMS.keys() - told)
        ]

    def find(self, reading: Reading) -> list[Draft]:
        """All milestones of the article, one a mention; weak ones ("announced") are kept for the merger to weigh."""
        drafts: list[Draft] = []
        hits = self._hits(reading)
        by_sentence = by_span(hits, [(sentence.start, sentence.end) for sentence in reading.sentences])
        for hit in hits:
            sentence = reading.sentence_at(hit.start)
            if hit.end > sentence.end:
                continue
            rivals = [h for h in by_sentence[sentence.index] if h.rule.event != hit.rule.event]
            last = drafts[-1] if drafts and sentence.index - drafts[-1].sentence.index <= _JUST_BEFORE else None
            draft = self._draft(reading, sentence, hit, rivals, last.subject if last else None)
            if draft:
                step = Anchor(hit.start, hit.end)
                others = listed_with(reading, sentence, step, draft.subject) if draft.subject else []
                drafts += [draft, *(replace(draft, subject=other) for other in others)]
        return [
            *(_undated(reading, d, drafts) for d in drafts if not superseded(reading, d, drafts)),
            *echoes(reading, drafts),
        ]

    def _hits(self, reading: Reading) -> list[Hit]:
        """Matches in characters; where two overlap the longer one stays, a decision still to come before any other."""
        found: list[Hit] = []
        for name, start, end in [hit for table in self._tables for hit in table.find(reading.doc)]:
            rule, form = name.rsplit("/", 1)
            low, high = reading.token_span(start, end)
            found.append(Hit(rules()[rule], form, low, high))
        found.sort(key=lambda h: (-(h.end - h.start), h.form != "pending", h.form, h.start, h.rule.rule))
        told = {
            e: Cover(h for h in found if h.form == "done" and h.rule.event == e) for e in {h.rule.event for h in found}
        }
        setbacks = Cover(h for h in found if h.form == "done" and h.rule.event in SETBACKS)
        kept: list[Hit] = []
        taken = Apart()
        for hit in found:
            # "voted 5-2 to approve the plan", "pushed back the completion of the hall": what was done governs the rest.
            if hit.form == "open" and (
                told[hit.rule.event].holds_inside(hit.start) or setbacks.holds_inside(hit.start)
            ):
                continue
            if taken.free(hit.start, hit.end):
                taken.add(hit.start, hit.end)
                kept.append(hit)
        return sorted(kept, key=lambda h: h.start)

    def _deaf_to(self, reading: Reading, hit: Hit) -> tuple[str, ...]:
        """The cues that say nothing of a step: what was decided on or dropped is called "proposed" or "planned"."""
        if hit.rule.event in SETBACKS and hit.form == "done":
            slow = ("modal.future", "schedule.") if _SLOW.search(reading.text, hit.start, hit.end) else ()
            return (*self._deaf, *_UNHEARD, *slow)
        if hit.form not in {"done", "refused", "named"}:
            return self._deaf
        decided = ("condition.if_proposed", "negation.dropped") if hit.rule.event == "permitted" else ()
        return (*self._deaf, *_BEHIND, *decided)

    def _draft(
        self, reading: Reading, sentence: Sentence, hit: Hit, others: Sequence[Hit], before: Thing | None
    ) -> Draft | None:
        """The step that the words of a hit tell; a date behind one of the `others` in its sentence is that one's.

        `before` is the site of the step told just before it.
        """
        step = Anchor(hit.start, hit.end)
        none = _none(reading, sentence, hit)
        if _NOBODY.search(reading.text, sentence.start, hit.start) or no_step(reading, sentence, hit):
            return None
        if none and hit.rule.event != "construction_started":
            return None
        site, confidence = site_of(
            reading,
            sentence,
            step,
            setback=hit.rule.event in SETBACKS,
            wide=hit.rule.event == "permitted",
            moved=hit.rule.event == "workload_started",
            grown=hit.rule.event == "expanded",
            before=before,
        )
        if site is None or (hit.rule.event in _OF_PARTS and of_a_number(reading, sentence, step)):
            return None
        if site.type == "place" and hit.rule.event == "announced":
            return None
        read = _as_it_reads(reading, sentence, hit, confidence)
        if read is None or of_machines(reading, sentence, read):
            return None
        hit, told = read, _in_its_clause(reading, sentence, read)
        found = self._verdict(reading, sentence, hit, told, none)
        if hit.rule.event in SETBACKS and found.realization != "realized":
            return None
        sizes = _sizes_of_its_site(sentence, site, hit)
        rivals = [*(q for q in sentence.quantities if q not in sizes), *others]
        date = dating.link(reading, sentence, told, rivals, announced=hit.rule.event in {"announced", "permitted"})
        if found.by_default and hit.form == "open" and _over(reading, hit, date):
            found = _by_its_words(reading, hit, found, "realized")
        if _no_news(reading, sentence, hit, found, date, confidence):
            return None
        if date and _begins_with(reading, hit, date):
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

    def _verdict(self, reading: Reading, sentence: Sentence, hit: Hit, told: Anchor, none: bool) -> Verdict:
        """How real a step is; `none`: whether a "no" stands before it."""
        found = verdict(
            reading,
            sentence,
            told,
            default="negated" if none else FORMS[hit.form],
            default_rule=f"{hit.rule.rule}.{hit.form}",
            deaf_to=self._deaf_to(reading, hit),
            inside=hit.form in {"open", "pending"},
            default_confidence=0.6 if hit.form == "open" else 0.9,
        )
        undecided = hit.form == "pending" and found.realization == "planned"
        return _by_its_words(reading, hit, found, "possible") if undecided else found


def _as_it_reads(reading: Reading, sentence: Sentence, hit: Hit, confidence: float) -> Hit | None:
    """The step, or the completion as which it reads: of a building that is ready, or of a site that is "delivered";
    None for a delivery of nothing.
    """
    completed = replace(hit, rule=rules()["event.construction_completed"])
    if hit.rule.event == "delivered" and confidence <= _CARRIED and not of_gear(reading, sentence, hit):
        return completed if reading.text[hit.start : hit.end].endswith("be delivered") else None
    return completed if _of_a_building(reading, sentence, hit) else hit


def _no_news(
    reading: Reading, sentence: Sentence, hit: Hit, found: Verdict, date: DateMention | None, confidence: float
) -> bool:
    """Whether a step is only waited for, a purpose or told in general."""
    if (date is None or date.end < hit.start) and _for_a_purpose(reading, hit, found):
        return True
    if date is not None:
        return False
    awaited = found.realization == "realized" and _still_to_come(reading, sentence, hit)
    return awaited or _in_general(reading, sentence, hit, found, confidence)


def _begins_with(reading: Reading, hit: Hit, date: DateMention) -> bool:
    """Whether a step is told to come no earlier than a date ("will not open before 2028")."""
    behind = date.start > hit.start and date.end > hit.end
    return behind and bool(_NOT_BEFORE.search(reading.text, hit.start, hit.end))


def _sizes_of_its_site(sentence: Sentence, site: Thing, hit: Hit) -> list[QuantityMention]:
    """The numbers between a step and its site, which has them for its size ("broke ground on its 300 MW Tarn campus").

    A date behind the site is then that of the step.
    """
    return [q for q in sentence.quantities if hit.end <= q.start < site.end <= sentence.end and q.kind != "energy"]


def _of_a_building(reading: Reading, sentence: Sentence, hit: Hit) -> bool:
    """Whether a building or a phase is ready for service, which is its hand-over and no opening of the site."""
    if hit.rule.event != "operational" or not _READY.search(reading.text, hit.start, hit.end + 12):
        return False
    return bool(_BUILDING.search(reading.text, sentence.start, hit.start))


def _in_its_clause(reading: Reading, sentence: Sentence, hit: Hit) -> Anchor:
    """The words of a step without what a comma parts from its verb ("work in Ashby, Ohio, | began")."""
    if "," not in reading.text[hit.start : hit.end]:
        return Anchor(hit.start, hit.end)
    clause = sentence.clauses[sentence.clause_at(hit.end - 1)]
    return Anchor(max(hit.start, clause.start), hit.end)


def _over(reading: Reading, hit: Hit, date: DateMention | None) -> bool:
    """Whether a step that is only named ("the opening of the hall in May") has a date that is over."""
    if date is None or date.date.end is None or reading.published is None or date.date.relation in {"by", "from"}:
        return False
    if hit.rule.event == "permitted" and not _DECIDED.match(reading.text, hit.start):
        return False
    if _MOVED.match(date.date.text):
        return False
    return date.date.end <= reading.published and not _TO.search(reading.text, max(0, hit.start - 4), hit.start)


def _by_its_words(reading: Reading, hit: Hit, found: Verdict, value: Realization) -> Verdict:
    """The verdict with what the words of the step say by themselves."""
    cue = cue_at(reading.text, hit.start, hit.end, value, f"{hit.rule.rule}.{hit.form}")
    return found.overruled(cue, value, found.confidence)


def _undated(reading: Reading, draft: Draft, drafts: Sequence[Draft]) -> Draft:
    """A slip without the date that lies ahead, which is when the step is due now, or that of the step which came late
    ("energized last week, two months behind schedule").
    """
    if draft.event != "delayed" or draft.date is None:
        return draft
    left = _LEFT.search(reading.text, max(0, draft.date.start - 12), draft.date.start)
    late = bool(left) or ahead(reading, draft.date)
    slow = _SLOW.search(reading.text, *draft.anchor)
    others = [d for d in drafts if d.date == draft.date and d.event not in SETBACKS and d.end <= draft.start]
    return replace(draft, date=None) if late or (slow and others) else draft


def _none(reading: Reading, sentence: Sentence, hit: Hit) -> bool:
    """Whether a "no" right before the step says that there was none ("no permit was issued")."""
    return bool(_NONE.search(reading.text, sentence.start, hit.start))


def _still_to_come(reading: Reading, sentence: Sentence, hit: Hit) -> bool:
    """Whether a present under "when" or "once" tells of a step only waited for ("2 GW when it is complete")."""
    awaited = _AWAITED.search(reading.text, max(sentence.start, hit.start - _AWAIT), hit.start)
    return bool(awaited) and bool(_AT_PRESENT.search(reading.text, awaited.end(), hit.end))


def _for_a_purpose(reading: Reading, hit: Hit, found: Verdict) -> bool:
    """Whether an infinitive that nothing governs tells what a site is for ("built a supercomputer to train Grok")."""
    words = reading.text[hit.start : hit.end].lower()
    aim = hit.rule.event == "workload_started" and hit.form == "open" and found.by_default and "there" not in words
    told = reading.text[max(0, hit.start - 4) : hit.start + 3].lower()
    return aim and " to " in f" {told}"


def _in_general(reading: Reading, sentence: Sentence, hit: Hit, found: Verdict, confidence: float) -> bool:
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
