"""Where sentences end."""

from __future__ import annotations

import tomllib
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.language import Language

from pipeline import tokenizer
from pipeline.components.sentences import sentence_spans, sentences_of

MARKED: list[str] = tomllib.loads((Path(__file__).parent / "cases" / "sentences.toml").read_text("utf-8"))["cases"]


@cache
def splitter() -> Language:
    nlp = tokenizer.customize(spacy.blank("en"))
    nlp.add_pipe("infraclaims_sentences")
    return nlp


@pytest.mark.parametrize("marked", MARKED)
def test_sentences(marked: str) -> None:
    text = marked.replace("| ", "")
    found = [text[start:end] for start, end in sentence_spans(text)]
    assert found == [piece.strip() for piece in marked.split("| ")]


@given(st.text(alphabet="aB. \n?\"')1xU", max_size=60))
def test_spans_are_ordered_and_lose_only_white_space(text: str) -> None:
    spans = sentence_spans(text)
    kept = "".join(text[start:end] for start, end in spans)
    assert all(text[start:end].strip() == text[start:end] != "" for start, end in spans)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    assert "".join(kept.split()) == "".join(text.split())


@given(st.text(alphabet="aB. \n?!\"')1xU$", max_size=60))
def test_every_token_belongs_to_one_sentence(text: str) -> None:
    doc = splitter()(text)
    covered = [token.i for span in sentences_of(doc) for token in span]
    assert covered == list(range(len(doc)))


def test_a_long_line_of_stops_takes_linear_time() -> None:
    assert len(sentence_spans("A. " * 100_000)) <= 100_000
    assert len(sentence_spans("a." * 100_000)) <= 200
    assert len(sentence_spans("Ends. " * 50_000)) == 50_000


@pytest.mark.parametrize("between", ["; ", ", ", " ", "/", " and the "])
def test_what_is_longer_than_any_sentence_is_cut_where_it_can_be(between: str) -> None:
    text = between.join(f"hall{number}" for number in range(2_000)) + "."
    spans = sentence_spans(text)
    assert all(end - start <= 1_500 for start, end in spans)
    assert "".join("".join(text[start:end].split()) for start, end in spans) == "".join(text.split())
    if between != "/":
        assert all(text[start:end].startswith(("hall", "and", "the")) for start, end in spans)
    if between in {"; ", ", "}:
        assert all(text[start:end].startswith("hall") and text[end - 1] in ";,." for start, end in spans)


def test_a_sentence_of_a_thousand_characters_stays_whole() -> None:
    text = "The hall, which " + "is long, and " * 76 + "ends."
    assert 1_000 < len(text) < 1_500
    assert sentence_spans(text) == [(0, len(text))]
