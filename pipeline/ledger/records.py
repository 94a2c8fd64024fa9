"""The records of a ledger. All are frozen; the order of the fields is the order of keys and columns."""

from __future__ import annotations

from typing import Literal, NamedTuple

from pipeline.ledger.rules import LinkType
from pipeline.records import Certainty, Kind, Label, Realization, Record

Phase = Literal["actual", "planned", "dropped"]
Status = Literal["open", "kept", "superseded", "dropped", "stands"]
Change = Literal[
    "floated", "promised", "firmed", "slipped", "pulled_forward", "grew", "shrank", "next_stage", "dropped", "denied",
    "reported", "confirmed", "kept", "signed", "ended", "fell", "delayed", "paused", "cancelled", "contradicted",
]  # fmt: skip

PHASES: dict[str, Phase] = {"realized": "actual", "planned": "planned", "possible": "planned", "negated": "dropped"}


class Fact(NamedTuple):
    """A claim as the ledger compares it: one flat row. Dates are ISO strings, null where unknown."""

    claim_id: str
    unit: str
    """What is resolved together: a subject with all its metrics, a listed company with one, the parties of a deal."""
    subject_key: str
    subject_id: str | None
    subject: str
    subject_type: str
    owner_key: str | None
    owner: str | None
    kind: Kind
    metric: str
    phase: Phase
    label: Label
    realization: Realization
    certainty: Certainty
    denied: bool
    amount: float | None
    low: float | None
    high: float | None
    measure: str | None
    relation: str | None
    vague: bool
    chip: str | None
    due_start: str | None
    due_end: str | None
    parties: str
    published: str | None
    document: str
    at: int
    publisher: str | None
    url: str | None
    title: str | None
    text_sha256: str
    origin: str | None
    voice: str | None
    passage: str | None
    overrides: str


class Assertion(Record):
    """One thing put forward about one subject, by however many articles.

    `sources` counts the independent ones: copies of one text, one publisher, and retellings of one named publication
    count once. `first_seen` and `last_seen` are publication dates. `claims` are ids in order of publication.
    """

    assertion_id: str
    unit: str
    subject_key: str
    subject_id: str | None
    subject: str
    subject_type: str
    owner_key: str | None
    owner: str | None
    kind: Kind
    metric: str
    phase: Phase
    label: Label
    realization: Realization
    certainty: Certainty
    value: float | None
    min: float | None
    max: float | None
    measure: str | None
    relation: str | None
    vague: bool
    chip: str | None
    due_start: str | None
    due_end: str | None
    parties: tuple[tuple[str, str, str], ...]
    """Role, key and name of each side of an agreement."""
    first_seen: str | None
    last_seen: str | None
    confirmed_since: str | None
    mentions: int
    sources: int
    corroborated: bool
    voices: tuple[str, ...]
    status: Status
    claims: tuple[str, ...]
    overrides: tuple[str, ...]


class Link(Record):
    """Why two claims or two assertions belong together. `same_as` joins claims, the others assertions.

    `days`: how much later the target date is, or how long after it a promise was kept (negative: before).
    `ratio`: the new amount divided by the old one.
    """

    type: LinkType
    rule: str
    source: str
    target: str
    unit: str
    days: int | None = None
    ratio: float | None = None


class Step(Record):
    """One entry of a history: on which day what changed for which metric of a subject."""

    subject_key: str
    subject: str
    unit: str
    day: str | None
    metric: str
    change: Change
    label: Label
    value: float | None
    min: float | None
    max: float | None
    measure: str | None
    relation: str | None
    vague: bool
    due_end: str | None
    days: int | None
    ratio: float | None
    assertion_id: str
    other: str | None
    rule: str | None
    claim_id: str


class ToldStep(Step):
    """A step with the sides of its deal, and the article that told it."""

    parties: tuple[tuple[str, str, str], ...]
    """Role, key and name of each side of an agreement."""
    publisher: str | None
    document_id: str
    document_url: str | None


class Resolved(Record):
    """What the claims of one unit come to."""

    assertions: tuple[Assertion, ...]
    links: tuple[Link, ...]
    history: tuple[Step, ...]
