from __future__ import annotations

import re
from pathlib import Path

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import lexicon
from pipeline.components.entities import KEY, entities_in, find_entities

CASES = [Path(__file__).parent / "cases" / name for name in ("entities.txt", "entities_unlisted.txt")]
MARK = re.compile(r"<(\w+)(?::([\w:.-]+))?(?:=([^>]+))?>(.*?)</>")


def marked_cases() -> list[tuple[str, str]]:
    lines = [
        line
        for path in CASES
        for line in path.read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    return [tuple(part.strip() for part in line.split("|", 1)) for line in lines]  # type: ignore[misc]


def parse(marked: str) -> tuple[str, list[tuple[str, str | None, str | None, int, int]]]:
    text, expected, position = "", [], 0
    marked = marked.replace("\\n", "\n")
    for match in MARK.finditer(marked):
        text += marked[position : match.start()]
        kind, row, name, mention = match.groups()
        expected.append((kind, row, name or (None if row else mention), len(text), len(text) + len(mention)))
        text += mention
        position = match.end()
    return text + marked[position:], expected


@pytest.mark.parametrize("marked", [pytest.param(text, id=name) for name, text in marked_cases()])
def test_marked_text(marked: str) -> None:
    text, expected = parse(marked)
    found = entities_in(text)
    assert [(e.type, e.id, text[e.start : e.end]) for e in found] == [
        (kind, row, text[start:end]) for kind, row, _, start, end in expected
    ]
    assert [(e.start, e.end) for e in found] == [(start, end) for *_, start, end in expected]
    for entity, (_, row, name, _, _) in zip(found, expected, strict=True):
        assert entity.name == (lexicon.by_id()[row].name if row else name)


def test_case_names_are_unique_and_many() -> None:
    names = [name for name, _ in marked_cases()]
    assert len(names) == len(set(names)) >= 230


SURFACES = [form for entry in lexicon.load().entries() for form in (entry.name, *entry.aliases)]
PIECES = st.one_of(
    st.sampled_from(SURFACES),
    st.sampled_from(
        ["data center", "campus", "said", "CEO", "'s", "’s", ",", ". ", "\n", "(", ")", "Inc.", "in", "of"]
    ),
    st.sampled_from(
        ["Project", "developer", "Tallow", "Ridge", "J.", "and", "&", "-", "the", "1.2GW", "A/S", "“", "”"]
    ),
    st.text(max_size=8),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=25), st.sampled_from(["", " "]))
def test_any_text_yields_sorted_spans_free_of_overlaps(pieces: list[str], glue: str) -> None:
    text = glue.join(pieces)
    found = entities_in(text)
    last = 0
    for entity in found:
        assert last <= entity.start < entity.end <= len(text)
        mention = text[entity.start : entity.end]
        assert mention == mention.strip()
        assert "\n" not in mention
        assert entity.id is None or entity.id in lexicon.by_id()
        last = entity.end
    assert found == entities_in(text)


def test_tokens_of_the_doc_play_no_part() -> None:
    text = "OpenAI's Abilene site has GB200s (1.2GW)."
    assert find_entities(spacy.blank("en")(text)) == find_entities(spacy.blank("de")(text)) == entities_in(text)


def test_component_writes_spans_and_plain_dicts() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe(KEY)
    doc = nlp("CoreWeave, Inc. leases GPUs from Tallow Ridge Energy.")
    assert [(span.text, span.label_) for span in doc.spans[KEY]] == [
        ("CoreWeave, Inc.", "company"),
        ("Tallow Ridge Energy", "company"),
    ]
    dicts = doc._.get(KEY)
    assert [doc.text[d["start"] : d["end"]] for d in dicts] == ["CoreWeave, Inc.", "Tallow Ridge Energy"]
    assert spacy.tokens.Doc(nlp.vocab).from_bytes(doc.to_bytes())._.get(KEY) == dicts


def test_hostile_text_takes_linear_time() -> None:
    for piece in (
        "A",
        "A ",
        "The ",
        "Project ",
        "Inc. ",
        "Oracle, ",
        "A. ",
        "and A ",
        "'s ",
        "X's ",
        "in Ohio, ",
        "(A) ",
    ):
        assert entities_in(piece * 2000) is not None
