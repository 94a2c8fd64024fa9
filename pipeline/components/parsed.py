"""The parse of the sentences that a number stands in: only those are read by it, so only those are worth the time.

Every sentence is parsed by itself, so a sentence has one parse whatever others are parsed beside it.
"""

from __future__ import annotations

from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, Span

from pipeline.components.quantities import NAME as QUANTITIES
from pipeline.components.sentences import sentences_of
from pipeline.identity import SHIPPED
from pipeline.syntax import Tree
from pipeline.trained import load

KEY = "infraclaims_parse"
_LONGEST = 200
"""Tokens of the longest sentence that is parsed; what is longer is a list or a table."""


def find_parses(doc: Doc, model: str, *, every_sentence: bool = False) -> list[dict[str, Any]]:
    """For each parsed sentence its first token in the Doc, and heads (in the sentence), relations and tags of all."""
    chosen = [
        span
        for span in sentences_of(doc)
        if len(span) <= _LONGEST and (every_sentence or _holds_number(doc, span)) and span.text.strip()
    ]
    words = [[(token.text, bool(token.whitespace_)) for token in span] for span in chosen]
    return [
        {
            "start": span.start,
            "heads": list(parse.heads),
            "relations": list(parse.relations),
            "tags": list(parse.tags),
        }
        for span, parse in zip(chosen, load(model).parse(words), strict=True)
    ]


def _holds_number(doc: Doc, span: Span) -> bool:
    return any(span.start_char <= found["start"] < span.end_char for found in doc._.get(QUANTITIES))


def make_parse(nlp: Language, name: str, model: str, every_sentence: bool) -> Parser:  # noqa: ARG001  # spaCy's shape
    """A component that parses with the trained pipeline `model`."""
    return Parser(model, every_sentence=every_sentence)


Language.factory(  # pyright: ignore[reportUnknownMemberType]
    KEY,
    default_config={"model": SHIPPED, "every_sentence": False},
    requires=[f"doc._.{QUANTITIES}", "token.is_sent_start"],
    assigns=[f"doc._.{KEY}"],
    func=make_parse,
)


class Parser:
    """Sets `doc._.infraclaims_parse` to the plain dicts of `find_parses`."""

    def __init__(self, model: str, *, every_sentence: bool) -> None:
        load(model)  # a model that cannot be had shows when the pipeline is built
        self._model, self._every_sentence = model, every_sentence
        if not Doc.has_extension(KEY):
            Doc.set_extension(KEY, default=[])

    def __call__(self, doc: Doc) -> Doc:
        """Parse and set."""
        doc._.set(KEY, find_parses(doc, self._model, every_sentence=self._every_sentence))
        return doc


def trees_of(doc: Doc) -> dict[int, Tree]:
    """The parses of an annotated Doc by the first token of their sentence; none without the component."""
    found: list[dict[str, Any]] = doc._.get(KEY) if Doc.has_extension(KEY) else []
    trees: dict[int, Tree] = {}
    for parse in found:
        tokens = doc[parse["start"] : parse["start"] + len(parse["heads"])]
        starts = tuple(token.idx for token in tokens)
        ends = tuple(token.idx + len(token) for token in tokens)
        columns = (tuple(parse[name]) for name in ("heads", "relations", "tags"))
        trees[parse["start"]] = Tree(starts, ends, *columns)
    return trees
