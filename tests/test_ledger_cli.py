"""An analyst's and a program's day with the ledger, through processes and files; docs/ledger.md as it is written."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
import sqlite3
import subprocess
import sys
import tomllib
from pathlib import Path

import duckdb
import pytest
from ledger_cases import scenario, script
from rich.console import Console
from test_cli import PROGRAM, infraclaims

from pipeline.cli_ledger import DIFFERENT
from pipeline.ledger.overrides import Overrides
from pipeline.ledger.records import Assertion, Link, Step
from pipeline.ledger.show import history_table
from pipeline.ledger.store import Ledger
from pipeline.records import Record

ROOT = Path(__file__).parent.parent
DOC = (ROOT / "docs" / "ledger.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"^```python\n(.*?)^```$", DOC, flags=re.M | re.S)
SQL = re.findall(r"^```sql\n(.*?)^```$", DOC, flags=re.M | re.S)
CORRECTIONS = re.findall(r"^```toml\n(.*?)^```$", DOC, flags=re.M | re.S)
FIXES = """
[[merge]]
id = "harrow-renamed"
entities = ["Harrow Compute"]
into = { name = "Brightwater", type = "company" }
reason = "renamed"
"""
VERBS = ["ledger build", "ledger add", "ledger show", "ledger export", "signals", "report", "export", "diff"]


def lines(claims) -> str:
    return "".join(claim.to_json() + "\n" for claim in claims)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with out/claims.jsonl, a ledger of it, and its tables."""
    desk = tmp_path_factory.mktemp("desk")
    (desk / "out").mkdir()
    (desk / "out" / "claims.jsonl").write_text(lines(scenario().claims))
    (desk / "fixes.toml").write_text(FIXES)
    done = infraclaims("ledger", "build", desk / "out", "--overrides", desk / "fixes.toml", "-o", desk / "ledger")
    assert done.returncode == 0, done.stderr
    for form in ("jsonl", "parquet"):
        done = infraclaims("ledger", "export", desk / "ledger", "-o", desk / "tables", "--format", form)
        assert done.returncode == 0, done.stderr
    return desk


def exported(folder: Path, ledger: Path) -> dict[str, bytes]:
    assert infraclaims("ledger", "export", ledger, "-o", folder).returncode == 0
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_days_added_give_what_one_build_gives(desk: Path, tmp_path: Path):
    claims = list(scenario().claims)
    for number, part in enumerate((claims[40:], claims[:20], claims[20:40])):
        (tmp_path / f"{number}.jsonl").write_text(lines(part))
        assert infraclaims("ledger", "add", tmp_path / f"{number}.jsonl", "-o", tmp_path / "ledger").returncode == 0
    assert infraclaims("ledger", "add", "--overrides", desk / "fixes.toml", "-o", tmp_path / "ledger").returncode == 0
    assert exported(tmp_path / "a", tmp_path / "ledger") == exported(tmp_path / "b", desk / "ledger")


def test_bad_lines_are_named_and_cost_nobody_the_rest(tmp_path: Path):
    (tmp_path / "c.jsonl").write_text("{}\n" + lines(scenario().claims[:3]) + "nonsense\n")
    done = infraclaims("ledger", "build", tmp_path / "c.jsonl", tmp_path / "none.jsonl", "-o", tmp_path / "l")
    assert done.returncode == 1
    rejects = [json.loads(line) for line in (tmp_path / "l" / "rejects.jsonl").read_text().splitlines()]
    assert [(Path(row["source"]).name, row["reason"]) for row in rejects] == [
        ("c.jsonl:1", "bad_record"), ("c.jsonl:5", "bad_record"), ("none.jsonl", "missing"),
    ]  # fmt: skip
    assert b"c.jsonl:5" in done.stderr
    assert b"3 claims new" in done.stderr


