"""Which reading each cue rule has (table `facets` of scope.toml), and which cues a kind of claim hears."""

from __future__ import annotations

import functools

from pipeline import lexicon
from pipeline.reading import Sentence
from pipeline.records import CueMention, Record

LEAD_DISTANCE = 10
"""What a cue from another clause or sentence counts as away, in words."""


class FacetRules(Record):
    """The table `facets` of scope.toml."""

    transparent: tuple[str, ...]
    wrapping: tuple[str, ...]
    negating: tuple[str, ...]
    denying: tuple[str, ...]
    inside: tuple[str, ...]
    of_money: tuple[str, ...]
    direct: tuple[str, ...]
    making: tuple[str, ...]
    dealing: tuple[str, ...]
    weak: tuple[str, ...]
    weak_penalty: int
    participle: tuple[str, ...]
    unfinished: tuple[str, ...]
    owned: tuple[str, ...]
    outer: tuple[str, ...]
    local: tuple[str, ...]
    untouched: tuple[str, ...]
    choosing: tuple[str, ...]
    asking: tuple[str, ...]
    dropping: tuple[str, ...]
    hanging: tuple[str, ...]
    settled: tuple[str, ...]
    describing: tuple[str, ...]
    told_as_fact: tuple[str, ...]
    told_behind: tuple[str, ...]


@functools.cache
def facet_rules() -> FacetRules:
    """Which cue rules have which reading."""
    return FacetRules.model_validate(lexicon.toml("scope")["facets"])


def heard(sentence: Sentence, deaf_to: tuple[str, ...]) -> list[CueMention]:
    """The cues of realization in a sentence, without those that say nothing of this kind of claim.

    Where money is meant, a cue that is a part of a longer one about money is none.
    """
    cues = [c for c in sentence.cues if c.facet == "realization" and not (deaf_to and c.rule.startswith(deaf_to))]
    money = [c for c in cues if c.rule.startswith(facet_rules().of_money)]
    return [c for c in cues if not any(_within(c, longer) for longer in money)] if money else cues


def _within(cue: CueMention, longer: CueMention) -> bool:
    """Whether a cue is a part of a longer one, and no more."""
    return longer.start <= cue.start and cue.end <= longer.end and cue.end - cue.start < longer.end - longer.start
