"""Which numbers are claims about AI infrastructure. Words are `lexicon/scope.toml`."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence

from pipeline import lexicon
from pipeline.lexicon import word_pattern
from pipeline.reading import ClauseSpan, Placed, Reading, Sentence, Thing
from pipeline.records import Kind, QuantityMention

_VALUED = 9
"""Words between "valued" and the sum ("valuing the company at $1.1 billion")."""
_BY_SIZE = 20
"""Characters behind a sum that may tell that it is the cost of any such thing ("$12 million per megawatt")."""
_PRICED = 160
"""Characters before "worth" among which the thing stands that is priced."""
_HELD_BESIDE = re.compile(
    r"[^.;:$€£₹]{0,70}?\b(?:up|down|rising|risen|of which|compared|versus)"
    r"(?:\s+(?:from|with|to))?(?:\s+[\w-]+){0,4}?\s+"
)
_IN_OR_OF = re.compile(r"\s+(?:in|of)\s+(?:(?!(?:capital|infrastructure|contracted)\b)[\w-]+\s+){0,2}?")


@functools.cache
def finite_verbs() -> frozenset[str]:
    """Words that are the finite verb of a clause, as far as that shows without its parse."""
    return frozenset(lexicon.toml("cues")["clause"]["verbs"])


def tells(words: str) -> bool:
    """Whether words, in lower case where their capitals say nothing, hold a finite verb."""
    return not finite_verbs().isdisjoint(re.findall(r"[a-z']+", words))


def outside(
    pattern: re.Pattern[str], spared: re.Pattern[str] | None, text: str, start: int, end: int
) -> list[re.Match[str]]:
    """The matches of a pattern in `start`..`end` that do not begin inside a match of `spared`."""
    found = list(pattern.finditer(text, start, end))
    spans = [match.span() for match in spared.finditer(text, start, end)] if spared and found else []
    return [m for m in found if not any(low <= m.start() < high for low, high in spans)]


def nearest(
    reading: Reading,
    pattern: re.Pattern[str],
    anchor: Placed,
    start: int,
    end: int,
    names: Sequence[Thing] = (),
    kept: re.Pattern[str] | None = None,
) -> int | None:
    """Words from the anchor to the nearest match in `start`..`end`, None without one; what follows counts one less.

    A word of a company's name among `names` ("Cipher Mining") does not count, nor one in a match of `kept`.
    """
    best: int | None = None
    for match in outside(pattern, kept, reading.text, start, end):
        if _in_name(names, match.start()):
            continue
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

    Sentences speak for it (AI chips or a strong word: 1; a number or a supply of power beside a faint word or a
    company of the field, or such a company beside a word for what it builds: a part) and against it; an article in two
    minds is off topic, and so is one without any evidence (`_evident`).
    """
    topic = lexicon.toml("scope")["topic"]
    against = word_pattern("scope", "topic", "against")
    sentences = reading.sentences
    weights = [_weight(reading, sentence) for sentence in sentences]
    misses = sum(1 for s in sentences if _strays(reading, s, against))
    lead = any(weight >= 1 for weight in weights[: topic["lead_sentences"]])
    lead = lead and sum(weights) >= min(topic["enough"], topic["lead_density"] * len(sentences))
    enough = sum(weights) >= min(topic["enough"], topic["density"] * len(sentences))
    return sum(weights) > misses and (lead or enough) and (max(weights) >= 1 or any(map(_evident(reading), sentences)))


def _strays(reading: Reading, sentence: Sentence, against: re.Pattern[str]) -> bool:
    """Whether a sentence holds a word of another subject other than in a company's name ("Cipher Mining") or past."""
    found = outside(against, word_pattern("scope", "power", "kept"), reading.text, sentence.start, sentence.end)
    return any(not _in_name(sentence.things, match.start()) for match in found)


def _in_name(things: Sequence[Thing], offset: int) -> bool:
    """Whether the name of a company of the field holds a character; another's tells what it does ("Nordic Steel")."""
    kinds = lexicon.toml("scope")["topic"]["company_kinds"]
    return any(
        t.type == "company" and t.kind in kinds and not t.stands_in and t.start <= offset < t.end for t in things
    )


def _evident(reading: Reading) -> Callable[[Sentence], bool]:
    """Whether a sentence without a strong word or a chip is evidence: a figure of power or energy, or a sum that can
    be a claim beside a faint word or the name of a company of the field. `pipeline/screen` looks for the same.
    """
    kinds_of_the_field = lexicon.toml("scope")["topic"]["company_kinds"]

    def evident(sentence: Sentence) -> bool:
        kinds = {mention.kind for mention in sentence.quantities}
        if kinds & {"power", "energy"}:
            return True
        if not any(q.kind == "investment" and in_scope(reading, sentence, q) for q in sentence.quantities):
            return False
        named = any(t.kind in kinds_of_the_field and not t.stands_in for t in sentence.things)
        faint = word_pattern("scope", "topic", "faint").search(reading.text, sentence.start, sentence.end)
        return named or faint is not None

    return evident


