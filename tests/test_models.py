"""The training workflow on a treebank of a few sentences that the test writes itself."""

import gzip
import json
import os
import random
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import spacy
from spacy.scorer import Scorer
from spacy.tokens import Doc
from spacy.training import Example

from models import corpus, names, train
from models.augment import Augmenter
from models.conllu import TreebankError, read
from models.evaluate import words_alone
from models.ops import NumpyBlasOps, numpy_blas
from models.projection import project
from models.renaming import Renamer
from pipeline.embedding import embed, learn_words
from pipeline.identity import SHIPPED, model_folder
from pipeline.tokenizer import customize

# id, text, rows of: form, lemma, UPOS, XPOS, head, relation; a row "3-4 form" is a multiword token.
SENTENCES = {
    "split": (
        "Brack added 5GW.",
        "1 Brack Brack PROPN NNP 2 nsubj|2 added add VERB VBD 0 root|3 5GW 5GW NOUN NN 2 obj|4 . . PUNCT . 2 punct",
    ),
    "merge": (
        "It runs AT&T lines.",
        "1 It it PRON PRP 2 nsubj|2 runs run VERB VBZ 0 root|3 AT AT PROPN NNP 5 compound|4 & & CCONJ CC 3 cc"
        "|5 T T PROPN NNP 6 compound|6 lines line NOUN NNS 2 obj|7 . . PUNCT . 2 punct",
    ),
    "multiword": (
        "They don't plan it.",
        "1 They they PRON PRP 4 nsubj|2-3 don't _ _ _ _ _|2 do do AUX VBP 4 aux|3 n't not PART RB 4 advmod"
        "|4 plan plan VERB VB 0 root|5 it it PRON PRP 4 obj|6 . . PUNCT . 4 punct",
    ),
    "crossing": (
        "Buy 2GW- now",
        "1 Buy buy VERB VB 0 root|2 2G 2g NOUN NN 3 nummod|3 W- w NOUN NN 1 obj|4 now now ADV RB 1 advmod",
    ),
    "space": ("Go  on", "1 Go go VERB VB 0 root|2 on on ADP RP 1 compound:prt"),
}
# What the tokens must hang on, as (token, relation, head), after projection.
PROJECTED = {
    "split": "Brack nsubj added|added root added|5 nummod GW|GW obj added|. punct added",
    "merge": "It nsubj runs|runs root runs|AT&T compound lines|lines obj runs|. punct runs",
    "multiword": "They nsubj plan|do aux plan|n't advmod plan|plan root plan|it obj plan|. punct plan",
    "space": "Go root Go|  dep Go|on compound:prt Go",
}


def conllu(names, doc="d1"):
    blocks = []
    for number, name in enumerate(names):
        text, rows = SENTENCES[name]
        head = f"# newdoc id = {doc}\n# newpar\n" if number % 3 == 0 else ""
        head += f"# sent_id = {name}\n# text = {text}\n"
        place, lines = 0, []
        for row in rows.split("|"):
            index, form, lemma, upos, xpos, above, dep = row.split(" ")
            end = text.find(form, place) + len(form)
            glued = "SpaceAfter=No" if text[end : end + 1] not in ("", " ") else "_"
            place = end if "-" not in index else place
            lines.append("\t".join([index, form, lemma, upos, xpos, "_", above, dep, "_", glued]))
        blocks.append(head + "\n".join(lines) + "\n\n")
    return "".join(blocks)


LEADERS = ("Hale", "Brack", "Voss", "Dunmore", "Sorrel", "Ivers", "Quill", "Tamsin")


def mentions(leaders):
    """A sentence of GUM with persons in the names of their crews; both come down to the name of the person."""
    rows = []
    for leader in leaders:
        rows += [
            (leader, "PROPN", "(2-organization-new-nnnnn-cf1-1,3-coref(1-person-new-nnnnn-cf2-1-coref"),
            ("'s", "PART", "1)"),
            ("crew", "NOUN", "2)"),
        ]
    text = " ".join(form for form, *_ in rows)
    lines = [
        f"{number}\t{form}\t{form}\t{tag}\tX\t_\t{number - 1}\tdep\t_\tEntity={entity}"
        for number, (form, tag, entity) in enumerate(rows, 1)
    ]
    return f"# sent_id = {leaders[0]}\n# text = {text}\n" + "\n".join(lines) + "\n\n"


@pytest.fixture(scope="module")
def nlp():
    return customize(spacy.blank("en"))


def projected(nlp, path, crossing=frozenset()):
    (sentence,) = read(path)
    spans = [(token.idx, token.idx + len(token)) for token in nlp.tokenizer(sentence.text)]
    return project(sentence, spans, crossing)


