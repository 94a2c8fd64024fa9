"""Which cue decides how real a claim is, and whether anybody vouches for it.

Of the cues that govern an anchor (a quantity, or the words of an event or a deal) the nearest decides, with four
readings that distance alone gets wrong:

- a bare infinitive ("to build") is transparent: an intention or possibility before it in the clause speaks for it;
- a modal before the deciding words wraps them ("will be completed", "could be used to run");
- denial wraps all that follows it in its clause;
- a clause without a cue leans on the clause that it hangs on.

Without any cue the kind's own default decides, never in favour of `confirmed` where there is doubt.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline import lexicon
from pipeline.claims import leaning, parts
from pipeline.claims.facet_rules import LEAD_DISTANCE, facet_rules, heard
from pipeline.reading import ClauseSpan, Placed, Reading, Sentence
from pipeline.records import Certainty, Cue, CueMention, QuantityMention, Realization

_OWN = 3
"""Words between a cue and the number behind it that it chooses ("an option on 216 MW more")."""
_UNNAMED = "hedge.unnamed"
_OPENS = re.compile(r"\b(?:that|which|and|but)\s(?:(?:an?|one|two|three|four|some|several|the|other)\s)*$")
"""Before an unnamed voice: that it begins to tell of something else ("…, and people briefed on it say")."""
_MIXED = 6
"""Words within which "operating or under construction" is one predicate, and so not yet all real."""
_HAS = re.compile(
    r"\b(?:has|have|had|holds?|owns?|reached|reaches|hit|hits|totals|totall?ed|exceeded|exceeds"
    r"|topped|(?:up|down) from)$"
)
"""Cues that only say whose a number is, which may be there or promised."""
_TOLD = 3
"""Words at the head of a clause among which a verb of speech makes it one of speech."""
_WORD = re.compile(r"[\w'’-]+")
_AT_ONCE, _AND_ON = re.compile(r",\s"), re.compile(r"(?:\s[\w'’-]+){0,6},\s")
"""From a hedge to the comma behind it."""
_SET_APART = re.compile(r",\s(?:[\w'’-]+\s){0,3}$")
"""Before a hedge: the comma from which it is set in."""
_FINITE = re.compile(r"(?:is|are|was|were|has|have|had|went|came|it|they|which|that)\b")
_FINITE_BEFORE = re.compile(r"\b(?:is|are|was|were|has|have|had|went|came)\b\s+(?:[a-z]+\s+)?$")


@dataclass(frozen=True)
class Verdict:
    """The two facets, the cues that set them, and how sure the reading is (0..1)."""

    realization: Realization
    certainty: Certainty
    cues: tuple[Cue, ...]
    confidence: float
    by_default: bool = False

    def overruled(self, cue: Cue, value: Realization, confidence: float) -> Verdict:
        """The verdict with its realization set by a cue from outside the sentence's own; its hedges stay."""
        hedges = tuple(c for c in self.cues if c.facet == "certainty")
        return Verdict(value, self.certainty, (cue, *hedges), confidence)


@dataclass(frozen=True)
class _Hit:
    cue: CueMention
    distance: int
    before: bool


def cue_at(text: str, start: int, end: int, value: Realization, rule: str) -> Cue:
    """The cue that a rule sees in `start`..`end`, of which no table of cues knows."""
    return Cue(text=text[start:end], start=start, end=end, facet="realization", value=value, rule=rule)


def as_cue(mention: CueMention) -> Cue:
    """The cue as a claim carries it."""
    return Cue(
        text=mention.text,
        start=mention.start,
        end=mention.end,
        facet=mention.facet,  # pyright: ignore[reportArgumentType]  # validated by the literal
        value=mention.value,
        rule=mention.rule,
    )


