"""What the parse of a sentence adds to the rules: which names its clause is about, and the tense over a bare number."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.claims.facets import Verdict
from pipeline.reading import Placed, Reading, Sentence
from pipeline.records import Cue, QuantityMention, Realization
from pipeline.syntax import SUBJECTS, Tree
from pipeline.trained import rules

_ELSEWHERE = 1.5
"""Points that a name loses whose clause does not govern that of the number."""
_SURE = 0.75
"""How sure the reading of a tense is."""
_CORE = ("self", "nsubj", "nsubj:pass", "obj")
"""Relations of a number's phrase to the verb that tells its state."""
_FINITE = ("MD", "VBD", "VBZ", "VBP")
_HELPERS = ("aux", "aux:pass", "cop")


def elsewhere(reading: Reading, sentence: Sentence, anchor: Placed, thing: Placed) -> float:
    """Points that a name loses as subject of what stands at `anchor`, for standing in a clause that is beside it."""
    tree = sentence.tree
    if tree is None or sentence.row:
        return 0.0
    clause = tree.predicate(tree.top(thing.start, thing.end))
    named = reading.text[tree.starts[clause] : tree.ends[clause]] in rules().naming
    return 0.0 if named or clause in tree.governors(tree.token_at(anchor.start)) else _ELSEWHERE


def by_tense(reading: Reading, sentence: Sentence, anchor: QuantityMention, verdict: Verdict) -> Verdict:
    """The verdict, unless it is a mere default and the finite verb over `anchor` tells more."""
    tree = sentence.tree
    if tree is None or not verdict.by_default or sentence.title or sentence.row:
        return verdict
    told = _told(reading.text, tree, tree.top(anchor.start, anchor.end))
    if told is None or told.value == verdict.realization or (told.value == "realized" and anchor.kind == "investment"):
        return verdict
    start, end = tree.starts[told.token], tree.ends[told.token]
    cue = Cue(
        text=reading.text[start:end],
        start=start,
        end=end,
        facet="realization",
        value=told.value,
        rule=f"tense.{told.value}",
    )
    return verdict.overruled(cue, told.value, _SURE)


@dataclass(frozen=True)
class _Told:
    value: Realization
    token: int
    """The finite verb."""


def _told(text: str, tree: Tree, token: int) -> _Told | None:
    """What the first finite verb above a token says: a modal always, a copula of its own subject or predicate."""
    words = rules().tense

    def word(index: int) -> str:
        return text[tree.starts[index] : tree.ends[index]].lower()

    clause, relation = tree.path(token)
    while True:
        if any(word(mark) in words.doubts for mark in tree.children(clause, ("mark",))):
            return None
        helpers = tree.children(clause, _HELPERS)
        finite = next((helper for helper in helpers if tree.tags[helper] in _FINITE), None)
        if finite is not None or tree.tags[clause] in _FINITE:
            break
        if tree.heads[clause] == clause or tree.relations[clause] not in ("acl", "advcl", "conj"):
            return None
        clause, relation = tree.predicate(tree.heads[clause]), ""
    denied = any(word(i) in words.negations and tree.predicate(i) == clause for i in range(len(tree.heads)))
    if finite is None:
        return None
    if tree.tags[finite] == "MD":
        value = "planned" if word(finite) in words.planned else "possible" if word(finite) in words.possible else None
        return _Told(value, finite) if value and not (denied and value == "planned") else None
    is_copula = bool(tree.children(clause, ("cop",)))
    on_paper = any(word(subject) in words.on_paper for subject in tree.children(clause, SUBJECTS))
    return _Told("realized", finite) if is_copula and relation in _CORE and not denied and not on_paper else None
