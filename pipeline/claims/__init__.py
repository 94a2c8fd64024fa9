"""From a reading of one article to the claims that it makes, before labels and records."""

from __future__ import annotations

from dataclasses import replace

from pipeline.claims import failures, numbers, prices, status
from pipeline.claims.agreements import AgreementFinder
from pipeline.claims.attribution import attribute
from pipeline.claims.draft import Draft
from pipeline.claims.merge import merge
from pipeline.claims.milestones import MilestoneFinder
from pipeline.claims.scope import of_the_field, on_topic
from pipeline.reading import Reading

__all__ = ["ClaimFinder", "Draft"]

_SHORT = 5
"""Sentences of a note that is too short to show its subject twice."""


class ClaimFinder:
    """All claim rules, compiled once."""

    def __init__(self) -> None:
        self._milestones = MilestoneFinder()
        self._agreements = AgreementFinder()

    def find(self, reading: Reading) -> list[Draft]:
        """The claims of an article, each with its mentions; empty where the article is off topic."""
        if not on_topic(reading):
            return []
        drafts = [*numbers.find(reading), *self._milestones.find(reading), *self._agreements.find(reading)]
        settled = status.apply(failures.apply(reading, prices.apply(reading, drafts)), reading.text)
        shown = any(of_the_field(reading, draft.kind, draft.sentence, draft.subject) for draft in settled)
        if not shown and len(reading.sentences) > _SHORT:
            return []
        return [
            replace(draft, attribution=attribute(reading, draft.sentence, draft.verdict)) for draft in merge(settled)
        ]
