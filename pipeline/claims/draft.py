"""A claim before it has its label, its id and its record."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.claims.facets import Verdict
from pipeline.reading import Sentence, Thing
from pipeline.records import Attribution, DateMention, Event, Kind, PartyRole, Quantity


@dataclass(frozen=True)
class Draft:
    """One mention of a claim: what the rules read at one anchor of one sentence."""

    kind: Kind
    sentence: Sentence
    anchor: tuple[int, int]
    verdict: Verdict
    subject: Thing | None
    link_confidence: float
    event: Event | None = None
    parties: tuple[tuple[PartyRole, Thing], ...] = ()
    quantity: Quantity | None = None
    another: bool = False
    """Whether the number is told apart from one of the same size ("another 100 MW", "a second 100 MW hall")."""
    date: DateMention | None = None
    attribution: Attribution | None = None
    nature: str = ""
    """Of an agreement: what changes hands."""
    strong: bool = False
    """Whether the words by themselves tell that it is done ("signed")."""
    more: tuple[Draft, ...] = field(default=())
    """Further mentions of the same claim."""

    @property
    def start(self) -> int:
        """Where the anchor begins."""
        return self.anchor[0]

    @property
    def end(self) -> int:
        """Where the anchor ends."""
        return self.anchor[1]

    @property
    def confidence(self) -> float:
        """How sure the reading of the facets and of the subject is, together (0..1)."""
        return round(self.verdict.confidence * self.link_confidence, 2)
