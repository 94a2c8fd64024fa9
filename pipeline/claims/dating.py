"""Which date belongs to a claim: the one in its clause that no other number or step is nearer to."""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Sequence
from dataclasses import replace

from pipeline import lexicon
from pipeline.claims.facets import Verdict
from pipeline.claims.scope import finite_verbs, tells
from pipeline.reading import ClauseSpan, Placed, Reading, Sentence
from pipeline.records import Cue, DateMention, QuantityMention, Realization

_REACH = 28
"""Words between a number or step and its date."""
_OPENS = 2
"""Words before the date of a saying that opens its clause ("But on May 6 the firm said")."""
_RELATIVE = re.compile(r"(?:(?:[\w'-]{1,40} ){0,4}of )?(?:which|whose)\b", re.IGNORECASE)
_OPENING = re.compile(r"(?:in|on|by|within|during|as of|at|over|for|since|late|early|last|this|next)\b", re.IGNORECASE)
_DUE = re.compile(
    r"\b(?:notes|bonds|debentures|loans?|debt)\s+(?:due|maturing)(?:\s+in)?\s+$|\bmatur(?:es|ing)\s+(?:in\s+)?$"
)
_FOUNDED = re.compile(
    r"\b(?:founded|established|incorporated|(?<!was )(?<!were )set up|promised|pledged|committed)\s+$", re.IGNORECASE
)
_AS_OF = re.compile(r"as (?:of|at)\b", re.IGNORECASE)
"""Begins the date at which a total stands, in whatever clause it is told."""
_STOOD = re.compile(r"\b(?:stood|was|were|reached|rose|grew|total+ed|climbed|jumped|doubled|came)\b(?! to)")
"""In the cue of a plan: that so much was planned at a date ("capacity under construction stood at")."""
_NOW = re.compile(r"\b(?:now|currently|already|today|existing|present|current)\b", re.IGNORECASE)
"""In the cue of a fact: that it holds as it is told, and from no later date."""
_WAS_TO = re.compile(r"(?:was|were|had)\b", re.IGNORECASE)
_DUE_ON = re.compile(r"(?:to be|due|expected|scheduled|slated|set)\b")
"""Begins what is said of a number's own thing ("22 MW, to be delivered in 2026")."""
_SIZED = re.compile(
    r"(?:which|that) (?:(?:now|currently|already) )?"
    r"(?:is|are|has|have|measures?|draws?|uses?|houses?|hosts?|runs?|operates?|holds?|consumes?|contains?|boasts?|totals?)\b"
)
"""Begins an insertion that only tells how large a thing is ("Hall 2, which is 40 MW, opened in May")."""
_INSERTED = {"leaning", "subordinate", "bracket"}
_PART_OF = re.compile(
    r"\b(?:first|initial|second|third|next|part|half|phase|halls?|buildings?|stage|section|tranche|foundations?|footings|steel|concrete|slabs?|walls|[gmGM][Ww]|(?:mega|giga)watts)"
    r"\s+of\s+(?:an?|its|the|their|that)\s+(?:(?:planned|proposed|future|eventual|larger|total|full)\s+)?$"
)
"""What tells that a number is the whole of which something else is a part ("the first phase of its 1.5 GW campus")."""
_BUILT = re.compile(
    r"\b(?:to be|that|which|due|expected|scheduled|slated|set|planned|will)\s(?:[\w-]+\s){0,4}?"
    r"(?:finish|complet|open|operat|energi[sz]|online|live|ready|running|start|begin|launch|hand|servic|switch|deliver)"
    r"\w{0,6}\b"
)
"""Behind a sum: when what it pays for is there, which does not date the paying ("$4 billion on a hall to open in")."""
_CLOSED = re.compile(r"(?:which|that)\s(?:[\w-]+\s){0,2}?(?:clos|shut|retir|idl|stopp|bought|acquir|sold|found)\w*\b")
"""Begins a clause whose date is not when a number of that thing is there ("the 615 MW plant, which closed in 2020")."""
_DECIDED = re.compile(
    r"\b(?:votes?|hearings?|rulings?|decisions?|meetings?|elections?|auctions?|expires?|expiring|lapses|ground\w*)\s+"
    r"(?:(?:set|due|scheduled|planned|expected|held|(?:will |to )?be broken|broken)\s+)?$",
    re.IGNORECASE,
)
"""Before a date: what is then decided, begun or over, and so not when a number is there ("hangs on a vote in May")."""
_BESIDES = re.compile(r"\b(?:on top of|in addition to|besides|compared (?:with|to)|up from|down from)\b")
"""Before a number that is only held beside the one before it."""
_UNFIT = re.compile(r"(?:for|over|through|within|by|until|from|starting|beginning)\b", re.IGNORECASE)
"""What begins a date on which nothing can have been said."""


