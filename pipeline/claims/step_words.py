"""The words of a step, as `lexicon/events.toml` has them."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from pipeline import lexicon
from pipeline.records import Event, Realization

FORMS: dict[str, Realization] = {
    "done": "realized",
    "open": "planned",
    "pending": "possible",
    "refused": "negated",
    "named": "realized",
}
"""What each form of words says by itself."""
SETBACKS: frozenset[Event] = frozenset({"delayed", "paused", "cancelled", "decommissioned"})
"""Steps that are claims only once they have happened: a feared delay is no news of the site."""


class EventRule(lexicon.Rule):
    """One row of events.toml."""

    event: Event
    done: tuple[str, ...] = ()
    """Words that say that it has happened."""
    open: tuple[str, ...] = ()
    """Words that leave that to what governs them."""
    pending: tuple[str, ...] = ()
    """Words that say that somebody is still to decide."""
    refused: tuple[str, ...] = ()
    """Words that say that it was denied."""
    named: tuple[str, ...] = ()
    """Verbs that say that it has happened where the name of a site is their object ("opened Heron")."""


@dataclass(frozen=True)
class Hit:
    """Words of a step in characters, with the rule and the form that they match."""

    rule: EventRule
    form: str
    start: int
    end: int


@functools.cache
def rules() -> dict[str, EventRule]:
    """The event rules by name; `LexiconError` names the row that is wrong."""
    return lexicon.rules("events", "event", EventRule)