def verdict(
    reading: Reading,
    sentence: Sentence,
    anchor: Placed,
    *,
    default: Realization,
    default_rule: str,
    deaf_to: Sequence[str] = (),
    inside: bool = False,
    default_confidence: float = 0.55,
) -> Verdict:
    """The facets of what stands at `anchor`.

    `deaf_to` are prefixes of cue rules that say nothing about it; `inside` says that cues among the anchor's own words
    count ("construction could begin"). Without a cue the default stands, with its own confidence: low for a bare
    number, high for words that tell a step or a deal by themselves.
    """
    hedges = [
        c
        for c in sentence.cues
        if c.facet == "certainty"
        and c.scope[0] <= anchor.start < c.scope[1]
        and not _unvouched(reading, sentence, c, anchor)
    ]
    certainty: Certainty = "hedged" if hedges else "asserted"
    hedge_cues = tuple(as_cue(c) for c in hedges[:1])
    deaf = tuple(deaf_to)
    chosen = _realization(reading, sentence, anchor, deaf, inside) or _from_lead(reading, sentence, anchor, deaf)
    if chosen is None:
        start, end = anchor.start, anchor.end
        cue = cue_at(reading.text, start, end, default, default_rule)
        return Verdict(default, certainty, (cue, *hedge_cues), default_confidence, by_default=True)
    cues, distance = chosen
    value: Realization = cues[0].value  # pyright: ignore[reportAssignmentType]  # realization cues hold realizations
    confidence = 0.95 if distance <= 6 else 0.85 if distance <= 14 else 0.7
    return Verdict(value, certainty, (*(as_cue(c) for c in cues), *hedge_cues), confidence)


def _from_lead(
    reading: Reading, sentence: Sentence, anchor: Placed, deaf_to: tuple[str, ...]
) -> tuple[list[CueMention], int] | None:
    """For an item of a list, the cue of its lead; for a cell of a row, that of its own head, else of other cells."""
    local = facet_rules().local
    told = [c for c in heard(sentence, deaf_to) if not c.rule.startswith(local)] if sentence.row else []
    cues = _of_row(sentence, anchor, told)
    colon = reading.text.rfind(":", sentence.start, anchor.start)
    if not cues and colon >= 0:
        cues = [c for c in heard(sentence, deaf_to) if c.end <= colon]
    lead = reading.lead_of(sentence)
    if not cues and lead:
        cues = [c for c in heard(lead, deaf_to) if not c.rule.startswith(local)]
    doubtful = [c for c in cues if c.value != "realized"]
    return ([(doubtful or cues)[-1]], LEAD_DISTANCE) if cues else None


def _of_row(sentence: Sentence, anchor: Placed, cues: list[CueMention]) -> list[CueMention]:
    """The cues of the anchor's own cell, else those of cells that hold no number of their own."""
    own = sentence.clauses[sentence.clause_at(anchor.start)]
    mine = [c for c in cues if own.start <= c.start < own.end]
    taken = {sentence.clause_at(q.start) for q in sentence.quantities}
    return mine or [c for c in cues if sentence.clause_at(c.start) not in taken]


def _unvouched(reading: Reading, sentence: Sentence, cue: CueMention, anchor: Placed) -> bool:
    """Whether an unnamed voice begins only behind the anchor, or a contrast or a semicolon stands between a hedge and
    it, other than a clause of speech behind what was said ("…, said three people") or one that goes on with it
    ("…, and that 40 MW would be ready").
    """
    if anchor.end <= cue.start and cue.rule == _UNNAMED and _OPENS.search(reading.text, anchor.end, cue.start):
        return True
    low, high = sorted((sentence.clause_at(cue.start), sentence.clause_at(anchor.start)))
    for clause in sentence.clauses[low + 1 : high + 1]:
        if clause.link != "coordinate" or _tells_of(reading, clause, cue, anchor) or _inserted(reading, clause, cue):
            continue
        words = _WORD.findall(reading.text[clause.start : clause.end].lower())
        if words[:1] != ["that"] and words[:2] != ["and", "that"]:
            return True
    return False