@functools.cache
def _telling() -> dict[str, re.Pattern[str]]:
    """Patterns for "said on Tuesday" and "on Tuesday the firm said", with and without the words of an announcement."""
    words = lexicon.toml("attribution")["telling"]
    between = "|".join(words["between"])
    saying, announcing = "|".join(words["saying"]), "|".join((*words["saying"], *words["announcing"]))
    before = rf"(?:\s+(?:{between})){{0,7}}?(?:\s+on)?\s*$"
    after = r"^,?\s*(?:[\w.'-]+\s+){0,4}?"
    news = "|".join(words["announcing"])
    return {
        "news_before": re.compile(rf"\b(?:{news})\b{before}", re.IGNORECASE),
        "news_after": re.compile(rf"{after}(?:{news})\b", re.IGNORECASE),
        "said_before": re.compile(rf"\b(?:{saying})\b{before}", re.IGNORECASE),
        "told_before": re.compile(rf"\b(?:{announcing})\b{before}", re.IGNORECASE),
        "told_after": re.compile(rf"{after}(?:{announcing})\b", re.IGNORECASE),
    }


def link(
    reading: Reading,
    sentence: Sentence,
    anchor: Placed,
    rivals: Sequence[Placed],
    *,
    announced: bool,
    found: Verdict | None = None,
) -> DateMention | None:
    """The date of what stands at `anchor`, or None.

    `announced` admits the day on which it was said; `found` is what is known of a number, so that a date is taken only
    where it can be that of such a state, and one from a neighbouring clause only where it fits.
    """
    best: tuple[float, DateMention] | None = None
    if found and _PART_OF.search(reading.text, max(sentence.start, anchor.start - 40), anchor.start):
        return None
    for date in sentence.dates:
        if _of_the_saying(reading, sentence, date, announced) or _elsewhere(reading, sentence, date):
            continue
        stands = found is not None and bool(_AS_OF.match(date.date.text)) and date.start >= anchor.end
        stands = stands and not _said_anew(reading, sentence, anchor, date)
        if stands and not reading.text[: anchor.start].endswith(" of the "):
            best = best or (reading.gap(anchor, date), date)
            continue
        if not sentence.row and _other_clause(reading, sentence, anchor, date, announced, found):
            continue
        if not sentence.row and _nearer_rival(reading, sentence, anchor, date, rivals):
            continue
        if not sentence.row and (
            _of_the_one_before(reading, sentence, anchor, date) or _leads_on(reading, anchor, date)
        ):
            continue
        if found and (_of_the_thing(reading, anchor, date) or _of_a_decision(reading, sentence, date)):
            continue
        if found and not _plausible(sentence, anchor, date, found, reading.published):
            continue
        cost = reading.gap(anchor, date) + (3 if date.end <= anchor.start else 0)
        if cost <= _REACH and (best is None or cost < best[0]):
            best = (cost, date)
    return best[1] if best else None


_ONE_DAY = 7
"""Days before an article up to which it tells as news what somebody announces."""


def of_the_news(reading: Reading, sentence: Sentence, anchor: Placed) -> DateMention | None:
    """The day on which somebody announces a step, which dates it ("today announced the closing of"); no mere saying."""
    for date in sentence.dates:
        start, end = date.date.start, date.date.end
        if start is None or start != end or reading.published is None or _said_anew(reading, sentence, anchor, date):
            continue
        news = 0 <= (reading.published - start).days < _ONE_DAY
        if news and _announced_on(reading, sentence, date):
            return date
    return None


