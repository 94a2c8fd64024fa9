"""The comparison rules of `rules.toml`, validated."""

from __future__ import annotations

import functools
import tomllib
from importlib import resources
from typing import Literal, Self

from pydantic import model_validator

from pipeline.records import Record, content_hash

LinkType = Literal["same_as", "updates", "supersedes", "contradicts"]


class Tolerance(Record):
    """How far two amounts may differ and still say the same, as parts of the larger."""

    exact: float
    approximate: float
    one_sided: float
    vague: float
    kept: float


class Window(Record):
    """Days and words that the rules count."""

    same_day_of_deadline: int
    same_week: int
    copied_sentence: int
    copied_title: int


class Names(Record):
    """Words that a name loses before it is compared; roman numbers and their digits."""

    legal: frozenset[str]
    site: frozenset[str]
    roman: dict[str, str]


class OneAtATime(Record):
    """Metrics and types of subject for which a new number replaces the old one without a common date."""

    metrics: frozenset[str]
    subjects: frozenset[str]


class Lifecycle(Record):
    """Beginnings of the metrics that a cancelled, paused or delayed site takes along."""

    void: tuple[str, ...]
    waits: tuple[str, ...]


class LinkRule(Record):
    """One rule that makes links, with the sentence that explains them."""

    rule: str
    type: LinkType
    says: str


class Rules(Record):
    """All of `rules.toml`."""

    tolerance: Tolerance
    window: Window
    names: Names
    one_at_a_time: OneAtATime
    lifecycle: Lifecycle
    link: tuple[LinkRule, ...]

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        names = [row.rule for row in self.link]
        if len(set(names)) < len(names):
            raise ValueError("a link rule stands twice")
        return self


@functools.cache
def rules() -> Rules:
    """The rules; pydantic's error names what is wrong in the file."""
    return Rules.model_validate(tomllib.loads(_text()))


def _text() -> str:
    return (resources.files("pipeline.ledger") / "rules.toml").read_text("utf-8")


@functools.cache
def digest() -> str:
    """Changes with every change of the rules."""
    return content_hash(_text())


@functools.cache
def link_rules() -> dict[str, LinkRule]:
    """Every link rule by its name."""
    return {row.rule: row for row in rules().link}
