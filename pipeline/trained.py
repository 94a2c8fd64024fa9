"""Trained spaCy pipelines, ours or another one that is installed, run on sentences that our tokenizer cut.

Labels are brought to one scheme (`lexicon/trained.toml`), so that the rules read every pipeline alike.
"""

# spaCy's compiled modules carry no types:
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import spacy
from spacy.language import Language
from spacy.tokenizer import Tokenizer
from spacy.tokens import Doc
from spacy.util import registry

from pipeline import embedding, lexicon
from pipeline.identity import ModelError, model_folder
from pipeline.records import Record

EMBEDDING = embedding.embed
"""The architecture that the shipped pipeline names: spaCy knows it once its module is imported."""
_ENCODERS = ("tok2vec", "transformer")
_PARSING = ("tagger", "morphologizer", "parser")
_BATCH = 64
_NO_TOKENIZER = {"nlp.tokenizer": {"@tokenizers": "infraclaims_none.v1"}}

Words = Sequence[tuple[str, bool]]
"""A sentence as tokens, each with whether white space follows."""


class Tense(Record):
    """What finite verbs say (table `tense` of trained.toml)."""

    planned: tuple[str, ...]
    possible: tuple[str, ...]
    doubts: tuple[str, ...]
    negations: tuple[str, ...]


class Rules(Record):
    """The tables of trained.toml."""

    names: dict[str, str]
    relations: dict[str, str]
    naming: tuple[str, ...]
    tense: Tense


@dataclass(frozen=True, slots=True)
class Parse:
    """A parsed sentence: for each token the index of its head in the sentence (a root's own), relation and tag."""

    heads: tuple[int, ...]
    relations: tuple[str, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Trained:
    """A trained pipeline, loaded."""

    nlp: Language

    def parse(self, sentences: Sequence[Words]) -> list[Parse]:
        """The parse of each sentence, taken as one sentence whatever the pipeline thinks."""
        relations = rules().relations
        found: list[Parse] = []
        for doc in self._run(sentences, self._with_encoders(_PARSING)):
            heads = tuple(token.head.i for token in doc)
            deps = tuple(relations.get(token.dep_, token.dep_) for token in doc)
            found.append(Parse(heads, deps, tuple(token.tag_ or token.pos_ for token in doc)))
        return found

    def names(self, sentences: Sequence[Words]) -> list[list[tuple[int, int, str]]]:
        """The names in each sentence as `(first token, token behind the last, type of entity)`."""
        types = rules().names
        return [
            [(span.start, span.end, types[span.label_]) for span in doc.ents if span.label_ in types]
            for doc in self._run(sentences, self._with_encoders(("ner",)))
        ]

    def _run(self, sentences: Sequence[Words], components: Sequence[str]) -> list[Doc]:
        docs = [
            Doc(
                self.nlp.vocab,
                words=[word for word, _ in words],
                spaces=[space for _, space in words],
                sent_starts=[index == 0 for index in range(len(words))],
            )
            for words in sentences
        ]
        for name in components:
            component: Any = self.nlp.get_pipe(name)
            docs = list(component.pipe(docs, batch_size=_BATCH))
        return docs

    def _with_encoders(self, wanted: Sequence[str]) -> list[str]:
        """The wanted components that there are, and the encoders that they listen to, in order."""
        chosen = {name for name in wanted if name in self.nlp.pipe_names}
        for name in self.nlp.pipe_names:
            encoder: Any = self.nlp.get_pipe(name)
            listening = getattr(encoder, "listening_components", None)
            if name in _ENCODERS and (listening is None or chosen.intersection(listening)):
                chosen.add(name)
        return [name for name in self.nlp.pipe_names if name in chosen]


@functools.cache
def rules() -> Rules:
    """How what a trained pipeline says is read."""
    return Rules.model_validate(lexicon.toml("trained"))


@functools.cache
def load(name: str) -> Trained:
    """The shipped pipeline, another installed one by its name, or one in a folder. Raises `ModelError`."""
    try:
        where = model_folder(name)
        nlp = spacy.load(where if where.is_dir() else name, exclude=["tokenizer"], config=_NO_TOKENIZER)
    except (OSError, ValueError) as error:
        raise ModelError(f"model {name!r}: {error}") from error
    if not {"parser", "ner"} & set(nlp.pipe_names):
        raise ModelError(f"model {name!r} has no parser and no names, only {', '.join(nlp.pipe_names) or 'nothing'}")
    return Trained(nlp)


@registry.tokenizers("infraclaims_none.v1")
def no_tokenizer() -> Callable[[Language], Any]:
    """A tokenizer without rules: making the one that nobody asks takes a tenth of a second."""

    def made(nlp: Language) -> Any:
        return Tokenizer(nlp.vocab)

    return made
