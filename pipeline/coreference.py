"""Inside one article, what "the company", "the site", "it" and "we" stand for.

Recency with a preference for the subject: a description of a company means the first company of the sentence it
stands in, if that comes before it, else the one that the sentence before has introduced, else the first company of the
nearest earlier sentence that has one; a
description of a site means the last site named. Words are data (`lexicon/coreference.toml`).
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pipeline import lexicon
from pipeline.placed import by_span
from pipeline.reading import Thing

_LOOK_BACK = 6
"""Sentences; farther back a reader would ask who is meant."""
_OPENING = re.compile(r"[-*•\d.)\s]*(?:(?:In|On|By|But|And|Last|This|Since|At) ?(?:[\w]+ ){0,3}(?:[\w]+,? ?)?)?")
"""What may stand before the subject of a sentence."""
_HEADING = re.compile(r"[-*•#\d.)\s]{0,20}[^.!?;\"”’…]{2,60}(?<![,:])$")
"""A line that heads what follows."""
_ITEM = re.compile(r"[-*•\d.)\s]{1,20}[^.:;]{2,40}?\s{0,2}[:–—]\s|[-*•\s]{0,9}\d{1,2}[.)]\s[^.!?;:]{2,60}[.!?](?:\s|$)")
"""The label of an item in a list, or the short sentence that a numbered one opens with."""
_NEAR = 2
"""Sentences in which the company that the article is about outweighs a later one."""


@functools.cache
def _rules() -> dict[str, Any]:
    return lexicon.toml("coreference")


@functools.cache
def _descriptions() -> re.Pattern[str]:
    rules = _rules()

    def any_of(words: Sequence[str]) -> str:
        return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))

    return re.compile(
        rf"\b(?P<det>{any_of(rules['determiners'])})\s+(?P<between>(?:(?!(?:{any_of(rules['breaks'])})\b)[\w-]+\s+){{0,3}}?)"
        rf"(?:(?P<company>{any_of(rules['company_heads'])})|(?P<site>{any_of(rules['site_heads'])}))\b(?!\s+of\b)"
        rf"|\b(?P<pronoun>{any_of(rules['company_pronouns'])})\b"
        rf"|(?<=\w )(?P<there>there)\b(?!\s+(?:{any_of(rules['existing'])})\b)"
        rf"|\b(?P<we>{any_of(rules['first_person'])})\b",
        re.IGNORECASE,
    )


@functools.cache
def speaking() -> re.Pattern[str]:
    """Behind a name: the verb of speech whose subject it is, after at most a word of time or manner."""
    words = "|".join(map(re.escape, lexicon.toml("cues")["clause"]["speech"]))
    return re.compile(rf"\s+(?:(?:last|this) \w+\s+|\w+ly\s+|also\s+|now\s+|then\s+)?(?:{words})\b")


_SHARE = re.compile(
    r"(?:%|\b(?:percent|per cent|most|many|some|few|half|share|number|majority|dozens|hundreds)) of $", re.IGNORECASE
)
"""Before a plural that is no site of the article but a count of all ("40% of the data centers")."""


@functools.cache
def _acting(whose: str) -> re.Pattern[str]:
    """Behind "it": what only a company does (`company_acts`), or only a site (`site_acts`)."""
    helping, acts = ("|".join(_rules()[name]) for name in ("helping", whose))
    return re.compile(rf"(?:\s{{1,2}}(?:{helping})){{0,6}}\s{{1,2}}(?:{acts})\b")


class _Focus:
    """Who and what was spoken of so far, sentence by sentence."""

    def __init__(self, text: str, publisher: Thing | None, main: Thing | None):
        self.text = text
        self.publisher = publisher
        self.main = main
        self.lead: Thing | None = None
        """The company that the sentence before, in the same paragraph, was about."""
        self.introduced = False
        """Whether that sentence was the first to name it, and named no other."""
        self.topic: Thing | None = None
        """The company that the heading over this part of the text, or the label of this item, names."""
        self.headed = False
        self.companies: list[list[Thing]] = []
        self.sites: list[Thing] = []
        self.spots: list[Thing] = []
        """The sites and places of the sentence before."""

    def begin(self, start: int, end: int, named: Sequence[Thing]) -> None:
        """Note a new line, and the one company that it names as a heading or as the label of an item."""
        self.lead = None
        heading = _HEADING.match(self.text, start, end)
        label = heading or _ITEM.match(self.text, start, end)
        if not label:
            self.topic = self.topic if self.headed else None
            return
        inside = [t for t in named if t.type == "company" and start <= t.start < label.end() and not t.aside]
        self.headed = bool(heading)
        self.topic = inside[0] if len({t.key for t in inside}) == 1 else None

    def company(
        self, here: Sequence[Thing], before: int, kinds: Sequence[str], *, pronoun: bool = False, opens: bool = False
    ) -> Thing | None:
        """The company meant at offset `before` of a sentence that holds the companies `here`; of one of `kinds`, if any
        are told and one was named ("" for what no list holds)."""
        rows = [[t for t in here if t.end <= before], *reversed(self.companies[-_LOOK_BACK:])]
        told = [t for t in rows[0] if not t.stands_in and speaking().match(self.text, t.end)]
        if pronoun and told:
            return told[-1]
        fitting = next((t for row in rows for t in row if kinds and (t.kind or "") in kinds), None)
        if fitting:
            return fitting
        if opens and self.lead and not rows[0] and (pronoun or self.introduced):
            return self.lead
        if self.topic and not rows[0]:
            return self.topic
        recent = [row for row in rows[: _NEAR + 1] if row]
        if self.main and not rows[0] and any(t.key == self.main.key for row in recent for t in row):
            return self.main
        for row in rows:
            if row:
                return row[0]
        return None

    def spot(self, here: Sequence[Thing], before: int) -> Thing | None:
        """The site that was the last place spoken of, in the sentence or the one before, None where a town was."""
        last = next((t for t in reversed([*self.spots, *_spots(here)]) if t.end <= before), None)
        return last if last and last.type == "cluster" else None

    def site(self, before: int) -> Thing | None:
        """The last site named before an offset."""
        return next((t for t in reversed(self.sites) if t.end <= before), None)


def resolve(
    text: str, sentences: Sequence[tuple[int, int]], named: Sequence[Thing], publisher: Thing | None
) -> list[Thing]:
    """The named things and the words that stand for one of them, in reading order, disjoint.

    `publisher` is the company behind "we" where the article is its own text; None leaves "we" to the companies named.
    """
    focus = _Focus(text, publisher, _main_company(named, sentences))
    result: list[Thing] = []
    last = 0
    for (start, end), here in zip(sentences, by_span(named, sentences), strict=True):
        if "\n" in text[last:start]:
            focus.begin(start, end, here)
        orgs = [t for t in here if t.type == "company" and not t.aside]
        found: list[Thing] = []
        for match in _descriptions().finditer(text, start, end):
            if any(t.start < match.end() and match.start() < t.end for t in here):
                continue
            thing = _referent(match, focus, _spoken_of(orgs, found), here, start)
            if thing:
                found.append(replace(thing, start=match.start(), end=match.end(), text=match.group(), stands_in=True))
        spoken = _spoken_of(orgs, found)
        if spoken:
            met = {thing.key for row in focus.companies for thing in row}
            focus.introduced = len({t.key for t in spoken}) == 1 and spoken[0].key not in met
            focus.companies.append(spoken)
            opens = _OPENING.fullmatch(text, start, spoken[0].start)
            presented = focus.introduced and not text[spoken[0].end : end].strip(" .:–—")
            focus.lead = spoken[0] if opens or presented else focus.lead
        last = end
        focus.spots = _spots(here)
        focus.sites.extend(t for t in here if t.type == "cluster")
        result.extend(sorted([*here, *found], key=lambda t: t.start))
    return result


def _spots(things: Sequence[Thing]) -> list[Thing]:
    return [t for t in things if t.type in {"cluster", "place"}]


def _spoken_of(orgs: Sequence[Thing], found: Sequence[Thing]) -> list[Thing]:
    """The companies of a sentence, named or meant, in order; "we" is who speaks and not who is spoken of."""
    meant = [t for t in found if t.type == "company" and t.text.lower() not in _rules()["first_person"]]
    return sorted([*orgs, *meant], key=lambda t: t.start)


def _main_company(named: Sequence[Thing], sentences: Sequence[tuple[int, int]]) -> Thing | None:
    """The company named most often; the title counts three times."""
    title_end = sentences[0][1] if sentences else 0
    counts: Counter[str] = Counter()
    first: dict[str, Thing] = {}
    for thing in named:
        if thing.type == "company" and not thing.aside:
            counts[thing.key] += 3 if thing.start < title_end else 1
            first.setdefault(thing.key, thing)
    if not counts:
        return None
    return first[max(counts, key=lambda key: (counts[key], -first[key].start))]


@functools.cache
def _officers() -> re.Pattern[str]:
    words = "|".join(map(re.escape, _rules()["officers"]))
    return re.compile(rf"(?:['’]s)?,? (?:[\w-]+ )?(?:{words})\b", re.IGNORECASE)


@functools.cache
def _office_of() -> re.Pattern[str]:
    """Right before a company: the office that somebody holds there ("chief executive of")."""
    return re.compile(rf"{_officers().pattern}(?: [\w-]+){{0,3}} (?:of|at) $", re.IGNORECASE)


@functools.cache
def _acting_on() -> re.Pattern[str]:
    """Between a company and what it acts on ("Tarn, which bought")."""
    helping, acts = ("|".join(_rules()[name]) for name in ("helping", "acts_on"))
    return re.compile(rf",?(?: which| that| who)?(?: (?:{helping})){{0,6}} (?:{acts})(?: (?:in|out|into|for|with))? ")


def _quoted_for(match: re.Match[str], here: Sequence[Thing]) -> Thing | None:
    """The company whose officer says a quotation of which "we" is a part (“We sold it,” Tarn chief executive …)."""
    for thing in here:
        between = match.string[match.end() : thing.start]
        quoted = thing.type == "company" and thing.start >= match.end() and re.search(r"[,.?!]['\"’”]\s", between)
        before = match.string[max(0, thing.start - 48) : thing.start]
        office = _officers().match(match.string, thing.end) or _office_of().search(before)
        if quoted and office:
            return thing
    return None


def _acted_on(match: re.Match[str], thing: Thing) -> bool:
    """Whether a description is the object of what the company before it did, and so means another ("Tarn, which bought
    the company").
    """
    return bool(_acting_on().fullmatch(match.string[thing.end : match.start()]))


def _referent(
    match: re.Match[str], focus: _Focus, orgs: Sequence[Thing], here: Sequence[Thing], start: int
) -> Thing | None:
    rules = _rules()
    if match["we"]:
        return _quoted_for(match, here) or focus.publisher
    if match["there"]:
        return focus.spot(here, match.start())
    if match["pronoun"]:
        low = match["pronoun"].lower()
        subject = match.start() - start <= 2 and low in {"it", "they"}
        subject = subject and not _acting("company_acts").match(match.string, match.end())
        if subject and focus.sites and (not focus.companies or focus.sites[-1].start > focus.companies[-1][0].start):
            return focus.sites[-1]
        if low == "it" and focus.sites and _acting("site_acts").match(match.string, match.end()):
            return focus.sites[-1]
        one = low in {"it", "its"}
        opens = one and bool(_OPENING.fullmatch(match.string, start, match.start()))
        return focus.company(orgs, match.start(), (), pronoun=one, opens=opens)
    between = {word.lower() for word in match["between"].split()}
    if between & set(rules["not_between"]):
        return None
    if match["company"]:
        if match["det"].lower() in {"its", "their"}:
            return None
        acting = {t.key for t in orgs if _acted_on(match, t)}
        others = [t for t in orgs if t.key not in acting]
        opens = bool(_OPENING.fullmatch(match.string, start, match.start()))
        return focus.company(others, match.start(), rules["kinds"].get(match["company"].lower(), ()), opens=opens)
    if match.group().endswith("s") and _SHARE.search(match.string, start, match.start()):
        return None
    sites_here = [t for t in here if t.type == "cluster" and t.end <= match.start()]
    return sites_here[-1] if sites_here else focus.site(match.start())