def _of_the_thing(reading: Reading, anchor: Placed, date: DateMention) -> bool:
    """Whether a date behind a sum tells when the thing that it pays for is there."""
    priced = isinstance(anchor, QuantityMention) and anchor.kind == "investment"
    return priced and anchor.end < date.start and bool(_BUILT.search(reading.text, anchor.end, date.start))


def _of_a_decision(reading: Reading, sentence: Sentence, date: DateMention) -> bool:
    """Whether a date is that of a vote, of the first sod or of the end of a paper."""
    return bool(_DECIDED.search(reading.text, max(sentence.start, date.start - 40), date.start))


def _announced_on(reading: Reading, sentence: Sentence, date: DateMention) -> bool:
    """Whether a date is that of an announcement, and of no mere saying."""
    text, telling = reading.text, _telling()
    if telling["news_before"].search(text, sentence.start, date.start):
        return True
    return bool(telling["news_after"].match(text[date.end : min(sentence.end, date.end + 80)]))


def _said_anew(reading: Reading, sentence: Sentence, anchor: Placed, date: DateMention) -> bool:
    """Whether a date stands behind a semicolon, in a clause that is whole by itself."""
    there = sentence.clause_at(date.start)
    begun = reading.text.rfind(";", anchor.end, date.start) > 0
    return begun and there != sentence.clause_at(anchor.start) and _has_verb(reading, sentence.clauses[there])


def _of_the_saying(reading: Reading, sentence: Sentence, date: DateMention, announced: bool) -> bool:
    """Whether a date is that of the announcement: "said on Tuesday", "On May 6 the firm said", "today announced"."""
    if _UNFIT.match(date.date.text):
        return False
    text, telling = reading.text, _telling()
    if announced:  # a deal is dated by its announcement, but not by somebody's speaking of it
        return said(reading, sentence, date)
    if telling["told_before"].search(text, sentence.start, date.start):
        return True
    clause = sentence.clauses[sentence.clause_at(date.start)]
    opens = reading.words_between(clause.start, date.start) <= _OPENS
    return opens and bool(telling["told_after"].match(text[date.end : min(sentence.end, date.end + 80)]))


def said(reading: Reading, sentence: Sentence, date: DateMention) -> bool:
    """Whether a date is that of somebody's speaking ("said on Tuesday")."""
    unfit = _UNFIT.match(date.date.text)
    return not unfit and bool(_telling()["said_before"].search(reading.text, sentence.start, date.start))


def _elsewhere(reading: Reading, sentence: Sentence, date: DateMention) -> bool:
    """Whether a date is when a debt falls due ("8% senior notes due 2032"), or when a company was founded."""
    low = max(sentence.start, date.start - 40)
    return bool(_DUE.search(reading.text, low, date.start) or _FOUNDED.search(reading.text, low, date.start))


def _other_clause(
    reading: Reading,
    sentence: Sentence,
    anchor: Placed,
    date: DateMention,
    announced: bool,
    found: Verdict | None,
) -> bool:
    """Whether a date stands in a clause that has its own matter: another verb, number or step."""
    here, there = sentence.clause_at(anchor.start), sentence.clause_at(date.start)
    clause = sentence.clauses[there]
    numbers = any(clause.start <= q.start < clause.end for q in sentence.quantities)
    if here == there or (there < here and not numbers and _fronted(reading, clause)):
        return False
    if there < here and _RELATIVE.match(reading.text, clause.start):
        return True
    if announced and not numbers and _announced_by(reading, sentence, here, there):
        return False
    if _carried(reading, sentence, here, there, date):
        return False
    priced = isinstance(anchor, QuantityMention) and anchor.kind == "investment"  # dates of a site are not of its price
    untaken = not priced and not any(clause.start <= q.start < date.start for q in sentence.quantities)
    if found and untaken and _goes_on(reading, sentence, anchor, here, there):
        return not found.by_default and not fits(date, found.realization, reading.published)
    low, high = sorted((here, there))
    if high - low > 1 or sentence.clauses[high].link == "coordinate":
        return True
    return numbers or any(
        c.facet == "realization"
        and clause.start <= c.start < clause.end
        and not (found and date.start <= c.start < date.end)
        for c in sentence.cues
    )


