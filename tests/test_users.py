"""One day of each user, from their input to what they wanted. The operator's is in test_flows.py, with Prefect."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).parent.parent
PROGRAM = Path(sys.executable).parent / "infraclaims"
FILES = ["claims.jsonl", "articles.jsonl", "rejects.jsonl"]
SAMPLES = [
    "press-copperline-loan.md", "local-cobalt-ridge-hearing.txt", "wire-desk.jsonl", "wire-larkspur-juniper-basin.html",
    "review-vulcan-gx-90.html",
]  # fmt: skip


def extract(out: Path, names: list[str], **environment: str) -> dict[str, bytes]:
    done = subprocess.run(
        [PROGRAM, "extract", *(f"corpus/samples/{name}" for name in names), "-o", out],
        cwd=ROOT, env={**os.environ, **environment}, check=False, capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    return {name: (out / name).read_bytes() for name in FILES}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("users") / "out"
    extract(out, SAMPLES)
    return out


def test_an_archive_engineer_gets_the_same_bytes_again(run: Path, tmp_path: Path):
    """Twice, on the other side of the world, with other hash seeds; in another order the same lines."""
    first = {name: (run / name).read_bytes() for name in FILES}
    assert extract(tmp_path / "again", SAMPLES, TZ="Pacific/Kiritimati", PYTHONHASHSEED="7", LC_ALL="C") == first
    backwards = extract(tmp_path / "backwards", SAMPLES[::-1], TZ="America/Anchorage", PYTHONHASHSEED="8")
    for name in FILES:
        assert sorted(backwards[name].splitlines()) == sorted(first[name].splitlines())


def test_claim_ids_are_unique_and_claims_come_in_the_order_of_the_articles(run: Path):
    claims = [json.loads(line) for line in (run / "claims.jsonl").read_bytes().splitlines()]
    articles = [json.loads(line) for line in (run / "articles.jsonl").read_bytes().splitlines()]
    assert len({claim["claim_id"] for claim in claims}) == len(claims)
    order = [article["document"]["id"] for article in articles]
    assert [order.index(claim["document"]["id"]) for claim in claims] == sorted(
        order.index(claim["document"]["id"]) for claim in claims
    )


def test_a_reader_slices_the_evidence_back_with_duckdb(run: Path):
    """Every passage and every cue stands in the stored text where the record says, and every claim has its article."""
    claims, articles = str(run / "claims.jsonl"), str(run / "articles.jsonl")
    passages = duckdb.sql(f"""
        SELECT e.text, substring(a.text, e.start + 1, e."end" - e.start), a.text IS NULL
        FROM (SELECT document.id AS id, unnest(evidence) AS e FROM read_json('{claims}')) AS c
        LEFT JOIN read_json('{articles}') AS a ON a.document.id = c.id
    """).fetchall()
    assert len(passages) >= duckdb.sql(f"SELECT count(*) FROM read_json('{claims}')").fetchall()[0][0] > 20
    for kept, passage, orphan in passages:
        assert not orphan
        assert passage.startswith(kept.rstrip("…").rstrip())
    cues = duckdb.sql(f"""
        SELECT q.text, substring(a.text, q.start + 1, q."end" - q.start)
        FROM (SELECT id, unnest(e.cues) AS q
              FROM (SELECT document.id AS id, unnest(evidence) AS e FROM read_json('{claims}'))) AS c
        JOIN read_json('{articles}') AS a ON a.document.id = c.id
    """).fetchall()
    assert len(cues) > 20
    assert [(written, there) for written, there in cues if written != there] == []


def test_a_reader_finds_both_labels_and_only_by_the_table(run: Path):
    rows = duckdb.sql(f"""
        SELECT DISTINCT label, realization = 'realized' AND certainty = 'asserted'
        FROM read_json('{run / "claims.jsonl"}')
    """).fetchall()
    assert sorted(rows) == [("aspirational", False), ("confirmed", True)]
