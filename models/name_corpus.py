"""Readers of marked text for training and measuring names."""

# spaCy's compiled modules carry no types:
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownParameterType=false
# pyright: reportUnknownArgumentType=false, reportPrivateImportUsage=false

from __future__ import annotations

import gzip
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from spacy.training import Example

from corpus.annotation import CORPUS, index
from models.corpus import PUD_PARTS
from models.names import Marked, MarkError, articles, cases, columns, example, gum, sentences
from models.renaming import Renamer
from pipeline.clean import clean
from pipeline.records import Page, Rejected
from pipeline.settings import Settings
from pipeline.sources.files import read_paths

OWN = "names"
"""Names our own sentences in a list of inputs; `corpus#train` names the articles of a split of the corpus."""


def load(name: str, folder: Path) -> list[Marked]:
    """The marked texts of one input: our sentences, a split of the corpus, cases of tests, or a file in `folder`."""
    file, _, part = name.partition("#")
    path = folder / file
    if file == OWN:
        return sentences()
    if file == "corpus":
        return list(articles(_split(part)))
    if file.startswith("tests/"):
        return list(cases(CORPUS.parent / file))
    if path.name.endswith(".conllu.gz"):
        return list(gum(path))
    return list(columns(path, _documents(path, part) if part else None))


def _documents(path: Path, part: str) -> frozenset[str]:
    """The documents of a part of UNER PUD: those that are in the same part of the treebank."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        names = [line.partition("=")[2].strip() for line in lines if line.startswith("# newdoc id")]
    order = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return frozenset(name for name, number in order.items() if (number % PUD_PARTS == 0) == (part == "test"))


def _split(split: str) -> Iterator[tuple[str, str, Path]]:
    """Id, cleaned text and annotation of the articles of a split, by id; those without annotation are left out."""
    settings = Settings()
    entries = {name: entry for name, entry in index().items() if entry.get("split") == split}
    pages: dict[str, Page] = {}
    for file in sorted({entry["file"] for entry in entries.values()}):
        for page in read_paths([str(CORPUS / file)], settings):
            if isinstance(page, Page):
                pages[page.id or Path(page.source).stem] = page
    for name in sorted(entries):
        golds = [g for part in ("gold", "annotations/first") for g in sorted((CORPUS / part).rglob(f"{name}.json"))]
        article = clean(pages[name], settings) if name in pages else None
        if golds and article and not isinstance(article, Rejected):
            yield name, article.text, golds[0]


@spacy.registry.readers("infraclaims_names.v1")
def training_reader(
    files: list[str], folder: str, seed: int, copies: int, limit: int = 0
) -> Callable[[Language], Iterator[Example]]:
    """Reader of training examples, a sentence or a paragraph each, in an order of its own in every epoch.

    Text of our own comes in `copies` times an epoch, each time with other names. `limit` keeps the first so many of
    every input (0 keeps all).
    """
    epoch = 0
    cache: list[tuple[bool, Marked]] = []

    def corpus(nlp: Language) -> Iterator[Example]:
        nonlocal epoch
        if not cache:
            for file in files:
                ours = file == OWN or file.startswith("corpus#")
                items = load(file, Path(folder))[: limit or None]
                cache.extend((ours, item) for item in items for _ in range(copies if ours else 1))
        rng = random.Random(f"{seed}:{epoch}")  # noqa: S311  # variation, not secrecy
        epoch += 1
        renamer = Renamer(rng)
        for ours, item in rng.sample(cache, len(cache)):
            yield _varied(nlp, item, renamer) if ours else example(nlp, item, widen=True)

    return corpus


def _varied(nlp: Language, item: Marked, renamer: Renamer) -> Example:
    try:
        return example(nlp, renamer(item))
    except MarkError:  # a new name grew together with what stands beside it: the text stays as it was written
        return example(nlp, item, widen=item.where.partition(":")[0].endswith(".txt") is False)


@spacy.registry.readers("infraclaims_marked.v1")
def evaluation_reader(files: list[str], folder: str, limit: int = 0) -> Callable[[Language], Iterator[Example]]:
    """Reader of the inputs as they are."""

    def corpus(nlp: Language) -> Iterator[Example]:
        for file in files:
            items: list[Any] = load(file, Path(folder))[: limit or None]
            yield from (example(nlp, item, widen=True) for item in items)

    return corpus
