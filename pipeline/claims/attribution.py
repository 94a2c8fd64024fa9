"""Who vouches for a claim inside the text: the speaker of its sentence, if it names one."""

from __future__ import annotations

import functools
import re

from pipeline import lexicon
from pipeline.reading import Reading, Sentence, Thing
from pipeline.records import Attribution, AttributionType

_SPEAKER = re.compile(
    r"^([A-Z][\w.’'-]+(?: [A-Z][\w.’'-]+){1,3})"
    r"(?:(?:,| [-–—]) [A-Z][\w .,&’'-]{1,60}| \([A-Z][\w .,&’'-]{1,40}\))?:\s+(?![\d$€£₹~])"
)
"""At the head of a paragraph: who speaks, the office that he holds, and words that he says."""


@functools.cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    data = lexicon.toml("attribution")
    verbs = "|".join(sorted(data["verbs"], key=len, reverse=True))
    before = "|".join(sorted(data["before"], key=len, reverse=True))
    anonymous = "|".join(sorted(data["anonymous"], key=len, reverse=True))
    documents = "|".join(sorted(data["documents"], key=len, reverse=True))
    aside = r"(?:'s)?(?:\s{0,2}\([^)]{0,30}\))?(?:,[^,.;]{0,90},)?(?:\s{1,2}[\w']{1,40}){0,2}?"
    some_document = rf"(?:an?|the|its|their|our)\s+(?:[\w-]+\s+){{0,3}}(?:{documents})"
    return (
        re.compile(rf"{aside}\s{{1,2}}(?P<verb>{verbs})\b", re.IGNORECASE),
        re.compile(rf"\b(?P<verb>{verbs}|{before})\s+(?:[\w'’-]+\s+){{0,6}}$", re.IGNORECASE),
        re.compile(rf"\b(?P<who>{anonymous})\b", re.IGNORECASE),
        re.compile(rf"\b(?P<before>{before})\s+(?P<doc>{some_document})\b", re.IGNORECASE),
    )


def attribute(reading: Reading, sentence: Sentence) -> Attribution | None:
    """The voice of a sentence, or None where the publisher itself speaks."""
    after, before, anonymous, document = _patterns()
    text = reading.text
    speakers = [t for t in sentence.things if t.type in {"person", "company", "publication"}]
    best: tuple[int, Thing, str] | None = None
    for thing in speakers:
        verb = after.match(text, thing.end, min(sentence.end, thing.end + 160))
        found = verb or before.search(text, max(sentence.start, thing.start - 60), thing.start)
        if found is None:
            continue
        rank = {"person": 0, "company": 1, "publication": 2}[thing.type]
        if best is None or rank < best[0]:
            best = (rank, thing, found["verb"].lower())
    if best:
        return _of(best[1], best[2])
    who = anonymous.search(text, sentence.start, sentence.end)
    if who:
        return Attribution(name=who["who"], type="anonymous")
    paper = document.search(text, sentence.start, sentence.end)
    if paper:
        return Attribution(name=paper["doc"], type="document", verb=paper["before"].lower())
    return _speaker(reading, sentence)


def _of(thing: Thing, verb: str) -> Attribution:
    types: dict[str, AttributionType] = {"person": "person", "company": "company", "publication": "publication"}
    return Attribution(name=thing.name, id=thing.id, type=types[thing.type], verb=verb)


def _speaker(reading: Reading, sentence: Sentence) -> Attribution | None:
    """The speaker of a transcript's turn: the name before the colon at the head of the paragraph."""
    for other in reversed(reading.sentences[: sentence.index + 1]):
        if other.paragraph != sentence.paragraph:
            break
        match = _SPEAKER.match(reading.text[other.start : other.end])
        if match and other.start + match.end() < sentence.end:
            words = match.group(1).lower().split()
            end = other.start + match.end(1)
            named = any(t.type in {"cluster", "company", "programme", "place"} and t.start < end for t in other.things)
            if not named and not set(words) & {"the", "of", "and", "data", "center", "campus"}:
                return Attribution(name=match.group(1), type="person", verb=None)
    return None
