"""Trained pipelines: ours, and others whose labels are read by the tables of trained.toml."""

import datetime as dt
import re
from itertools import pairwise
from pathlib import Path

import pytest
import spacy
from spacy.tokens import Doc
from spacy.training import Example

from pipeline import trained
from pipeline.claims.facets import Verdict
from pipeline.claims.syntax import by_tense, elsewhere
from pipeline.components.known_names import known_names
from pipeline.components.name_runs import occupied, runs_of_capitals
from pipeline.components.name_words import read_words
from pipeline.components.parsed import KEY, find_parses, trees_of
from pipeline.components.sentences import sentences_of
from pipeline.components.voted_names import voted_names
from pipeline.extractor import Pipeline, build, clean, extract_page, read_article
from pipeline.identity import SHIPPED, ModelError, identify, model_of
from pipeline.nlp import TRAINED, build_nlp, make_doc
from pipeline.reading import Anchor
from pipeline.records import Page
from pipeline.settings import Settings
from pipeline.sources.files import read_paths
from pipeline.tokenizer import customize

# Text, heads, relations of another scheme, names: what a small pipeline is taught until it knows it by heart.
LESSONS = [
    (
        "Brightforge leased turbines to OpenCoil .",
        [1, 1, 1, 1, 3, 1],
        ["nsubj", "ROOT", "dobj", "prep", "pobj", "punct"],
        [(0, 11, "ORG"), (31, 39, "ORG")],
    ),
    (
        "Two halls were built at Redfern .",
        [1, 3, 3, 3, 3, 4, 3],
        ["nummod", "nsubjpass", "auxpass", "ROOT", "prep", "pobj", "punct"],
        [(24, 31, "FAC")],
    ),
]


def words_of(text):
    return [(word, True) for word in text.split()]


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """The folder of a small pipeline with labels unlike ours."""
    nlp = customize(spacy.blank("en"))
    nlp.add_pipe("parser", config={"min_action_freq": 1})
    nlp.add_pipe("ner")
    examples = []
    for text, heads, deps, names in LESSONS:
        doc = nlp.make_doc(text)
        gold = Doc(
            nlp.vocab, words=[t.text for t in doc], spaces=[bool(t.whitespace_) for t in doc], heads=heads, deps=deps
        )
        gold.ents = [gold.char_span(start, end, label=label) for start, end, label in names]
        examples.append(Example(doc, gold))
    sgd = nlp.initialize(lambda: examples)
    for _ in range(40):
        nlp.update(examples, sgd=sgd)
    nlp.meta |= {"name": "other", "version": "2.1"}
    path = tmp_path_factory.mktemp("model") / "en_other"
    nlp.to_disk(path)
    return str(path)


def test_relations_of_another_scheme_are_read_as_ours(other):
    parses = trained.load(other).parse([words_of(text) for text, *_ in LESSONS])
    assert parses[0].relations == ("nsubj", "ROOT", "obj", "prep", "pobj", "punct")
    assert parses[1].relations[:3] == ("nummod", "nsubj:pass", "aux:pass")
    assert [parse.heads for parse in parses] == [tuple(heads) for _, heads, *_ in LESSONS]


def test_names_of_another_scheme_are_read_as_ours(other):
    found = trained.load(other).names([words_of(text) for text, *_ in LESSONS])
    assert found == [[(0, 1, "company"), (4, 5, "company")], [(5, 6, "cluster")]]


def test_another_pipeline_takes_the_place_of_ours(other):
    settings = Settings(model=other)
    identity = identify(settings)
    assert identity.model == "en_other-2.1"
    assert len({identify(Settings(model=name)).fingerprint for name in (other, SHIPPED, None)}) == 3
    nlp = build_nlp(settings)
    doc = nlp("Brightforge leased 40 MW of turbines to OpenCoil.")
    assert len(doc._.get(KEY)) == 1
    assert extract_page(Page(source="x", content="Brightforge leased 40 MW to OpenCoil."), build(settings)).article


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: "en_nosuch_model", "model 'en_nosuch_model': .*E050"),
        (
            lambda path: (spacy.blank("en").to_disk(path / "empty"), str(path / "empty"))[1],
            "has no parser and no names",
        ),
    ],
)
def test_a_model_that_cannot_be_used_is_named(tmp_path, make, message):
    with pytest.raises(ModelError, match=message):
        trained.load(make(tmp_path))


