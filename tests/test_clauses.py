"""Where clauses begin, and how each hangs on the one before."""

from __future__ import annotations

from functools import cache

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.language import Language

from pipeline import tokenizer
from pipeline.components import sentences  # noqa: F401  # registers the factory
from pipeline.components.clauses import split_clauses

# A sentence with the link before each clause but the first, which is main; what stands in {} belongs to no clause.
MARKED = [
    "Fernlea runs 40 MW in Tarn.",
    "Fernlea, Garrow and Ostara signed the lease.",
    "The firm owns halls, lines and pipes, and land.",
    "The firm said it is ready.",
    "Where a mill stood, 40 MW now run.",
    "Yet the hall is dark.",
    "The 40–60 MW hall is open.",
    # coordination: a verb or a subject of its own must follow
    "Fernlea runs 40 MW and [coordinate] plans 60 MW more.",
    "Fernlea runs 40 MW, [coordinate] and it plans 60 MW more.",
    "Fernlea signed the lease and [coordinate] will pay in June.",
    "Northmere runs a hall in Tarn, [coordinate] plans another in Lund, [coordinate] and has bought land.",
    "Fernlea built the hall and Garrow supplies it.",
    # contrast
    "Fernlea runs 40 MW, [coordinate] while Garrow builds 60 MW.",
    "Fernlea runs 40 MW [coordinate] but wants 60 MW.",
    "Fernlea runs 40 MW, [coordinate] though half of it is dark.",
    # marks
    "Fernlea runs 40 MW {;} [coordinate] Garrow runs 60 MW.",
    "The hall {—} [coordinate] a former mill {—} [coordinate] draws 40 MW.",
    "The hall {–} [coordinate] a former mill {–} [coordinate] draws 40 MW.",
    "Site: Tarn {;} [coordinate] Load: 40 MW {;} [coordinate] Status: live",
    "Tarn {|} [coordinate] 40 MW {|} [coordinate] live",
    # subordination
    "The line closes [subordinate] when the hall opens.",
    "Garrow will pay [subordinate] if the board agrees.",
    "The hall, [subordinate] which holds 9,000 chips, [coordinate] is open.",
    "Garrow, [subordinate] whose plant burns gas, [coordinate] supplies 60 MW.",
    "The hall is full, [subordinate] as it was last year.",
    "The hall, [subordinate] whose lease expires in 2031, [coordinate] draws 45 MW.",
    "The hall, [coordinate] signed for in May, [coordinate] gives Fernlea 45 MW.",
    "The hall does not yet run.",
    "The hall is small, [coordinate] yet draws 45 MW.",
    # words that open a clause or a date
    "The hall opens [subordinate] after the line is energized.",
    "The hall opens after June 2027.",
    "The hall opened before Christmas.",
    "The hall has run [subordinate] since the line was energized.",
    "The hall has run since 2024.",
    "Nothing moves until 2028.",
    # speech
    "Fernlea said [content] that the hall is open.",
    "The filing shows [content] that Garrow owns it.",
    "The hall that Garrow owns burned.",
    # what leans
    "The hall will open, [leaning] bringing the campus to 90 MW.",
    "The hall has opened, [leaning] with 90 MW to follow.",
    "Garrow has 300 MW live, [leaning] according to a filing.",
    "The hall [bracket] (40 MW) [leaning] is open.",
]


@cache
def nlp() -> Language:
    language = tokenizer.customize(spacy.blank("en"))
    language.add_pipe("infraclaims_sentences")
    return language


def split(text: str) -> str:
    """The sentence written as in `MARKED`."""
    doc = nlp()(text)
    pieces: list[str] = []
    last = 0
    for clause in split_clauses(doc[:]):
        if clause.start > last:
            pieces.append("{" + doc[last : clause.start].text + "}")
        if clause.start:
            pieces.append(f"[{clause.link}]")
        else:
            assert clause.link == "main"
        pieces.append(doc[clause.start : clause.end].text)
        last = clause.end
    assert last == len(doc)
    return " ".join(pieces)


@pytest.mark.parametrize("marked", MARKED)
def test_clauses(marked: str) -> None:
    text = marked.replace("{;}", ";").replace(" ;", ";")
    for mark in ("{—}", "{–}", "{|}"):
        text = text.replace(mark, mark[1:-1])
    for link in ("coordinate", "subordinate", "content", "leaning", "bracket"):
        text = text.replace(f"[{link}] ", "")
    assert split(text) == marked


WORDS = st.sampled_from(
    ["it", "and", ",", "is", ";", "(", ")", "—", "–", "which", "said", "that", "40", "if", "with", "."]
)


@given(st.lists(WORDS, min_size=1, max_size=30))
def test_clauses_cover_a_sentence_in_order(words: list[str]) -> None:
    doc = spacy.tokens.Doc(nlp().vocab, words=words)
    clauses = split_clauses(doc[:])
    held = [i for clause in clauses for i in range(clause.start, clause.end)]
    assert held == sorted(set(held))
    assert all(doc[i].text in {";", "—", "–", ")"} for i in range(len(doc)) if i not in held)
