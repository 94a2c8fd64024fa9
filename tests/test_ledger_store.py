"""A ledger on disk: adding claims in any order and in any portions gives what building it at once gives."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_cases import scenario

from pipeline.claim_files import ClaimFileError, claims_or_rejected, read_claims
from pipeline.flat import columns, flat_row, from_flat
from pipeline.ledger.overrides import Overrides, OverridesError, read_overrides
from pipeline.ledger.store import Ledger, LedgerError
from pipeline.records import Claim, Rejected

CLAIMS = scenario().claims


def built(claims: Iterable[Claim], overrides: Overrides | None = None) -> str:
    with Ledger(Path(":memory:"), create=True) as ledger:
        ledger.add(claims, overrides)
        return ledger.digest()


def newer(claim: Claim, version: str = "0.2.0", **changes: object) -> Claim:
    extractor = claim.extractor.model_copy(update={"version": version})
    return claim.model_copy(update={"extractor": extractor, **changes})


@settings(max_examples=15)
@given(st.randoms(use_true_random=False), st.lists(st.integers(0, len(CLAIMS)), max_size=4))
def test_portions_in_any_order_give_what_one_build_gives(random, cuts):
    claims = list(CLAIMS)
    random.shuffle(claims)
    bounds = [0, *sorted(cuts), len(claims)]
    with Ledger(Path(":memory:"), create=True) as ledger:
        for start, end in itertools.pairwise(bounds):
            ledger.add(claims[start:end])
        assert ledger.digest() == built(CLAIMS)


@settings(max_examples=15)
@given(st.randoms(use_true_random=False), st.integers(1, 5))
def test_extractions_of_two_versions_in_any_order(random, portions):
    second = [newer(claim) for claim in CLAIMS if claim.document.id in ("s01", "s04", "s22")]
    both = [*CLAIMS, *second[:2]]
    random.shuffle(both)
    with Ledger(Path(":memory:"), create=True) as ledger:
        for start in range(portions):
            ledger.add(both[start::portions])
        left = {claim.document.id: claim.extractor.version for claim in ledger.claims()}
        assert ledger.digest() == built(both)
    assert left["s01"] == "0.2.0"
    assert left["s02"] == "0.1.0"


def test_a_newer_extraction_takes_the_place_of_a_whole_document():
    of_s04 = [claim for claim in CLAIMS if claim.document.id == "s04"]
    with Ledger(Path(":memory:"), create=True) as ledger:
        ledger.add(CLAIMS)
        added = ledger.add([newer(of_s04[0])])
        assert (added.new, added.replaced) == (1, len(of_s04))
        assert ledger.add(of_s04).outdated == len(of_s04)


def test_ten_versions_are_ordered_as_numbers():
    with Ledger(Path(":memory:"), create=True) as ledger:
        ledger.add([newer(CLAIMS[0], "0.10.0"), newer(CLAIMS[0], "0.9.0")])
        assert [claim.extractor.version for claim in ledger.claims()] == ["0.10.0"]


def test_what_is_known_changes_nothing():
    with Ledger(Path(":memory:"), create=True) as ledger:
        ledger.add(CLAIMS)
        before = ledger.digest()
        added = ledger.add(CLAIMS)
        assert (added.new, added.known, added.units) == (0, len(CLAIMS), 0)
        assert ledger.digest() == before


def test_corrections_given_later_are_those_given_at_once():
    with Ledger(Path(":memory:"), create=True) as ledger:
        ledger.add(CLAIMS)
        without = ledger.digest()
        ledger.add([], scenario().overrides)
        assert ledger.digest() == built(CLAIMS, scenario().overrides) != without
        ledger.add([], Overrides())
        assert ledger.digest() == without


def test_rules_that_changed_are_applied_to_all_of_it(tmp_path: Path):
    with Ledger(tmp_path / "l.db", create=True) as ledger:
        ledger.add(CLAIMS)
        before = ledger.digest()
    with contextlib.closing(sqlite3.connect(tmp_path / "l.db")) as db, db:
        db.execute("UPDATE meta SET value = 'of another version' WHERE key = 'rules'")
        db.execute("UPDATE claims SET ledger_metric = 'old', ledger_unit = 'old'")
    db.close()
    with Ledger(tmp_path / "l.db") as ledger:
        assert ledger.add([]).units > 1
        assert ledger.digest() == before


def test_corrections_are_shown_and_leave_the_claims_alone():
    wrong = {"id": "no-fact", "claim": CLAIMS[0].claim_id, "reason": "about another site"}
    alias = {
        "id": "campus",
        "text": "Moorhen",
        "document": "s04",
        "means": {"name": "Moorhen North", "type": "cluster"},
        "reason": "there are two",
    }
    with Ledger(Path(":memory:"), create=True) as ledger:
        ledger.add(CLAIMS, Overrides.model_validate({"wrong": [wrong], "alias": [alias]}))
        assert ledger.excluded() == {CLAIMS[0].claim_id: "no-fact"}
        held = {claim for assertion in ledger.assertions() for claim in assertion.claims}
        assert CLAIMS[0].claim_id not in held
        north = [a for a in ledger.assertions() if a.subject == "Moorhen North"]
        assert {a.overrides for a in north} == {("campus",)}
        assert {claim.claim_id: claim for claim in ledger.claims()} == {claim.claim_id: claim for claim in CLAIMS}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[merge]]\nid = 'x'\n", "merge.0.entities"),
        ("[[merge]]\nid = 'x'\nreason = 'y'\nentitys = []\n", "entitys"),
        ("not toml", "Expected '='"),
        ("[[wrong]]\nid = 'a'\nclaim = 'c'\nreason = 'r'\n[[wrong]]\nid = 'a'\nclaim = 'd'\nreason = 'r'\n", "twice"),
    ],
)
def test_a_bad_file_of_corrections_is_named(tmp_path: Path, text: str, says: str):
    path = tmp_path / "fixes.toml"
    path.write_text(text)
    with pytest.raises(OverridesError, match=r"fixes\.toml") as caught:
        read_overrides([path])
    assert says in str(caught.value)


def test_a_failing_call_leaves_the_ledger_as_it_was(tmp_path: Path):
    def broken() -> Iterable[Claim]:
        yield from CLAIMS[10:]
        raise RuntimeError("no more")

    with Ledger(tmp_path / "l.db", create=True) as ledger:
        ledger.add(CLAIMS[:10])
        before = ledger.digest()
        with pytest.raises(RuntimeError, match="no more"):
            ledger.add(broken())
        assert (ledger.digest(), ledger.counts()["claims"]) == (before, 10)


def test_what_is_no_ledger_is_named(tmp_path: Path):
    (tmp_path / "text").write_text("no database, but long enough to be looked at " * 100)
    sqlite3.connect(tmp_path / "other.db").execute("CREATE TABLE x (y)").connection.close()
    for name in ("text", "other.db", "missing"):
        with pytest.raises(LedgerError, match=name):
            Ledger(tmp_path / name)


def test_the_flat_row_gives_the_claim_back():
    for claim in CLAIMS:
        assert from_flat(flat_row(claim)) == claim
        assert len(flat_row(claim)) == len(columns())


def test_read_claims_names_the_line_that_is_none(tmp_path: Path):
    path = tmp_path / "claims.jsonl"
    other = CLAIMS[1].model_copy(update={"schema_version": "2.0"})
    infinite = CLAIMS[2].to_json().replace('"value":800.0', '"value":Infinity')
    assert infinite != CLAIMS[2].to_json()
    lines = [CLAIMS[0].to_json(), "", "{", other.to_json(), CLAIMS[2].to_json(), infinite]
    path.write_text("\n".join(lines) + "\n")
    assert next(read_claims(tmp_path)) == CLAIMS[0]
    with pytest.raises(ClaimFileError, match=r"claims\.jsonl:3: not a claim record"):
        list(read_claims(path))
    found = list(claims_or_rejected([path, tmp_path / "gone"]))
    assert [item.reason for item in found if isinstance(item, Rejected)] == [
        "bad_record", "schema_version", "bad_record", "missing",
    ]  # fmt: skip
    assert [item for item in found if isinstance(item, Claim)] == [CLAIMS[0], CLAIMS[2]]
