"""Finds quantities of AI chips, power, energy and money in a text, with their bounds, ranges and rates.

    >>> [found.quantity.value for found in find_quantities("two 150 MW halls for more than $3bn")]
    [300.0, 3000000000.0]

One pass from left to right: `measures.read_term` reads a number and its unit wherever a number can start; here
terms are joined (ranges, lists, counts of equal parts), and `qualifiers` reads the words around them. The rules
are data (lexicon/units.toml). What a quantity means in its sentence is not decided here.
"""

from __future__ import annotations

import functools
import re
from decimal import Decimal
from typing import NamedTuple

from spacy.language import Language
from spacy.tokens import Doc

from pipeline.components import qualifiers
from pipeline.components.elided import with_elided
from pipeline.components.measures import Term, read_bare, read_term, rules
from pipeline.components.numbers import alternatives, number_words
from pipeline.components.shared_currencies import settled
from pipeline.records import Quantity, QuantityMention, Relation

NAME = "infraclaims_quantities"
_MOST_LISTED = 6
_ELLIPSIS = 200
_WIDEST_RANGE = 1000
_YEARS = range(1990, 2060)
_END = "(?![A-Za-z0-9_])"
_SPACES = "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\u00ae\u2122"
_PLAIN = {
    **dict.fromkeys(map(ord, _SPACES), " "),
    **dict.fromkeys(map(ord, "\u2010\u2011\u2212\u00ad"), "-"),
    **dict.fromkeys(map(ord, "\u2018\u2019\u02bc"), "'"),
    **dict.fromkeys(map(ord, "\u2248\u223c\u02dc"), "~"),
    **{wide: chr(wide - 0xFEE0) for wide in range(0xFF01, 0xFF5F)},
    0xFFE1: "£",
    0xFFE5: "¥",
}


class _Patterns(NamedTuple):
    start: re.Pattern[str]
    join: re.Pattern[str]
    part_gap: re.Pattern[str]
    parts: re.Pattern[str]
    between: re.Pattern[str]
    leaving: re.Pattern[str]
    ranging: re.Pattern[str]
    change: re.Pattern[str]
    named: re.Pattern[str]
    elided_before: re.Pattern[str]
    elided_after: re.Pattern[str]
    elided_verb: re.Pattern[str]
    partitive: re.Pattern[str]


class _Draft(NamedTuple):
    """A term, or a range of two, before the words around it are read."""

    start: int
    low: Term
    high: Term
    times: Decimal | None = None
    """The number of equal parts of "two 150 MW halls"; `tail` is where the parts are named."""
    tail: int = 0

    @property
    def end(self) -> int:
        return self.high.end


@functools.cache
def _patterns() -> _Patterns:
    table, numbers = rules(), number_words()
    prefixes = {prefix for row in table.currencies for prefix in row.prefixes}
    signs = {prefix for prefix in prefixes if prefix == "$" or not prefix.isascii()}
    bare = alternatives(name for row in table.units if row.bare for name in (*row.words, *row.symbols))
    words = alternatives((*numbers.words, *numbers.scales, *numbers.plurals, *numbers.few, "half"))
    characters = "".join(numbers.characters)
    article = rf"an?[ -]{alternatives((*numbers.fractions, *numbers.scales))}"
    word = r"[ -](?!(?:and|or|in|for|at|of|to|with|is|was|has)\b)[A-Za-z]+"
    label = rf"(?i:{alternatives(table.counts.labels)})"
    return _Patterns(
        start=re.compile(
            r"(?P<url>https?://\S{1,500}|www\.\S{1,500})"
            rf"|(?<![A-Za-z0-9_])(?:{alternatives(signs)}|{alternatives(prefixes - signs)}[ ]?(?=[\dmst]))"
            rf"|(?<![A-Za-z0-9_.])(?<!\d/)[\d{characters}]|(?<![\w.])\.\d"
            rf"|(?<![A-Za-z0-9_])(?i:(?:{words}|{article}|{bare}s?){_END}|{alternatives(numbers.prefixes)})"
        ),
        join=re.compile(
            r"(?P<range>[ ]?[-–—][ ]?|[ ]to[ ]|-to-)|(?P<and>[ ](?:and|&)[ ])"
            r"|(?P<list>,[ ](?:(?P<last>and|or)[ ])?|[ ]or[ ]|[ ]?/[ ]?)|(?P<times>[ ]?[x×][ ]?)"
        ),
        part_gap=re.compile(rf"(?:,?[ ](?i:{alternatives(table.counts.adjectives)}))?,?[ ]"),
        parts=re.compile(rf"(?:{word}){{0,4}}?{word}(?<=[a-z]s)(?:{word}(?<=[a-z]s))?(?![\w-])"),
        between=re.compile(r"\b([Bb]etween)[ ](?:[a-z~]+[ ])?$"),
        leaving=re.compile(r"\b(?:[Ff]rom|by)[ ](?:[a-z~]+[ ])?$"),
        ranging=re.compile(
            rf"\b(?i:{alternatives(table.change.range_verbs)})[a-z]{{0,4}}[ ](?:in[ ][a-z]+[ ])?from[ ]$"
        ),
        change=re.compile(rf"\b(?i:{alternatives(table.change.verbs)})[a-z]{{0,4}}\b[^.;\n]{{0,60}}$"),
        named=re.compile(rf"(?P<word>\b{label}|\b[A-Z][A-Za-z]+)[ ]#?$"),
        elided_before=re.compile(rf"\b{alternatives(table.ellipsis.before)}[ ]$"),
        elided_after=re.compile(rf"[ ]?(?:[.,;)\n]|$)|[ ]{alternatives(table.ellipsis.after)}{_END}"),
        elided_verb=re.compile(rf"\b{alternatives(table.ellipsis.verbs)}[ ]$"),
        partitive=re.compile(r"[ ]of[ ](?:[A-Za-z0-9'-]{1,20}[ ]){1,4}?(?=\d)"),
    )


