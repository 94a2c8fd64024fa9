"""Whether a cleaned text could be on the subject: the rule of `claims.scope.on_topic` with the most that a sentence can
weigh, from what is known before annotation: sentences, quantities, words, names.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence

from pipeline import lexicon
from pipeline.claims.scope import outside
from pipeline.components.quantities import find_quantities
from pipeline.components.sentences import sentence_spans
from pipeline.lexicon import word_pattern


def could_be_on_topic(text: str, chips: Sequence[int], *, company: bool) -> bool:
    """`chips`: where the text may name one, in characters; `company`: whether it may speak of one of the field."""
    topic = lexicon.toml("scope")["topic"]
    spans = sentence_spans(text)
    if not spans:
        return False
    starts = [start for start, _ in spans]

    def of(offset: int) -> int:
        return max(0, bisect_right(starts, offset) - 1)

    def sentences_with(*path: str) -> set[int]:
        return {of(found.start()) for found in word_pattern("scope", "topic", *path).finditer(text)}

    quantities = find_quantities(text)
    counted = {of(found.start) for found in quantities}
    whole = sentences_with("strong") | {of(at) for at in chips}
    whole |= {of(found.start) for found in quantities if found.kind == "accelerators"}
    told = counted | sentences_with("supply")
    part = told | sentences_with("built") if company else told & sentences_with("faint")
    # A capital may be that of a company's name ("Cipher Mining"), which tells of no other subject.
    against, kept = word_pattern("scope", "topic", "against"), word_pattern("scope", "power", "kept")
    others = outside(against, kept, text, 0, len(text))
    strays = {of(found.start()) for found in others if not company or found[0][0].islower()}
    weight = len(whole) + topic["faint_weight"] * len(part - whole)
    if not whole and not _evident(Counter(found.kind for found in quantities)):
        return False
    lead = any(index < topic["lead_sentences"] for index in whole)
    density = topic["lead_density"] if lead else topic["density"]
    return weight > len(strays) and weight >= min(topic["enough"], density * len(spans))


def _evident(kinds: Counter[str]) -> bool:
    return any(kinds[kind] for kind in ("power", "energy", "investment"))