@pytest.mark.parametrize("name", ["en_nosuch_model", "no module", "json", "os.path"])
def test_the_identity_of_a_model_that_is_not_there_is_refused(name):
    with pytest.raises(ModelError, match=f"model '{name}' is no spaCy pipeline"):
        identify(Settings(model=name))


def test_an_installed_model_is_identified_by_its_meta_data(tmp_path, monkeypatch):
    package = tmp_path / "en_installed"
    package.mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    (package / "__init__.py").touch()
    (package / "meta.json").write_text('{"lang": "en", "name": "installed", "version": "3.1"}')
    found = identify(Settings(model="en_installed"))
    assert found.model == "en_installed-3.1"
    (package / "meta.json").write_text('{"lang": "en", "name": "installed", "version": "3.1", "notes": "retrained"}')
    model_of.cache_clear()
    assert identify(Settings(model="en_installed")).fingerprint != found.fingerprint


def test_without_a_model_the_rules_do_without():
    nlp = build_nlp(Settings(model=None))
    assert not set(TRAINED) & set(nlp.pipe_names)
    assert identify(Settings(model=None)).model == "rules"
    assert trees_of(nlp("The campus runs 200 MW.")) == {}


SAMPLE = Path(__file__).parent.parent / "corpus" / "samples" / "wire-larkspur-juniper-basin.html"
ARTICLE = """Voltara to run 200 MW

Voltara said the Redfern campus in Ohio is a data center for AI. The mayor was pleased.
Kelbrook, whose Ashby campus has 900 MW, sold Voltara the land. Nobody spoke of chips.
The connection of the campus is 120 MW. It rained."""


@pytest.fixture(scope="module")
def shipped():
    return build()


def test_only_sentences_with_a_number_are_parsed(shipped):
    doc = shipped.nlp(make_doc(shipped.nlp, ARTICLE, dt.date(2026, 3, 5)))
    parsed = [doc[found["start"]].text for found in doc._.get(KEY)]
    assert parsed == ["Voltara", "Kelbrook", "The"]
    again = Doc(shipped.nlp.vocab).from_bytes(doc.to_bytes())
    assert trees_of(again) == trees_of(doc)
    assert all(len(tree.heads) == len(span) for span in sentences_of(doc) if (tree := trees_of(doc).get(span.start)))


def test_the_gate_changes_no_claim(shipped):
    nlp = build_nlp(Settings())
    nlp.replace_pipe(KEY, KEY, config={"model": SHIPPED, "every_sentence": True})
    ungated = Pipeline(shipped.settings, nlp, shipped.finder, shipped.extractor)
    (page,) = read_paths([str(SAMPLE)], Settings())
    claims = extract_page(page, ungated).claims
    assert len(claims) >= 5
    assert claims == extract_page(page, shipped).claims
    doc = nlp(make_doc(nlp, ARTICLE, None))
    assert len(doc._.get(KEY)) == len(sentences_of(doc))
    article = clean(Page(source="x", content=ARTICLE), shipped.settings)
    read = read_article(nlp(make_doc(nlp, article.text, None)), article)[0]
    seen = [sentence.tree is not None for sentence in read.sentences]
    assert seen == [bool(sentence.quantities) for sentence in read.sentences]
    assert sorted(set(seen)) == [False, True]


def test_a_sentence_has_one_parse_whatever_stands_beside_it(shipped):
    doc = shipped.nlp(make_doc(shipped.nlp, ARTICLE, None))
    together = find_parses(doc, SHIPPED, every_sentence=True)
    for found, following in pairwise([*together, {"start": len(doc)}]):
        words = [(token.text, bool(token.whitespace_)) for token in doc[found["start"] : following["start"]]]
        (alone,) = trained.load(SHIPPED).parse([words])
        assert (tuple(found["heads"]), tuple(found["relations"])) == (alone.heads, alone.relations)


def test_too_long_a_sentence_is_left_to_the_rules(shipped):
    doc = shipped.nlp(make_doc(shipped.nlp, "The site has 40 MW, " + "and more, " * 120 + "they say.", None))
    assert doc._.get(KEY) == []


