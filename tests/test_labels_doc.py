"""docs/labels.md says what the rules do: each rule has its row, each example is decided by the rule it stands for."""

from __future__ import annotations

import datetime as dt
import re
from functools import cache
from pathlib import Path

import pytest
import spacy
from spacy.language import Language

from pipeline import Page, build, extract_page, lexicon, tokenizer
from pipeline.claims.facets import Verdict, verdict
from pipeline.claims.numbers import deaf_to
from pipeline.components import cues, sentences  # noqa: F401  # registers the factories
from pipeline.extractor import Pipeline
from pipeline.label import TABLE
from pipeline.reading import Anchor, read
from pipeline.records import CueMention

DOC = (Path(__file__).parent.parent / "docs" / "labels.md").read_text("utf-8")


def rows(section: str) -> list[list[str]]:
    """The cells of the tables under a heading, without their header rows."""
    body = DOC.split(f"\n## {section}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in body.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    headers = {i for i, row in enumerate(cells) if set("".join(row)) <= set("-: ")}
    return [row for i, row in enumerate(cells) if i not in headers and i + 1 not in headers]


CUES = rows("The cue rules")
WITHOUT = rows("What decides where no cue does")
READINGS = rows("How a cue is read")


@cache
def nlp() -> Language:
    language = tokenizer.customize(spacy.blank("en"))
    language.add_pipe("infraclaims_sentences")
    language.add_pipe("infraclaims_cues")
    return language


@cache
def pipeline() -> Pipeline:
    return build()


def decided(example: str) -> Verdict:
    """The verdict on what stands in [brackets]."""
    marked = example.replace("**", "")
    start, end = marked.index("["), marked.index("]") - 1
    text = marked.replace("[", "").replace("]", "")
    doc = nlp()(text)
    found = [CueMention.model_validate(cue) for cue in doc._.infraclaims_cues]
    reading = read(doc, things=(), entities=(), quantities=(), dates=(), cues=found, title=None, published=None)
    sentence = reading.sentence_at(start)
    kind = "investment" if "$" in text[start:end] else "power"
    return verdict(
        reading, sentence, Anchor(start, end), default="planned", default_rule="default", deaf_to=deaf_to(kind)
    )


def bold(example: str) -> list[str]:
    return re.findall(r"\*\*(.+?)\*\*", example)


def test_every_rule_has_its_row_in_the_order_of_the_lexicon() -> None:
    assert [row[0].strip("`") for row in CUES] == [row["rule"] for row in lexicon.toml("cues")["cue"]]


@pytest.mark.parametrize("row", CUES, ids=lambda row: row[0])
def test_a_row_says_what_the_rule_says(row: list[str]) -> None:
    rule = cues.rules()[row[0].strip("`")]
    assert row[1] == rule.value
    reach = f", {rule.reach}" if "reach" in rule.model_fields_set else ""
    assert row[2] == f"{rule.direction}, {rule.scope}{reach}"


@pytest.mark.parametrize("row", CUES, ids=lambda row: row[0])
def test_the_example_is_decided_by_its_rule(row: list[str]) -> None:
    name, value, example = row[0].strip("`"), row[1], row[4]
    found = decided(example)
    cue = next((cue for cue in found.cues if cue.rule == name), None)
    assert cue, [(c.rule, c.text) for c in found.cues]
    assert [cue.text] == bold(example)
    assert value in {found.realization, found.certainty}


@pytest.mark.parametrize("row", READINGS, ids=lambda row: row[1])
def test_the_example_of_a_reading(row: list[str]) -> None:
    found = decided(row[1])
    assert row[2] in {found.realization, found.certainty}, found
    assert set(bold(row[1])) <= {cue.text for cue in found.cues}


@pytest.mark.parametrize("row", WITHOUT, ids=lambda row: row[0])
def test_the_example_of_a_default(row: list[str]) -> None:
    name, value, example = row[0].strip("`"), row[1], row[3]
    title, _, text = example.rpartition(" // ")
    page = Page(source=name, content=text, media_type="text", title=title or None, published=dt.date(2026, 3, 5))
    claims = extract_page(page, pipeline()).claims
    rules = {(cue.rule, cue.value) for claim in claims for evidence in claim.evidence for cue in evidence.cues}
    assert (name, value) in rules


def test_the_decision_table() -> None:
    table = {(realization, certainty): label for realization, certainty, label in rows("Facets and label")}
    expected = {f"{r}/{c}": label for (r, c), label in TABLE.items()}
    found = {
        f"{r.strip()}/{c.strip()}": label.strip("`*")
        for (rs, cs), label in table.items()
        for r in rs.split(",")
        for c in cs.split(",")
    }
    assert found == expected
