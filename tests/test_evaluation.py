"""How claims are graded against gold, what the figures come to, and the verb that prints them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from made import claims as made_claims

from pipeline.cli import main
from pipeline.evaluation import report
from pipeline.evaluation.errors import errors
from pipeline.evaluation.gold import GoldArticle, GoldError, read_gold
from pipeline.evaluation.run import UnansweredError, of_claims, of_extractions
from pipeline.evaluation.scoring import HEADLINES, Rates, Result, compare, interval, rates
from pipeline.records import Claim

SAMPLES = Path(__file__).parent.parent / "corpus" / "samples"
GRANITE = Path(__file__).parent.parent / "corpus" / "gold" / "granite"


def gold_of(claim: Claim, **changes: Any) -> dict[str, Any]:
    """The gold that a record answers in full."""
    quantity, date = claim.quantity, claim.date
    gold = {
        "kind": claim.kind,
        "event": claim.event,
        "subject": claim.subject and claim.subject.name,
        "parties": [[party.name] for party in claim.parties],
        "value": quantity and quantity.value,
        "relation": quantity and quantity.relation,
        "role": quantity and quantity.role,
        "label": claim.label,
        "realization": claim.realization,
        "certainty": claim.certainty,
        "date_start": date and str(date.start),
        "date_end": date and str(date.end),
    }
    return gold | changes


def graded(golds: list[dict[str, Any]], claims: list[Claim], *, relevant: bool = True) -> Result:
    return compare(GoldArticle.model_validate({"id": "a", "relevant": relevant, "claims": golds}), claims, words=500)


def counts(result: Result) -> tuple[int, int, int, int, int]:
    """Detected, right at the core, strictly right, missed, false."""
    matches = result.matches
    right = sum(m.core for m in matches), sum(m.core and m.strict for m in matches)
    return len(matches), *right, len(result.missed), len(result.false)


def test_a_full_answer_is_right_in_everything() -> None:
    claims = made_claims()
    result = graded([gold_of(claim) for claim in claims], list(claims))
    assert counts(result) == (3, 3, 3, 0, 0)
    assert HEADLINES["confirmed_precision"]([result]) == HEADLINES["strict_f1"]([result]) == 1
    assert errors([result]) == {}


@pytest.mark.parametrize(
    ("changes", "expected", "cause"),
    [
        ({"value": 96_500}, (1, 1, 1, 0, 0), None),
        ({"value": 97_000}, (0, 0, 0, 1, 1), "missed accelerators"),
        ({"value": 97_000, "optional": True}, (0, 0, 0, 0, 1), "false accelerators"),
        ({"optional": True}, (0, 0, 0, 0, 0), None),
        ({"kind": "power", "role": "load"}, (0, 0, 0, 1, 1), "missed power: taken for another kind"),
        ({"label": "aspirational", "realization": "planned"}, (1, 0, 0, 0, 0), "false confirmed"),
        ({"certainty": "hedged", "label": "aspirational"}, (1, 0, 0, 0, 0), "wrong certainty"),
        ({"subject": "Basalt"}, (1, 0, 0, 0, 0), "wrong subject"),
        ({"subject": "Basalt", "subject_alt": ["the Granite campus"]}, (1, 1, 1, 0, 0), None),
        ({"date_start": "2026-01-01", "date_end": "2026-12-31"}, (1, 1, 0, 0, 0), "missed date"),
        ({"relation": "ge"}, (1, 1, 0, 0, 0), "wrong relation"),
        ({"value": None, "min": 96_000}, (1, 1, 1, 0, 0), None),
    ],
)
def test_grades_and_causes(changes: dict[str, Any], expected: tuple[int, ...], cause: str | None) -> None:
    claim = made_claims()[0]
    result = graded([gold_of(claim, **changes)], [claim])
    assert counts(result) == expected
    assert (cause in errors([result])) if cause else errors([result]) == {}


def test_one_record_answers_one_gold_claim() -> None:
    claim = made_claims()[0]
    better, worse = gold_of(claim), gold_of(claim, label="aspirational")
    assert counts(graded([worse, better], [claim])) == (1, 1, 1, 1, 0)
    twice = graded([better], [claim, claim])
    assert counts(twice) == (1, 1, 1, 0, 1)
    assert list(errors([twice])) == ["false accelerators: told a second time"]


def test_figures() -> None:
    assert rates(6, 10, 8) == Rates(0.6, 0.75, 12 / 18)
    assert rates(0, 0, 0) == Rates(0, 0, 0)
    claim = made_claims()[0]
    off_topic = graded([], [claim], relevant=False)
    found = report.figures([graded([gold_of(claim)], [claim]), off_topic])
    assert found["detect"] == {"precision": 0.5, "recall": 1.0, "f1": 0.667}
    assert found["false_on_off_topic"] == 1
    assert found["false_per_1000_off_topic_words"] == 2
    assert found["errors_by_cause"] == {"claim in an off-topic article": 1}
    assert found["label_confusion"] == {"confirmed as confirmed": 1}


def test_an_interval_holds_its_figure_and_is_the_same_each_time() -> None:
    claim = made_claims()[0]
    results = [graded([gold_of(claim)], [claim] * (1 + n % 3)) for n in range(12)]
    measure = HEADLINES["detect_f1"]
    low, high = interval(results, measure)
    assert 0 < low < measure(results) < high < 1
    assert interval(results, measure) == (low, high)
    assert interval(results[:1], measure) == (measure(results[:1]),) * 2


def test_the_page_trusts_no_article() -> None:
    claim = made_claims()[0]
    result = graded([gold_of(claim, value=1, quote="<script>alert(1)</script>")], [claim])
    page = report.html([result], "<b>")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "&lt;b&gt;" in page


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "no *.json file"),
        ({"a.json": "{"}, "a.json"),
        ({"a.json": '{"id": "a", "claims": [{"kind": "rumour"}]}'}, "claims.0.kind"),
        ({"a.json": '{"id": "a"}', "b.json": '{"id": "a"}'}, "another file"),
    ],
)
def test_gold_that_cannot_be_read_is_named(tmp_path: Path, files: dict[str, str], message: str) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    with pytest.raises(GoldError, match=message.replace("*", r"\*")):
        read_gold(tmp_path)


def test_gold_without_an_article_is_named_but_an_article_without_claims_has_made_none() -> None:
    gold = {"granite": GoldArticle(id="granite"), "lost": GoldArticle(id="lost")}
    with pytest.raises(UnansweredError, match="lost"):
        of_extractions(gold, [])
    assert [r.id for r in of_claims(gold, made_claims())] == ["granite", "lost"]


def test_the_verb_measures_articles_and_records_alike(tmp_path: Path) -> None:
    runner, article = CliRunner(), "local-cobalt-ridge-hearing"
    folder = tmp_path / "gold"
    folder.mkdir()
    (folder / f"{article}.json").write_bytes((GRANITE / f"{article}.json").read_bytes())
    sample, page = str(SAMPLES / f"{article}.txt"), tmp_path / "errors.html"
    done = runner.invoke(main, ["evaluate", str(folder), sample, "--json", "--html", str(page)])
    assert done.exit_code == 0, done.output
    figures = json.loads(done.stdout)
    assert figures["articles"] == 1
    assert figures["gold"] == sum(
        not c["optional"] for c in json.loads((GRANITE / f"{article}.json").read_text())["claims"]
    )
    assert "wrong" in page.read_text("utf-8")
    shown = runner.invoke(main, ["evaluate", str(folder), sample, "--errors", "1"])
    assert "95 % of F1" in shown.stdout
    assert "«" in shown.stdout


def test_wrong_use_is_told(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["evaluate", str(tmp_path), str(SAMPLES)])
    assert done.exit_code == 2
    assert "no *.json file" in done.output
