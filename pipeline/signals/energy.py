"""Energy and cooling: disclosed grid access, generation, storage, backup and cooling against the announced load."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pipeline.ledger.records import Assertion, Link
from pipeline.signals.records import Speaker, Value, choices

_UPDATED = frozenset({"update.grew", "update.fell"})


def energy(assertions: Iterable[Assertion], links: Iterable[Link], passages: Mapping[str, str]) -> list[Value]:
    """The values of each site and each company. `passages` are the evidence texts of claims by claim id."""
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
            values += _Power(sites[key]).values(speaker)
        values += _disclosed(speaker, everything[key], passages)
    return values


class _Power:
    """Amounts of one subject: of each role what is confirmed and what is promised."""

    def __init__(self, found: Sequence[Assertion]) -> None:
        self._found = found

    def amount(self, role: str, phase: str) -> tuple[float | None, list[Assertion]]:
        """The largest total that stands, else the sum of what is told as additions; MW."""
        metric = choices().power[role]
        live = [item for item in self._found if item.phase == phase and item.status in ("open", "stands")]
        live = [item for item in live if item.value is not None and (phase != "actual" or item.label == "confirmed")]
        totals = [item for item in live if item.metric == metric]
        if totals:
            best = max(totals, key=lambda item: (item.value or 0.0, item.assertion_id))
            return best.value, [best]
        added = [item for item in live if item.metric == f"{metric}.added"]
        return (sum(item.value or 0.0 for item in added) if added else None), added

    def values(self, speaker: Speaker) -> Iterator[Value]:
        """Supply by role, announced load, and the one against the other."""
        load, of_load = self._load()
        yield speaker.value("announced_load", load, "MW", of_load, None if of_load else "no claim tells a load")
        for phase, word in (("actual", "confirmed"), ("planned", "promised")):
            told: list[float] = []
            basis: list[Assertion] = []
            for role in ("grid", "generation", "storage"):
                number, of_it = self.amount(role, phase)
                why = None if of_it else f"no claim tells {word} {role} power"
                yield speaker.value(f"{role}_{word}", number, "MW", of_it, why)
                if role != "storage" and number is not None:
                    told.append(number)
                    basis += of_it
            ratio = sum(told) / load if told and load else None
            why = f"no {word} grid power or generation is told" if load else "no load is told"
            rests_on = [*basis, *of_load] if ratio is not None else []
            yield speaker.value(f"cover_{word}", ratio, "ratio", rests_on, None if ratio is not None else why)

    def _load(self) -> tuple[float | None, list[Assertion]]:
        """The largest load that is promised or running."""
        running, promised = self.amount("load", "actual"), self.amount("load", "planned")
        return running if (running[0] or 0.0) > (promised[0] or 0.0) else promised


def _disclosed(speaker: Speaker, found: Sequence[Assertion], passages: Mapping[str, str]) -> Iterator[Value]:
    """What the passages of the claims name of backup and cooling; nothing where they name none."""
    for thing, pattern in _patterns().items():
        naming = [item for item in found if any(pattern.search(passages.get(claim, "")) for claim in item.claims)]
        if naming:
            note = "how much of it is not in the claims; only their own passages are read"
            yield speaker.value(f"disclosed_{thing}", len(naming), "count", naming, note)


@functools.cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {
        thing: re.compile(r"\b(?:" + "|".join(map(re.escape, words)) + r")\b", re.IGNORECASE)
        for thing, words in choices().disclosed.items()
    }