def test_show_tells_the_history_of_a_site(desk: Path):
    steps = [
        json.loads(line) for line in infraclaims("ledger", "show", desk / "ledger", "SALTGRASS").stdout.splitlines()
    ]
    slips = [step for step in steps if step["change"] == "slipped"]
    assert [(step["day"], step["value"], step["due_end"], step["days"]) for step in slips] == [
        ("2025-11-04", 1200.0, "2027-08-31", 243)
    ]
    assert {step["publisher"] for step in steps} >= {"Continental Wire"}
    assert all(step["document_id"] and step["day"] for step in steps)
    assert {step["change"]: (step["relation"], step["vague"]) for step in steps}["slipped"] == ("eq", False)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Nowhere", b"knows no 'Nowhere'"),
        ("Saltgras", b"did you mean 'Saltgrass'?"),
        ("Tessera", b"did you mean 'Tessera Labs'"),
        ("Calder Silcon", b"did you mean 'Calder Silicon'"),
    ],
)
def test_an_unknown_name_is_told_with_those_that_are_like_it(desk: Path, name: str, told: bytes):
    for command in (("ledger", "show", desk / "ledger", name), ("signals", desk / "ledger", "--about", name)):
        done = infraclaims(*command)
        assert done.returncode == 2
        assert told in b" ".join(done.stderr.replace("│".encode(), b"").split())


@pytest.mark.parametrize("name", ["Tessera Labs", "Calder Silicon"])
def test_show_names_the_parties_and_sources_of_a_deal_to_either_side(desk: Path, name: str):
    done = infraclaims("ledger", "show", desk / "ledger", name)
    deals = [step for step in map(json.loads, done.stdout.splitlines()) if step["metric"] == "agreement"]
    sides = {tuple(side[2] for side in step["parties"]) for step in deals}
    assert ("Tessera Labs", "Calder Silicon") in sides
    assert "Chip Circular" in {step["publisher"] for step in deals}


def test_the_table_of_show_has_source_parties_and_bounds(desk: Path):
    with Ledger(desk / "ledger" / "ledger.db") as book:
        step = next(step for step in book.told_of("Tessera Labs") if step.metric == "agreement")
    amount = {"value": 1e6, "min": 1e6, "measure": "accelerator", "relation": "ge", "vague": True}
    vague = step.model_copy(update=amount)
    console = Console(width=200, file=io.StringIO())
    console.print(history_table([step, vague], rules=True))
    shown = console.file.getvalue()
    assert "Tessera Labs (customer), Calder Silicon (supplier)" in shown
    assert "Chip Circular" in shown
    assert "≥ 1,000,000 chips (vague)" in shown


