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
from pipeline.signals.show import number

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
        ("Saltgrass", "kept_share", "thin: what became of 2 promises is told, 3 needed"),
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


def test_what_is_overdue_is_unknown_and_counts_neither_way():
    kept = [f"milestone.operational | Heron {number} @ Alder | | by 2025 | planned" for number in range(3)]
    told = [f"milestone.operational | Heron {number} | | on 2025-06 | realized" for number in range(3)]
    late = [f"milestone.operational | Wren {number} @ Alder | | by 2025 | planned" for number in range(2)]
    first = [claim(f"x|{row}||It is so", {**ARTICLE, "id": f"o{at}", "day": "2025-01-02"})[1] for at, row in
             enumerate((*kept, *late))]  # fmt: skip
    share = of([*first, *lines(*told)])["Alder", "kept_share"]
    assert (share.value, share.basis, share.note) == (1, 3, "unknown of 2 more, which are overdue")
    untold = of(first)["Alder", "kept_share"]
    assert (untold.value, untold.basis) == (None, 5)
    assert untold.unknown == "no article tells what became of any; 5 are overdue"


def test_a_number_of_the_last_twelve_months_is_never_overdue():
    rows = ("power.load | Heron | 40 | on 2025-12 | planned", "power.load | Wren | 40 | on 2026-02 | planned")
    values = of(lines(*rows))
    assert values["Heron", "open_ended"].value == 1
    assert ("Heron", "overdue") not in values
    assert values["Wren", "overdue"].value == 1


COVER = [
    ("one site", ["power.load | Heron | 100", "power.grid | Heron | 50"], 0.5, "eq", None),
    ("at least so much", ["power.load | Heron | <=100", "power.grid | Heron | >=50"], 0.5, "ge", None),
    ("at most so much", ["power.load | Heron | >100", "power.grid | Heron | 50"], 0.5, "lt", None),
    ("about", ["power.load | Heron | ~100", "power.grid | Heron | 50"], 0.5, "approx", None),
    ("bounds that tell nothing", ["power.load | Heron | <=100", "power.grid | Heron | <=50"], None, "eq", "bounds"),
    ("of a company", ["power.load | A (company) | 100", "power.grid | A (company) | 50"], None, "eq", "one site"),
    ("of a programme", ["power.load | A (programme) | 100", "power.grid | A (programme) | 50"], None, "eq", "one site"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "value", "relation", "why"), [row[1:] for row in COVER], ids=[row[0] for row in COVER]
)
def test_cover_is_of_one_thing_and_keeps_its_bounds(
    rows: list[str], value: float | None, relation: str, why: str | None
):
    values = of(lines(*(f"{row} | | realized" for row in rows)))
    cover = next(value for (_, measure), value in values.items() if measure == "cover_confirmed")
    assert (cover.value, cover.relation, cover.basis) == (value, relation, 2)
    assert (cover.unknown or "").startswith("withheld") == bool(why)
    assert (why or "") in (cover.unknown or "")


def test_totals_of_a_company_may_be_divided():
    text = "Its fleet draws 100 MW worldwide. Its portfolio generates 50 MW."
    rows = ("power.load | Alder (company) | 100 | | realized | | 100 MW",
            "power.generation | Alder (company) | 50 | | realized | | 50 MW")  # fmt: skip
    found = of([claim(f"x | {row}", {**ARTICLE, "text": text})[1] for row in rows])
    assert found["Alder", "cover_confirmed"].value == 0.5


@pytest.mark.parametrize("words", ["600 MW", "600 megawatts"])
def test_a_plant_does_not_cover_itself(words: str):
    article = {**ARTICLE, "text": "Heron has 600 MW. It runs all 600 megawatts."}
    rows = (
        "power.load | Heron | 600 | | realized | | 600 MW",
        f"power.generation | Heron | 600 | | realized | | {words}",
    )
    cover = of([claim(f"x | {row}", article)[1] for row in rows])["Heron", "cover_confirmed"]
    assert (cover.value, cover.unknown) == (None, "withheld: the same figure stands on both sides")


def vague(made: Claim) -> Claim:
    assert made.quantity
    quantity = made.quantity.model_copy(update={"value": None, "max": None, "relation": "ge", "vague": True})
    return made.model_copy(update={"quantity": quantity})


def test_a_vague_load_is_shown_and_nothing_is_divided_by_it():
    load, grid, exact = lines("power.load | Heron | 1000 | | realized", "power.grid | Heron | 50 | | realized",
                              "power.load | Heron | 100 | | realized")  # fmt: skip
    values = of([vague(load), grid])
    assert number(values["Heron", "announced_load"]) == "≥ 1,000 MW (vague)"
    assert values["Heron", "cover_confirmed"].unknown == "withheld: an amount is told in vague words only"
    assert number(values["Heron", "cover_confirmed"]) == "withheld"
    told = of([vague(load), grid, exact])["Heron", "announced_load"]
    assert (told.value, told.vague) == (100, False)


@pytest.mark.parametrize(("amount", "shown"), [("<=6000", "≤ 6,000 MW"), (">1000", "> 1,000 MW"), ("~50", "≈ 50 MW")])
def test_bounds_are_shown(amount: str, shown: str):
    assert number(of(lines(f"power.load | Heron | {amount} | | planned"))["Heron", "announced_load"]) == shown


def test_lower_and_upper_bounds_have_no_sum():
    values = of(lines("power.grid | Heron | +>=100 | | realized", "power.grid | Heron | +<=50 | | realized"))
    assert values["Heron", "grid_confirmed"].value is None
    assert "no sum" in (values["Heron", "grid_confirmed"].unknown or "")


def test_shares_and_hhi_say_what_they_count():
    noted = [value for value in of_scenario().values() if value.measure.startswith(("hhi_", "share_"))]
    assert {value.note for value in noted} == {"counts deals, not money or power"}


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
