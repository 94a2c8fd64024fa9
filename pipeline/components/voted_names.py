"""Sites that the rules find no evidence for, by the votes of a trained pipeline.

The rules win: the votes are heard only where no rule has found a name. Every mention of a run of capitals votes, as the
trained pipeline labels it in its sentence; where most of them say that it is a site, all are. The component is not one
of the product's own: more sites are found by it, and no more claims are right (models/README.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from pipeline.components.name_runs import Run, key_of, surface
from pipeline.components.name_words import Found, Words, rules
from pipeline.components.sentences import sentences_of
from pipeline.identity import SHIPPED
from pipeline.records import EntityType
from pipeline.trained import load

KEY = "infraclaims_votes"
_HEARD: EntityType = "cluster"
_IN = frozenset({"in"})
"""Things stand at a site and in a town."""

Vote = tuple[int, int, EntityType]
"""First character, the one behind the last, and what a trained pipeline takes the stretch for."""


def voted_names(words: Words, runs: Sequence[Run], taken: Sequence[Found | None], votes: Sequence[Vote]) -> list[Found]:
    """The sites among the runs that are not taken."""
    labels = {(start, end): label for start, end, label in votes}
    free = [run for run in runs if not any(taken[run.first : run.last])]
    plain = frozenset(form for form, upper in zip(words.forms, words.capital, strict=True) if not upper)
    polls: dict[str, Counter[str]] = {}
    for run in free:
        if not run.headline and not run.torn and _nameable(words, run, plain):
            label = labels.get((words.starts[run.first], words.ends[run.last - 1]), "")
            if words.lower(run.first - 1) in rules("sites", "near") | _IN:
                label = ""
            # The capital of one word at the head of a sentence proves nothing, and so does its vote.
            if run.last - run.first > 1 or not run.opening:
                polls.setdefault(key_of(words, run.first, run.last), Counter())[label] += 1
    found: list[Found] = []
    for run in free:
        poll = polls.get(key_of(words, run.first, run.last))
        if poll and 2 * poll[_HEARD] > poll.total():
            found.append(Found(run.first, run.last, _HEARD, None, surface(words, run.first, run.last), rank=1))
    return found


def _nameable(words: Words, run: Run, plain: frozenset[str]) -> bool:
    """Whether the run can be a name: no abbreviation, no chip, and not a word that the text writes small as well."""
    forms, lowers = words.forms[run.first : run.last], words.lowers[run.first : run.last]
    if len(forms) == 1:
        product = lowers[0].removesuffix("s") in rules("words", "products")
        return not (forms[0].isupper() or lowers[0] in plain or product or lowers[0] in rules("companies", "generic"))
    return any(word not in rules("words", "stop") and word not in rules("companies", "generic") for word in lowers)


def votes_of(doc: Doc) -> list[Vote]:
    """The votes that the component left on a Doc; none without it."""
    found: list[dict[str, Any]] = doc._.get(KEY) if Doc.has_extension(KEY) else []
    return [(vote["start"], vote["end"], vote["type"]) for vote in found]


def make_votes(nlp: Language, name: str, model: str) -> Voter:  # noqa: ARG001  # spaCy names the arguments
    """The factory: names by the trained pipeline `model`."""
    return Voter(model)


class Voter:
    """Sets `doc._.infraclaims_votes` to one plain dict for each name that a trained pipeline sees."""

    def __init__(self, model: str) -> None:
        load(model)  # a model that cannot be had shows when the pipeline is built
        self._model = model
        if not Doc.has_extension(KEY):
            Doc.set_extension(KEY, default=[])

    def __call__(self, doc: Doc) -> Doc:
        """Read every sentence and set."""
        spans = [span for span in sentences_of(doc) if span.text.strip()]
        words = [[(token.text, bool(token.whitespace_)) for token in span] for span in spans]
        found: list[dict[str, Any]] = []
        for span, names in zip(spans, load(self._model).names(words), strict=True):
            for first, last, label in names:
                start, end = span[first].idx, span[last - 1].idx + len(span[last - 1])
                found.append({"start": start, "end": end, "type": label})
        doc._.set(KEY, found)
        return doc


Language.factory(  # pyright: ignore[reportUnknownMemberType]
    KEY,
    default_config={"model": SHIPPED},
    requires=["token.is_sent_start"],
    assigns=[f"doc._.{KEY}"],
    func=make_votes,
)