def _tells_of(reading: Reading, clause: ClauseSpan, cue: CueMention, anchor: Placed) -> bool:
    """Whether a clause behind the anchor only says who said it, or that it is believed ("…, we believe")."""
    if clause.start <= anchor.end:
        return False
    words = _WORD.findall(reading.text[clause.start : clause.end].lower())
    if clause.start <= cue.start < clause.end and cue.rule != _UNNAMED:
        return len(words) <= len(_WORD.findall(cue.text)) + 1
    return not set(words[:_TOLD]).isdisjoint(lexicon.toml("cues")["clause"]["speech"])


def _inserted(reading: Reading, clause: ClauseSpan, cue: CueMention) -> bool:
    """Whether a hedge is set in between a subject and its verb, with which the clause begins ("the hall, according to
    people briefed on it, runs")."""
    rules = lexicon.toml("cues")["clause"]
    first = _WORD.match(reading.text, clause.start)
    if first is None or first[0] not in {*rules["verbs"], *rules["resuming"]} or cue.end > clause.start:
        return False
    alone = cue.rule != _UNNAMED
    behind = (_AT_ONCE if alone else _AND_ON).fullmatch(reading.text, cue.end, clause.start)
    return bool(behind) and bool(_SET_APART.search(reading.text, max(0, cue.start - 40), cue.start))


def _apart(sentence: Sentence, cue: CueMention, anchor: Placed) -> bool:
    """Whether a contrast or a semicolon stands between cue and anchor."""
    low, high = sorted((sentence.clause_at(cue.start), sentence.clause_at(anchor.start)))
    return any(sentence.clauses[i].link == "coordinate" for i in range(low + 1, high + 1))


def _hits(reading: Reading, sentence: Sentence, anchor: Placed, deaf_to: tuple[str, ...], inside: bool) -> list[_Hit]:
    hits: list[_Hit] = []
    for cue in heard(sentence, deaf_to):
        if not (cue.scope[0] <= anchor.start < cue.scope[1] or cue.scope[0] < anchor.end <= cue.scope[1]):
            continue
        if cue.start >= anchor.end and _spoken_for(reading, sentence, cue, anchor):
            continue
        if cue.end <= anchor.start and (_did_something_else(reading, cue, anchor) or _cut_off(reading, cue, anchor)):
            continue
        if isinstance(anchor, QuantityMention) and _only_denies_the_doing(reading, cue):
            continue
        if _elsewhere(sentence, cue, anchor) or _taken_back(sentence, cue):
            continue
        overlaps = cue.start < anchor.end and anchor.start < cue.end
        if overlaps and not (inside and cue.rule.startswith(facet_rules().inside)):
            continue
        hits.append(_Hit(cue, _distance(reading, sentence, cue, anchor), cue.end <= anchor.start))
    return sorted(hits, key=lambda h: (h.distance, not h.before, h.cue.start))


@functools.cache
def _untouched() -> re.Pattern[str]:
    """Behind a "not": that only what is done to a thing is denied ("does not affect its 300 MW hall")."""
    return re.compile(rf"\s(?:[a-z]+ly\s)?(?:{'|'.join(facet_rules().untouched)})\b")


def _only_denies_the_doing(reading: Reading, cue: CueMention) -> bool:
    """Whether a "not" denies what is done to a thing, and not the thing."""
    return cue.rule.startswith(facet_rules().local) and bool(_untouched().match(reading.text, cue.end))


def _cut_off(reading: Reading, cue: CueMention, anchor: Placed) -> bool:
    """Whether a comma ends what "not" and "never" deny ("a plant that never came, the first 40 MW hall")."""
    return cue.rule.startswith(facet_rules().local) and "," in _NUMBER_COMMA.sub(
        "", reading.text[cue.end : anchor.start]
    )


def _elsewhere(sentence: Sentence, cue: CueMention, anchor: Placed) -> bool:
    """Whether a question ("whether it may lease the land where Tarn wants 40 MW") ends in a clause before the anchor's.

    "Unclear" and the like ask about the clause right behind them.
    """
    if not cue.rule.startswith(facet_rules().asking):
        return False
    first = sentence.clause_at(cue.start) + (sentence.clauses[sentence.clause_at(cue.start)].end - cue.end <= 1)
    deeper = sentence.clauses[first + 1 : sentence.clause_at(anchor.start) + 1]
    return any(clause.link in {"subordinate", "bracket"} for clause in deeper)


