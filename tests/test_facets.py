"""Facets and label of a marked stretch of one sentence."""

from __future__ import annotations

import tomllib
from functools import cache
from itertools import product
from pathlib import Path
from typing import get_args

import pytest
import spacy

from pipeline import tokenizer
from pipeline.claims.facets import verdict
from pipeline.claims.numbers import deaf_to
from pipeline.components import cues, sentences  # noqa: F401  # registers the factories
from pipeline.label import label
from pipeline.reading import Anchor, read
from pipeline.records import Certainty, CueMention, Realization

CASES = tomllib.loads((Path(__file__).parent / "cases" / "facets.toml").read_text(encoding="utf-8"))["case"]


@cache
def nlp():
    language = tokenizer.customize(spacy.blank("en"))
    language.add_pipe("infraclaims_sentences")
    language.add_pipe("infraclaims_cues")
    return language


def facets_of(marked: str, kind: str):
    start, end = marked.index("[["), marked.index("]]") - 2
    text = marked.replace("[[", "").replace("]]", "")
    doc = nlp()(text)
    found = [CueMention.model_validate(cue) for cue in doc._.infraclaims_cues]
    reading = read(doc, things=(), entities=(), quantities=(), dates=(), cues=found, title=None, published=None)
    anchor = Anchor(start, end)
    sentence = reading.sentence_at(start)
    decided = verdict(
        reading, sentence, anchor, default="realized", default_rule="default.stated", deaf_to=deaf_to(kind)
    )
    return text, decided


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"])
def test_facets(case):
    text, decided = facets_of(case["text"], case.get("kind", "power"))
    for cue in decided.cues:
        assert text[cue.start : cue.end] == cue.text
    rules = [cue.rule for cue in decided.cues]
    if "realization" in case:
        assert decided.realization == case["realization"], rules
    if "rule" in case:
        assert rules[0] == case["rule"]
    assert decided.certainty == case.get("certainty", "asserted"), rules


@pytest.mark.parametrize(("realization", "certainty"), list(product(get_args(Realization), get_args(Certainty))))
def test_only_the_realized_and_asserted_is_confirmed(realization, certainty):
    expected = "confirmed" if (realization, certainty) == ("realized", "asserted") else "aspirational"
    assert label(realization, certainty) == expected
