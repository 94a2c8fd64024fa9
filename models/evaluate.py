"""Figures of a packaged pipeline: accuracy on the test sets, speed, size, loading time.

    python -m models.evaluate --treebank DIR --package DIR [--json FILE]

Each test set is read in three ways: whole documents cut into sentences by the parser, by the rules of
`pipeline.components.sentences`, and with the sentences of the treebank. UAS and LAS leave out punctuation, as spaCy's
scorer does; tokens are ours everywhere.
"""

# spaCy's compiled modules carry no types:
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownParameterType=false
# pyright: reportUnknownArgumentType=false, reportPrivateImportUsage=false

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from spacy.scorer import get_ner_prf
from spacy.tokens import Doc
from spacy.training import Example

from models import corpus, name_corpus
from models.names import example as marked_example
from models.ops import numpy_blas
from pipeline.components.sentences import sentences as rule_sentences
from pipeline.tokenizer import customize

HERE = Path(__file__).parent
_NAMES = ("tag_acc", "pos_acc", "lemma_acc", "dep_uas", "dep_las", "sents_f")
_LOAD = (
    "import sys, time; import spacy; from models.ops import numpy_blas; from pipeline.tokenizer import customize\n"
    "start = time.perf_counter()\n"
    "with numpy_blas(): customize(spacy.load(sys.argv[1], exclude=['tokenizer']))\n"
    "print(time.perf_counter() - start)"
)


def load(package: Path) -> Language:
    """The pipeline with the tokenizer of the product, which is not stored in the package."""
    with numpy_blas():
        return customize(spacy.load(package, exclude=["tokenizer"]))


def words_alone(reference: Doc) -> Doc:
    """A copy that asks nothing of the line ends, which are tokens: spaCy's scorer passes them over in what a pipeline
    says and counts them as missed in the gold."""
    asked = reference.copy()
    for token in asked:
        if token.is_space:
            token.tag = token.pos = token.lemma = 0
            token.dep_ = "punct"  # which the attachment scores leave out
    return asked


def score(nlp: Language, gold: list[Doc], prepare: Callable[[Doc, Doc], None]) -> dict[str, float]:
    """Percentages; `prepare(bare, gold)` may set sentence boundaries before the pipeline runs."""
    examples: list[Example] = []
    for reference in gold:
        words, spaces = [token.text for token in reference], [bool(token.whitespace_) for token in reference]
        bare = Doc(nlp.vocab, words=words, spaces=spaces)
        prepare(bare, reference)
        for _, component in nlp.pipeline:
            bare = component(bare)
        examples.append(Example(bare, words_alone(reference)))
    scores: dict[str, Any] = _scores(nlp, examples)
    return {name: round(100 * float(scores[name]), 1) for name in _NAMES}


def _scores(nlp: Language, examples: list[Example]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    components: list[Any] = [component for _, component in nlp.pipeline if hasattr(component, "score")]
    for component in components:
        found |= component.score(examples)
    return found


def _nothing(bare: Doc, reference: Doc) -> None:  # one shape for all three
    """The parser cuts."""


def _rules(bare: Doc, reference: Doc) -> None:  # noqa: ARG001  # one shape for all three
    rule_sentences(bare)


def _gold(bare: Doc, reference: Doc) -> None:
    for token, other in zip(bare, reference, strict=True):
        token.is_sent_start = bool(other.is_sent_start)


def accuracy(nlp: Language, treebank: Path, files: list[str]) -> dict[str, dict[str, dict[str, float]]]:
    """Figures by test set and way of cutting; GUM's news documents are listed on their own as well."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for file in files:
        trees = corpus.trees(treebank / file)
        sets = {file: trees}
        if "gum" in file:
            sets[f"{file} (news)"] = [tree for tree in trees if "_news_" in tree.source.doc]
        for name, chosen in sets.items():
            docs = list(corpus.documents(chosen, nlp.vocab))
            found[name] = {
                "parser": score(nlp, docs, _nothing),
                "rules": score(nlp, docs, _rules),
                "gold": score(nlp, docs, _gold),
            }
    return found


def names(nlp: Language, treebank: Path, inputs: list[str]) -> dict[str, dict[str, tuple[float, float, float]]]:
    """Precision, recall and F1 (percentages) of names by input and label; `all` is over all labels together."""
    found: dict[str, dict[str, tuple[float, float, float]]] = {}
    ner: Any = nlp.get_pipe("ner")
    for entry in inputs:
        examples = [marked_example(nlp, item, widen=True) for item in name_corpus.load(entry, treebank)]
        for example in examples:
            ner(example.predicted)
        scores = get_ner_prf(examples)
        rows = {"all": scores, **scores["ents_per_type"]} if scores["ents_per_type"] else {}
        found[entry] = {
            label: tuple(
                round(100 * row[key], 1) for key in (("ents_p", "ents_r", "ents_f") if label == "all" else "prf")
            )
            for label, row in rows.items()
        }
    return found


def cost(nlp: Language, package: Path, treebank: Path, file: str) -> dict[str, float]:
    """Words per second (all components; tagger and parser alone), megabytes, seconds to load in a new process."""
    texts = [doc.text for doc in corpus.documents(corpus.trees(treebank / file), nlp.vocab)]
    size = sum(path.stat().st_size for path in package.rglob("*") if path.is_file())
    loading = subprocess.run(  # noqa: S603  # our own interpreter and code
        [sys.executable, "-c", _LOAD, str(package)], check=True, capture_output=True, text=True
    )
    with nlp.select_pipes(enable=["tok2vec", "tagger", "parser"]):
        core = _speed(nlp, texts)
    return {
        "words_per_second": _speed(nlp, texts),
        "words_per_second_tagger_parser": core,
        "megabytes": round(size / 1e6, 1),
        "seconds_to_load": round(float(loading.stdout), 2),
    }


def _speed(nlp: Language, texts: list[str]) -> int:
    """Words per second of processor time, the best of three runs: the first one also fills the vocabulary."""
    rates: list[float] = []
    for _ in range(3):
        start = time.process_time()
        words = sum(len(doc) for doc in nlp.pipe(texts))
        rates.append(words / (time.process_time() - start))
    return round(max(rates))


def main() -> None:
    """Command line; prints a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--treebank", type=Path, required=True)
    parser.add_argument("--package", type=Path, required=True)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    inputs = tomllib.loads((HERE / "inputs.toml").read_text(encoding="utf-8"))
    nlp = load(options.package)
    found = accuracy(nlp, options.treebank, inputs["parser"]["test"])
    named = names(nlp, options.treebank, inputs["names"]["test"])
    price = cost(nlp, options.package, options.treebank, inputs["parser"]["test"][0])
    if options.json:
        options.json.write_text(
            json.dumps({"accuracy": found, "names": named, "cost": price}, indent=2) + "\n", encoding="utf-8"
        )
    sys.stdout.write("| test set | sentences by | " + " | ".join(_NAMES) + " |\n" + "|---" * (len(_NAMES) + 2) + "|\n")
    for name, ways in found.items():
        for way, row in ways.items():
            sys.stdout.write(f"| {name} | {way} | " + " | ".join(f"{row[key]:.1f}" for key in _NAMES) + " |\n")
    sys.stdout.write("\n| names in | label | precision | recall | F1 |\n|---|---|---|---|---|\n")
    for name, labels in named.items():
        for label, row in labels.items():
            sys.stdout.write(f"| {name} | {label} | " + " | ".join(f"{value:.1f}" for value in row) + " |\n")
    sys.stdout.write(json.dumps(price) + "\n")


if __name__ == "__main__":
    main()
