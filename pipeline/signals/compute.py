"""The three signals of a ledger."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable

from pipeline import lexicon
from pipeline.ledger.records import Assertion, Link
from pipeline.ledger.store import Ledger
from pipeline.records import Claim
from pipeline.signals.cadence import cadence, checkpoints
from pipeline.signals.concentration import concentration
from pipeline.signals.energy import energy, passage_of
from pipeline.signals.records import Value


def signals(assertions: Iterable[Assertion], links: Iterable[Link], claims: Iterable[Claim], as_of: str) -> list[Value]:
    """Every value of the three signals, as the ledger knows the world on the ISO day `as_of`."""
    found, between = list(assertions), list(links)
    passages = {claim.claim_id: passage_of(claim) for claim in claims}
    return [
        *cadence(checkpoints(found, between, as_of)),
        *energy(found, between, passages),
        *concentration(found, chip_makers()),
    ]


def of_ledger(ledger: Ledger, as_of: dt.date | None = None) -> list[Value]:
    """The signals of a ledger, as of a day or else of its last publication date; none of an empty ledger."""
    day = as_of.isoformat() if as_of else ledger.last_published()
    if day is None:
        day = dt.date.min.isoformat()  # nothing is dated, so nothing is overdue
    return signals(ledger.assertions(), ledger.links(), ledger.claims(), day)


@functools.cache
def chip_makers() -> dict[str, str]:
    """The maker of each chip of the gazetteer, by the id of the chip or of the maker itself."""
    rows = lexicon.by_id()
    makers = {chip.id: rows[chip.vendor].name for chip in lexicon.load().accelerators if chip.vendor}
    return makers | {chip.vendor: rows[chip.vendor].name for chip in lexicon.load().accelerators if chip.vendor}