def _taken_back(sentence: Sentence, cue: CueMention) -> bool:
    """Whether a word of dropping is itself denied ("denied that it was canceling the hall")."""
    rules = facet_rules()
    return cue.rule.startswith(rules.dropping) and any(
        c.rule.startswith(rules.negating)
        and not c.rule.startswith(rules.dropping)
        and c.end <= cue.start
        and c.scope[0] <= cue.start < c.scope[1]
        for c in sentence.cues
    )


_NUMBER_COMMA = re.compile(r"(?<=\d),(?=\d)")
_FOR_A = re.compile(
    r"\b(?:for|of|ahead of|toward|towards|planning|on) (?:an?|its|the|their|another|new)\s+(?:[\w~+-]+\s+){0,2}$"
)


@functools.cache
def _dealing() -> re.Pattern[str]:
    """Behind a verb: the buying or the study that was done, of what may not be there yet ("the order with … for")."""
    words = "|".join(facet_rules().dealing)
    owner = "its|the|an?|their|our|another|this|previously|announced|new"
    return re.compile(rf"\s(?:(?:[a-z]{{2,20}}ed|made)\s)?(?:(?:{owner})\s){{0,4}}(?:{words})\b")


def _did_something_else(reading: Reading, cue: CueMention, anchor: Placed) -> bool:
    """Whether the verb's object stands before a "for a …" that holds the number ("won approval for a 1 GW campus")."""
    rules = facet_rules()
    if not cue.rule.startswith(rules.direct):
        return False
    between = reading.text[cue.end : anchor.start]
    if isinstance(anchor, QuantityMention) and anchor.kind != "investment" and _dealing().match(between):
        return True
    found = _FOR_A.search(between)
    words = between[: found.start()].lower().split() if found else []
    return bool(words) and not set(words) & set(rules.making)


def _spoken_for(reading: Reading, sentence: Sentence, cue: CueMention, anchor: Placed) -> bool:
    """Whether another number stands between the anchor and a cue behind it, so that the cue speaks of that one."""
    whole = parts.whole_of(reading, sentence, anchor)
    between = [q for q in sentence.quantities if anchor.end <= q.start and q.end <= cue.start and q is not whole]
    own = any(0 <= reading.words_between(cue.end, q.start) <= _OWN and q.start >= cue.end for q in sentence.quantities)
    return (own and cue.rule.startswith(facet_rules().choosing)) or any(not reading.listed(anchor, q) for q in between)


def _distance(reading: Reading, sentence: Sentence, cue: CueMention, anchor: Placed) -> int:
    """Words between cue and anchor; farther if another number stands between, which the cue rather speaks of."""
    rules = facet_rules()
    low, high = min(cue.end, anchor.end), max(cue.start, anchor.start)
    rivals = sum(1 for q in sentence.quantities if low <= q.start and q.end <= high)
    weak = rules.weak_penalty if cue.rule.startswith(rules.weak) else 0
    return reading.gap(cue, anchor) + weak + 3 * rivals


