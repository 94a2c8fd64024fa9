"""The three signals on the scenario, value by value, and what they say when there is little to say."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from ledger_cases import claim, scenario

from pipeline.ledger.store import Ledger
from pipeline.records import Claim
from pipeline.signals.compute import signals
from pipeline.signals.records import Value, choices

DOC = (Path(__file__).parent.parent / "docs" / "signals.md").read_text(encoding="utf-8")
ARTICLE = {"id": "x1", "day": "2026-01-10", "publisher": "One", "title": "T", "text": "It is so."}


def of(claims: list[Claim], as_of: str = "2026-06-30") -> dict[tuple[str, str], Value]:
    with Ledger(Path(":memory:"), create=True) as ledger:
        ledger.add(claims, scenario().overrides)
        values = signals(ledger.assertions(), ledger.links(), ledger.claims(), as_of)
    return {(f"{value.name} {value.detail}" if "share_" in value.measure else value.name, value.measure): value
            for value in values}  # fmt: skip


@cache
def of_scenario() -> dict[tuple[str, str], Value]:
    return of(list(scenario().claims))


def lines(*rows: str) -> list[Claim]:
    """Claims of one article a line, on days after each other."""
    return [
        claim(f"x|{row}||It is so", {**ARTICLE, "id": f"x{number}", "publisher": f"P{number}", "title": f"T{number}"})[
            1
        ]
        for number, row in enumerate(rows)
    ]


@pytest.mark.parametrize(
    ("name", "measure", "value", "basis"),
    [
        ("all", "met", 7, 7),
        ("all", "slipped", 3, 3),
        ("all", "dropped", 4, 4),
        ("all", "kept_share", 0.5, 14),
        ("all", "median_slip", 243, 3),
        ("Moorhen", "kept_share", 2 / 3, 3),
        ("Pike Hollow", "kept_share", 0, 3),
        ("Pike Hollow", "dated_share", 1 / 3, 3),
        ("Umbra Models", "dropped", 4, 4),
        ("Umbra Models", "slipped", 1, 1),
        ("Brightwater", "met", 4, 4),
        ("Saltgrass", "announced_load", 1200, 1),
        ("Saltgrass", "grid_confirmed", 300, 1),
        ("Saltgrass", "cover_confirmed", 0.25, 2),
        ("Glasswing", "grid_confirmed", 500, 1),
        ("Glasswing", "storage_confirmed", 150, 1),
        ("Tessera Labs", "suppliers", 1, 1),
        ("Tessera Labs", "single_supplier", 1, 1),
    ],
)
def test_values_of_the_scenario(name: str, measure: str, value: float, basis: int):
    found = of_scenario()[name, measure]
    assert found.value == pytest.approx(value)
    assert found.basis == basis
    assert found.claims


@pytest.mark.parametrize(
    ("name", "measure", "why"),
    [
        ("Saltgrass", "kept_share", "thin: the date of 2 checkpoints"),
        ("Glasswing", "dated_share", "thin: 1 promises told"),
        ("Glasswing", "cover_confirmed", "no load is told"),
        ("Ferncliff", "cover_confirmed", "no confirmed grid power or generation is told"),
        ("Tessera Labs", "hhi_suppliers", "thin: 1 deals told, 3 needed"),
    ],
)
def test_thin_evidence_gives_no_number(name: str, measure: str, why: str):
    found = of_scenario()[name, measure]
    assert found.value is None
    assert found.unknown
    assert found.unknown.startswith(why)


@pytest.mark.parametrize(
    ("as_of", "outcome"), [("2025-12-31", "pending"), ("2026-12-31", "pending"), ("2027-01-01", "overdue")]
)
def test_a_deadline_is_overdue_from_the_day_after(as_of: str, outcome: str):
    values = of(lines("milestone.operational | Heron | | by 2026 | planned"), as_of)
    assert values["Heron", outcome].value == 1


@pytest.mark.parametrize(("done", "outcome"), [("2026-01-31", "met"), ("2026-02-02", "late")])
def test_a_month_of_grace(done: str, outcome: str):
    promised = claim(
        "x | milestone.operational | Heron | | by 2025 | planned | | It is so", {**ARTICLE, "day": "2025-03-01"}
    )
    told = {**ARTICLE, "id": "x2", "publisher": "Two", "title": "U", "day": "2026-05-01"}
    kept = claim(f"x | milestone.operational | Heron | | on {done} | realized | | It is so", told)
    assert of([promised[1], kept[1]])["Heron", outcome].value == 1


def test_shares_and_concentration_of_deals():
    deals = [f"agreement | customer: Tern; supplier: {name} | | {date} | realized" for name, date in
             (("Alder", "on 2025-01"), ("Alder", "on 2025-06"), ("Alder", "on 2025-11"), ("Birch", ""))]  # fmt: skip
    values = of(lines(*deals, "agreement | customer: Wren; supplier: Birch | | | realized",
                      "agreement | customer: Wren; supplier: Alder | | | realized"))  # fmt: skip
    assert values["Tern", "suppliers"].value == 2
    assert values["Tern Alder", "share_suppliers"].value == pytest.approx(0.75)
    assert values["Tern", "hhi_suppliers"].value == 6250
    assert values["Tern", "single_supplier"].value == 0
    pair = values["Alder and Birch", "common_customers"]
    assert (pair.value, pair.detail) == (2, "Tern, Wren")


@pytest.mark.parametrize("facets", ["possible hedged", "realized hedged", "negated"])
def test_a_deal_that_is_not_confirmed_is_none(facets: str):
    assert ("Tern", "suppliers") not in of(lines(f"agreement | customer: Tern; supplier: Alder | | | {facets}"))


def test_additions_count_where_no_total_is_told():
    values = of(lines("power.storage | Heron | +100 | | realized", "power.storage | Heron | +50 | | realized"))
    assert values["Heron", "storage_confirmed"].value == 150


def test_cooling_and_backup_come_from_the_passages():
    article = {**ARTICLE, "text": "Heron has liquid-cooled racks and backup generators for its 40 MW."}
    values = of([claim("x | power.load | Heron | 40 | | realized | | 40 MW", article)[1]])
    assert values["Heron", "disclosed_liquid_cooling"].value == 1
    assert values["Heron", "disclosed_backup"].value == 1
    assert ("Heron", "disclosed_chillers") not in values


def test_every_measure_is_defined_in_the_docs():
    defined = set(re.findall(r"^\| `(\w+)`", DOC, flags=re.M))
    used = {measure for _, measure in of_scenario()} | {f"disclosed_{name}" for name in choices().disclosed}
    used |= {"late", "overdue", "open_ended", "pulled_forward", "common_customers", "chip_maker_share"}
    assert used - defined == set()


@pytest.mark.parametrize(("name", "value"), choices().thin.model_dump().items())
def test_the_docs_tell_how_much_is_thin(name: str, value: int):
    assert f"| {name.replace('_', ' ')} | {value} |" in DOC
