"""Corrections that people keep in a file: applied when claims enter a ledger, never written into their source.

[[merge]]                      # these are one entity
id = "kestrel-renamed"
entities = ["Kestrel Compute", "org:kestrel"]
into = { name = "Larkspur", type = "company", id = "org:larkspur" }
reason = "renamed in February 2026"

[[alias]]                      # these words mean that, everywhere or in one document
id = "nevada-campus"
text = "the Nevada campus"
document = "4558824801fd3b2c"
means = { name = "Juniper Basin", type = "cluster" }
reason = "the lead names it"

[[wrong]]                      # this claim does not say what it seems to say
id = "not-a-promise"
claim = "198cf765784b942f049199d26e91a272"
reason = "the sentence is about another site"
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from pydantic import Field, ValidationError, model_validator

from pipeline.ledger.names import Named, plain_words
from pipeline.records import Document, Record, SubjectType, content_hash


class OverridesError(ValueError):
    """A file of corrections that does not say what it must; the message names file and reason."""


class Entity(Record):
    """Who or what is meant."""

    id: str | None = None
    name: str
    type: SubjectType

    def named(self) -> Named:
        """The same as the ledger compares it."""
        return Named(self.id, self.name, self.type)


class Correction(Record):
    """What every correction has: a name of its own, and why it was made."""

    id: str = Field(min_length=1)
    reason: str = Field(min_length=1)


class Merge(Correction):
    """These entities, by id or by name, are one."""

    entities: tuple[str, ...] = Field(min_length=1)
    into: Entity
    since: dt.date | None = None
    """Only in documents published on this day or later: a merger does not change what was told before it."""


class Alias(Correction):
    """These words mean that entity."""

    text: str
    document: str | None = None
    means: Entity


class Wrong(Correction):
    """This claim is left out of all assertions; it stays in the ledger, marked."""

    claim: str


class Overrides(Record):
    """All corrections of a file, in its order."""

    merge: tuple[Merge, ...] = ()
    alias: tuple[Alias, ...] = ()
    wrong: tuple[Wrong, ...] = ()

    @model_validator(mode="after")
    def _ids_once(self) -> Self:
        seen: set[str] = set()
        for row in (*self.merge, *self.alias, *self.wrong):
            if row.id in seen:
                raise ValueError(f"the id {row.id!r} stands twice")
            seen.add(row.id)
        return self

    def digest(self) -> str:
        """Changes with every change of a correction."""
        return content_hash(self.model_dump(mode="json"))


class Corrector:
    """The corrections, ready to be looked up."""

    def __init__(self, overrides: Overrides) -> None:
        self._merged = {_form(name): row for row in overrides.merge for name in row.entities}
        self._aliases = {(row.document, _form(row.text)): row for row in overrides.alias}
        self._wrong = {row.claim: row for row in overrides.wrong}

    def entity(self, found: Named, text: str, document: Document) -> tuple[Named, tuple[str, ...]]:
        """Who is meant, and the ids of the corrections that say so: an alias of the words first, then a merge."""
        if not self._aliases and not self._merged:
            return found, ()
        applied: list[str] = []
        for form in (_form(text), _form(found.name)):
            alias = self._aliases.get((document.id, form)) or self._aliases.get((None, form))
            if alias:
                found = alias.means.named()
                applied.append(alias.id)
                break
        merge = self._merged.get(found.id or "") or self._merged.get(_form(found.name))
        if merge and (merge.since is None or (document.published and document.published >= merge.since)):
            applied.append(merge.id)
            found = merge.into.named()
        return found, tuple(applied)

    def wrong(self, claim_id: str) -> str | None:
        """The id of the correction that calls this claim wrong."""
        row = self._wrong.get(claim_id)
        return row.id if row else None


def _form(name: str) -> str:
    """Ids stay as they are; names are compared without case, accents and punctuation."""
    return name if ":" in name else " ".join(plain_words(name))


def read_overrides(paths: Iterable[Path]) -> Overrides:
    """The corrections of all files together; `OverridesError` names the file that is wrong."""
    parts: list[Overrides] = []
    for path in paths:
        try:
            parts.append(Overrides.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError, ValueError) as error:
            raise OverridesError(f"{path}: {error}") from error
    return Overrides(
        merge=tuple(row for part in parts for row in part.merge),
        alias=tuple(row for part in parts for row in part.alias),
        wrong=tuple(row for part in parts for row in part.wrong),
    )
