"""What the words around a date decide: whether a weak form is a date, and on which side of publication it lies."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pipeline.components.calendar import Interval
from pipeline.components.date_relative import closes
from pipeline.components.date_words import Context, Form
from pipeline.records import DateRelation

Side = Literal["past", "future"] | None
_LEFT, _RIGHT = 25, 15
_SLIP = 18
_CONDITION = 10
"""Words before "is granted" among which an "if" leaves it open."""
_STOPS = frozenset(".!?;")


def side(ctx: Context, first: int, stop: int, relation: DateRelation) -> Side:
    """The side of publication that the nearest cue tells: before the date in its sentence, else after it."""
    if relation == "since":
        return "past"
    if relation == "from" and ctx.tokens.word(first) in ctx.words.data.direction.starting:
        return _cue(ctx, range(stop, stop + _RIGHT)) or "future"
    if _slipped(ctx, first):
        return "future"
    left = _cue(ctx, range(first - 1, first - 1 - _LEFT, -1))
    right = _cue(ctx, range(stop, stop + _RIGHT))
    if relation not in ("by", "before"):
        return left or right
    if left == "past":  # "said that by October": what was said is still to come, unless it "had" come
        return (
            "past"
            if ctx.words.data.direction.had.intersection(ctx.tokens.low[max(0, first - 8) : stop + 8])
            else "future"
        )
    return left or right or "future"


def _slipped(ctx: Context, first: int) -> bool:
    """Whether the date is the one to which something was put off ("postponed the hearing to September")."""
    tokens, slips = ctx.tokens, ctx.words.data.direction.slips
    if not {tokens.word(first), tokens.word(first - 1)} & {"to", "until", "till"}:
        return False
    for place in range(first - 1, first - 1 - _SLIP, -1):
        if not tokens.word(place) or tokens.word(place) in _STOPS:
            return False
        if tokens.word(place) in slips:
            return True
    return False


def _cue(ctx: Context, places: range) -> Side:
    tokens, rules = ctx.tokens, ctx.words.data.direction
    for distance, place in enumerate(places):
        word = tokens.word(place)
        if not word or tokens.gap(place + 1 if places.step < 0 else place):
            return None
        if word in _STOPS and not (word == "." and tokens.glued(place + 1) and tokens.word(place + 1)[:1].isalnum()):
            return None
        if places.step > 0 and word in rules.clause:
            return None
        tail = tokens.word(place - 1) == "-" and tokens.glued(place)  # "AI-ready"
        if word in rules.done and tokens.word(place + 1) in rules.done_before:
            return "past"
        noun = word in rules.nouns and tokens.word(place + 1) not in rules.verb_before
        if (word in rules.future and not noun and not tail) or (word == "be" and tokens.word(place - 1) == "to"):
            once = rules.once.intersection(tokens.low[max(0, place - 2) : place])
            return None if once else "future"  # "it was due in June": what was to come may have come
        if (
            word in rules.speech
            and places.step < 0
            and distance
            and tokens.word(place + 1) not in rules.speech_before | rules.made
        ):
            continue
        past = word in rules.past or word in rules.speech or (word.endswith("ed") and word not in rules.not_past)
        if past and tokens.word(place - 1) not in rules.neutral_after:
            yet = tokens.word(place - 1) in ("is", "are") and rules.conditions.intersection(
                tokens.low[max(0, place - _CONDITION) : place]
            )
            return "future" if yet else "past"
    return None


def on_weekday(published: dt.date, number: int, where: Side) -> Interval:
    """The last such weekday (1 to 7) up to publication; under a future cue the first from publication on."""
    if where == "future":
        day = published + dt.timedelta(days=(number - published.isoweekday()) % 7)
    else:
        day = published - dt.timedelta(days=(published.isoweekday() - number) % 7)
    return day, day


def accepted(ctx: Context, form: Form, index: int, prefix: str, follows: bool) -> bool:
    """Whether a form is a date here. `prefix` is the last word of the relation before it, `follows` tells that
    another date ended just before the `and`, `or` or comma in front of it."""
    if form.anaphoric:
        return False
    if form.unit == "weekday":
        return _plain_weekday(ctx, index, form.stop)
    if not form.weak:
        return True
    if form.unit == "day" and not prefix:
        return False
    tokens = ctx.tokens
    after = tokens.word(form.stop)
    if (form.unit == "year" or form.grain == "month") and tokens.word(index)[:1].isdecimal():
        return follows or _plain_year(ctx, form, index, prefix)
    rules, weak = ctx.words.data.year_context, ctx.words.data.weak_units
    if form.unit == "month" and tokens.word(index) != "the":
        named = tokens.word(index) in ctx.words.data.name_months
        if prefix:
            return prefix not in rules.loose and prefix not in ("for", "with")
        return follows or (tokens.word(index - 1) in rules.before and not named)
    if form.unit == "season":
        definite = prefix == "to" and tokens.word(index) == "the"  # "to fall" is a verb
        return (definite or prefix in weak.seasons_after) and after not in weak.seasons_not_before
    if form.unit in ("year", "month", "week", "decade") and not form.fiscal:
        if form.unit == "year" and closes(ctx, index, form.stop):
            return True
        return prefix in weak.after and after not in weak.not_before and not tokens.raw(form.stop)[:1].isdecimal()
    if form.unit == "quarter":
        told = prefix in weak.after or closes(ctx, index, form.stop)
        return told and form.before is not None and side(ctx, index, form.stop, "on") == "past"
    return bool(prefix)


def _plain_weekday(ctx: Context, index: int, stop: int) -> bool:
    tokens, rules = ctx.tokens, ctx.words.data.weekday_context
    named = tokens.word(stop) in rules.not_after and not tokens.raw(stop).islower()
    if tokens.word(index - 1) in rules.not_before or named:
        return False
    dotted = tokens.word(stop) == "." and tokens.glued(stop) and tokens.glued(stop + 1)
    return not (dotted and tokens.word(stop + 1)[:1].isalpha())


def _plain_year(ctx: Context, form: Form, index: int, prefix: str) -> bool:
    tokens, rules = ctx.tokens, ctx.words.data.year_context
    before, after = tokens.word(index - 1), tokens.word(form.stop)
    if prefix in rules.loose:
        return not after or after in rules.closes
    if prefix or before in rules.before or after in rules.after:
        return True
    if after == "'" and tokens.word(form.stop + 1) == "s":
        return True
    if before == "s" and tokens.word(index - 2) == "'":
        return True
    if before in ("(", "[", "|") and after in (")", "]", "|", ",", ";"):
        return True
    if before == ":" and tokens.word(index - 2) in rules.before:
        return True
    bullet = before in ("•", "*", "-", "–", "|")
    return _opens_line(ctx, index - bullet) and after in (":", "-", "–", "—", "|", "'")


def _opens_line(ctx: Context, index: int) -> bool:
    tokens = ctx.tokens
    return index <= 0 or "\n" in tokens.text[tokens.end[index - 1] : tokens.start[index]]