def _fronted(reading: Reading, clause: ClauseSpan) -> bool:
    """Whether a clause is only the words that open a sentence ("By the end of June, it had …")."""
    return bool(_OPENING.match(reading.text[clause.start : clause.end])) and not _has_verb(reading, clause)


def _announced_by(reading: Reading, sentence: Sentence, here: int, there: int) -> bool:
    """Whether the date's clause announces the anchor's: "today announced that …", "…, announced in January"."""
    clause = sentence.clauses[there]
    if there == here - 1:
        return sentence.clauses[here].link == "content"
    announcing = "|".join(lexicon.toml("attribution")["telling"]["announcing"])
    return clause.link == "leaning" and bool(
        re.match(rf"(?:first )?(?:{announcing}|signed|agreed)\b", reading.text[clause.start :])
    )


def _carried(reading: Reading, sentence: Sentence, here: int, there: int, date: DateMention) -> bool:
    """Whether the anchor stands in a participle clause that hangs on one which the date opens ("In May it closed a
    round of $2 billion, bringing the total to $5 billion").
    """
    if there != here - 1 or sentence.clauses[here].link != "leaning":
        return False
    if any(sentence.clauses[here].start <= d.start < sentence.clauses[here].end for d in sentence.dates):
        return False
    opens = reading.words_between(sentence.clauses[there].start, date.start) <= 1
    return opens and reading.text[sentence.clauses[here].start : sentence.clauses[here].end].split()[0].endswith("ing")


def _of_the_one_before(reading: Reading, sentence: Sentence, anchor: Placed, date: DateMention) -> bool:
    """Whether a date belongs to the number before it, and the anchor behind it begins anew ("9,000 came in April, so
    there are 27,000", "up to 8,000 in early 2026, and 31,000 might follow").
    """
    if date.start >= anchor.end:
        return False
    clause = sentence.clauses[sentence.clause_at(date.start)]
    if not any(clause.start <= q.start and q.end <= date.start for q in sentence.quantities):
        return False
    between, behind = reading.text[date.end : anchor.start], reading.text[anchor.end : anchor.end + 40].split()[:2]
    if _BESIDES.search(between):
        return True
    anew = re.search(r"\b(?:and|but|so)\b(.*)", between, re.DOTALL)
    return bool(anew) and (anew[0].startswith("so") or tells(anew[1].lower()) or tells(" ".join(behind).lower()))


def _leads_on(reading: Reading, anchor: Placed, date: DateMention) -> bool:
    """Whether a date behind the anchor opens what is said next ("it has 40 MW, and last year turned down a hall")."""
    if date.start < anchor.end or not re.search(r"\b(?:and|but|then),?\s+$", reading.text[anchor.end : date.start]):
        return False
    return bool(
        re.match(r",?\s+(?!and\b|or\b|when\b|if\b|as\b|at\b|for\b|to\b)\w", reading.text[date.end : date.end + 12])
    )


def _goes_on(reading: Reading, sentence: Sentence, anchor: Placed, here: int, there: int) -> bool:
    """Whether the date's clause goes on about the anchor: the main clause after inserted ones ("the hall, drawing
    40 MW, will open in June"), what else is said of it ("40 MW will run on gas and be on in June"), or a relative
    clause behind the number ("40 MW, which is due in June").
    """
    if there <= here:
        return False
    clause, first = sentence.clauses[there], sentence.clauses[here]
    between = sentence.clauses[here + 1 : there]
    slips = [c for c in between if c.link in _INSERTED or _RELATIVE.match(reading.text, c.start)]
    on = all(c in slips or _first_word(reading, c) in finite_verbs() for c in between)
    on = on and _first_word(reading, clause) in finite_verbs()
    if _SIZED.match(reading.text, first.start):
        return False
    inserted = first.link in _INSERTED and not _joined(reading, sentence.clauses[here + 1])
    if on and (inserted or not tells(reading.text[first.start : anchor.start].lower())):
        return True
    if len(slips) < len(between) or _CLOSED.match(reading.text, clause.start, clause.end):
        return False
    taken = [q for q in sentence.quantities if anchor.end <= q.start < clause.start]
    if any(not reading.listed(anchor, q) for q in taken):
        return False
    return bool(_RELATIVE.match(reading.text, clause.start, clause.end) or _DUE_ON.match(reading.text, clause.start))


