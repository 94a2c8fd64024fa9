"""The language of phrases, and its matcher."""

from __future__ import annotations

import time
from functools import cache

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language

from pipeline import tokenizer
from pipeline.components import sentences  # noqa: F401  # registers the factory
from pipeline.components.phrases import PhraseTable, compile_phrase, verb_forms
from pipeline.lexicon import LexiconError

SETS = {"be": ["is", "was"], "make": ["{build:past}", "erected"], "all": ["$be", "stays"]}

# phrase, text with the match in [brackets] (none: no match)
MATCHES = [
    ("broke ground", "They [broke ground] here."),
    ("broke ground", "They [BROKE Ground] here."),
    ("broke ground", "They broke new ground here."),
    ("broke ground", "They broke, ground by debt."),
    ("plans|aims to", "She [aims to] leave."),
    ("plans|aims to", "She [plans to] leave."),
    ("plans|aims to", "She hopes to leave."),
    ("will not? be", "It [will be] done."),
    ("will not? be", "It [will not be] done."),
    ("will not? be", "It will never be done."),
    ("not? yet built", "It is [not yet built]."),
    ("not? yet built", "It is [yet built] in part."),
    ("in _2 talks", "They are [in talks]."),
    ("in _2 talks", "They are [in advanced talks]."),
    ("in _2 talks", "They are [in very early talks]."),
    ("in _2 talks", "They are in very early lease talks."),
    ("in _2 talks", "They are in May, talks begin."),
    ("in _1 talks _1 now", "They are [in such talks right now]."),
    ("{build:past} there", "It was [built there]."),
    ("{build:past} there", "They build there."),
    ("{build:s} it", "He [builds it]."),
    ("{build:ing} it", "They are [building it]."),
    ("{build:base} it", "They [build it]."),
    ("{build:all} it", "They [built it]."),
    ("{begin:past} it", "They [begun it]."),
    ("{begin:past} it", "They [began it]."),
    ("$be here", "He [was here]."),
    ("$make it", "They [built it]."),
    ("$make it", "They [erected it]."),
    ("$all|seems fine", "It [seems fine]."),
    ("$all fine", "It [is fine]."),
    ("has ~#", "It [has] 40 halls."),
    ("has ~#", "It [has] forty halls."),
    ("has ~#", "It [has] $5 on hand."),
    ("has ~#", "It has halls."),
    ("has ~#|a", "It [has] a hall."),
    ("has ~#|a", "It has the hall."),
    ("by # mw", "It grew [by 40 MW] there."),
    ("by # mw", "It grew by some MW there."),
    ("work _of began", "Then [work on the hall began]."),
    ("work _of began", "Then [work began]."),
    ("work _of began", "Then [work on the hall in Ashby, Ohio, began]."),
    ("work _of began", "Then work on the hall, it is said, began."),
    ("work _of began", "Then work on what was left began."),
    ("work _of began", "A title on work at\n\nAshby began here."),
]
ERRORS = [
    ("not?", "cannot be all optional"),
    ("_3 plant", "must begin with a word"),
    ("~a", "cannot be all optional"),
    ("{frobnicate:past} it", "no verb 'frobnicate'"),
    ("$nobody it", "unknown set"),
    ("a ?b? c", "cannot read part"),
    ("to~go now", "cannot read part"),
]


@cache
def nlp() -> Language:
    language = tokenizer.customize(spacy.blank("en"))
    language.add_pipe("infraclaims_sentences")
    return language


def found(text: str, *rules: tuple[str, list[str]]) -> list[tuple[str, str]]:
    doc = nlp()(text)
    return [(name, doc[start:end].text) for name, start, end in PhraseTable(rules, SETS).find(doc)]


@pytest.mark.parametrize(("phrase", "marked"), MATCHES)
def test_match(phrase: str, marked: str) -> None:
    text = marked.replace("[", "").replace("]", "")
    expected = [marked[marked.index("[") + 1 : marked.index("]")]] if "[" in marked else []
    assert [words for _, words in found(text, ("r", [phrase]))] == expected


@pytest.mark.parametrize(("phrase", "message"), ERRORS)
def test_error_names_what_cannot_be_read(phrase: str, message: str) -> None:
    with pytest.raises(LexiconError, match=message):
        compile_phrase(phrase, SETS)


def test_what_is_looked_ahead_at_stays_to_be_matched() -> None:
    assert found("They have to go now.", ("r", ["have ~to to go"])) == [("r", "have to go")]
    assert found("They have to go now.", ("r", ["have ~the to go"])) == []


def test_the_longest_reading_wins() -> None:
    assert found("It was under construction there.", ("r", ["under", "under construction there?"])) == [
        ("r", "under construction there")
    ]
    assert found("in a hall in a hall", ("r", ["in _3 hall"])) == [("r", "in a hall"), ("r", "in a hall")]


def test_rules_may_overlap_and_one_rule_does_not() -> None:
    rules = (("a", ["broke ground", "ground on"]), ("b", ["ground on"]))
    assert found("They broke ground on it.", *rules) == [("a", "broke ground"), ("b", "ground on")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The plant may open.", [("r", "may open")]),
        ("In May open halls close.", []),
        ("May opens the season.", []),
        ("May open doors follow?", [("r", "May open")]),
        ("It was built in May open to all.", []),
    ],
)
def test_a_month_is_no_modal(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text, ("r", ["may open"])) == expected


def test_verb_forms() -> None:
    assert verb_forms("begin", "all") == ("begin", "begins", "beginning", "began", "begun")
    assert verb_forms("begin", "past") == ("began", "begun")
    with pytest.raises(LexiconError, match="no verb 'dawdle'"):
        verb_forms("dawdle", "s")


WORDS = st.sampled_from(["in", "talks", "not", "yet", ",", "40", "a", "was", "built", "it", "May", "."])
PHRASE = "in not? _9 talks|it"


@settings(max_examples=60)
@given(st.lists(WORDS, max_size=25))
def test_every_match_is_a_reading_of_the_phrase(words: list[str]) -> None:
    doc = nlp()(" ".join(words))
    for _, start, end in PhraseTable([("r", [PHRASE])], SETS).find(doc):
        matched = [token.lower_ for token in doc[start:end]]
        assert matched[0] == "in"
        assert matched[-1] in {"talks", "it"}
        assert len(matched) <= 12
        assert not any(token.is_punct for token in doc[start:end])


@pytest.mark.parametrize("words", ["in ", "in a not ", "a "])
def test_time_grows_with_the_length_and_not_faster(words: str) -> None:
    table = PhraseTable([("r", [PHRASE, "in a? not? in? _4 built"])], SETS)
    vocab = nlp().vocab

    def seconds(times: int) -> float:
        doc = spacy.tokens.Doc(vocab, words=words.split() * times)
        best = 9.0
        for _ in range(3):
            begin = time.process_time()
            table.find(doc)
            best = min(best, time.process_time() - begin)
        return best

    assert seconds(240) <= 12 * seconds(60) + 0.02