@pytest.mark.parametrize("name", PROJECTED)
def test_gold_is_projected_onto_our_tokens(nlp, tmp_path, name):
    path = tmp_path / "one.conllu"
    path.write_text(conllu([name]), encoding="utf-8")
    nodes = projected(nlp, path)
    assert (
        "|".join(f"{node.text} {node.dep} {nodes[node.head].text}" for node in nodes).replace("   dep", "  dep")
        == (PROJECTED[name])
    )


def test_crossing_borders_are_an_error_that_names_file_sentence_and_token(nlp, tmp_path):
    path = tmp_path / "bad.conllu"
    path.write_text(conllu(["crossing"]), encoding="utf-8")
    with pytest.raises(TreebankError, match=r"bad\.conllu: crossing: token 2: '2GW-'"):
        projected(nlp, path)
    nodes = projected(nlp, path, frozenset({"crossing"}))
    assert [(node.text, node.dep, node.head) for node in nodes[1:4]] == [
        ("2", "nummod", 2),
        ("GW", "obj", 0),
        ("-", "punct", 2),
    ]


BROKEN = {
    "text": (("Brack added", "Brock added"), r"x\.conllu: split: token 1 'Brack' does not continue the text at 0"),
    "columns": (("\tpunct\t_\t_", "\tpunct"), r"x\.conllu: split: a row of 8 columns: 4"),
    "roots": (("\t2\tnsubj", "\t0\tnsubj"), r"x\.conllu: split: 2 roots"),
    "circle": (("\t2\tobj", "\t4\tobj"), r"x\.conllu: split: token \d: .* hangs in a circle"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_treebank_is_an_error_that_says_where(nlp, tmp_path, name):
    (old, new), message = BROKEN[name]
    content = conllu(["split"]).replace(old, new)
    content = content.replace(".\t_\t2\tpunct", ".\t_\t3\tpunct") if name == "circle" else content
    path = tmp_path / "x.conllu"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(TreebankError, match=message):
        projected(nlp, path)


def test_our_own_sentences_are_trees_over_our_tokens(nlp):
    found = corpus.frames()
    assert len(found) > 15
    for tree in found:
        assert [token.text for token in nlp.tokenizer(tree.source.text)] == [node.text for node in tree.nodes]


def test_variations_keep_the_tree_and_repeat_with_the_seed(nlp):
    found = corpus.frames()

    def vary(seed):
        augmenter = Augmenter(nlp.tokenizer, random.Random(seed))
        return [augmenter(tree.nodes, domain=True) for tree in found]

    first = vary(1)
    assert first == vary(1)
    assert first != vary(2)
    for tree, varied in zip(found, first, strict=True):
        assert [(node.head, node.dep) for node in varied] == [
            (node.head, node.dep) for node in tree.nodes[: len(varied)]
        ]
    texts = {node.text for varied in first for node in varied}
    assert len(texts - {node.text for tree in found for node in tree.nodes}) > len(found)


def test_numpy_blas_is_kept_by_models_made_inside(nlp):
    with numpy_blas():
        inside = spacy.blank("en").add_pipe("tok2vec").model
    outside = spacy.blank("en").add_pipe("tok2vec").model
    assert isinstance(inside.ops, NumpyBlasOps)
    assert not isinstance(outside.ops, NumpyBlasOps)
    x = np.arange(6, dtype="f").reshape(2, 3)
    assert np.allclose(inside.ops.gemm(x, x, trans2=True), outside.ops.gemm(x, x, trans2=True))


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    """A treebank folder with checksums, and the inputs that name its files."""
    folder = tmp_path_factory.mktemp("treebank")
    (folder / "conllu").mkdir()
    names = ["split", "merge", "multiword"] * 4
    for part in ("train", "dev", "test"):
        (folder / "conllu" / f"{part}.conllu").write_text(conllu(names, doc=part), encoding="utf-8")
    with gzip.open(folder / "conllu" / "gum.conllu.gz", "wt") as file:
        file.writelines(mentions(LEADERS[turn:] + LEADERS[:turn]) for turn in range(len(LEADERS)))
    sums = [f"{train.sha256(path)}  conllu/{path.name}" for path in sorted((folder / "conllu").iterdir())]
    (folder / "SHA256SUMS").write_text("\n".join(sums) + "\n")
    treebank = {part: [f"conllu/{part}.conllu"] for part in ("train", "dev", "test")}
    return folder, {
        "parser": treebank,
        "names": {"train": ["names", "conllu/gum.conllu.gz"], "dev": ["names"], "test": []},
    }


RUN = """
import json, sys
from pathlib import Path
from models import train
train.run(train.Plan(Path(sys.argv[1]), Path(sys.argv[2]), steps=3, sample=40), json.loads(sys.argv[3]))
"""


def test_two_runs_give_the_same_bytes(workplace, tmp_path):
    folder, inputs = workplace
    # Two processes with different hash seeds: whatever follows the order of a set differs. One thread, as `make train`.
    for name, seed in (("one", "1"), ("two", "2")):
        subprocess.run(
            [sys.executable, "-c", RUN, folder, tmp_path / name, json.dumps(inputs)],
            check=True,
            cwd=Path(train.__file__).parents[1],
            env={**os.environ, "PYTHONHASHSEED": seed, "OPENBLAS_NUM_THREADS": "1"},
        )
    record, other = (json.loads((tmp_path / name / "record.json").read_text()) for name in ("one", "two"))
    assert record == other
    for name in ("one", "two"):
        assert record["sha256"] == train.digest(tmp_path / name / "en_infraclaims")
    package = tmp_path / "one" / "en_infraclaims"
    assert str(tmp_path) not in (package / "config.cfg").read_text() + (package / "meta.json").read_text()
    nlp = spacy.load(package)
    doc = nlp("They don't plan it. The 2GW plant planned lines.")
    assert [token.text for token in doc[7:9]] == ["2", "GW"]
    assert all(token.tag_ and token.pos_ and token.dep_ and token.lemma_ for token in doc)
    assert nlp.get_pipe("ner").labels == ("FAC", "GPE", "ORG", "PERSON", "PRODUCT")


def test_a_changed_input_is_refused_by_name(workplace, tmp_path):
    folder, inputs = workplace
    plan = train.Plan(folder, tmp_path, steps=1)
    treebank = {"conllu/train.conllu", "conllu/dev.conllu", "conllu/test.conllu", "conllu/gum.conllu.gz"}
    assert set(train.check(plan, inputs)) == {*treebank, "names"}
    with pytest.raises(train.InputError, match=r"nosuch\.conllu"):
        train.check(plan, {**inputs, "parser": {"dev": ["conllu/nosuch.conllu"]}})
    changed = tmp_path / "changed"
    shutil.copytree(folder, changed)
    (changed / "conllu" / "dev.conllu").write_text(conllu(["split"]), encoding="utf-8")
    with pytest.raises(train.InputError, match=r"dev\.conllu: missing, or not the file of SHA256SUMS"):
        train.check(train.Plan(changed, tmp_path, steps=1), inputs)


@pytest.mark.parametrize(("tables", "seen"), [(6, False), (7, True)])
def test_white_space_is_seen_where_there_is_a_table_for_it(nlp, tables, seen):
    apart, together = (Doc(nlp.vocab, words=["12", "-", "MW"], spaces=[space, space, False]) for space in (True, False))
    model = embed(8, 8, 8, [16] * tables)
    learn_words(model, {})
    model.initialize(X=[apart])
    first, second = model.predict([apart, together])
    assert first.shape == (3, 8)
    assert [bool((one != other).any()) for one, other in zip(first, second, strict=True)] == [seen, seen, False]


def test_line_ends_are_neither_right_nor_wrong(nlp):
    gold = Doc(
        nlp.vocab, words=["It", "runs", ".", "\n"], spaces=[True, False, False, False], tags=["PRP", "VBZ", ".", "_SP"],
        heads=[1, 1, 1, 3], deps=["nsubj", "ROOT", "punct", "dep"], sent_starts=[True, False, False, False],
    )  # fmt: skip
    asked = words_alone(gold)
    found = Scorer.score_token_attr([Example(gold, asked)], "tag")
    assert found["tag_acc"] == 1.0
    found = Scorer.score_deps(
        [Example(gold, asked)], "dep", labels=(), ignore_labels=("punct",), getter=lambda token, _: token.dep_
    )
    assert found["dep_las"] == 1.0
    assert gold[3].tag_ == "_SP"


def test_no_test_set_is_trained_on():
    inputs = tomllib.loads((Path(train.__file__).parent / "inputs.toml").read_text(encoding="utf-8"))
    for part in inputs.values():
        assert not set(part["train"]) & {*part["dev"], *part["test"]}
        assert not any("test" in name for name in part["train"] if "pud" not in name)


# A marked sentence, its text and its names.
MARKED = [
    ("[O Voltara]'s [S Redfern] runs.", "Voltara's Redfern runs.", ((0, 7, "ORG"), (10, 17, "FAC"))),
    ("Nothing here.", "Nothing here.", ()),
]


@pytest.mark.parametrize(("line", "text", "spans"), MARKED)
def test_marks_are_read(nlp, line, text, spans):
    item = names.marked("x: 1", line)
    assert (item.text, item.names) == (text, spans)
    assert [(e.start_char, e.end_char, e.label_) for e in names.example(nlp, item).reference.ents] == list(spans)


def test_a_wrong_mark_is_an_error_that_says_where(nlp):
    with pytest.raises(names.MarkError, match=r"x: 7: a bracket that is no mark"):
        names.marked("x: 7", "[Q Voltara] opened.")
    item = names.Marked("x: 8", "Voltara opened.", ((0, 4, "ORG"),))
    with pytest.raises(names.MarkError, match=r"x: 8: 'Volt' does not fall on tokens"):
        names.example(nlp, item)
    assert names.example(nlp, item, widen=True).reference.ents[0].text == "Voltara"


def test_our_own_sentences_can_all_be_marked(nlp):
    found = names.sentences()
    assert len(found) > 500
    labels = {label for item in found for *_, label in item.names}
    assert labels == {"ORG", "PERSON", "GPE", "FAC", "PRODUCT"}
    for item in found:
        names.example(nlp, item)


def test_renaming_keeps_the_labels_and_repeats_with_the_seed():
    found = names.sentences()

    def renamed(seed):
        renamer = Renamer(random.Random(seed))
        return [renamer(item) for item in found]

    first = renamed(1)
    assert first == renamed(1)
    assert first != renamed(2)
    for old, new in zip(found, first, strict=True):
        assert [label for *_, label in new.names] == [label for *_, label in old.names]
        assert all(new.text[start:end].strip() for start, end, _ in new.names)
    assert len({new.text for new in first} - {old.text for old in found}) > 0.5 * len(found)


OPEN_DATA = {
    "a.conll.gz": (
        "Acme B-corporation\nInc I-corporation\nhired O\nAnn B-person\n\nsongs I-creative-work\n",
        ["Acme Inc hired Ann", "songs"],
    ),
    "uner_a.iob2.gz": ("# newdoc id = d\n# text = In Ulm\n1\tIn\tO\t-\t-\n2\tUlm\tB-LOC\t-\tx\n", ["In Ulm"]),
}


@pytest.mark.parametrize("name", OPEN_DATA)
def test_open_data_is_read_with_our_labels(tmp_path, name):
    content, texts = OPEN_DATA[name]
    with gzip.open(tmp_path / name, "wt") as file:
        file.write(content)
    found = list(names.columns(tmp_path / name))
    assert [item.text for item in found] == texts
    assert [[(item.text[s:e], label) for s, e, label in item.names] for item in found] == {
        "a.conll.gz": [[("Acme Inc", "ORG"), ("Ann", "PERSON")], [("songs", "")]],
        "uner_a.iob2.gz": [[("Ulm", "GPE")]],
    }[name]


def test_of_two_mentions_with_the_same_name_the_narrower_gives_the_label(tmp_path):
    with gzip.open(tmp_path / "gum.conllu.gz", "wt") as file:
        file.write(mentions(LEADERS))
    (item,) = names.gum(tmp_path / "gum.conllu.gz")
    assert [(item.text[s:e], label) for s, e, label in item.names] == [(leader, "PERSON") for leader in LEADERS]


def test_an_article_knows_companies_and_sites_and_leaves_other_capitals_open(tmp_path):
    gold = tmp_path / "a.json"
    gold.write_text(json.dumps({"companies": [["Voltara", "the firm"]], "sites": [["Redfern"]]}))
    (item,) = names.articles([("a", "Voltara opened Redfern near Ulm.", gold)])
    assert [(item.text[s:e], label) for s, e, label in item.names] == [
        ("Voltara", "ORG"),
        ("Redfern", "FAC"),
        ("Ulm", ""),
    ]


def test_what_ships_is_what_the_record_of_its_training_tells():
    record = json.loads((Path(train.__file__).parent / "record.json").read_text(encoding="utf-8"))
    package = model_folder(SHIPPED)
    assert train.digest(package) == record["sha256"]
    assert sum(path.stat().st_size for path in package.rglob("*") if path.is_file()) < 20_000_000
    inputs = tomllib.loads((Path(train.__file__).parent / "inputs.toml").read_text(encoding="utf-8"))
    read = {entry for part in inputs.values() for entries in part.values() for entry in entries}
    assert {entry.partition("#")[0] for entry in read} == {entry.partition("#")[0] for entry in record["inputs"]}