def find_quantities(text: str) -> list[QuantityMention]:
    """All quantities in reading order, those included whose unit stands elsewhere; otherwise as `read_quantities`."""
    return settled(text, with_elided(text, read_quantities(text), read_quantities))


def read_quantities(text: str) -> list[QuantityMention]:
    """All quantities in reading order, without overlap; offsets count code points, `text[start:end]` is the phrase.

    Never raises. Prices of small things ("$3 per GPU-hour"), specifications of one device ("72 GPUs a rack",
    "700 W") and money without a currency are left out.
    """
    plain = _make_plain(text)
    start = _patterns().start
    mentions: list[QuantityMention] = []
    counted: QuantityMention | None = None
    pos = floor = 0
    while found := start.search(plain, pos):
        if found["url"] or _glued(plain, found.start()):
            pos = found.end()
            continue
        drafts, pos = _read(plain, found.start(), counted)
        pos = max(pos, found.end())
        for draft in drafts:
            if price := qualifiers.price_end(plain, draft.end):
                pos = max(pos, price)
            elif mention := _mention(text, plain, draft, floor):
                mentions.append(mention)
                counted = mention if mention.kind == "accelerators" else counted
                floor = pos = max(pos, mention.end)
    return mentions


def _make_plain(text: str) -> str:
    """The text with typographic spaces, hyphens, quotes and wide characters made plain, offset by offset."""
    if not text.isascii():
        text = re.sub(r"(?<=\d)[\u00a0\u2009\u202f](?=\d{3}(?!\d))", "'", text).translate(_PLAIN)
    # A lone line end inside a hard-wrapped paragraph is a space.
    return re.sub(r"(?<=[^\n]{50})\n(?=[^\s*#|•>-])", " ", text) if "\n" in text else text


def _glued(text: str, at: int) -> bool:
    """Whether a digit after a letter and a hyphen belongs to a name (GPT-4) and not to a bound ("sub-100 MW")."""
    if at < 2 or text[at - 1] != "-" or not text[at - 2].isalpha() or not text[at].isdigit():
        return False
    word = re.search(r"[A-Za-z]{1,12}$", text[max(0, at - 13) : at - 1])
    return not word or word[0].lower() not in rules().bounds


def _read(text: str, at: int, counted: QuantityMention | None) -> tuple[list[_Draft], int]:
    """What starts at `at`, and where reading goes on."""
    term = read_term(text, at) or read_bare(text, at)
    if term is None:
        return [], at + 1
    drafts = _range(text, term) or _list(text, term) or _parts(text, term)
    if not drafts and term.kind is None and _may_be_elided(text, term):
        term = _partitive(text, term) or (_elided(text, term, counted) if counted else term)
    if not drafts and term.kind:
        drafts = [_Draft(term.start, term, term)]
    return drafts, drafts[-1].end if drafts else term.end


def _may_be_elided(text: str, term: Term) -> bool:
    value = term.value
    whole = value == value.to_integral_value() and not _is_year(text, term)
    return whole and value >= Decimal(str(rules().ellipsis.least))


