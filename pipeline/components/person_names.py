"""Persons: a title, a first name, a job behind the name, or a verb of speech."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.components.name_runs import SITE_WORDS, Run, company_word
from pipeline.components.name_words import Found, Words, famous, rules


def person_points(words: Words, run: Run) -> int:
    """Evidence that the run names a person: 3 is proof."""
    size = run.last - run.first
    if size > 5 or not all(_personal(words, i) for i in range(run.first, run.last)):
        return 0
    title = _title_before(words, run)
    first_name = words.lowers[run.first] in rules("persons", "firsts") and size > 1
    if first_name or (title and (size > 1 or title > 1)):
        return 3
    if size == 1:
        return 0
    line_ends = run.last >= len(words) or words.line[run.last] != words.line[run.first]
    if words.lower(run.first - 1) == "by" and words.opening[run.first - 1] and line_ends and not run.headline:
        return 3
    if words.lower(run.last) == "," and _job_follows(words, run.last + 1):
        return 3
    speech = rules("companies", "speech")
    spoken = words.lower(run.last) in speech or words.lower(run.first - 1) in ("said", "says")
    return 2 if spoken or (words.lower(run.last) == "," and words.lower(run.last + 1) == "who") else 0


def _personal(words: Words, index: int) -> bool:
    form = words.forms[index]
    if form in ".-'’":
        return True
    word = words.lowers[index]
    plain = form.isalpha() and (
        form[0].isupper() and (form[1:].islower() or len(form) == 1 or form.startswith(("Mc", "Mac", "De")))
    )
    if word in rules("persons", "particles"):
        return True
    return (
        plain
        and not company_word(word)
        and word not in rules("words", "public")
        and word not in rules("words", "grounds")
        and word not in SITE_WORDS
    )


def _title_before(words: Words, run: Run) -> int:
    """2 for a title that goes with a surname alone ("Mr.", "Gov."), 1 for any other, 0 for none."""
    before = run.first - 1
    if words.lower(before) == "." and words.joined(before):
        before -= 1
    if not words.same_line(before, run.first):
        return 0
    word = words.lower(before)
    if word not in rules("persons", "titles") or word in rules("companies", "roles"):
        return 0
    return 2 if words.capital[before] and not words.forms[before].isupper() else 1


def _job_follows(words: Words, start: int) -> bool:
    for index in range(start, min(start + 8, len(words))):
        word = words.lowers[index]
        if word in ",.;:()" or words.line[index] != words.line[start]:
            return False
        if word in rules("persons", "jobs"):
            return True
        if word in rules("companies", "nouns"):
            return False
    return False


def person_mentions(words: Words, runs: list[Run], persons: list[Run]) -> Iterator[Found]:
    """Every mention of the persons, a surname alone included; `name` is the full name."""
    full: dict[str, str] = {}
    surnames: dict[str, str] = {}
    called: dict[str, str] = {}
    for run in persons:
        text = " ".join(words.slice(run.first, run.last).split())
        full[" ".join(words.lowers[run.first : run.last])] = text
        if run.last - run.first > 1:
            surnames.setdefault(words.lowers[run.last - 1], text)
            called.setdefault(words.lowers[run.first], text)
    for surname, name in famous().items():
        surnames.setdefault(surname, name)
    for run in runs:
        key = " ".join(words.lowers[run.first : run.last])
        name = full.get(key)
        if name is None or run.last - run.first == 1:
            name = surnames.get(key, name)
            if name is None and _addressed(words, run):
                name = called.get(key)
        if name is not None:
            yield Found(run.first, run.last, "person", None, name, rank=2)


def _addressed(words: Words, run: Run) -> bool:
    """Whether a single name stands between a comma and a stop, as that of somebody spoken to ("a landlord, Tom.")."""
    ends = ",.?!;:"
    before, after = words.lower(run.first - 1) == ",", words.lower(run.last) in ends
    return after and (before or words.opening[run.first])