def test_signals_as_jsonl(desk: Path):
    done = infraclaims("signals", desk / "ledger", "--about", "Saltgrass", "--as-of", "2028-01-01")
    found = {row["measure"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert found["overdue"]["value"] == 1
    known = {claim.claim_id for claim in scenario().claims}
    assert set(found["overdue"]["claims"]) <= known
    assert all(row["basis"] for row in found.values())
    more = infraclaims("signals", desk / "ledger", "--about", "Saltgrass", "--as-of", "2028-01-01", "--all")
    assert any(not json.loads(row)["basis"] for row in more.stdout.splitlines())


def test_the_report_is_one_file_of_the_same_bytes(desk: Path):
    for name in ("one", "two"):
        assert infraclaims("report", desk / "ledger", "-o", desk / name).returncode == 0
        assert [path.name for path in (desk / name).iterdir()] == ["index.html"]
    page = (desk / "one" / "index.html").read_bytes()
    assert page == (desk / "two" / "index.html").read_bytes()
    # No attribute of the page names an address; those of the articles are in the packed data.
    assert not re.search(rb"<[^>]{0,200}(?:src|href)\s*=\s*[\"']?https?:", page.split(b'<script id="data"')[0])


def asked(question: str) -> list[tuple]:
    with duckdb.connect() as db:
        return db.execute(question).fetchall()


def test_parquet_has_the_rows_and_types_of_the_ledger(desk: Path):
    for name in ("claims", "assertions", "links", "history"):
        rows = len((desk / "tables" / f"{name}.jsonl").read_text().splitlines())
        assert asked(f"SELECT count(*) FROM '{desk}/tables/{name}.parquet'") == [(rows,)]
    types = {row[0]: row[1] for row in asked(f"DESCRIBE SELECT * FROM '{desk}/tables/claims.parquet'")}
    assert (types["date_end"], types["quantity_value"], types["quantity_vague"]) == ("DATE", "DOUBLE", "BOOLEAN")


def test_claims_as_parquet_and_json_ld(desk: Path, tmp_path: Path):
    for name in ("c.parquet", "c.jsonld"):
        assert infraclaims("export", desk / "out", "-o", tmp_path / name).returncode == 0
    graph = json.loads((tmp_path / "c.jsonld").read_text())
    assert graph["@context"] == "https://schema.org"
    claim = next(item for item in graph["@graph"] if item["about"]["name"] == "Saltgrass")
    assert claim["mentions"][-1] == {"@type": "QuantitativeValue", "value": 800.0, "unitText": "MW"}
    assert claim["temporalCoverage"] == "2026-09-01/2026-12-31"
    assert claim["appearance"]["datePublished"] == "2025-01-14"
    assert asked(f"SELECT count(*) FROM '{tmp_path}/c.parquet'") == [(len(scenario().claims),)]
    assert infraclaims("export", desk / "out", "-o", tmp_path / "c.csv").returncode == 2


def test_diff_tells_added_gone_and_changed(desk: Path, tmp_path: Path):
    claims = list(scenario().claims)
    relabelled = claims[0].model_copy(update={"label": "confirmed", "realization": "realized"})
    quantity = claims[1].quantity.model_copy(update={"value": 900.0})
    revalued = claims[1].model_copy(update={"claim_id": "0" * 32, "quantity": quantity})
    (tmp_path / "new.jsonl").write_text(lines([relabelled, revalued, *claims[3:]]))
    done = infraclaims("diff", desk / "out", tmp_path / "new.jsonl")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == DIFFERENT
    assert [(row["change"], row["fields"]) for row in found] == [
        ("changed", ["label", "realization"]), ("changed", ["quantity"]), ("gone", []),
    ]  # fmt: skip
    assert b"0 added, 1 gone, 2 changed" in done.stderr
    same = infraclaims("diff", desk / "out", desk / "out")
    assert (same.returncode, same.stdout) == (0, b"")
    (tmp_path / "bad.jsonl").write_text("{}\n")
    assert infraclaims("diff", desk / "out", tmp_path / "bad.jsonl").returncode == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["ledger", "build", "-o", "x"],
        ["ledger", "add", "-o", "x"],
        ["ledger", "show", "missing"],
        ["signals", "text"],
        ["ledger", "build", "text", "--overrides", "text", "-o", "x"],
        ["report", "ledger", "-o", "text/below"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_told_without_a_traceback(desk: Path, arguments: list[str]):
    (desk / "text").write_text("no ledger, no claims")
    done = subprocess.run([PROGRAM, *arguments], cwd=desk, capture_output=True, check=False)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_every_verb_has_an_example(verb: str):
    done = infraclaims(*verb.split(), "--help")
    assert done.returncode == 0
    assert re.search(rf"Example:\n +infraclaims {verb}", done.stdout.decode())


def test_commands_of_the_readme_run(desk: Path):
    section = (ROOT / "README.md").read_text(encoding="utf-8").split("## Many articles")[1].split("```")[1]
    for line in section.splitlines()[1:]:
        command = line.split("#")[0].replace("Juniper Basin", "Saltgrass").replace("out-old out-new", "out out")
        arguments = shlex.split(command)[1:]
        done = subprocess.run([PROGRAM, *arguments], cwd=desk, capture_output=True, check=False)
        assert done.returncode == 0, (command, done.stderr)


@pytest.mark.parametrize("block", PYTHON, ids=range(len(PYTHON)))
def test_python_of_the_docs_runs_and_prints(block: str, desk: Path):
    done = subprocess.run([sys.executable, "-W", "error", "-c", block], cwd=desk, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_questions_of_the_docs_have_answers(desk: Path):
    with contextlib.closing(sqlite3.connect(desk / "ledger" / "ledger.db")) as db, db:
        for question in filter(str.strip, SQL[0].split(";")):
            assert db.execute(question).fetchall(), question
    db.close()


@pytest.mark.parametrize(("title", "model"), [("assertion", Assertion), ("link", Link), ("step of a history", Step)])
def test_every_field_is_in_the_docs(title: str, model: type[Record]):
    table = DOC.split(f"| {title} | |")[1].split("\n\n")[0]
    documented = [name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    assert sorted(documented) == sorted(model.model_fields)


def test_corrections_of_the_docs_are_valid():
    found = Overrides.model_validate(tomllib.loads(CORRECTIONS[0]))
    assert (len(found.merge), len(found.alias), len(found.wrong)) == (1, 1, 1)


def test_the_docs_have_the_rules_and_columns_of_the_code():
    module = script(ROOT / "docs" / "update_ledger.py")
    assert module.updated(DOC) == DOC, "run: .venv/bin/python docs/update_ledger.py"
