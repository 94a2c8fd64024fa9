"""Dates as typed intervals: located by our own patterns, resolved against the day of publication.

The reading goes by tokens, never by a search over free text: a date begins at a word of lexicon/dates.toml or at a
number, takes the relation word before it into its span ("by the end of 2028"), and is the longest form that stands
there. Spelled-out and numeric dates with day, month and year are normalised by dateparser with fixed language, order
and base. The conventions are written in lexicon/dates.toml.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from pipeline.components import calendar
from pipeline.components import date_relative as relative
from pipeline.components.calendar import Interval
from pipeline.components.date_anaphora import pointing_back
from pipeline.components.date_context import accepted, on_weekday, side
from pipeline.components.date_periods import period
from pipeline.components.date_words import Context, Form, Tokens, words
from pipeline.records import DateMention, DateRange, DateRelation

NAME = "infraclaims_dates"
_DAY_FIRST = re.compile(r"(?<![0-9/.-])(?:1[3-9]|2[0-9]|3[01])[/-][0-9]{1,2}[/-][0-9]{4}(?![0-9/-])")
_LISTED = frozenset({"year", "quarter", "half", "month", "season", "part_of_year", "decade"})


def find_dates(text: str, published: dt.date | None) -> list[DateMention]:
    """All dates of a text, in reading order and without overlap; `text[start:end]` is each mention's `date.text`.

    Relative expressions are resolved against `published`; without it, and where they are vague, `start` and `end` of
    the range are null. Raises nothing, whatever the text.
    """
    ctx = Context(Tokens(text), words(), published, bool(_DAY_FIRST.search(text)))
    tokens, openers, relations = ctx.tokens.low, ctx.words.openers, ctx.words.relations.by_first
    mentions: list[DateMention] = []
    index, ended = 0, -2
    while index < len(tokens):
        word = tokens[index]
        if word in openers or word in relations or word[0].isdecimal() or (word[-1].isdecimal() and word[0] in "qhfc"):
            found = _mention(ctx, index, ended == index - 1 and word != ".")
            if found:
                mentions.append(found[1])
                index = ended = found[0]
                continue
        index += 1
    return pointing_back(text, mentions, published)


def _mention(ctx: Context, index: int, follows: bool) -> tuple[int, DateMention] | None:
    """The date that begins at a token, and the index after it."""
    try:
        plain, led = _read(ctx, index, index, "on", "", follows), _led(ctx, index, follows)
        best = led if led and (plain is None or led.stop > plain.stop) else plain
        return (best.stop, _record(ctx, best)) if best else None
    except (ValueError, OverflowError):  # a day outside the calendar
        return None


@dataclass(frozen=True, slots=True)
class _Reading:
    first: int
    stop: int
    form: Form
    interval: Interval | None
    relation: DateRelation


def _led(ctx: Context, index: int, follows: bool) -> _Reading | None:
    """A date behind its relation words."""
    tokens, governed = ctx.tokens, ctx.words.data.governed
    first, place, relation, prefix = index, index, "on", ""
    deadline = ctx.words.under.at(tokens, index)
    if deadline:
        place, prefix = deadline[0], "under"
    for _ in range(3):
        found = ctx.words.approximators.at(tokens, place) if prefix else None
        if found:
            place = found[0]
        led = ctx.words.relations.at(tokens, place)
        if led is None or found:
            break
        if prefix and relation == "on":  # "will be on by December": the first is an adverb
            first = place
        relation = led[1] if led[1] != "on" else relation
        place, prefix = led[0], tokens.word(led[0] - 1)
    if not prefix or tokens.gap(place):
        return None
    reading = _read(ctx, first, place, relation, prefix, follows)
    if reading is None or place != first + 1:
        return reading
    particle = prefix in governed.particles and tokens.word(place) in governed.before
    needed = reading.form.grain == "span" or (reading.form.weak and tokens.word(place) == "the")
    asked = prefix in governed.complements and tokens.raw(first - 1)[-1:].isalpha() and not needed
    return replace(reading, first=place) if particle or asked else reading


def _read(ctx: Context, first: int, place: int, relation: DateRelation, prefix: str, follows: bool) -> _Reading | None:
    form = period(ctx, place, 0, prefix)
    timed = _timed(ctx, first, place, prefix)
    if timed and (form is None or timed.stop > form.stop):
        form = timed
    if form is None:
        return None
    both = _range(ctx, form, prefix)
    if both is None and (prefix == "between" or not accepted(ctx, form, place, prefix, follows)):
        return None
    if both is None and prefix == "from" and form.weak and ctx.tokens.word(form.stop) in ("to", "-", "–"):
        return None
    form = both or form
    if both and form.weak and not accepted(ctx, form, place, prefix, follows):
        return None
    if form.relation and relation == "on":
        relation = form.relation
    if prefix == "from" and form.grain == "span":
        relation = "on"
    stop = form.stop
    suffix = ctx.words.suffixes.at(ctx.tokens, stop)
    if suffix:
        stop, relation = suffix
    interval = _resolved(ctx, form, first, stop, relation)
    if interval and relation == prefix == "from" and not suffix and ctx.published and interval[1] < ctx.published:
        relation = "on"  # "a report from March 2021"
    return _Reading(first, stop, form, interval, relation)


def _timed(ctx: Context, first: int, place: int, prefix: str) -> Form | None:
    """`within two years`; `in two years` where a future cue governs it."""
    future = prefix in ("in", "under") and side(ctx, first, place + 3, "on") == "future"
    if ctx.words.within.at(ctx.tokens, first) or (prefix == "under" and future):
        return relative.within(ctx, place)
    if prefix != "in":
        return None
    form = relative.distance(ctx, place)
    timed = form is not None and ctx.tokens.word(form.stop - 1) == "time"
    return form if timed or future else None


def _range(ctx: Context, form: Form, prefix: str) -> Form | None:
    """The form joined to the dates that follow it: `2026 to 2028`, `June and July 2026`, `2026, 2027 and 2028`."""
    joined: Form | None = None
    for _ in range(6):
        following = _joined(ctx, joined or form, prefix)
        if following is None:
            return joined
        joined = following
        if prefix == "between":
            return joined
    return joined


def _joined(ctx: Context, form: Form, prefix: str) -> Form | None:
    tokens, lists = ctx.tokens, ctx.words.data.list_words
    link = tokens.word(form.stop)
    if (link not in lists.both and link not in lists.range) or tokens.gap(form.stop + 1):
        return None
    if prefix == "between" and link not in ("and", "-", "–"):
        return None
    place = form.stop + 1
    other = _next_one(ctx, form, place) or period(ctx, place)
    if other is None or other.anaphoric or form.unit == "weekday" or other.unit == "weekday":
        return None
    spanning = link in ("to", "-", "–", "through", "until", "till") or prefix == "between"
    if spanning:
        same = (
            form.grain == other.grain
            or prefix in ("from", "between")
            or {form.unit, other.unit} <= {"day", "month", "part"}
        )
    else:
        same = link != "—" and form.grain in (*_LISTED, "span") and other.grain in _LISTED and form.unit == other.unit
    if not same or (link == "," and not _list_goes_on(ctx, other)):
        return None
    if link in ("-", "–") and tokens.glued(form.stop) != tokens.glued(form.stop + 1):
        return None
    return _combined(ctx, form, other, clear=spanning and (link not in ("-", "–") or tokens.glued(place)))


def _next_one(ctx: Context, form: Form, place: int) -> Form | None:
    """`this year and next`."""
    alone = ctx.tokens.word(place) == "next" and ctx.tokens.word(place + 1) not in ctx.words.data.units
    if not alone or form.interval is None or form.grain not in ("week", "month", "quarter", "year"):
        return None
    interval = calendar.containing(form.interval[1] + dt.timedelta(days=1), form.grain)
    return replace(form, stop=place + 1, interval=interval)


def _list_goes_on(ctx: Context, other: Form) -> bool:
    return other.unit == "year" and (
        ctx.tokens.word(other.stop) in ("and", "or", ",")
        and period(ctx, other.stop + 1 + (ctx.tokens.word(other.stop + 1) in ("and", "or"))) is not None
    )


def _combined(ctx: Context, form: Form, other: Form, clear: bool) -> Form | None:
    """One range from two dates; a year told at one end serves both. `clear`: the link shows that they are dates."""
    first, last = form.interval, other.interval
    weak = form.weak and other.weak and not clear
    made = replace(other, grain="span", interval=None, inside=None, weak=weak, fiscal=form.fiscal or other.fiscal)
    if form.inside and other.inside:
        one, two = form.inside, other.inside

        def both(year: Interval) -> Interval:
            start, end = one(year)[0], two(year)[1]
            return (start, end) if start <= end else (start, two(calendar.years(year[0].year + 1, year[0].year + 1))[1])

        return replace(made, inside=both)
    if form.inside and last:
        first = max(
            (f for year in (last[0].year - 1, last[0].year) if (f := form.cycle(year))[0] <= last[0]), default=None
        )
    elif other.inside and first:
        last = min(
            (f for year in (first[0].year, first[0].year + 1) if (f := other.cycle(year))[1] >= first[1]), default=None
        )
    if first is None or last is None:
        return made if ctx.published is None else None
    return replace(made, interval=(first[0], last[1])) if first[0] < last[0] and first[1] < last[1] else None


def _resolved(ctx: Context, form: Form, first: int, stop: int, relation: DateRelation) -> Interval | None:
    found = _placed(ctx, form, first, stop, relation)
    bare = ctx.tokens.word(first) not in ctx.words.relations.by_first  # "closed in June" ends no month
    if found and bare and form.unit in ("quarter", "year", "month") and relative.closes(ctx, first, stop):
        return calendar.part(found, form.unit, "late", True)
    return found


def _placed(ctx: Context, form: Form, first: int, stop: int, relation: DateRelation) -> Interval | None:
    if form.interval and form.before and ctx.published and form.interval[1] >= ctx.published:
        past = relation != "since" and side(ctx, first, stop, relation) == "past"
        return form.before if past else form.interval
    if form.interval or ctx.published is None:
        return form.interval
    if form.unit == "weekday":
        number = ctx.words.data.weekdays[ctx.tokens.word(form.stop - 1)]
        return on_weekday(ctx.published, number, side(ctx, first, stop, relation))
    if form.inside is None:
        return None
    where = side(ctx, first, stop, relation)
    if where is None and form.unit == "half":
        return form.cycle(ctx.published.year)
    return calendar.nearest(form.cycle, ctx.published, where)


def _record(ctx: Context, reading: _Reading) -> DateMention:
    start, end = ctx.tokens.start[reading.first], ctx.tokens.end[reading.stop - 1]
    first, last = reading.interval or (None, None)
    date = DateRange(
        text=ctx.tokens.text[start:end],
        start=first,
        end=last,
        grain=reading.form.grain,
        relation=reading.relation,
        fiscal=reading.form.fiscal,
    )
    return DateMention(start=start, end=end, date=date)


class DateComponent:
    """Writes the dates of a doc to `doc.spans["infraclaims_dates"]` and, as JSON dicts, to `doc._.infraclaims_dates`.

    Reads the day of publication from `doc._.published`, an ISO string or None.
    """

    def __init__(self) -> None:
        if not Doc.has_extension("published"):
            Doc.set_extension("published", default=None)
        if not Doc.has_extension(NAME):
            Doc.set_extension(NAME, default=None)

    def __call__(self, doc: Doc) -> Doc:
        """The same doc, annotated."""
        published = doc._.published
        mentions = find_dates(doc.text, dt.date.fromisoformat(published) if published else None)
        dicts: list[dict[str, Any]] = [mention.model_dump(mode="json") for mention in mentions]
        spans = [
            doc.char_span(mention.start, mention.end, label="date", alignment_mode="expand") for mention in mentions
        ]
        doc.spans[NAME] = [span for span in spans if span is not None]
        doc._.set(NAME, dicts)
        return doc


def make_dates(nlp: Language, name: str) -> DateComponent:  # noqa: ARG001  # the signature that spaCy calls
    """The component; it takes no settings."""
    return DateComponent()


Language.factory(NAME, assigns=["doc.spans", f"doc._.{NAME}"], func=make_dates)  # pyright: ignore[reportUnknownMemberType]
