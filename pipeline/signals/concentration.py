"""Customer concentration: who supplies whom, how the deals are spread, who leans on one supplier."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from pipeline.ledger.records import Assertion
from pipeline.signals.records import Speaker, Value, choices

_UNTOLD = "deals that no article tells are unknown"
_COUNTED = "counts deals, not money or power"
_BOUNDED = "an amount told as a bound counts as that bound; vague ones are left out"


class Edge(NamedTuple):
    """One supplier and one customer of one deal."""

    supplier: str
    customer: str
    deal: Assertion


def edges(assertions: Iterable[Assertion], names: dict[str, str]) -> list[Edge]:
    """Supplier and customer of each deal that stands; puts the names of both into `names`.

    Deals that are only expected, ended or denied are none. A deal whose sides the articles do not name as supplier
    and customer is none either.
    """
    roles = choices().roles
    found: list[Edge] = []
    for deal in assertions:
        if deal.kind != "agreement" or deal.phase != "actual" or deal.status != "stands" or deal.label != "confirmed":
            continue
        names.update({key: name for _, key, name in deal.parties if key not in names})
        suppliers = [key for role, key, _ in deal.parties if role in roles.supplier]
        customers = [key for role, key, _ in deal.parties if role in roles.customer]
        found += [Edge(one, other, deal) for one, other in itertools.product(suppliers, customers) if one != other]
    return found


def concentration(assertions: Iterable[Assertion], vendors: Mapping[str, str]) -> list[Value]:
    """The values of each customer, each supplier, each pair of suppliers. `vendors`: maker of a chip by chip id."""
    names: dict[str, str] = {}
    found = list(assertions)
    links = edges(found, names)
    by_customer: dict[str, list[Edge]] = {}
    by_supplier: dict[str, list[Edge]] = {}
    for edge in links:
        by_customer.setdefault(edge.customer, []).append(edge)
        by_supplier.setdefault(edge.supplier, []).append(edge)
    values: list[Value] = []
    for key in sorted(by_customer):
        speaker = Speaker("concentration", "customer", key, names[key])
        told = [(edge.supplier, edge.deal) for edge in by_customer[key]]
        values += _spread(speaker, "suppliers", names, told)
        values.append(_single(speaker, names, told))
    for key in sorted(by_supplier):
        speaker = Speaker("concentration", "supplier", key, names[key])
        values += _spread(speaker, "customers", names, [(edge.customer, edge.deal) for edge in by_supplier[key]])
    values += _overlaps(by_supplier, names)
    values += _maker_shares(found, vendors)
    return values


def _spread(
    speaker: Speaker, measure: str, names: dict[str, str], told: Sequence[tuple[str, Assertion]]
) -> list[Value]:
    """How many others, the share of each in the deals, and the Herfindahl-Hirschman index of these shares.

    `told` holds the other side and the deal, once for each deal and side.
    """
    counts = Counter(other for other, _ in told)
    deals = [deal for _, deal in told]
    listed = ", ".join(names[other] for other in sorted(counts, key=lambda other: (-counts[other], other)))
    enough = len(deals) >= choices().thin.deals
    few = None if enough else f"thin: {len(deals)} deals told, {choices().thin.deals} needed"
    index = round(sum((count / len(deals)) ** 2 for count in counts.values()) * 10_000) if enough else None
    values = [
        speaker.value(measure, len(counts), "count", deals, detail=listed, note=_UNTOLD),
        speaker.value(f"hhi_{measure}", index, "HHI", deals, few, note=_COUNTED),
    ]
    for other in sorted(counts):
        of_it = [deal for who, deal in told if who == other]
        share = counts[other] / len(deals) if enough else None
        values.append(speaker.value(f"share_{measure}", share, "share", of_it, few, names[other], note=_COUNTED))
    return values


def _single(speaker: Speaker, names: dict[str, str], told: Sequence[tuple[str, Assertion]]) -> Value:
    """1 where every deal told is with one supplier, 0 where there are several."""
    suppliers = {other for other, _ in told}
    deals = [deal for _, deal in told]
    sources = sum(deal.sources for deal in deals)
    only = names[min(suppliers)] if len(suppliers) == 1 else None
    few = f"thin: one supplier known, from {sources} source" if only and sources < choices().thin.told else None
    return speaker.value("single_supplier", None if few else float(bool(only)), "yes_no", deals, few, only)


def _overlaps(by_supplier: Mapping[str, Sequence[Edge]], names: dict[str, str]) -> Iterator[Value]:
    """Pairs of suppliers with two or more customers in common."""
    customers = {key: {edge.customer for edge in found} for key, found in by_supplier.items()}
    for one, other in itertools.combinations(sorted(customers), 2):
        common = customers[one] & customers[other]
        if len(common) > 1:
            deals = [edge.deal for key in (one, other) for edge in by_supplier[key] if edge.customer in common]
            speaker = Speaker("concentration", "pair", f"{one} {other}", f"{names[one]} and {names[other]}")
            listed = ", ".join(sorted(names[key] for key in common))
            yield speaker.value("common_customers", len(common), "count", deals, detail=listed)


def _maker_shares(found: Sequence[Assertion], vendors: Mapping[str, str]) -> Iterator[Value]:
    """Of the chips that an owner has or is promised, the share of each maker, where the maker is told."""
    live: dict[str, list[Assertion]] = {}
    for item in found:
        counted = item.kind == "accelerators" and item.status in ("open", "stands") and not item.vague
        if counted and item.owner_key and item.value:
            live.setdefault(item.owner_key, []).append(item)
    for owner in sorted(live):
        makers: dict[str, list[Assertion]] = {}
        for item in live[owner]:
            if maker := vendors.get(item.chip or ""):
                makers.setdefault(maker, []).append(item)
        known = sum(map(len, makers.values()))
        amounts = {maker: sum(item.value or 0.0 for item in of_it) for maker, of_it in makers.items()}
        enough = known >= choices().thin.told
        few = None if enough else f"thin: the maker of {known} of {len(live[owner])} amounts of chips is told"
        speaker = Speaker("concentration", "company", owner, live[owner][0].owner or "")
        for maker in sorted(makers):
            share = amounts[maker] / sum(amounts.values()) if enough else None
            yield speaker.value("chip_maker_share", share, "share", makers[maker], few, maker, note=_BOUNDED)
