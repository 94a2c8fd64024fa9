"""What speaks for a run of capitals naming a company: its own form, the words before it and the words behind it.

Points are whole numbers: 4 is proof, 3 is enough in any text, 2 is enough in a text about computing, 1 counts only
beside another sign. The phrases and their points are data (`[companies]` and `[[evidence.signs]]` of names.toml).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.components.name_runs import Run, after_legal_form, company_word
from pipeline.components.name_words import OPEN_QUOTES, Found, Words, evidence, phrase_at, phrases, rules, signs
from pipeline.components.site_signs import amount, in_cell, owns_item

_TICKERS = frozenset({"nasdaq", "nyse", "tsx", "lse", "asx", "nse", "bse", "otc", "hkex"})
_CAMEL = re.compile(r"[a-z]{3,12}[A-Z][a-z]{2,12}")
"""A coinage that no common word is written like ("fernCloud")."""
_DEAL_REACH = 8
_POSSESSED_REACH = 3
_NUMBER_REACH = 5
_AMOUNT_REACH = 8
"""Words from a verb to the unit of what is held ("has some 24,000 of Nvidia's H100 GPUs")."""
_INSERTION = 20
"""Words from the comma behind a name to the one that ends the insertion."""


def distinct(words: Words, run: Run) -> bool:
    """Whether a word of the run is more than a common noun of the trade."""
    return any(
        words.forms[i][0].isalpha()
        and not company_word(words.lowers[i])
        and words.lowers[i] not in rules("companies", "generic")
        and words.lowers[i] not in rules("words", "stop")
        for i in range(run.first, run.last)
    )


def public(words: Words, run: Run) -> bool:
    """Whether the run belongs to the state, to a law or to a calendar."""
    follows = run.last
    if (
        words.same_line(run.first, follows)
        and words.capital[follows]
        and words.lowers[follows] in rules("words", "public")
    ):
        return True
    return any(words.lowers[i] in rules("words", "public") for i in range(run.first, run.last))


def ground(words: Words, run: Run) -> bool:
    """Whether the run ends in a word for a street, a landscape or a building."""
    return words.lowers[run.last - 1] in rules("words", "grounds")


def form_points(words: Words, run: Run, taken: Sequence[Found | None]) -> int:
    """Evidence in the name itself."""
    last, size = words.lowers[run.last - 1], run.last - run.first
    if last == "ai" and (taken[run.last - 2] is not None or words.lower(run.last) in rules("companies", "ai_nouns")):
        return 0
    if words.lower(run.first - 1) == "for" and words.lower(run.first - 2) in rules("companies", "of_heads"):
        return 0
    proved = evidence("proof")
    legal_end = after_legal_form(words, run.last)
    proof = rules("companies", "proof")
    if legal_end > run.last and any(words.lowers[i] in proof for i in range(run.last, legal_end)):
        return proved
    if size > 1 and last in proof and distinct(words, run):
        return proved
    if _fund_of(words, run):
        return 3
    if size > 1 + run.torn and distinct(words, run) and not public(words, run) and not ground(words, run):
        first = words.lowers[run.first]
        common = first in rules("words", "stop") and first not in rules("words", "inner")
        site = last == "data" and words.lower(run.last) in ("center", "centre", "centers", "centres", "hall", "halls")
        if last in rules("companies", "endings") and not common and not site:
            return 3
        if first in rules("companies", "openings") and not common:
            return 3
        for index in range(run.first + 1, run.last):
            length = phrase_at(words, index, phrases("companies", "long_endings"))
            if length and index + length == run.last:
                return 3
    return 2 if _CAMEL.fullmatch(words.forms[run.first]) and size == 1 else int(_coinage(words, run))


def _fund_of(words: Words, run: Run) -> bool:
    """ "Export Fund of Jutland": a company word before "of"."""
    return any(
        words.forms[i] == "of" and (words.lowers[i - 1] == "bank" or company_word(words.lowers[i - 1]))
        for i in range(run.first + 1, run.last - 1)
    )


def _coinage(words: Words, run: Run) -> bool:
    form = words.forms[run.first]
    return (
        run.last - run.first == 1
        and len(form) > 3
        and any(c.isupper() for c in form[1:])
        and any(c.islower() for c in form[:-1])
        and form.isalpha()
        and form.lower() not in rules("words", "products")
    )


def before_points(words: Words, run: Run) -> int:
    """Evidence in the words before the name: what it is called, or the deal it is a party to."""
    if run.role:
        return 2
    before = run.first - 1
    if in_cell(words, run.first, "owner_labels") or owns_item(words, run.first, run.last):
        return 3
    if not words.same_line(before, run.first):
        return 0
    if words.lower(before) == "about" and words.opening[before] and _line_ends(words, run.last):
        return 3
    if words.lower(before) in OPEN_QUOTES:
        before -= 1
    best = _phrase_before(words, before)
    if words.lower(before) in rules("companies", "roles") and words.forms[before].islower():
        best = max(best, 2)
    if words.lower(before) in ("called", "named", "dubbed") and words.lower(before - 1) in rules("companies", "nouns"):
        best = max(best, 2)
    if words.lower(before) == "," and words.lower(run.last) in ",." and _described(words, before - 1):
        best = max(best, 3)
    if best < 2 and words.lower(before) in rules("companies", "deal_links") and _deal_near(words, before):
        best = 2
    return best


def _phrase_before(words: Words, last: int) -> int:
    """The points of the best phrase that ends with the word `last`."""
    return max(
        (
            points
            for cut, points in signs("before").get(words.lower(last), ())
            if last - len(cut) + 1 >= 0
            and words.same_line(last - len(cut) + 1, last)
            and tuple(words.lowers[last - len(cut) + 1 : last + 1]) == cut
        ),
        default=0,
    )


def _described(words: Words, index: int) -> bool:
    """Whether "its landlord" or "the utility" ends at the word, so that a name between commas is that thing."""
    if words.lower(index) not in rules("companies", "described"):
        return False
    near = range(max(0, index - 3), index)
    return any(words.lowers[i] in rules("companies", "owners") and words.same_line(i, index) for i in near)


def _deal_near(words: Words, before: int) -> bool:
    for index in range(before - 1, max(-1, before - 1 - _DEAL_REACH), -1):
        if words.line[index] != words.line[before] or words.lowers[index] in ";:" or words.opening[index + 1]:
            return False
        near = before - index <= 4 or words.lowers[index] in rules("companies", "contracts")
        if near and words.lowers[index] in rules("companies", "deals"):
            return True
    return False


def _line_ends(words: Words, index: int) -> bool:
    return index >= len(words) or words.line[index] != words.line[index - 1]


def after_points(words: Words, run: Run, last: int) -> int:
    """Evidence behind the name, which ends at `last`: apposition, ticker, verb, possession."""
    if last >= len(words) or words.line[last] != words.line[run.first]:
        return 0
    best = _phrase_after(words, last)
    follows = words.lower(last)
    if follows == "(":
        return 3 if words.lower(last + 1) in _TICKERS else best
    if follows in (",", "—", "–"):
        return max(best, _apposition(words, last + 1), _past_insertion(words, last))
    if words.possessive(last):
        return max(best, _possessed(words, words.past_possessive(last)))
    return max(best, _verb_points(words, last))


def _past_insertion(words: Words, comma: int) -> int:
    """3 where an insertion that companies have is followed by their verb ("Marl, which left Tarn in May, said")."""
    opening = words.lower(comma + 1)
    if not words.forms[comma + 1 : comma + 2] or not words.forms[comma + 1][0].islower():
        return 0
    for close in range(comma + 2, min(comma + _INSERTION, len(words))):
        if not words.same_line(comma, close) or words.lowers[close] in ".;:()":
            return 0
        if words.lowers[close] in (",", "—", "–") and words.same_line(close, close + 1):
            points = _verb_points(words, close + 1)
            return 3 if points and opening in rules("companies", "insertions") else 0
    return 0


def _phrase_after(words: Words, first: int) -> int:
    found = signs("after").get(words.lower(first), ())
    return max((points for cut, points in found if tuple(words.lowers[first : first + len(cut)]) == cut), default=0)


def _possessed(words: Words, first: int) -> int:
    heads = (phrases("sites", "heads"), phrases("sites", "plural"))
    best, table = 0, signs("possessed")
    for index in range(first, min(len(words), first + _POSSESSED_REACH + 1)):
        if words.lowers[index] in ",.;:()":
            break
        if any(phrase_at(words, index, heads_) for heads_ in heads):
            best = max(best, 2)
        for cut, points in table.get(words.lowers[index], ()):
            if index < first + _POSSESSED_REACH and tuple(words.lowers[index : index + len(cut)]) == cut:
                best = max(best, points)
    return best


def _verb_points(words: Words, index: int) -> int:
    """What a verb, or an auxiliary and its verb, just behind the name says of it."""
    adverbs = rules("words", "adverbs") - rules("companies", "speech")
    if words.same_line(index, index + 1) and words.lower(index) in adverbs:
        index += 1
    if holds_an_amount(words, index):
        return 2
    if words.lower(index) not in rules("companies", "auxiliaries"):
        return _verb_weight(words, index, base=False)
    if words.lower(index) in ("is", "was") and words.lower(index + 1) in ("a", "an", "the"):
        return _apposition(words, index + 1)
    near = [i for i in range(index + 1, index + 4) if words.lower(i) not in adverbs][:2]
    return max((_verb_weight(words, i, base=True) for i in near), default=0)


def holds_an_amount(words: Words, index: int) -> bool:
    """Whether "has 24,000 GPUs" or "runs 40 MW" stands there: no common noun without an article does so."""
    if words.lower(index) not in rules("companies", "holding"):
        return False
    told = False
    for i in range(index + 1, min(index + _AMOUNT_REACH, len(words))):
        if not words.same_line(index, i) or words.forms[i] in ";:()":
            return False
        told = told or words.forms[i][0].isdigit()
        if told and amount(words, i):
            return True
    return False


def _verb_weight(words: Words, index: int, *, base: bool) -> int:
    """Points of one verb; one that anybody does counts more where it is done to a number."""
    word = words.lower(index)
    if word in rules("companies", "verbs") or (base and word + "s" in rules("companies", "verbs")):
        return 2
    if base and word in rules("companies", "doing"):
        return 2
    if word in rules("companies", "acts") or (base and word + "s" in rules("companies", "acts")):
        near = range(index + 1, min(index + _NUMBER_REACH, len(words)))
        return 1 + any(words.forms[i][0].isdigit() or words.forms[i] in "$€£₹" for i in near)
    return int(word in rules("companies", "speech"))


def _apposition(words: Words, start: int) -> int:
    """`a cloud provider` and the like from the word: 3; a person's job first: 0."""
    if words.lower(start) == "whose":
        return 3 if _possessed(words, start + 1) > 1 else 0
    if words.lower(start) not in ("a", "an", "the", "one", "which", "formerly", "another", "its", "now"):
        return 0
    for index in range(start + 1, min(start + 11, len(words))):
        word = words.lowers[index]
        if words.line[index] != words.line[start] or word in ",.;:()" or word in rules("persons", "jobs"):
            return 0
        if phrase_at(words, index, phrases("companies", "nouns")):
            return 3
        if words.lower(start) == "which" and index == start + 1 and word in rules("companies", "verbs"):
            return 3
    return 0
