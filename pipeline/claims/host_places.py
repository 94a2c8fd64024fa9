"""Places that a site stands in, and which site it is: by a word for a site beside them, by the heading or the opening
of a passage ("Ashby, Ohio. The council …", "In Ashby we expect to break ground"), by the name of a site of the article.
"""

from __future__ import annotations

import functools
import re

from pipeline import lexicon
from pipeline.claims.scope import word_pattern
from pipeline.reading import Reading, Sentence, Thing

HEADING = 6
"""Words of a sentence that only names the site of an entry."""
_TOLD_PLACE = 60
"""Characters between a word for a site and the place in which it stands."""
_TOWNS = frozenset({"city", "county", ""})
_IN_PLACE = re.compile(
    r"(?:\s[\w-]+){0,3}?\s(?:in|near|outside|at|by|(?:north|south|east|west) of)\s(?:[\w'’-]+\s){0,3}", re.IGNORECASE
)
_OPENS = re.compile(r"\W*(?:\w+,?\s)?(?:in|at|near|outside)\s(?:[a-z]+\s){0,2}", re.IGNORECASE)
"""Opens a sentence that tells of what stands in the place behind it ("And in Kenilworth, our first site is …")."""
_PROPOSED = re.compile(
    r"\b(?:plans?|proposals?|project|scheme|application|request|bid|development|rezoning|phases?|halls?|buildings?|stage|expansion)\b",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"^\s*\d{1,3}[.)]\s")
"""Before the heading of an entry in a list ("4. Colossus 2, Tennessee.")."""
_NAME_WORD = re.compile(r"[\w'-]+")
_CAPITAL = re.compile(r"\b[A-Z][\w'’.-]*")
_NO_NAME = frozenset({"AI", "GPU", "HPC", "The", "Its", "Our", "A", "An", "MW", "GW"})


def town(thing: Thing) -> bool:
    """Whether a thing is a place as small as a site may be called by."""
    return thing.type == "place" and thing.kind in _TOWNS


def stands_there(reading: Reading, sentence: Sentence, place: Thing) -> bool:
    """Whether a sentence tells of a site in the place: "a data center in Ashby", "the Ashby campus", "In Ashby our
    first site …".
    """
    heads = word_pattern("scope", "topic", "site_heads")
    low = max(sentence.start, place.start - _TOLD_PLACE)
    found = list(heads.finditer(reading.text, low, place.start))
    if found and _IN_PLACE.fullmatch(reading.text, found[-1].end(), place.start):
        return True
    behind = heads.search(reading.text, place.end, min(sentence.end, place.end + _TOLD_PLACE))
    if behind is None:
        return False
    return reading.text[place.end : behind.start()].strip(" -").count(" ") == 0 or opens_with(reading, sentence, place)


def planned_there(reading: Reading, sentence: Sentence, place: Thing) -> bool:
    """Whether a plan or a part of a site stands before the place ("the plan in Franklin Township", "phase two in
    Ashby").
    """
    low = max(sentence.start, place.start - _TOLD_PLACE)
    found = list(_PROPOSED.finditer(reading.text, low, place.start))
    return bool(found) and bool(_IN_PLACE.fullmatch(reading.text, found[-1].end(), place.start))


def opens_with(reading: Reading, sentence: Sentence, place: Thing) -> bool:
    """Whether the sentence opens with "In PLACE"."""
    return bool(_OPENS.fullmatch(reading.text, sentence.start, place.start))


def site_there(reading: Reading, place: Thing) -> Thing | None:
    """The site of the article that bears the name of the place, else the place where some sentence tells of one."""
    for site in reading.sites:
        if _holds(site.name, place.text) or _holds(site.text, place.text):
            return site
    told = sorted(reading.sentences_by_key[place.key])
    for index in told:
        sentence = reading.sentences[index]
        if any(t.key == place.key and stands_there(reading, sentence, t) for t in sentence.things):
            return place
    return None


def _holds(name: str, part: str) -> bool:
    """Whether a name holds another one word by word."""
    return f" {' '.join(_NAME_WORD.findall(part))} " in f" {' '.join(_NAME_WORD.findall(name))} "


def heading(reading: Reading, sentence: Sentence) -> Thing | None:
    """The one place or site that alone heads the paragraph of a sentence, or the paragraph as a line before it."""
    for other in reversed(reading.sentences[max(0, sentence.index - 12) : sentence.index]):
        if other.paragraph < sentence.paragraph - 1:
            return None
        if reading.words_between(other.start, other.end) > HEADING or other.title:
            continue
        named = [t for t in other.things if t.type == "place" or t.type == "cluster"]
        if other.paragraph < sentence.paragraph and not _alone(reading, other):
            continue
        small = [t for t in named if t.type == "cluster" or town(t)]
        if len(small) == 1 and _nothing_else(reading, other, named):
            return small[0]
    return None


def _alone(reading: Reading, sentence: Sentence) -> bool:
    """Whether a sentence is a paragraph of its own."""
    beside = reading.sentences[max(0, sentence.index - 1) : sentence.index + 2]
    return sum(s.paragraph == sentence.paragraph for s in beside) == 1


def _nothing_else(reading: Reading, sentence: Sentence, named: list[Thing]) -> bool:
    rest = _NUMBERED.sub("", reading.text[sentence.start : sentence.end])
    for thing in named:
        rest = rest.replace(reading.text[thing.start : thing.end], "", 1)
    return not re.search(r"\w", rest)


def by_state_only(site: Thing) -> bool:
    """Whether a site is told only by a state or a land ("the Ohio site", "campus in Texas")."""
    rest = _states().sub("", site.text)
    return rest != site.text and all(word in _NO_NAME for word in _CAPITAL.findall(rest))


@functools.cache
def _states() -> re.Pattern[str]:
    wide = {"state", "country", "region"}
    names = [n for row in lexicon.load().places if row.kind in wide for n in (row.name, *row.aliases)]
    return re.compile(r"\b(?:" + "|".join(map(re.escape, sorted(names, key=len, reverse=True))) + r")(?:['’]s)?(?!\w)")
