"""Which of two parties serves the other: by their trades, by their names, and by what the deal is for."""

from __future__ import annotations

import functools
import re

from pipeline import lexicon
from pipeline.reading import Reading, Thing
from pipeline.records import PartyRole

_PAIRS = (("landlords", "tenants"), ("makers", "buyers"), ("clouds", "users"), ("hyperscalers", "labs"))
"""Who serves whom, by lists of `trades` in deals.toml."""
_LEASE = re.compile(r"(?<!\bto )\b(?:sub)?leases?(?: agreements?| contracts?)?(?: with)?$", re.IGNORECASE)
"""The words of a deal that end in the noun ("signed a lease with")."""


def role_of(thing: Thing, role: PartyRole) -> PartyRole:
    """The role of a party: what it is by trade, where that is a role, else the one that the words give it."""
    by_kind: dict[str, PartyRole] = lexicon.toml("deals")["by_kind"]
    return role if role in {"investor", "developer"} else by_kind.get(thing.kind, role)


def supplies(left: Thing, right: Thing) -> bool:
    """Whether the first by trade lets or makes what the second by trade rents or buys."""
    trades = lexicon.toml("deals")["trades"]
    return any(_kind(left) in trades[one] and _kind(right) in trades[other] for one, other in _PAIRS)


def serves(reading: Reading, anchor: tuple[int, int], left: Thing, right: Thing) -> bool:
    """Whether the party before a deal's words is the one who supplies, though their order says that it buys."""
    if _of_its_make(reading, left, right):
        return False
    if supplies(left, right):
        return True
    trades = lexicon.toml("deals")["trades"]
    if supplies(right, left) or _kind(left) in trades["labs"]:
        return False
    if left.kind in trades["sellers"] and _kind(right) not in (*trades["makers"], *trades["money"]):
        return True
    let = _LEASE.search(reading.text[anchor[0] : anchor[1]])
    tenant = right.kind in trades["tenants"] and left.kind not in trades["tenants"]
    behind = (anchor[1], right.end) if anchor[1] <= right.start else (max(anchor[1], right.end),)
    return bool((let and tenant) or any(_to_supply().match(reading.text, at) for at in behind))


_FOR = re.compile(r"(?:,)?\s(?:for|covering|to (?:buy|use|rent|lease|deploy|take|get))\s(?:[\w-]+\s){0,4}")


def _of_its_make(reading: Reading, left: Thing, right: Thing) -> bool:
    """Whether the deal is for chips that the party behind its words makes ("a pact with Google for 9,000 TPUs")."""
    sentence = reading.sentence_at(right.start)
    for mention in sentence.quantities:
        chip = lexicon.by_id().get(mention.quantity.chip or "")
        maker = chip.vendor if isinstance(chip, lexicon.Accelerator) else mention.quantity.chip
        if maker and maker == right.id != left.id and mention.start >= right.end:
            return bool(_FOR.fullmatch(reading.text, right.end, mention.start))
    return False


def lends(thing: Thing) -> bool:
    """Whether a company gives money by trade, as the gazetteer or a word of its name tells."""
    money = lexicon.toml("deals")["trade_names"]["investor"]
    named = not thing.kind and thing.type == "company" and not set(thing.name.split()).isdisjoint(money)
    return thing.kind == "investor" or named


def _kind(thing: Thing) -> str:
    """The trade of a company: as the gazetteer has it, else as the last word of its name tells."""
    if thing.kind or thing.type != "company":
        return thing.kind
    named: dict[str, list[str]] = lexicon.toml("deals")["trade_names"]
    last = thing.name.split()[-1:]
    return next((kind for kind, words in named.items() if last and last[0] in words), "")


@functools.cache
def _to_supply() -> re.Pattern[str]:
    """Behind the other party: what is to be done for it ("signed a pact with Tarn to host 4,000 GPUs")."""
    verbs = "|".join(lexicon.toml("deals")["scope"]["to_supply"])
    described = r"(?:['’]s\s(?:[\w-]+\s){1,3}|\s)?(?:\([^()]{1,40}\)\s)?(?:,\s)?"
    return re.compile(
        rf"{described}(?:under which it (?:will|would)|to)\s(?:{verbs})\b"
        r"(?!\s(?:it|them|us|the (?:company|firm|startup|start-up))\b)",
        re.IGNORECASE,
    )
