"""Claims of many articles become assertions with links and a history: measured on the scenario, and as properties."""

from __future__ import annotations

import itertools
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_cases import claim as claim_of
from ledger_cases import scenario

from pipeline.ledger.facts import fact
from pipeline.ledger.overrides import Corrector
from pipeline.ledger.records import Resolved
from pipeline.ledger.resolve import resolve
from pipeline.ledger.rules import link_rules
from pipeline.records import Claim


def resolved(claims: Iterable[Claim]) -> list[Resolved]:
    corrector = Corrector(scenario().overrides)
    units = defaultdict(list)
    for claim in claims:
        row = fact(claim, corrector)
        units[row.unit].append(row)
    return [resolve(units[unit]) for unit in sorted(units)]


def named(results: list[Resolved]) -> dict[str, str]:
    """Our assertions by the name that the scenario gives to most of their claims."""
    belongs = scenario().belongs
    names = {}
    for assertion in (a for result in results for a in result.assertions):
        held = [belongs[claim] for claim in assertion.claims]
        names[assertion.assertion_id] = max(sorted(held), key=held.count)
    return names


def f1(found: set, expected: set) -> float:
    hits = len(found & expected)
    return 2 * hits / (len(found) + len(expected))


def pairs(groups: Iterable[Iterable[str]]) -> set[tuple[str, str]]:
    return {pair for group in groups for pair in itertools.combinations_with_replacement(sorted(group), 2)}


def test_the_scenario_has_sixty_articles_over_eighteen_months():
    days = sorted(row["day"] for row in scenario().articles if row["day"])
    assert len(scenario().articles) == 60
    assert (days[0][:7], days[-1][:7]) == ("2025-01", "2026-06")


def test_assertions_of_the_scenario():
    ours = [assertion.claims for result in resolved(scenario().claims) for assertion in result.assertions]
    expected = defaultdict(list)
    for claim, name in scenario().belongs.items():
        expected[name].append(claim)
    found, gold = pairs(ours), pairs(expected.values())
    assert f1(found, gold) >= 0.95, found ^ gold


def test_links_of_the_scenario():
    results = resolved(scenario().claims)
    names = named(results)
    links = {
        (link.type, names[link.source], names[link.target], link.rule, link.days)
        for result in results
        for link in result.links
        if link.type != "same_as"
    }
    assert f1(links, set(scenario().links)) >= 0.95, sorted(map(str, links ^ scenario().links))


@pytest.mark.parametrize(("name", "sources"), scenario().sources.items())
def test_sources_count_once_per_origin(name: str, sources: int):
    results = resolved(scenario().claims)
    names = named(results)
    found = [a for result in results for a in result.assertions if names[a.assertion_id] == name]
    assert [assertion.sources for assertion in found] == [sources]
    assert found[0].corroborated == (sources > 1)


@settings(max_examples=30)
@given(st.randoms(use_true_random=False))
def test_order_of_arrival_does_not_matter(random):
    claims = list(scenario().claims)
    expected = resolved(claims)
    random.shuffle(claims)
    assert resolved(claims) == expected


LINES = st.tuples(
    st.sampled_from(["power.load", "accelerators", "milestone.operational", "milestone.cancelled", "investment.USD"]),
    st.sampled_from(["Saltgrass", "Saltgrass campus", "Saltgrass (company)", "Tessera (company)"]),
    st.sampled_from(["100", "~103", ">=100", "150", "200", "+200"]),
    st.sampled_from(["", "by 2026", "on late 2026", "on 2027-Q1", "since 2025-05-06"]),
    st.sampled_from(["planned", "possible hedged", "realized", "realized hedged", "negated", "negated denied"]),
)
ARTICLES = st.tuples(
    st.sampled_from(["", "2025-01-02", "2025-01-05", "2025-06-01", "2026-02-02"]),
    st.sampled_from(["One", "Two", "Three"]),
    st.sampled_from(["The very same long title of it", "Short"]),
    st.lists(LINES, min_size=1, max_size=4),
)


@settings(max_examples=100)
@given(st.lists(ARTICLES, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_order_does_not_matter_and_every_claim_has_one_place(articles, random):
    claims = []
    for number, (day, publisher, title, lines) in enumerate(articles):
        row = {"id": f"d{number}", "day": day, "publisher": publisher, "title": title, "text": "It is so."}
        for metric, subject, amount, date, facets in lines:
            amount = "" if metric.startswith("milestone") else amount
            claims.append(claim_of(f"x|{metric}|{subject}|{amount}|{date}|{facets}||It is so", row)[1])
    claims = list({item.claim_id: item for item in claims}.values())
    results = resolved(claims)
    assert sorted(id for result in results for a in result.assertions for id in a.claims) == sorted(
        item.claim_id for item in claims
    )
    random.shuffle(claims)
    assert resolved(claims) == results
    for result in results:
        days = {a.assertion_id: a.first_seen for a in result.assertions}
        for link in result.links:
            if link.type != "same_as":
                assert days[link.target] <= days[link.source]


CASES = tomllib.loads((Path(__file__).parent / "cases" / "ledger.toml").read_text(encoding="utf-8"))["case"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_links_by_rule(case):
    claims = []
    for number, line in enumerate(case["claims"], 1):
        head, _, rest = line.partition(" | ")
        day, publisher = head.split(" ")
        row = {"id": f"d{number}", "day": day, "publisher": publisher, "title": f"T{number}", "text": "It is so."}
        claims.append(claim_of(f"x | {rest} | It is so", row)[1])
    results = resolved(claims)
    number = {claim.claim_id: str(at) for at, claim in enumerate(claims, 1)}
    number |= {a.assertion_id: number[a.claims[0]] for result in results for a in result.assertions}
    links = [f"{link.rule} {number[link.source]} {number[link.target]}" for result in results for link in result.links]
    assert sorted(links) == sorted(case["links"])
    if "sources" in case:
        assert results[0].assertions[0].sources == case["sources"]


def test_every_link_rule_has_a_case():
    told = {link.split()[0] for case in CASES for link in case["links"]} | {row[3] for row in scenario().links}
    assert set(link_rules()) - told == set()
