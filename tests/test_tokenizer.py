import json
import tomllib
from pathlib import Path

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st

import pipeline.tokenizer
from pipeline.lexicon import LexiconError
from pipeline.tokenizer import customize, make_tokenizer

CASES = [
    json.loads(line)
    for line in (Path(__file__).parent / "cases" / "tokenizer.jsonl").read_text(encoding="utf-8").splitlines()
]


@pytest.fixture(scope="module")
def nlp():
    return customize(spacy.blank("en"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"])
def test_tokens(nlp, case):
    assert [token.text for token in nlp.tokenizer(case["text"])] == case["tokens"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"])
def test_tokens_keep_their_cuts_inside_a_sentence(nlp, case):
    doc = nlp.tokenizer(f"They said {case['text']} today")
    assert [token.text for token in doc][2:-1] == case["tokens"]


def test_customize_replaces_the_tokenizer_of_the_same_object():
    nlp = spacy.blank("en")
    assert [token.text for token in nlp("GPUs(1GW)")] != ["GPUs", "(", "1", "GW", ")"]
    assert customize(nlp) is nlp
    assert [token.text for token in nlp("GPUs(1GW)")] == ["GPUs", "(", "1", "GW", ")"]


PIECES = st.sampled_from(
    [
        *"0159.,-–—/()[]|$€~+'’\"“ \n\t:;%xkmB",
        "GW",
        "MW",
        "bn",
        "US$",
        "Rs",
        "GB200",
        "H100s",
        "U.S.",
        "AI",
        "non-",
        "é",
    ]
)


@given(st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=30).map("".join)))
def test_text_comes_back(nlp, text):
    doc = nlp.tokenizer(text)
    assert doc.text == text
    assert all(text[token.idx : token.idx + len(token)] == token.text for token in doc)


def test_a_saved_tokenizer_cuts_alike(nlp):
    other = make_tokenizer(spacy.blank("en").vocab).from_bytes(nlp.tokenizer.to_bytes())
    for case in CASES:
        assert [token.text for token in other(case["text"])] == case["tokens"]


@pytest.mark.parametrize("text", ["(" * 200_000, "1," * 100_000, "a-" * 100_000, "US$" * 70_000, "9GW" * 60_000])
def test_a_run_without_white_space_stays_whole_and_takes_no_time(nlp, text):
    assert [token.text for token in nlp.tokenizer(text)] == [text]


def test_unknown_key_names_file_and_key(monkeypatch):
    real = tomllib.loads
    monkeypatch.setattr(pipeline.tokenizer.tomllib, "loads", lambda text: {**real(text), "unit": []})
    pipeline.tokenizer._data.cache_clear()
    with pytest.raises(LexiconError, match=r"lexicon/tokenizer\.toml.*'unit'"):
        pipeline.tokenizer._data()
    pipeline.tokenizer._data.cache_clear()