def _realization(
    reading: Reading, sentence: Sentence, anchor: Placed, deaf_to: tuple[str, ...], inside: bool
) -> tuple[list[CueMention], int] | None:
    """The deciding cue, then those that it leans on, and its distance in words; None without any."""
    rules = facet_rules()
    here = sentence.clause_at(anchor.start)
    hits = _hits(reading, sentence, anchor, deaf_to, inside)
    own = [h for h in hits if sentence.clause_at(h.cue.start) == here]
    outer = [
        h for h in hits if h not in own and h.cue.rule.startswith(rules.outer) and not _apart(sentence, h.cue, anchor)
    ]
    if not own:
        leaned = (
            leaning.lean(reading, sentence, here, deaf_to)
            or leaning.opening(reading, sentence, here, deaf_to)
            or leaning.resumed(reading, sentence, anchor, here, deaf_to)
            or leaning.described(reading, sentence, anchor, here, deaf_to)
        )
        if outer and (leaned is None or outer[0].cue.value in {"possible", "negated"}):
            return [outer[0].cue], outer[0].distance
        return leaned
    resumed = leaning.resumed(reading, sentence, anchor, here, deaf_to)
    if resumed and resumed[0][0].rule.startswith(rules.dropping):
        return resumed
    finite = [h for h in own if not h.cue.rule.startswith(rules.participle)]
    if not finite:
        governed = leaning.lean(reading, sentence, here, deaf_to) or leaning.resumed(
            reading, sentence, anchor, here, deaf_to
        )
        if governed:
            return [*governed[0], own[0].cue], governed[1]
    own = finite or own
    nearest = own[0]
    denied = next((h for h in hits if h.before and h.cue.rule.startswith(rules.denying)), None)
    if denied and denied is not nearest:
        return [denied.cue, nearest.cue], denied.distance
    before = [h for h in own if h.before and h is not nearest]
    for value, prefixes in (("negated", rules.negating), ("possible", rules.wrapping), ("planned", rules.wrapping)):
        wrap = next((h for h in before if h.cue.value == value and h.cue.rule.startswith(prefixes)), None)
        if wrap and (value != "planned" or nearest.cue.value == "realized") and _wraps(reading, own, wrap, nearest):
            return [wrap.cue, nearest.cue], wrap.distance
    if nearest.cue.rule.startswith(rules.transparent):
        deeper = next((h for h in before if h.cue.value not in {"realized", nearest.cue.value}), None)
        told = next((h for h in before if not h.cue.rule.startswith(rules.transparent)), None)
        if deeper and not (told and told.cue.value == nearest.cue.value == "realized"):
            return [deeper.cue, nearest.cue], deeper.distance
    mixed = next((h for h in hits if h.cue.rule.startswith(rules.unfinished) and not h.before), None)
    if mixed and nearest.cue.value == "realized" and mixed.distance <= nearest.distance + _MIXED:
        return [mixed.cue, nearest.cue], mixed.distance
    promised = next((h for h in own if not h.before and h.cue.rule.startswith(rules.owned)), None)
    if promised and nearest.before and (promised.distance == 0 or _HAS.search(nearest.cue.text)):
        return [promised.cue, nearest.cue], promised.distance
    behind = [h for h in own if not h.before and h.cue.rule.startswith(rules.hanging)]
    if nearest.cue.rule.startswith(rules.settled):
        behind = []
    dropped = next((h for h in own if not h.before and h.cue.rule.startswith(rules.dropping)), None)
    if dropped and nearest.cue.value == "planned":
        return [dropped.cue, nearest.cue], dropped.distance
    possible = next((h for h in (*outer, *behind) if h.cue.value == "possible"), None)
    if possible and nearest.cue.value == "planned":
        return [possible.cue, nearest.cue], nearest.distance
    return [nearest.cue], nearest.distance


def _wraps(reading: Reading, own: list[_Hit], wrap: _Hit, nearest: _Hit) -> bool:
    """Whether `wrap` still governs `nearest`: no finite fact stands between them."""
    if nearest.cue.value in {wrap.cue.value, "negated"} or wrap.cue.start >= nearest.cue.start:
        return False
    stop = nearest.cue.start
    between = [h for h in own if h.before and wrap.cue.end <= h.cue.start < stop and h is not nearest]
    if any(h.cue.value == "realized" and reading.gap(wrap.cue, h.cue) > 3 for h in between):
        return False
    if wrap.cue.rule.startswith("condition.if") and wrap.cue.text[0].isupper():
        return True  # an opening "If" governs the whole sentence
    if not nearest.before:  # "expected to have 40 MW online", but "40 MW of the planned hall is running"
        verb = _FINITE.match(nearest.cue.text) or _FINITE_BEFORE.search(
            reading.text, max(0, nearest.cue.start - 24), nearest.cue.start
        )
        return nearest.cue.value != "realized" or not verb
    return reading.gap(wrap.cue, nearest.cue) <= 6
