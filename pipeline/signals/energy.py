"""Energy and cooling: disclosed grid access, generation, storage, backup and cooling against the announced load."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from pipeline.ledger.records import Assertion, Link
from pipeline.records import Claim, Relation
from pipeline.signals.records import Speaker, Value, choices

_UPDATED = frozenset({"update.grew", "update.fell"})
_TURNED: dict[Relation, Relation] = {
    "eq": "eq", "approx": "approx", "range": "approx", "ge": "le", "gt": "lt", "le": "ge", "lt": "gt",
}  # fmt: skip
"""What dividing by an amount so bounded makes of an exact one."""
_STRICT: dict[Relation, Relation] = {"ge": "gt", "le": "lt"}
_NO_SUM = "told as lower and as upper bounds, which have no sum"


class Passage(NamedTuple):
    """What a claim rests on: its text, its document, and where in it the number stands."""

    text: str
    document: str
    figure: tuple[str, int, int] | None


def passage_of(claim: Claim) -> Passage:
    """The passages of a claim as one text, and the place of its number."""
    places = [part.spans["quantity"] for part in claim.evidence if "quantity" in part.spans]
    figure = (claim.document.id, *places[0]) if places else None
    return Passage(" ".join(part.text or "" for part in claim.evidence), claim.document.id, figure)


def energy(assertions: Iterable[Assertion], links: Iterable[Link], passages: Mapping[str, Passage]) -> list[Value]:
    """The values of each site and each company. `passages` are those of the claims by claim id."""
    updated = {link.target for link in links if link.rule in _UPDATED}
    sites: dict[str, list[Assertion]] = {}
    names: dict[str, str] = {}
    owners: dict[str, str] = {}
    everything: dict[str, list[Assertion]] = {}
    for item in assertions:
        everything.setdefault(item.subject_key, []).append(item)
        names.setdefault(item.subject_key, item.subject)
        if item.owner_key:
            owners.setdefault(item.subject_key, item.owner_key)
            names.setdefault(item.owner_key, item.owner or "")
        if item.metric.startswith("power.") and item.assertion_id not in updated and "/" not in item.metric:
            sites.setdefault(item.subject_key, []).append(item)
    values: list[Value] = []
    for key in sorted(everything):
        speaker = Speaker("energy", "company" if owners.get(key) == key else "site", key, names[key])
        if key in sites:
            values += _Power(sites[key], passages).values(speaker)
        values += _disclosed(speaker, everything[key], passages)
    return values


class Amount(NamedTuple):
    """How much is told, how it is bounded, and by which assertions."""

    number: float | None
    relation: Relation
    vague: bool
    of: list[Assertion]


class _Power:
    """Amounts of one subject: of each role what is confirmed and what is promised."""

    def __init__(self, found: Sequence[Assertion], passages: Mapping[str, Passage]) -> None:
        self._found = found
        self._passages = passages

    def amount(self, role: str, phase: str) -> Amount:
        """The largest total that stands, else the sum of what is told as additions; MW. Vague only if nothing else."""
        metric = choices().power[role]
        live = [item for item in self._found if item.phase == phase and item.status in ("open", "stands")]
        live = [item for item in live if item.value is not None and (phase != "actual" or item.label == "confirmed")]
        totals = [item for item in live if item.metric == metric]
        if totals:
            best = max(totals, key=lambda item: (not item.vague, item.value or 0.0, item.assertion_id))
            return Amount(best.value, _bound(best), best.vague, [best])
        added = [item for item in live if item.metric == f"{metric}.added"]
        added = [item for item in added if not item.vague] or added
        return _sum([Amount(item.value, _bound(item), item.vague, [item]) for item in added])

    def values(self, speaker: Speaker) -> Iterator[Value]:
        """Supply by role, announced load, and the one against the other."""
        load = self._load()
        yield _told(speaker, "announced_load", load, "no claim tells a load")
        for phase, word in (("actual", "confirmed"), ("planned", "promised")):
            told: list[Amount] = []
            for role in ("grid", "generation", "storage"):
                found = self.amount(role, phase)
                yield _told(speaker, f"{role}_{word}", found, f"no claim tells {word} {role} power")
                if role != "storage" and found.number is not None:
                    told.append(found)
            yield self._cover(speaker, word, told, load)

    def _load(self) -> Amount:
        """The largest load that is promised or running."""
        found = [self.amount("load", "actual"), self.amount("load", "planned")]
        return max(reversed(found), key=lambda item: (item.number is not None, not item.vague, item.number or 0.0))

    def _cover(self, speaker: Speaker, word: str, told: Sequence[Amount], load: Amount) -> Value:
        """Supply divided by load, where both are told of one thing; else why not."""
        measure = f"cover_{word}"
        if not load.number:
            return speaker.value(measure, None, "ratio", [], "no load is told")
        if not told:
            return speaker.value(measure, None, "ratio", [], f"no {word} grid power or generation is told")
        supply = _sum(told)
        basis = [*supply.of, *load.of]
        relation = _both(supply.relation, _TURNED[load.relation]) if supply.number is not None else None
        if why := self._withheld(supply, load, relation):
            return speaker.value(measure, None, "ratio", basis, f"withheld: {why}")
        return speaker.value(measure, (supply.number or 0.0) / load.number, "ratio", basis, relation=relation or "eq")

    def _withheld(self, supply: Amount, load: Amount, relation: Relation | None) -> str | None:
        """Why one of these amounts is not to be divided by the other."""
        if supply.vague or load.vague:
            return "an amount is told in vague words only"
        if any(self._same_figure(item, other) for item in supply.of for other in load.of):
            return "the same figure stands on both sides"
        if not all(item.subject_type == "cluster" or self._is_total(item) for item in (*supply.of, *load.of)):
            return "not told of one site, nor of the total on both sides"
        if relation is None:
            return "both amounts are bounds, and nothing follows for their ratio"
        return None

    def _same_figure(self, supply: Assertion, load: Assertion) -> bool:
        """One number read as load and as supply: at one place, or of generation the same in one article (a plant)."""
        ours = [self._passages[claim] for claim in supply.claims if claim in self._passages]
        theirs = [self._passages[claim] for claim in load.claims if claim in self._passages]
        if any(one.figure and one.figure == other.figure for one in ours for other in theirs):
            return True
        if not supply.metric.startswith(choices().power["generation"]) or supply.value != load.value:
            return False
        return bool({one.document for one in ours} & {other.document for other in theirs})

    def _is_total(self, item: Assertion) -> bool:
        found = (self._passages.get(claim) for claim in item.claims)
        return ".added" not in item.metric and any(passage and _total().search(passage.text) for passage in found)


def _bound(item: Assertion) -> Relation:
    """How the number of an assertion bounds it; that of a range is its lower end."""
    return "ge" if item.relation == "range" else item.relation or "eq"  # type: ignore[return-value]


def _both(one: Relation, other: Relation) -> Relation | None:
    """How two amounts bound what is made of both; null where one is a lower and the other an upper bound."""
    if one == other or other in ("eq", "approx"):
        return "approx" if one == "eq" and other == "approx" else one
    if one in ("eq", "approx"):
        return other
    return _STRICT.get(one, one) if _STRICT.get(one, one) == _STRICT.get(other, other) else None


def _sum(parts: Sequence[Amount]) -> Amount:
    """All of them together; no number where lower and upper bounds stand together."""
    relation: Relation | None = "eq"
    for part in parts:
        relation = relation and _both(relation, part.relation)
    of = [item for part in parts for item in part.of]
    total = sum(part.number or 0.0 for part in parts) if parts and relation else None
    return Amount(total, relation or "eq", any(part.vague for part in parts), of)


def _told(speaker: Speaker, measure: str, found: Amount, why: str) -> Value:
    unknown = None if found.number is not None else _NO_SUM if found.of else why
    return speaker.value(measure, found.number, "MW", found.of, unknown, relation=found.relation, vague=found.vague)


def _disclosed(speaker: Speaker, found: Sequence[Assertion], passages: Mapping[str, Passage]) -> Iterator[Value]:
    """What the passages of the claims name of backup and cooling; nothing where they name none."""
    for thing, pattern in _patterns().items():
        naming = [item for item in found if any(pattern.search(_text(passages, claim)) for claim in item.claims)]
        if naming:
            note = "how much of it is not in the claims; only their own passages are read"
            yield speaker.value(f"disclosed_{thing}", len(naming), "count", naming, note=note)


def _text(passages: Mapping[str, Passage], claim: str) -> str:
    return passages[claim].text if claim in passages else ""


@functools.cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {thing: _any_of(words) for thing, words in choices().disclosed.items()}


@functools.cache
def _total() -> re.Pattern[str]:
    return _any_of(choices().total.words)


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(map(re.escape, words)) + r")\b", re.IGNORECASE)
