"""What the parse of a sentence adds to the rules: which names its clause is about, and the modal over a bare number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from pipeline.claims.facets import Verdict, cue_at
from pipeline.reading import Placed, Reading, Sentence
from pipeline.records import Realization
from pipeline.syntax import SUBJECTS, Tree
from pipeline.trained import rules

T = TypeVar("T", bound=Placed)
_ELSEWHERE = 1.5
"""Points that a name loses whose clause does not govern that of the number."""
_SURE = 0.75
"""How sure the reading of a tense is."""
_FINITE = ("MD", "VBD", "VBZ", "VBP")
_RELATIVE = ("which", "who", "that")
_OBJECTS = ("obj", "iobj", "obl", "obl:agent", "nmod")
_HELPERS = ("aux", "aux:pass", "cop")


def elsewhere(reading: Reading, sentence: Sentence, anchor: Placed, thing: Placed) -> float:
    """Points that a name loses as subject of what stands at `anchor`, for standing in a clause that is beside it."""
    tree = sentence.tree
    if tree is None or sentence.row:
        return 0.0
    clause = tree.predicate(tree.top(thing.start, thing.end))
    named = reading.text[tree.starts[clause] : tree.ends[clause]] in rules().naming
    return 0.0 if named or clause in tree.governors(tree.token_at(anchor.start)) else _ELSEWHERE


def doer(sentence: Sentence, text: str, anchor: Placed, names: Sequence[T]) -> T | None:
    """The name that is the subject of the words at `anchor`, or of the clause that these hang on.

    "Tarn, whose hall is let to Garrow, closed a loan led by Fenn": Tarn for "led by".
    """
    tree = sentence.tree
    if tree is None:
        return None
    tops = {tree.top(name.start, name.end): name for name in reversed(names)}
    inner = None
    for clause in tree.governors(tree.top(anchor.start, anchor.end)):
        told = inner is not None and tree.relations[inner] == "xcomp"  # "picked Fenn to lead a loan"
        subjects = (told and tree.children(clause, ("obj",))) or tree.children(clause, SUBJECTS)
        inner = clause
        heads = [
            tree.heads[clause] if text[tree.starts[s] : tree.ends[s]].lower() in _RELATIVE else s for s in subjects
        ]
        if subjects:
            return next((tops[head] for head in heads if head in tops), None)
    return None


def is_object(sentence: Sentence, thing: Placed) -> bool:
    """Whether a name is the object of a verb or hangs on a preposition."""
    tree = sentence.tree
    return tree is not None and tree.relations[tree.top(thing.start, thing.end)] in _OBJECTS


def is_past(sentence: Sentence, offset: int) -> bool:
    """Whether the word at `offset` is a finite verb of the past, which no modal of another clause turns to a plan."""
    tree = sentence.tree
    if tree is None:
        return False
    verb = tree.token_at(offset)
    bare = tree.tags[verb] == "VBN" and tree.children(verb, ("nsubj",)) and not tree.children(verb, _HELPERS)
    return tree.tags[verb] == "VBD" or bool(bare)


def by_tense(reading: Reading, sentence: Sentence, anchor: Placed, verdict: Verdict) -> Verdict:
    """The verdict, unless it is a mere default and the finite verb over `anchor` tells more."""
    tree = sentence.tree
    if tree is None or not verdict.by_default or sentence.title or sentence.row:
        return verdict
    told = _told(reading.text, tree, tree.top(anchor.start, anchor.end))
    if told is None or told.value == verdict.realization:
        return verdict
    start, end = tree.starts[told.token], tree.ends[told.token]
    cue = cue_at(reading.text, start, end, told.value, f"tense.{told.value}")
    return verdict.overruled(cue, told.value, _SURE)


@dataclass(frozen=True)
class _Told:
    value: Realization
    token: int
    """The finite verb."""


def _told(text: str, tree: Tree, token: int) -> _Told | None:
    """What the first finite verb above a token says, if it is a modal.

    Other tenses tell no fact: where no cue decides, a number stays a plan.
    """
    words = rules().tense

    def word(index: int) -> str:
        return text[tree.starts[index] : tree.ends[index]].lower()

    clause = tree.predicate(token)
    while True:
        if any(word(mark) in words.doubts for mark in tree.children(clause, ("mark",))):
            return None
        helpers = tree.children(clause, _HELPERS)
        finite = next((helper for helper in helpers if tree.tags[helper] in _FINITE), None)
        if finite is not None or tree.tags[clause] in _FINITE:
            break
        if tree.heads[clause] == clause or tree.relations[clause] not in ("acl", "advcl", "conj"):
            return None
        clause = tree.predicate(tree.heads[clause])
    if finite is None or tree.tags[finite] != "MD":
        return None
    denied = any(word(i) in words.negations and tree.predicate(i) == clause for i in range(len(tree.heads)))
    if word(finite) in words.possible:
        return _Told("possible", finite)
    return _Told("planned", finite) if word(finite) in words.planned and not denied else None