def _size(mention: QuantityMention) -> float:
    quantity = mention.quantity
    return quantity.value if quantity.value is not None else quantity.max or quantity.min or 0.0


def of_the_field(reading: Reading, kind: Kind, sentence: Sentence, subject: Thing | None) -> bool:
    """Whether a claim by itself shows that its article is on the subject: chips, a strong word, who or what is known.

    An article of which no claim does makes none: its numbers are those of a museum, a ballpark or a power plant.
    """
    topic = lexicon.toml("scope")["topic"]
    if kind == "accelerators" or (subject and subject.id and subject.type in {"cluster", "programme"}):
        return True
    if word_pattern("scope", "topic", "strong").search(reading.text, sentence.start, sentence.end):
        return True
    spoken_of = [*(t for t in sentence.things if not t.aside), *([subject] if subject else [])]
    return any(thing.kind in topic["company_kinds"] for thing in spoken_of) or bool(
        subject and _of_it(reading, sentence, subject)
    )


_A_SITE = re.compile(
    r"\b(?:an?|its|the|their|our)\s(?:[\w.-]{1,30}\s){0,4}?"
    r"(?:data\scent(?:er|re)|datacent(?:er|re)|AI\s(?:campus|hub|factory|park|cent(?:er|re)))\b"
)


def _of_it(reading: Reading, sentence: Sentence, subject: Thing) -> bool:
    """Whether the paragraph names a subject that no list holds beside a site of the field ("its AI data center")."""
    told = (reading.sentences[i] for i in sorted(reading.sentences_by_key.get(subject.key, ())))
    return subject.type in {"cluster", "company"} and any(
        s.paragraph == sentence.paragraph and _A_SITE.search(reading.text, s.start, s.end) for s in told
    )


def _weight(reading: Reading, sentence: Sentence) -> float:
    """How much one sentence speaks for the subject, 0 to 1."""
    topic = lexicon.toml("scope")["topic"]
    kinds = {q.kind for q in sentence.quantities}
    chips = "accelerators" in kinds or any(t.type == "accelerator" for t in sentence.things)
    if chips or word_pattern("scope", "topic", "strong").search(reading.text, sentence.start, sentence.end):
        return 1.0
    field = any(t.kind in topic["company_kinds"] for t in sentence.things)
    faint = word_pattern("scope", "topic", "faint").search(reading.text, sentence.start, sentence.end)
    told = kinds or word_pattern("scope", "topic", "supply").search(reading.text, sentence.start, sentence.end)
    built = field and word_pattern("scope", "topic", "built").search(reading.text, sentence.start, sentence.end)
    return float(topic["faint_weight"]) if built or (told and (field or faint)) else 0.0


def clause_of(sentence: Sentence, anchor: Placed) -> ClauseSpan:
    """The clause that an anchor stands in."""
    return sentence.clauses[sentence.clause_at(anchor.start)]


def in_scope(reading: Reading, sentence: Sentence, mention: QuantityMention) -> bool:
    """Whether a quantity in an on-topic article is the matter of a claim."""
    quantity, size = mention.quantity, _size(mention)
    rules = lexicon.toml("scope")
    clause = clause_of(sentence, mention)
    if mention.kind == "investment":
        if (
            size < rules["money"]["smallest"]
            or quantity.period in {"hour", "day"}
            or _of_worth(reading, sentence, mention)
            or _beside_other(reading, sentence, mention)
            or _of_a_market(reading, sentence, mention)
        ):
            return False
        if _over_a_term(reading, sentence, mention):
            return True
        infra = nearest(reading, word_pattern("scope", "money", "infra"), mention, sentence.start, sentence.end)
        kept = word_pattern("scope", "money", "kept")
        other = nearest(reading, word_pattern("scope", "money", "other"), mention, clause.start, clause.end, kept=kept)
        if infra is None:
            sized = any(q.kind in {"power", "accelerators"} for q in sentence.quantities)
            return other is None and (sized or _follows_sum(reading, sentence))
        return other is None or infra < other
    if mention.kind == "accelerators":
        return size >= rules["accelerators"]["smallest"] and not _other(reading, sentence, mention)
    if mention.kind == "power" and size < rules["power"]["smallest_mw"]:
        return False
    if mention.kind == "energy" and size > rules["power"]["largest_mwh"]:
        return False
    return not _other(reading, sentence, mention)


