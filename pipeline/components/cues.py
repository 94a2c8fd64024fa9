"""Cues of realization and certainty, and the stretch of text that each governs.

ConText-style: find the cue, take its scope from direction, clause and reach, decide later (pipeline.label). Rules are
`lexicon/cues.toml`; a rule's name goes into every record that it helped to label.
"""

from __future__ import annotations

import functools
from bisect import bisect_right
from typing import Literal

from pydantic import Field
from spacy.language import Language
from spacy.tokens import Doc, Span

from pipeline import lexicon
from pipeline.components.clauses import Clause, split_clauses
from pipeline.components.phrases import NUMBER, PhraseTable
from pipeline.components.sentences import sentences_of
from pipeline.records import Certainty, CueMention, Realization


class CueRule(lexicon.Rule):
    """One row of cues.toml."""

    facet: Literal["realization", "certainty"]
    value: Realization | Certainty
    direction: Literal["forward", "backward", "both"]
    scope: Literal["clause", "sentence"] = "clause"
    reach: int = Field(default=40, gt=0)
    borrowed: bool = False
    """Whether the cue is void where its first word belongs to another cue."""
    narrow: bool = False
    """Whether only some kinds of claim hear the cue, so that it hides none that is a part of it."""
    phrases: tuple[str, ...]


@functools.cache
def rules() -> dict[str, CueRule]:
    """The cue rules by name; `LexiconError` names the row that is wrong."""
    return lexicon.rules("cues", "cue", CueRule)


class CueFinder:
    """Finds cues in a Doc whose sentences are set."""

    def __init__(self) -> None:
        sets = lexicon.toml("cues")["sets"]
        forward = [(r.rule, r.phrases) for r in rules().values() if r.direction == "forward"]
        others = [(r.rule, r.phrases) for r in rules().values() if r.direction != "forward"]
        # What a cue says of the number ahead of it is lost once the cue itself has reached over it.
        self._tables = (PhraseTable(forward, sets, barred=(NUMBER,)), PhraseTable(others, sets))

    def find(self, doc: Doc) -> list[CueMention]:
        """All cues with their scopes, in reading order; of two cues of one facet, one inside the other, the longer."""
        found = sentences_of(doc)
        clauses = {sentence.start: split_clauses(sentence) for sentence in found}
        home = {i: sentence for sentence in found for i in range(sentence.start, sentence.end)}
        hits = [hit for table in self._tables for hit in table.find(doc)]
        hits.sort(key=lambda hit: (hit[1], -hit[2], hit[0]))
        starts, longest = [start for _, start, _ in hits], max((end - start for _, start, end in hits), default=0)
        mentions: list[CueMention] = []
        for rule_name, start, end in hits:
            rule = rules()[rule_name]
            sentence = home[start]
            if end > sentence.end or _compound(doc, start):
                continue
            around = hits[bisect_right(starts, start - longest) : bisect_right(starts, start)]
            if _inside_another(around, rule, start, end):
                continue
            low, high = _scope(rule, sentence, clauses[sentence.start], start, end)
            span = doc[start:end]
            mentions.append(
                CueMention(
                    text=span.text,
                    start=span.start_char,
                    end=span.end_char,
                    facet=rule.facet,
                    value=rule.value,
                    rule=rule.rule,
                    scope=(doc[low].idx, doc[high - 1].idx + len(doc[high - 1])),
                )
            )
        return mentions


def _compound(doc: Doc, start: int) -> bool:
    """Whether the word at `start` is the tail of a compound ("state-owned", "purpose-built")."""
    return (
        start > 1 and doc[start - 1].text == "-" and not doc[start - 1].whitespace_ and not doc[start - 2].whitespace_
    )


def _inside_another(hits: list[tuple[str, int, int]], rule: CueRule, start: int, end: int) -> bool:
    """Whether a longer cue of the same facet and direction covers this one ("no plans to" is not a plan), or another
    cue has its first word ("believed to house" holds no purpose)."""
    for name, low, high in hits:
        other = rules()[name]
        covers = low <= start and end <= high and (high - low) > (end - start)
        if (
            covers
            and not other.narrow
            and other.facet == rule.facet
            and (rule.direction == other.direction or "both" in {rule.direction, other.direction})
        ):
            return True
        if rule.borrowed and low < start < high:
            return True
    return False


def _scope(rule: CueRule, sentence: Span, clauses: list[Clause], start: int, end: int) -> tuple[int, int]:
    """Token bounds of what the cue governs: its own clause or sentence, in its direction, within its reach."""
    if rule.scope == "sentence":
        low, high = sentence.start, sentence.end
    else:
        own = next((c for c in clauses if c.start <= start < c.end), Clause(sentence.start, sentence.end, "main"))
        low, high = own.start, max(own.end, end)
    if rule.direction == "forward":
        low = start
    elif rule.direction == "backward":
        high = end
    return max(low, start - rule.reach), min(high, end + rule.reach)


@functools.cache
def _finder() -> CueFinder:
    return CueFinder()


@Language.component("infraclaims_cues", assigns=["doc._.infraclaims_cues"], requires=["token.is_sent_start"])
def cues(doc: Doc) -> Doc:
    """Write the cues as plain dicts to `doc._.infraclaims_cues`."""
    if not Doc.has_extension("infraclaims_cues"):
        Doc.set_extension("infraclaims_cues", default=())
    doc._.infraclaims_cues = [cue.model_dump(mode="json") for cue in _finder().find(doc)]
    return doc
