"""Who vouches for a claim inside the text: the speaker of its sentence, if it names one."""

from __future__ import annotations

import functools
import re

from pipeline import lexicon
from pipeline.claims.facets import Verdict
from pipeline.reading import Reading, Sentence, Thing
from pipeline.records import Attribution, AttributionType, Cue

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


def attribute(reading: Reading, sentence: Sentence, verdict: Verdict) -> Attribution | None:
    """The voice of a claim, or None where the publisher itself speaks.

    What is hedged by an unnamed or an opposing voice is of that voice, and nothing else in its sentence is.
    """
    hedge = next((c for c in verdict.cues if c.facet == "certainty"), None)
    if hedge and hedge.rule.startswith(_ALLEGED):
        return _alleged(reading, sentence, hedge)
    best = _named(reading, sentence)
    unnamed = bool(hedge and hedge.rule == _UNNAMED)
    if best and not (unnamed and best[1].type != "publication"):
        return _of(best[1], best[2])
    if unnamed:
        return Attribution(name=None, type="anonymous")
    paper = _patterns()[3].search(reading.text, sentence.start, sentence.end)
    if paper:
        return Attribution(name=paper["doc"], type="document", verb=paper["before"].lower())
    return _speaker(reading, sentence)


_UNNAMED, _ALLEGED = "hedge.unnamed", "hedge.party"
_RIGHT_BEFORE = 2
"""Characters between a name and the word by which it alleges something."""


def _alleged(reading: Reading, sentence: Sentence, hedge: Cue) -> Attribution:
    """Who alleges: who is named right before the word, else the paper that it stands in, else nobody by name."""
    named = [t for t in sentence.things if t.type in {"person", "company"} and not t.stands_in]
    for thing in named:
        if 0 <= hedge.start - thing.end <= _RIGHT_BEFORE:
            return _of(thing, hedge.text.split()[0].lower())
    spoken = _named(reading, sentence)
    if spoken and spoken[1].type == "publication":
        return _of(spoken[1], spoken[2])
    paper = _suit().search(reading.text, max(sentence.start, hedge.start - 60), hedge.end)
    if paper:
        return Attribution(name=paper.group(), type="document")
    return Attribution(name=None, type="anonymous")


def _is_said_of(text: str, sentence: Sentence, found: re.Match[str], thing: Thing) -> bool:
    """Whether a name behind a verb of speech begins what is said ("claims that Tarn runs"); "it" is who speaks,
    but for behind an unnamed or an opposing voice.
    """
    if found["verb"].lower() in lexicon.toml("attribution")["before"]:
        return False
    if thing.stands_in:
        return any(c.rule.startswith((_UNNAMED, _ALLEGED)) and c.start < found.start() for c in sentence.cues)
    return " that " in found.group().lower() or bool(_goes_on().match(text, thing.end))


@functools.cache
def _goes_on() -> re.Pattern[str]:
    clause = lexicon.toml("cues")["clause"]
    return re.compile(rf"(?:['’]s)?\s(?:(?:also|now|already|had|has)\s)?(?:{'|'.join(clause['finite'])})\b")


@functools.cache
def _suit() -> re.Pattern[str]:
    words = "|".join(lexicon.toml("attribution")["suits"])
    return re.compile(rf"\b(?:(?:an?|the|its|their)\s(?:[\w'’-]+\s){{0,2}})?(?:{words})\b", re.IGNORECASE)


def _named(reading: Reading, sentence: Sentence) -> tuple[int, Thing, str] | None:
    """The person, company or publication that speaks in a sentence, with the verb."""
    after, before, *_ = _patterns()
    text = reading.text
    speakers = [t for t in sentence.things if t.type in {"person", "company", "publication"}]
    best: tuple[int, Thing, str] | None = None
    for thing in speakers:
        verb = after.match(text, thing.end, min(sentence.end, thing.end + 160))
        found = verb or before.search(text, max(sentence.start, thing.start - 60), thing.start)
        if found is None or (not verb and _is_said_of(text, sentence, found, thing)):
            continue
        rank = {"person": 0, "company": 1, "publication": 2}[thing.type]
        if best is None or rank < best[0]:
            best = (rank, thing, found["verb"].lower())
    return best


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