def _partitive(text: str, term: Term) -> Term | None:
    """The 32,000 of "32,000 of the cluster's 36,000 GPUs"."""
    gap = _patterns().partitive.match(text, term.end)
    whole = read_term(text, gap.end()) if gap else None
    if whole is None or whole.kind != "accelerators" or whole.value < term.value:
        return None
    return term._replace(kind=whole.kind, unit=whole.unit, chip=whole.chip)


def _elided(text: str, term: Term, counted: QuantityMention) -> Term:
    """The 38,000 of "150,000 GPUs, up from 38,000", as chips; any other number as it is."""
    patterns = _patterns()
    between = text[counted.end : term.start] if term.start < counted.end + _ELLIPSIS else "\n"
    if "\n" in between or not patterns.elided_after.match(text, term.end):
        return term
    before = qualifiers.read_before(text, term.start, counted.end)
    same_sentence = not re.search(r"[.!?]\s", between)
    linked = before.relation or patterns.elided_before.search(text, counted.end, term.start)
    if not (same_sentence and linked) and not patterns.elided_verb.search(text, counted.end, before.start):
        return term
    return term._replace(kind="accelerators", unit="accelerator", chip=counted.quantity.chip)


def _is_year(text: str, term: Term) -> bool:
    digits = text[term.number.start : term.number.end]
    return len(digits) == 4 and digits.isdigit() and int(digits) in _YEARS


def _range(text: str, first: Term) -> list[_Draft]:
    """ "300–500 MW", "between $1 and $2 billion" as one; "from 200 MW to 1 GW" of something that grows as two."""
    patterns = _patterns()
    join = patterns.join.match(text, first.end)
    if not join or first.number.vague:
        return []
    between = patterns.between.search(text, max(0, first.start - 24), first.start)
    if not join["range"] and not (join["and"] and between):
        return []
    second = read_term(text, join.end())
    if second is None or second.number.vague or (second.signed and not first.signed):
        return []
    pair = _same_unit(text, first, second, join[0])
    if not pair:
        return []
    low, high = pair
    if _changes(text, first, second):
        return [_Draft(low.start, low, low), _Draft(high.start, high, high)]
    if not low.value < high.value <= low.value * _WIDEST_RANGE:
        return []
    return [_Draft(between.start(1) if between else low.start, low, high)]


def _same_unit(text: str, first: Term, second: Term, join: str) -> tuple[Term, Term] | None:
    """The two ends of a range in one unit, the scale of the second lent to the first ("$1-2 billion")."""
    spaced = join != join.strip()
    if second.kind is None:
        plainer = first.number.scale > 1 and second.number.scale == 1
        if not first.signed or plainer or (spaced and second.number.scale == 1):
            return None
        second = second._replace(kind=first.kind, unit=first.unit)
    elif first.kind is None:
        if _is_year(text, first) or (spaced and _is_name(text, first.start)):
            return None
        first = first._replace(kind=second.kind, unit=second.unit, factor=second.factor, chip=second.chip)
    if first.kind != second.kind or first.unit != second.unit:
        return None
    lent = _lend_scale(first, second)
    return (lent if lent.value < second.value else first), second


def _lend_scale(term: Term, other: Term) -> Term:
    number = term.number
    if number.scale > 1 or other.number.scale == 1:
        return term
    return term._replace(number=number._replace(value=number.value * other.number.scale, scale=other.number.scale))


def _is_name(text: str, at: int) -> bool:
    """Whether the number at `at` belongs to a name before it: "Colossus 1", "phase 2"."""
    found = _patterns().named.search(text, max(0, at - 24), at)
    word = found["word"].lower() if found else ""
    return bool(word) and word not in rules().bounds and word not in rules().counts.no_names


def _changes(text: str, first: Term, second: Term) -> bool:
    """Whether "from A to B" tells a change: a verb of change before it, or a unit after both."""
    patterns, left = _patterns(), max(0, first.start - 64)
    if not patterns.leaving.search(text, left, first.start) or patterns.ranging.search(text, left, first.start):
        return False
    return (first.kind == second.kind and not first.signed) or bool(patterns.change.search(text, left, first.start))


