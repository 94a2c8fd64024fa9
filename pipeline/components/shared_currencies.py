"""Whose money "kroner" or "riyals" are: that of the land which the text speaks of."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from pipeline.components.chips import sentence
from pipeline.components.measures import rules
from pipeline.components.numbers import alternatives
from pipeline.records import QuantityMention


def settled(text: str, mentions: Sequence[QuantityMention]) -> list[QuantityMention]:
    """The quantities, sums in a currency of a shared name in that of the land told beside them, else in the text."""
    named = [_named(text, mention) for mention in mentions]
    whole = {codes: _told(text, codes) for codes in set(named) if codes}
    result: list[QuantityMention] = []
    for mention, codes in zip(mentions, named, strict=True):
        if codes:
            code = _told(sentence(text, mention.start, mention.end), codes) or whole[codes] or codes[0]
            quantity = mention.quantity.model_copy(update={"unit": code})
            result.append(mention.model_copy(update={"quantity": quantity}))
        else:
            result.append(mention)
    return result


def _named(text: str, mention: QuantityMention) -> tuple[str, ...]:
    """The currencies of which the sum may be, none where it names its land itself ("Danish kroner")."""
    found = _shared().search(text, mention.start, mention.end) if mention.kind == "investment" else None
    if found is None or _any_land().search(text, mention.start, found.start()):
        return ()
    return _codes()[found[0].lower()]


def _told(text: str, codes: Sequence[str]) -> str | None:
    """The currency whose lands the text names most often, the first of those named as often."""
    counts = [sum(1 for _ in _lands(code).finditer(text)) for code in codes]
    return codes[counts.index(max(counts))] if any(counts) else None


@functools.cache
def _codes() -> dict[str, tuple[str, ...]]:
    return {name: row.codes for row in rules().shared for name in row.names}


@functools.cache
def _any_land() -> re.Pattern[str]:
    return _named_in([land for row in rules().currencies for land in row.lands])


@functools.cache
def _lands(code: str) -> re.Pattern[str]:
    row = next(row for row in rules().currencies if row.code == code)
    return _named_in(row.lands)


def _named_in(lands: Sequence[str]) -> re.Pattern[str]:
    """The lands as they are written, and in the capitals of a dateline."""
    return re.compile(rf"\b{alternatives([*lands, *(land.upper() for land in lands)])}(?!\w)")


@functools.cache
def _shared() -> re.Pattern[str]:
    return re.compile(rf"\b{alternatives(_codes())}\b", re.IGNORECASE)
