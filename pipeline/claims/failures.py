"""Deals whose end a later clause or sentence tells ("agreed to buy Tarn; its owners later voted the deal down")."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import replace

from pipeline import lexicon
from pipeline.claims import dating
from pipeline.claims.draft import Draft
from pipeline.claims.facets import cue_at
from pipeline.reading import Anchor, Reading, Sentence
from pipeline.records import CueMention, DateMention, Realization

_BACK = 3
"""Sentences between a deal and the one that tells how it ended."""
_NEAR = 4
"""Words between the words of failure and what failed."""
_HEAD = 2
"""Words before those of failure in a clause that goes on about the subject of the one before ("…, have ended")."""
_PRICE = 25
"""Words between a deal's words and its price."""
_SURE = 0.8
_IT = re.compile(r"\s(?:it|them)\b")
_SINCE = (
    r"(?:,? (?:which was |that was )?(?:signed|announced|struck|reached|agreed|unveiled|entered into)"
    r"(?: (?!has\b|have\b|had\b|was\b|were\b|is\b|will\b)[\w,]{1,15}){0,5})?"
)
"""Behind what failed: when it was made."""
_PAPER = ("deal.memorandum", "deal.paper")
"""What a signed paper meant is not to be, but it was signed."""
_TALKED = re.compile(r"\b(?:talks|negotiations|discussions)\s(?:between|with|over|about|on)\b", re.IGNORECASE)
_ENDING = "negation.dropped"
_OPEN = ("modal.", "condition.", "negation.not", "negation.denied", "doubt.", "schedule.", "plan.")
"""Cues before the words of failure that show that nothing has failed ("could still fall apart")."""


def apply(reading: Reading, drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts, with deals that are told to have failed negated on that day, and their prices with them."""
    result = list(drafts)
    for sentence in reading.sentences:
        cue, matter = _failure(reading, sentence)
        deal = _of(sentence, cue, matter, result) if cue else None
        if cue and deal:
            result = [_ended(reading, sentence, cue, deal, draft) for draft in result]
    return result


@functools.cache
def _nouns(name: str) -> re.Pattern[str]:
    """What is told as known ("the all-stock offer", "Tarn's bid")."""
    words = "|".join(lexicon.toml("deals")["ending"][name])
    return re.compile(
        rf"(?:\b(?:the|that|this|its|their|both)|['’]s)\s(?:[^\s,;]{{1,20}}\s){{0,3}}(?:{words})\b{_SINCE}",
        re.IGNORECASE,
    )


def _failure(reading: Reading, sentence: Sentence) -> tuple[CueMention | None, str]:
    """The words that tell in a sentence that a deal came to nothing, and what failed (`_matter`)."""
    for cue in sentence.cues:
        matter = _matter(reading, sentence, cue) if cue.rule == _ENDING else ""
        if not matter:
            continue
        clause = sentence.clauses[sentence.clause_at(cue.start)]
        before = [c for c in sentence.cues if clause.start <= c.start < cue.start]
        if not any(c.rule.startswith(_OPEN) for c in before):
            return cue, matter
    return None, ""


def _matter(reading: Reading, sentence: Sentence, cue: CueMention) -> str:
    """What failed, as a list of `ending` in deals.toml names it: the nearest of their words; empty if none does."""
    if _IT.match(reading.text, cue.end):
        return "talks" if cue.text.lower().endswith("off") else "deals"
    clause = sentence.clauses[sentence.clause_at(cue.start)]
    goes_on = reading.words_between(clause.start, cue.start) <= _HEAD
    if _TALKED.search(reading.text, sentence.start if goes_on else clause.start, cue.start):
        return "talks"
    found: list[tuple[int, str]] = []
    for name in lexicon.toml("deals")["ending"]:
        for match in _nouns(name).finditer(reading.text, clause.start, clause.end):
            found.append((reading.gap(cue, Anchor(*match.span())), name))
    near = [name for gap, name in sorted(found) if gap <= _NEAR]
    return near[0] if near else ""


def _of(sentence: Sentence, cue: CueMention, matter: str, drafts: Sequence[Draft]) -> Draft | None:
    """The deal, of the sentences before, that is said to have failed."""
    named = {t.key for t in sentence.things if t.type == "company" and not t.stands_in and not t.aside}
    deals = [d for d in drafts if d.kind == "agreement" and d.start < cue.start]
    own = [d for d in deals if d.sentence.index == sentence.index]
    near = own or [d for d in deals if 0 < sentence.index - d.sentence.index <= _BACK]
    for draft in sorted(near, key=lambda d: -d.start):
        keys = {thing.key for _, thing in draft.parties}
        fits = {
            "purchases": draft.nature == "acquisition",
            "talks": draft.verdict.realization == "possible",
            "deals": draft.verdict.realization != "negated",
        }[matter]
        if fits and (not named or named & keys):
            return draft
    return None


def _ended(reading: Reading, sentence: Sentence, cue: CueMention, deal: Draft, draft: Draft) -> Draft:
    """The draft, as failed if it is a telling of the deal or its price."""
    keys = {thing.key for _, thing in deal.parties}
    told = draft.kind == "agreement" and draft.nature == deal.nature and draft.start < cue.start
    same = told and {thing.key for _, thing in draft.parties} == keys
    priced = (
        draft.kind == "investment"
        and draft.sentence.index == deal.sentence.index
        and reading.gap(Anchor(*draft.anchor), Anchor(*deal.anchor)) <= _PRICE
        and (draft.subject is None or draft.subject.key in keys)
    )
    if not same and not priced:
        return draft
    paper = same and draft.verdict.cues[0].rule.startswith(_PAPER)
    value: Realization = "realized" if paper else "negated"
    end = cue_at(reading.text, cue.start, cue.end, value, "deal.failed")
    ended = replace(draft, verdict=draft.verdict.overruled(end, value, _SURE), strong=False)
    return replace(ended, date=_ended_on(reading, sentence, cue, deal)) if same and not paper else ended


def _whole(reading: Reading, sentence: Sentence) -> list[re.Match[str]]:
    """What is told as known in a sentence, with the words that tell when it was made."""
    names: list[str] = list(lexicon.toml("deals")["ending"])
    return [m for name in names for m in _nouns(name).finditer(reading.text, sentence.start, sentence.end)]


def _ended_on(reading: Reading, sentence: Sentence, cue: CueMention, deal: Draft) -> DateMention | None:
    """The day of the failure: that of its words, else the nearest one that stands between the deal and them."""
    linked = dating.link(reading, sentence, cue, (), announced=True)
    between = [d for d in reversed(sentence.dates) if deal.end <= d.start < cue.start]
    made = [m.span() for m in _whole(reading, sentence)]
    told = [d for d in (linked, *between) if d and not any(start <= d.start < end for start, end in made)]
    return told[0] if told else None
