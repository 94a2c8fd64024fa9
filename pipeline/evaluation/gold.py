"""Gold: what careful readers wrote down of an article, one JSON file an article in a folder."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from pipeline.records import Certainty, DateRelation, Event, Kind, Label, PowerRole, Realization, Relation


class GoldError(ValueError):
    """A gold folder or file that cannot be read as one; the message names it and the reason."""


class GoldClaim(BaseModel):
    """One gold claim; of subject and parties it names every alternative that would do."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: Kind
    event: Event | None = None
    subject: str | None = None
    subject_alt: tuple[str, ...] = ()
    parties: tuple[tuple[str, ...], ...] = ()
    value: float | None = None
    min: float | None = None
    max: float | None = None
    relation: Relation | None = None
    role: PowerRole | None = None
    label: Label
    realization: Realization
    certainty: Certainty = "asserted"
    date_start: dt.date | None = None
    date_end: dt.date | None = None
    date_relation: DateRelation | None = None
    optional: bool = False
    """Neither missed where there is no record of it nor false where there is one."""
    quote: str = ""

    @field_validator("parties", mode="before")
    @classmethod
    def _one_name_or_several(cls, value: list[str | list[str]] | None) -> list[list[str]]:
        return [[party] if isinstance(party, str) else party for party in value or []]

    @field_validator("subject_alt", mode="before")
    @classmethod
    def _none_is_empty(cls, value: list[str] | None) -> list[str]:
        return value or []

    @property
    def subjects(self) -> tuple[str, ...]:
        """All names of the subject that would do."""
        return tuple(name for name in (self.subject, *self.subject_alt) if name)

    @property
    def what(self) -> str:
        """Kind and number, step or parties, for a person who reads a list of errors."""
        if self.kind == "milestone":
            return f"milestone {self.event}"
        if self.kind == "agreement":
            return "agreement " + " / ".join(names[0] for names in self.parties)
        number = f"{self.value:,g}" if self.value is not None else f"{self.min:,g}.." if self.min is not None else ".."
        return f"{self.kind} {number if self.max is None or self.value is not None else f'{number}{self.max:,g}'}"


class GoldArticle(BaseModel):
    """The gold of one article."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    relevant: bool = True
    claims: tuple[GoldClaim, ...] = ()


def read_gold(folder: Path) -> dict[str, GoldArticle]:
    """Every *.json file of a folder and of the folders in it, by id. Raises `GoldError`."""
    found: dict[str, GoldArticle] = {}
    for path in sorted(folder.rglob("*.json")):
        try:
            article = GoldArticle.model_validate_json(path.read_bytes())
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the file"
            raise GoldError(f"{path}: {where}: {first['msg']}") from error
        if article.id in found:
            raise GoldError(f"{path}: the id {article.id} stands in another file too")
        found[article.id] = article
    if not found:
        raise GoldError(f"{folder}: no *.json file in it")
    return found