def _list(text: str, first: Term) -> list[_Draft]:
    """ "100, 200 and 300 MW", "$1, $2 and $3 billion": a comma alone joins nothing."""
    if first.number.vague or (first.kind and not first.signed):
        return []
    terms, sure = [first], False
    for _ in range(_MOST_LISTED):
        join = _patterns().join.match(text, terms[-1].end)
        if not join or not (join["and"] or join["list"]):
            return []
        following = read_term(text, join.end())
        if following is None or following.number.vague or following.signed != first.signed:
            return []
        terms.append(following)
        sure = bool(join["last"]) or not join[0].startswith(",")
        if following.kind and (not first.signed or following.number.scale > 1):
            break
    *others, last = terms
    if not sure or not last.kind or any(first.signed and term.number.scale > 1 for term in others):
        return []
    if _is_name(text, first.start) or (not first.signed and any(_is_year(text, term) for term in others)):
        return []
    shared = [
        _lend_scale(term, last)._replace(kind=last.kind, unit=last.unit, factor=last.factor, chip=last.chip)
        for term in others
    ]
    return [_Draft(term.start, term, term) for term in (*shared, last)]


def _parts(text: str, first: Term) -> list[_Draft]:
    """ "Two 150 MW halls", "2 x 150 MW"."""
    patterns, number = _patterns(), first.number
    if first.kind or number.vague or number.value != number.value.to_integral_value():
        return []
    if not 1 < number.value <= Decimal(rules().counts.largest):
        return []
    join = patterns.join.match(text, first.end)
    times = join if join and join["times"] else None
    gap = times or patterns.part_gap.match(text, first.end)
    if not gap or (not number.spelled and not times and _is_name(text, first.start)):
        return []
    second = read_term(text, gap.end())
    if second is None or not second.kind or second.number.vague or second.number.spelled:
        return []
    parts = patterns.parts.match(text, second.end)
    if not times and not parts:
        return []
    return [_Draft(first.start, second, second, number.value, parts.end() if parts else 0)]


def _mention(text: str, plain: str, draft: _Draft, floor: int) -> QuantityMention | None:
    """The draft with the words around it, or None for a specification."""
    term = draft.high
    before = qualifiers.read_before(plain, draft.start, floor)
    after = qualifiers.read_after(plain, term.number.end, draft.end)
    if not term.kind or qualifiers.is_specification(plain, term.kind, term.value, before.start, draft.end):
        return None
    found: list[Relation] = [relation for relation in (before.relation, term.relation, after.relation) if relation]
    # "About 100,000+": the bound says more than the hedge.
    bounds: list[Relation] = [relation for relation in found if relation != "approx"]
    relation: Relation = (bounds or found or ["eq"])[0]
    start, end, times = before.start, max(after.end, draft.tail), draft.times
    period = after.period or qualifiers.period_before(plain, start)
    if times is None and draft.low is term and (share := qualifiers.read_share(plain, start, end, floor)):
        times, start, end = share.parts, share.start, share.end
    incremental = before.incremental or after.incremental
    quantity = _quantity(text[start:end], draft, relation, times, incremental, period)
    return QuantityMention(start=start, end=end, kind=term.kind, quantity=quantity)


def _quantity(
    surface: str, draft: _Draft, relation: Relation, times: Decimal | None, incremental: bool, period: str | None
) -> Quantity:
    term = draft.high
    factor = Decimal(1) if times is None else times
    low, high, vague = float(draft.low.value * factor), float(term.value * factor), term.number.vague
    exact = not vague and draft.low is term
    if not exact:
        relation = "ge" if vague else "range"
    return Quantity(
        text=surface,
        value=high if exact else None,
        min=None if relation in ("le", "lt") else low,
        max=None if relation in ("ge", "gt") else high,
        unit=term.unit,
        relation=relation,
        chip=term.chip,
        count=None if times is None else float(times),
        each=None if times is None else float(term.value),
        incremental=incremental,
        vague=vague,
        period=period,
    )


class QuantityFinder:
    """The spaCy component: quantities of `doc.text` in `doc.spans` and, as plain data, in a Doc extension."""

    def __call__(self, doc: Doc) -> Doc:
        """The doc with `doc.spans[NAME]` and `doc._.infraclaims_quantities` (one JSON object a mention) set."""
        mentions = find_quantities(doc.text)
        spans = (doc.char_span(found.start, found.end, label=found.kind, alignment_mode="expand") for found in mentions)
        doc.spans[NAME] = [span for span in spans if span is not None]
        doc._.set(NAME, [found.model_dump(mode="json") for found in mentions])
        return doc


def make_quantities(nlp: Language, name: str) -> QuantityFinder:  # noqa: ARG001  # spaCy names the arguments
    """The factory; it takes no settings, the rules are in lexicon/units.toml."""
    if not Doc.has_extension(NAME):
        Doc.set_extension(NAME, default=None)
    return QuantityFinder()


Language.factory(NAME, assigns=[f"doc._.{NAME}"], func=make_quantities)  # pyright: ignore[reportUnknownMemberType]