def _other(reading: Reading, sentence: Sentence, mention: QuantityMention) -> bool:
    """Whether the clause of a number of power, energy or chips holds a word of something else with such numbers."""
    clause = clause_of(sentence, mention)
    words = word_pattern("scope", "accelerators" if mention.kind == "accelerators" else "power", "other")
    kept = word_pattern("scope", "power", "kept")
    return nearest(reading, words, mention, clause.start, clause.end, sentence.things, kept) is not None


@functools.cache
def _earned() -> re.Pattern[str]:
    """Before a sum: revenue or the like, and what it did ("Revenue in the cloud unit rose 12% to")."""
    return re.compile(
        rf"(?<!contract )(?<!contracted )(?<!lease )\b(?:{'|'.join(lexicon.toml('scope')['money']['behind'])})"
        rf"\b(?! backlog)[^;:$€£₹]{{0,40}}?"
        rf"\b(?:{'|'.join(lexicon.toml('scope')['money']['moved'])})\b[^;:$€£₹]{{0,60}}$",
        re.IGNORECASE,
    )


@functools.cache
def _market() -> re.Pattern[str]:
    """Before a sum: who of a whole market spends it ("expects hyperscalers to spend")."""
    money = lexicon.toml("scope")["money"]
    return re.compile(
        rf"(?<![\w-])(?:{'|'.join(money['market'])}) (?:\w+ ){{0,2}}(?:{'|'.join(money['spending'])})\b[^;:]{{0,80}}$",
        re.IGNORECASE,
    )


def _of_a_market(reading: Reading, sentence: Sentence, mention: QuantityMention) -> bool:
    """Whether a sum is what a whole market spends, by somebody's forecast or count, and nobody's own."""
    clause = clause_of(sentence, mention)
    found = _market().search(reading.text, clause.start, mention.start)
    if not found:
        return False
    named = (t for t in sentence.things if t.type == "company" and not t.stands_in)
    return not any(found.start() < t.start < mention.end for t in named)


@functools.cache
def _owed() -> re.Pattern[str]:
    """Before a sum: all that a company owes, and what it did ("Tarn's debt has climbed above")."""
    words = lexicon.toml("scope")["money"]
    return re.compile(
        rf"(?:['’]s?|\b(?:its|their|total|net))\s(?:[\w-]+\s){{0,2}}(?:{'|'.join(words['owed'])})\b[^;:$€£₹]{{0,20}}?"
        rf"\b(?:{'|'.join(words['moved'])})\b[^;:$€£₹]{{0,30}}$",
        re.IGNORECASE,
    )


def _beside_other(reading: Reading, sentence: Sentence, mention: QuantityMention) -> bool:
    """Whether a sum is only held beside the sum before it, or is a part of it, and that one is no matter of a claim
    ("valued at $350 billion, up from $183 billion").
    """
    before = [q for q in sentence.quantities if q.kind == "investment" and q.end <= mention.start]
    if not before or not _HELD_BESIDE.fullmatch(reading.text, before[-1].end, mention.start):
        return False
    return not in_scope(reading, sentence, before[-1])


def _follows_sum(reading: Reading, sentence: Sentence) -> bool:
    """Whether the sentence before, in the paragraph, holds a sum in scope that this one goes on about ("It was £1.1bn
    in March").
    """
    before = reading.sentences[sentence.index - 1] if sentence.index else None
    if before is None or before.paragraph != sentence.paragraph:
        return False
    return any(q.kind == "investment" and in_scope(reading, before, q) for q in before.quantities)


def _of_worth(reading: Reading, sentence: Sentence, mention: QuantityMention) -> bool:
    """Whether a sum is revenue, assets or the worth of a company, and not the price of a contract or a project."""
    text = reading.text
    if _over_a_term(reading, sentence, mention):
        return False
    after = _IN_OR_OF.match(text, mention.end, min(sentence.end, mention.end + 60))
    told = after.end() if after else mention.end + 1
    bonds = word_pattern("scope", "money", "secured_by").search(text, mention.end, min(sentence.end, mention.end + 60))
    if not bonds and word_pattern("scope", "money", "behind").match(text, told):
        return True
    if _given_away().search(text, sentence.start, mention.start):
        return True
    clause = clause_of(sentence, mention)
    if (
        _raised_at(reading, sentence, mention)
        or _turned_over(reading, sentence, mention)
        or _earned().search(text, clause.start, mention.start)
        or _owed().search(text, clause.start, mention.start)
    ):
        return True
    if word_pattern("scope", "money", "by_size").search(text, clause.start, min(clause.end, mention.end + _BY_SIZE)):
        return True
    valuing = word_pattern("scope", "money", "valuing")
    before = list(valuing.finditer(text, sentence.start, mention.start))
    if not before or reading.words_between(before[-1].end(), mention.start) > _VALUED:
        return False
    low = max(sentence.start, before[-1].start() - _PRICED)
    return not word_pattern("scope", "money", "priced").search(text, low, before[-1].start())


