"""What a signal says: values with their evidence, and what is unknown."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable, Sequence
from importlib import resources
from typing import Literal, NamedTuple, Protocol

from pipeline.records import Record, Relation

SignalName = Literal["cadence", "energy", "concentration"]
Scope = Literal["site", "company", "customer", "supplier", "pair", "all"]
Outcome = Literal[
    "met", "late", "slipped", "pulled_forward", "overdue", "pending", "revised", "dropped", "open_ended",
]  # fmt: skip


class Value(Record):
    """One measure of one signal for one site, company or pair.

    `value` is null where the evidence is too thin or says nothing, and then `unknown` says why. `relation` and `vague`
    are how the claims bound it. `basis` counts the assertions that it rests on, `claims` are all of their claims.
    `note` says what the value leaves out.
    """

    signal: SignalName
    measure: str
    scope: Scope
    key: str
    name: str
    value: float | None
    relation: Relation = "eq"
    vague: bool = False
    unit: str
    basis: int
    detail: str | None = None
    unknown: str | None = None
    note: str | None = None
    claims: tuple[str, ...] = ()


class Checkpoint(Record):
    """One promise, and what became of it as of the day asked for. `days`: late (or moved) by, negative early."""

    assertion_id: str
    subject_key: str
    subject: str
    owner_key: str | None
    owner: str | None
    metric: str
    value: float | None
    measure: str | None
    due_end: str | None
    outcome: Outcome
    days: int | None
    claims: tuple[str, ...]


class Thin(Record):
    """Least evidence for a number."""

    decided_checkpoints: int
    checkpoints: int
    slips: int
    deals: int
    told: int


class Cadence(Record):
    """Beginnings of the metrics that are checkpoints; days of grace."""

    metrics: tuple[str, ...]
    on_time_days: int


class Roles(Record):
    """Roles of a deal on its two sides."""

    supplier: frozenset[str]
    customer: frozenset[str]


class Total(Record):
    """Words of passages that tell the total of a company."""

    words: tuple[str, ...]


class Choices(Record):
    """All of `signals.toml`."""

    thin: Thin
    cadence: Cadence
    roles: Roles
    power: dict[str, str]
    disclosed: dict[str, tuple[str, ...]]
    total: Total


@functools.cache
def choices() -> Choices:
    """What the signals count; pydantic's error names what is wrong in the file."""
    text = (resources.files("pipeline.signals") / "signals.toml").read_text("utf-8")
    return Choices.model_validate(tomllib.loads(text))


class HasClaims(Protocol):
    """An assertion or a checkpoint."""

    @property
    def claims(self) -> tuple[str, ...]:
        """Ids of the claims behind it."""
        ...


def claims_of(found: Iterable[HasClaims]) -> tuple[str, ...]:
    """The claims of assertions or checkpoints, each once, in order."""
    return tuple(dict.fromkeys(claim for item in found for claim in item.claims))


class Speaker(NamedTuple):
    """Makes the values of one signal about one thing."""

    signal: SignalName
    scope: Scope
    key: str
    name: str

    def value(
        self, measure: str, number: float | None, unit: str, basis: Sequence[HasClaims],
        unknown: str | None = None, detail: str | None = None, *, note: str | None = None,
        relation: Relation = "eq", vague: bool = False,
    ) -> Value:  # fmt: skip
        """A value that rests on `basis`."""
        return Value(
            signal=self.signal, measure=measure, scope=self.scope, key=self.key, name=self.name, value=number,
            relation=relation, vague=vague, unit=unit, basis=len(basis), detail=detail, unknown=unknown, note=note,
            claims=claims_of(basis),
        )  # fmt: skip