def _first_word(reading: Reading, clause: ClauseSpan) -> str:
    """The first word of a clause, but for an "and"."""
    words = reading.text[clause.start : clause.end].lower().split(None, 2)
    return words[1] if len(words) > 1 and words[0] == "and" else words[0]


def _joined(reading: Reading, clause: ClauseSpan) -> bool:
    """Whether a clause hangs on the one before it by an "and"."""
    return bool(re.search(r"\b(?:and|or|but)\s*$", reading.text[max(0, clause.start - 5) : clause.start]))


def _has_verb(reading: Reading, clause: ClauseSpan) -> bool:
    """Whether a clause has a finite verb, so that it is whole by itself."""
    return tells(reading.text[clause.start : clause.end].lower())


def _nearer_rival(
    reading: Reading, sentence: Sentence, anchor: Placed, date: DateMention, rivals: Sequence[Placed]
) -> bool:
    """Whether another number stands between anchor and date, and in the date's clause: then the date is its own."""
    low, high = min(anchor.end, date.end), max(anchor.start, date.start)
    here = sentence.clause_at(date.start)
    between = [r for r in rivals if low <= r.start and r.end <= high and sentence.clause_at(r.start) == here]
    return any(not reading.listed(anchor, r) for r in between)


def fits(date: DateMention, realization: Realization, published: dt.date | None) -> bool:
    """Whether a date lies on the side of publication that a fact or a plan asks for."""
    start, end = date.date.start, date.date.end
    if published is None or start is None or end is None:
        return True
    return start <= published if realization == "realized" else end > published


def _plausible(
    sentence: Sentence, number: Placed, date: DateMention, found: Verdict, published: dt.date | None
) -> bool:
    """Whether a date can be that of a state: what is planned is not due before the article, and "today" dates news.

    What was secured is dated by its securing. Of which no cue tells that it is a plan, a sum, or a number whose clause
    another one carries on ("Hall 2, 48 MW, was handed over on 3 July"), may have its date in the past.
    """
    start, end = date.date.start, date.date.end
    if published is None or start is None or end is None:
        return True
    plan = found.cues[0]
    if start > published and found.realization == "realized" and _NOW.search(plan.text):
        return False
    stood = plan.rule == "plan.past" or (plan.rule == "commit.noun_before" and _STOOD.search(plan.text))
    stood = (
        stood
        or (plan.rule == "commit.capacity" and "contract" in plan.text)
        or (plan.rule == "schedule.set" and _WAS_TO.match(plan.text))
    )
    if stood or _AS_OF.match(date.date.text):
        return True
    if start == end == published:
        return False
    if found.realization == "negated" and end <= published:
        return False  # the day on which a plan was dropped is not one on which it was due
    apart = sentence.clause_at(number.start) != sentence.clause_at(date.start)
    priced = isinstance(number, QuantityMention) and number.kind == "investment"
    untold = found.by_default and (priced or apart)
    if untold or found.cues[0].rule == "commit.secured" or found.realization not in {"planned", "possible"}:
        return True
    return end > published or date.date.relation == "since"


def not_before(found: Verdict, date: DateMention | None, published: dt.date | None) -> Verdict:
    """The verdict, but that nothing is real yet on a date after the article."""
    if date is None or date.date.start is None or published is None or date.date.start <= published:
        return found
    if found.realization != "realized":
        return found
    cue = Cue(
        text=date.date.text, start=date.start, end=date.end, facet="realization", value="planned", rule="date.future"
    )
    return replace(found, realization="planned", cues=(cue, *found.cues), confidence=min(found.confidence, 0.7))
