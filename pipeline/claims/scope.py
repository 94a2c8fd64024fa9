"""Which numbers are claims about AI infrastructure, and what a power figure is for. Words are `lexicon/scope.toml`."""

from __future__ import annotations

import functools
import re
from typing import Any

from pipeline import lexicon
from pipeline.reading import ClauseSpan, Placed, Reading, Sentence
from pipeline.records import PowerRole, QuantityMention


@functools.cache
def word_pattern(*path: str) -> re.Pattern[str]:
    """One pattern for a word list of the lexicon (file, then keys), whole words, any case."""
    words: Any = lexicon.toml(path[0])
    for key in path[1:]:
        words = words[key]
    return re.compile(
        r"(?<![\w-])(?:" + "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True)) + r")(?![\w])",
        re.IGNORECASE,
    )


def nearest(reading: Reading, pattern: re.Pattern[str], anchor: Placed, start: int, end: int) -> int | None:
    """Words from the anchor to the nearest match in `start`..`end`, None without one; what follows counts one less."""
    best: int | None = None
    for match in pattern.finditer(reading.text, start, end):
        if match.end() <= anchor.start:
            gap = reading.words_between(match.end(), anchor.start) + 1
        elif match.start() >= anchor.end:
            gap = reading.words_between(anchor.end, match.start())
        else:
            gap = 0
        best = gap if best is None else min(best, gap)
    return best


def on_topic(reading: Reading) -> bool:
    """Whether the article concerns AI computing infrastructure at all.

    A sentence speaks for it with a strong word, with AI chips, or with a company of the field beside a power figure.
    """
    topic = lexicon.toml("scope")["topic"]
    strong, against = word_pattern("scope", "topic", "strong"), word_pattern("scope", "topic", "against")
    sentences = reading.sentences
    if not sentences:
        return False

    def speaks(sentence: Sentence) -> bool:
        if strong.search(reading.text, sentence.start, sentence.end):
            return True
        if any(q.kind == "accelerators" for q in sentence.quantities):
            return True
        if any(t.type == "accelerator" for t in sentence.things):
            return True
        power = any(q.kind == "power" for q in sentence.quantities)
        return power and any(t.kind in topic["company_kinds"] for t in sentence.things)

    hits = sum(1 for s in sentences if speaks(s))
    misses = sum(1 for s in sentences if against.search(reading.text, s.start, s.end))
    lead = any(speaks(s) for s in sentences[: topic["lead_sentences"]])
    return hits > misses and (lead or hits >= topic["enough"] or hits / len(sentences) >= topic["density"])


def clause_of(sentence: Sentence, anchor: Placed) -> ClauseSpan:
    """The clause that an anchor stands in."""
    return sentence.clauses[sentence.clause_at(anchor.start)]


def in_scope(reading: Reading, sentence: Sentence, mention: QuantityMention) -> bool:
    """Whether a quantity in an on-topic article is the matter of a claim."""
    quantity = mention.quantity
    size = quantity.value if quantity.value is not None else quantity.max or quantity.min or 0.0
    rules = lexicon.toml("scope")
    clause = clause_of(sentence, mention)
    if mention.kind == "investment":
        if size < rules["money"]["smallest"] or quantity.period in {"hour", "day"}:
            return False
        infra = nearest(reading, word_pattern("scope", "money", "infra"), mention, sentence.start, sentence.end)
        other = nearest(reading, word_pattern("scope", "money", "other"), mention, clause.start, clause.end)
        return infra is not None and (other is None or infra < other)
    if mention.kind == "accelerators":
        return (
            nearest(reading, word_pattern("scope", "accelerators", "other"), mention, clause.start, clause.end) is None
        )
    if mention.kind == "power" and size < rules["power"]["smallest_mw"]:
        return False
    return nearest(reading, word_pattern("scope", "power", "other"), mention, clause.start, clause.end) is None


def power_role(reading: Reading, sentence: Sentence, mention: QuantityMention) -> PowerRole:
    """What a quantity of power is for: the role whose word stands nearest in its clause, else in its sentence."""
    clause = clause_of(sentence, mention)
    roles: tuple[PowerRole, ...] = ("load", "storage", "generation", "grid")
    for start, end, reach in ((clause.start, clause.end, 11), (sentence.start, sentence.end, 40)):
        gaps: list[tuple[int, int, PowerRole]] = []
        for order, role in enumerate(roles):
            gap = nearest(reading, word_pattern("scope", "roles", role), mention, start, end)
            if gap is not None and gap < reach:
                gaps.append((gap, order, role))
        if gaps:
            return min(gaps)[2]
    return "load"