# Sentence, number, what its finite verb says of it (null: nothing).
TENSES = [
    ("The present connection of the campus is 25 MW.", "25 MW", None),
    ("Power at full tilt could be 17 MW.", "17 MW", "possible"),
    ("Halls of 45 MW shall be taken into use there.", "45 MW", "planned"),
    ("Some 31,000 GPUs might follow in time.", "31,000", "possible"),
    ("The price would be $40 billion.", "$40 billion", "planned"),
    ("The council asked whether it would be 40 MW.", "40 MW", None),
    ("The load will not be 40 MW.", "40 MW", None),
]


@pytest.mark.parametrize(("text", "number", "told"), TENSES, ids=[text for text, *_ in TENSES])
def test_tense(shipped, text, number, told):
    reading = reading_of(shipped, text)
    sentence = reading.sentences[0]
    (mention,) = sentence.quantities
    assert number in text[mention.start : mention.end]
    other = "planned" if told != "planned" else "realized"
    default = Verdict(other, "asserted", (), 0.5, by_default=True)
    found = by_tense(reading, sentence, mention, default)
    assert found.realization == (told or other)
    assert (found is default) is (told is None)
    if told:
        cue = found.cues[0]
        assert (cue.rule, text[cue.start : cue.end]) == (f"tense.{told}", cue.text)
    decided = Verdict(other, "asserted", (), 0.9)
    assert by_tense(reading, sentence, mention, decided) is decided


def reading_of(built, text):
    page = Page(source="x", content=text, media_type="text")
    article = clean(page, built.settings)
    return read_article(built.nlp(make_doc(built.nlp, article.text, None)), article)[0]


# Sentence, number, names in its clause or above, names in a clause beside it.
CLAUSES = [
    ("OpenCoil, which bought Kelbrook last year, runs 40 MW.", ["OpenCoil"], ["Kelbrook"]),
    ("Brightforge said that Voltara will run 40 MW.", ["Brightforge", "Voltara"], []),
    ("Brightforge will run 40 MW and Voltara sold its land.", ["Brightforge"], ["Voltara"]),
]


@pytest.mark.parametrize(("text", "near", "beside"), CLAUSES, ids=[text for text, *_ in CLAUSES])
def test_names_in_a_clause_beside_the_number_lose(shipped, text, near, beside):
    reading = reading_of(shipped, text)
    sentence = reading.sentences[0]
    (mention,) = sentence.quantities

    def lost(name):
        start = text.index(name)
        return elsewhere(reading, sentence, mention, Anchor(start, start + len(name)))

    assert [lost(name) for name in near] == [0.0] * len(near)
    assert all(lost(name) > 0 for name in beside)


def test_votes_name_sites_only_where_no_rule_has_a_name():
    text = "The hall at Qorvane was full. Nvidia sells chips to Qorvane, and Qorvane pays. A town waits for Zarvane."
    words = read_words(text)
    taken = occupied(words, known_names(words))
    runs = runs_of_capitals(words, taken)
    stretches = [(text.index(name), name) for name in ("Qorvane", "Nvidia", "Zarvane")]
    votes = [(start, start + len(name), "cluster") for start, name in stretches]
    assert {item.name for item in voted_names(words, runs, taken, votes)} == {"Zarvane"}  # Qorvane: one vote of three
    votes += [(match.start(), match.end(), "cluster") for match in re.finditer("Qorvane", text)][1:]
    assert {item.name for item in voted_names(words, runs, taken, votes)} >= {"Qorvane"}
    assert all(item.type == "cluster" and item.name != "Nvidia" for item in voted_names(words, runs, taken, votes))


def test_votes_can_be_added_to_the_pipeline(other):
    nlp = build_nlp(Settings(model=None))
    nlp.add_pipe("infraclaims_votes", before="infraclaims_entities", config={"model": other})
    doc = nlp("Two halls were built at Redfern .")
    assert [(vote["type"], doc.text[vote["start"] : vote["end"]]) for vote in doc._.infraclaims_votes] == [
        ("cluster", "Redfern")
    ]
    assert [(e["type"], e["name"]) for e in doc._.infraclaims_entities] == [("cluster", "Redfern")]
