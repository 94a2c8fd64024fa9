"""The spaCy pipeline: our tokenizer, and the components in order.

`add_components` puts the same components into a user's own pipeline. They are registered as spaCy factories
(entry points of the distribution), so `nlp.add_pipe("infraclaims_quantities")` works wherever the package is installed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from pipeline import tokenizer
from pipeline.components import cues, dates, entities, parsed, quantities, sentences
from pipeline.identity import SHIPPED
from pipeline.settings import Settings

COMPONENTS = (
    "infraclaims_sentences",
    "infraclaims_entities",
    "infraclaims_quantities",
    "infraclaims_dates",
    "infraclaims_cues",
    "infraclaims_parse",
)
"""Factory names in order; each needs those before it."""
TRAINED = ("infraclaims_parse",)
"""Those that ask a trained pipeline."""
_MODULES: Mapping[str, object] = dict(
    zip(COMPONENTS, (sentences, entities, quantities, dates, cues, parsed), strict=True)
)


def build_nlp(settings: Settings) -> Language:
    """Blank English with our tokenizer and the components, the trained ones with the pipeline that `settings` name."""
    return add_components(tokenizer.english(), settings.model)


def add_components(nlp: Language, model: str | None = SHIPPED) -> Language:
    """Add the components to the end of `nlp` and return it; those that it has already stay where they are.

    `model` is the trained pipeline that some of them ask: ours, or another installed one by its name or folder. With
    null they are left out, and the rules do without.
    """
    for name in _MODULES:
        if name not in nlp.pipe_names and (model is not None or name not in TRAINED):
            nlp.add_pipe(name, config={"model": model} if name in TRAINED else {})
    analysis: Any = nlp.analyze_pipes()
    wrong = [f"{name}: {', '.join(needs)}" for name, needs in analysis["problems"].items() if needs]
    if wrong:
        raise ValueError(f"pipeline components in the wrong order: {'; '.join(wrong)}")
    return nlp


def make_doc(nlp: Language, text: str, published: dt.date | None) -> Doc:
    """A tokenized Doc that knows its publication date, ready for `nlp(doc)`."""
    if not Doc.has_extension("published"):
        Doc.set_extension("published", default=None)
    doc: Any = nlp.make_doc(text)
    doc._.published = published.isoformat() if published else None
    return doc