_REVENUE = r"\s(?:in|of)\s(?:[\w-]+\s){0,4}?(?:revenues?|sales|income|payments|rent)\b"
_TERM = re.compile(
    rf"{_REVENUE}\s(?:[\w-]+\s){{0,2}}?(?:over|across|during|through)\s"
    r"(?:[\w-]+\s){0,4}?(?:[\w-]*years?|terms?|life|lifetime|duration|contract|lease|20\d\d)\b"
)


@functools.cache
def _brings() -> re.Pattern[str]:
    """Before a sum: the contract that brings it in ("the leases represent about")."""
    words = "|".join(lexicon.toml("scope")["money"]["contracts"])
    return re.compile(
        rf"\b(?:{words})\b(?:\s[\w-]+){{0,4}}?"
        r"\s(?:represent|generat|bring|yield|amount|be worth|contribut|produc)\w{0,5}"
        r"(?:\s[\w-]+){0,4}?\s$",
        re.IGNORECASE,
    )


def _over_a_term(reading: Reading, sentence: Sentence, mention: QuantityMention) -> bool:
    """Whether a sum is what a contract brings in over its term, which is its worth ("$7 billion in revenue over 12
    years"), and no revenue like another.
    """
    text = reading.text
    if mention.quantity.period:
        return False
    if _TERM.match(text, mention.end, sentence.end):
        return True
    yearly = word_pattern("scope", "money", "yearly").search(text, mention.end, min(sentence.end, mention.end + 40))
    low = max(clause_of(sentence, mention).start, mention.start - _PRICED)
    return not yearly and bool(_brings().search(text, low, mention.start))


@functools.cache
def _given_away() -> re.Pattern[str]:
    """Before a sum: that neighbours get it ("will pay the county about")."""
    words = "|".join(lexicon.toml("scope")["money"]["neighbours"])
    return re.compile(
        rf"\b(?:pay|pays|paying|paid|give|gives|giving|gave|donat\w+|contribut\w+)\s(?:to\s)?(?:the\s|its\s|local\s|nearby\s){{1,2}}"
        rf"(?:[\w-]+\s){{0,1}}(?:{words})\s(?:[a-z]+\s){{0,3}}$",
        re.IGNORECASE,
    )


_AT = re.compile(r"\bat\s(?:an?\s)?$")


def _raised_at(reading: Reading, sentence: Sentence, mention: QuantityMention) -> bool:
    """Whether a sum is what a company is worth to those who put the sum before it in ("raises $2bn at $15bn")."""
    if not _AT.search(reading.text, max(0, mention.start - 6), mention.start):
        return False
    before = [q for q in sentence.quantities if q.kind == "investment" and q.end <= mention.start]
    raised = word_pattern("scope", "money", "raises").search(reading.text, sentence.start, mention.start)
    return bool(before) and raised is not None and reading.words_between(before[-1].end, mention.start) <= _VALUED


@functools.cache
def _sold() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Before a sum, that something was sold; behind it, what: wares, or a stake that changes hands."""
    words = lexicon.toml("scope")["money"]
    return (
        re.compile(rf"\b(?:{'|'.join(words['sold'])})\s(?:[\w-]+\s){{0,3}}$", re.IGNORECASE),
        re.compile(rf"(?:\sworth)?\s(?:of|in)\s|\s(?:[\w-]+\s){{0,2}}(?:{'|'.join(words['stake'])})\b", re.IGNORECASE),
    )


_BUYER = re.compile(r"\bto\s(?:the\s)?$", re.IGNORECASE)


def _turned_over(reading: Reading, sentence: Sentence, mention: QuantityMention) -> bool:
    """Whether a sum is what somebody sold of its wares or its stake in another to no named buyer ("sold $51bn worth of
    chips").
    """
    sold, wares = _sold()
    end = clause_of(sentence, mention).end
    buyers = [t for t in sentence.things if t.type == "company" and mention.end < t.start < end]
    return bool(
        sold.search(reading.text, sentence.start, mention.start)
        and wares.match(reading.text, mention.end, end)
        and not any(_BUYER.search(reading.text, mention.end, t.start) for t in buyers)
    )
