"""Who stands on which side of a deal's words: lists of names, subjects of other clauses, and who was named before."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.claims.bystanders import candidates
from pipeline.claims.scope import tells, word_pattern
from pipeline.claims.story import earlier_company, of_a_product
from pipeline.reading import Reading, Sentence, Thing

_JOINED = re.compile(
    r"^(?:'s)?(?: (?:of|in) [A-Z][\w.-]{1,20}(?: [A-Z][\w.-]{1,20})?)?"
    r"(?:\s{0,2}\([^()]{0,40}\))?(?:, (?:the|an?) [^,;]{3,60}(?=,))?"
    r"\s{0,2}(?:,|,?\s{0,2}and|,?\s{0,2}&|\bor|/|,?\s{0,2}as well as|,?\s{0,2}along with)"
    r"\s{0,2}(?:(?!while|but|which|who|whose|after|as|with|for|an?\b)[\w.%'’-]{1,40}\s{1,2}){0,4}$"
)
_APPOSITION = re.compile(r", (?:the|an?) [^,;]{3,50} (?:of|between|by) (?:[^,;]* and )?(?:the |its )?(?:[\w-]+ ){0,2}")
_CLOSED = re.compile(r"[^,;]*(?:,|[.!?]?$)")
_PREPOSITIONS = {"with", "to", "for", "from", "by", "between", "of", "in", "into", "on"}
_GOVERNING = {*_PREPOSITIONS, "at", "than", "against", "under", "near", "like"}
_POSSESSIVES = {"its", "their", "our"}
_PRONOUNS = {"it", "they"}
"""Without a preposition and in another clause than the deal's words these are no party ("so call it 360")."""
_OBJECT = 6
"""Words between a closing preposition and the party that it governs."""
_CLAUSE = 40
"""Words between a subject and the deal's words in its own clause."""
_REACH = 18
"""Words between the deal's words and a party; farther ones belong to another clause."""
_ANTECEDENT = 2
"""Words between a name and the relative clause about it."""
_DESCRIBED = 4
"""Words between an owner and its deal ("Tarn's 20-year pact")."""
_FAR = 6
"""Sentences before a list of lenders that may name the borrower."""
_LISTED = 2
"""Words between a list of partners and the words that close it ("have both")."""
_SEVERAL = 2
"""Names that a word for all of them closes."""
_OUTPUT = re.compile(r" (?:full |entire |whole )?(?:output|power|electricity|energy)\b")
"""Behind "its": what a plant sells."""
_APPOSED = re.compile(r"\s?(?:[,.;)]|$|\b(?:of|for|to|on|in|behind|who)\b)")
_WHOSE = re.compile(
    r"\b(for|to|fund|finance|in|into) (?:an?|the|its|two|three|several|both) [^,;:]{3,90}"
    r"\b(?:that|which|(?:built|developed|owned|planned|proposed|operated) by) $"
)
"""Before a name: what it builds or owns, and the preposition before that."""
_HEAD = 2
"""Words between the head of a clause and the subject that an apposition follows."""
_BRACKETED = re.compile(r"[^,;:()–—]{0,90}\([^()]{1,40}\)[^,;:()–—]{0,60}")
"""Words that go on behind brackets ("lend €3bn ($3.3bn) to")."""
_ACTING = re.compile(r"\s?(?:['’](?:ve|re|ll|s)\b|\w)")
_SAYING = re.compile(r" (?:said|says|told|added|announced)\b")
_FROM_WHICH = re.compile(r"(?:from|to|with|by|for) (?:which|whom)\b")
_PLUS = re.compile(r"\sand\s(?!has\b|will\b|is\b)")
_AND = re.compile(r",\s(?:and|but|while)\s$", re.IGNORECASE)
_AND_THAT = re.compile(r"\b(?:and|but) that\s(?:[\w.-]{1,30}['’]s )?$")
_FURTHER = re.compile(r".{0,6}?\b(?:and|but|while|whereas|although|as|because)\s+(?:the\s+)?", re.DOTALL)
_SERVED = re.compile(r"\b(?:to|for)\s")
_WHICH = re.compile(r",? (?:which|that|whom) (?:the )?(?:[\w-]+ ){0,2}$")
_ACTIVE = re.compile(r" (?:which|that) (?:[a-z]+(?:s|ed)|make|sell|rent|use|buy) ")
"""The relative clause whose subject is the name before it ("Tarn, which rents out Garrow chips")."""
_OWNER = re.compile(r"(?<!\w)[\w&.-]{1,30}(?: [A-Z][\w&.-]{1,30})?['’]s $")
_OPENED = re.compile(r", (?:(?:in|of|with|by|for|to|from) )?(?:which|whom|whose|where) [^,;]{0,80}$")
_RELATIVE = re.compile(r"(?:which|who|that)\b", re.IGNORECASE)


def outside_appositions(reading: Reading, sentence: Sentence, orgs: Sequence[Thing]) -> list[Thing]:
    """The names but for those that only say what one before is ("Fenn, the venture of Tarn and Garrow, signed")."""

    heads = [o for o in orgs if reading.text.startswith(", ", o.end)]

    def described(thing: Thing) -> bool:
        if not _CLOSED.match(reading.text, thing.end, sentence.end):
            return False
        return any(o.end < thing.start and _APPOSITION.fullmatch(reading.text, o.end, thing.start) for o in heads)

    return [t for t in orgs if not described(t)]


def behind(reading: Reading, sentence: Sentence, orgs: Sequence[Thing], start: int, end: int) -> list[Thing]:
    """The companies behind the deal's words, up to a semicolon; pronouns in their own clause."""
    here = sentence.clause_at(start)
    return [
        t
        for t in outside_appositions(reading, sentence, [o for o in orgs if o.start >= end])
        if (t.text.lower() not in _POSSESSIVES or _OUTPUT.match(reading.text, t.end))
        and (t.text.lower() not in _PRONOUNS or sentence.clause_at(t.start) == here or _governed(reading, sentence, t))
        and ";" not in reading.text[end : t.start]
        and not (t.stands_in and _SAYING.match(reading.text, t.end))
        and not _acts_itself(reading, sentence, t, end)
    ]


def _acts_itself(reading: Reading, sentence: Sentence, thing: Thing, end: int) -> bool:
    """Whether a name is the subject of a further clause, and whom the deal's words serve is told before it ("supplies
    40 MW to the campus, and Tarn approved it").
    """
    clause = sentence.clauses[sentence.clause_at(thing.start)]
    if _AND_THAT.search(reading.text, end, thing.start):
        return True
    if not end < clause.start <= thing.start or not _SERVED.search(reading.text, end, clause.start):
        return False
    return bool(_FURTHER.fullmatch(reading.text, clause.start - 6, thing.start))


def from_which(reading: Reading, sentence: Sentence, orgs: Sequence[Thing], start: int) -> list[Thing]:
    """The name before the relative clause of a deal's words that is its other side ("Tarn, from which it rents …")."""
    clause = sentence.clauses[sentence.clause_at(start)]
    heads = list(_FROM_WHICH.finditer(reading.text, max(sentence.start, clause.start - 6), start))
    if not heads:
        return []
    return [t for t in orgs if 0 <= heads[-1].start() - t.end <= 2][-1:]


def antecedent(reading: Reading, orgs: Sequence[Thing], doers: Sequence[Thing]) -> list[Thing]:
    """The name that a relative clause is about whose own subject acts on it ("Tarn, which Garrow bought in May")."""
    for head in orgs:
        opened = _WHICH.match(reading.text[head.end : doers[0].start]) if doers else None
        if opened and head.end <= doers[0].start and not _ACTIVE.search(opened[0]):
            return [head]
    return []


def whose(reading: Reading, orgs: Sequence[Thing], start: int, end: int) -> list[Thing]:
    """The owner between the words of a deal ("is Garrow's only tenant")."""
    inside = [t for t in orgs if start <= t.start < end and reading.text[t.end : t.end + 2] in {"'s", "’s", "' ", "’ "}]
    return inside[-1:]


def left_of(reading: Reading, sentence: Sentence, orgs: Sequence[Thing], start: int, end: int) -> list[Thing]:
    """The party before the deal's words: the nearest of its clause, else the subject that the clause goes on about."""
    here = sentence.clause_at(start)
    own = [t for t in orgs if sentence.clause_at(t.start) == here and not inserted(reading, sentence, t, start)]
    if own:
        free = [t for t in own if _owns(reading, t, start) or not _governed(reading, sentence, t)]
        chosen = _list(reading, free or own, start, end, before=True, reach=_CLAUSE)
        return _they(reading, sentence, _over_brackets(reading, orgs, chosen))
    clause = sentence.clauses[here]
    if _RELATIVE.match(reading.text, clause.start):
        near = [t for t in orgs if reading.words_between(t.end, clause.start) <= _ANTECEDENT]
        return near[-1:] or list(orgs[:1])
    heads = [t for t in orgs if reading.text[t.end : t.end + 1] == "," and _heads(reading, sentence, t)]
    return _first_list(reading, heads[-1:] or list(orgs[:1]), orgs)


def _over_brackets(reading: Reading, orgs: Sequence[Thing], chosen: list[Thing]) -> list[Thing]:
    """The list with the names before it that only brackets part from it ("Tarn (NYSE: TRN) and Garrow today …")."""
    for thing in reversed([t for t in orgs if chosen and t.end <= chosen[0].start]):
        between = reading.text[thing.end : chosen[0].start]
        if "(" not in between or not _JOINED.match(between) or tells(between):
            break
        chosen = [thing, *chosen]
    return chosen


def inserted(reading: Reading, sentence: Sentence, thing: Thing, start: int) -> bool:
    """Whether a name stands in a relative clause that commas set off before `start` ("Tarn, which Garrow owns, …")."""
    before = reading.text[max(sentence.start, thing.start - 90) : thing.start]
    return bool(_OPENED.search(before) and re.match(r"[^,;]{0,80}, ", reading.text[thing.end : start]))


def _first_list(reading: Reading, first: list[Thing], orgs: Sequence[Thing]) -> list[Thing]:
    """The list of names that the first one opens ("Tarn Energy (“Tarn”), Fenn and Garrow today announced")."""
    chosen, closed = list(first), len(first)
    for thing in orgs:
        if not chosen or thing.start < chosen[-1].end:
            continue
        between = reading.text[chosen[-1].end : thing.start]
        joined = " and " in between or " & " in between
        if not _JOINED.match(between) or tells(between) or (joined and between.startswith(",") and len(chosen) == 1):
            break
        chosen.append(thing)
        if joined:
            closed = len(chosen)
            break
    return chosen[:closed]


def right_of(reading: Reading, orgs: Sequence[Thing], start: int, end: int, *, reach: int) -> list[Thing]:
    """The party or the parties behind the deal's words; `reach` where they are its direct object, else 0."""
    governing = ends_in_preposition(reading, start, end)
    return _list(reading, orgs, start, end, before=False, reach=reach or (_OBJECT if governing else _REACH))


def ends_in_preposition(reading: Reading, start: int, end: int) -> bool:
    """Whether a preposition closes a deal's words, whose object the party behind them is ("signed a lease with")."""
    return reading.text[start:end].rsplit(None, 1)[-1].lower() in _PREPOSITIONS


def through(
    reading: Reading, sentence: Sentence, orgs: Sequence[Thing], words: Sequence[str], start: int, end: int
) -> list[Thing]:
    """The first party, or the list of them, behind one of the words in the deal's clause ("leases 40 MW from Tarn")."""
    here = sentence.clause_at(start)
    found = [
        t
        for t in orgs
        if _preceded(reading, sentence, t, words)
        and not _told_apart(reading, sentence, end, t)
        and (
            sentence.clause_at(t.start) == here
            or reading.words_between(end, t.start) <= _OBJECT
            or _BRACKETED.fullmatch(reading.text, end, t.start)
        )
    ][:1]
    return _first_list(reading, found, orgs)


def named(reading: Reading, orgs: Sequence[Thing], start: int) -> tuple[list[Thing], list[Thing]]:
    """Whose deal it is, and the name right before the words that says with whom ("its 9 GW Tarn contract")."""
    whom = [t for t in orgs if not t.stands_in and reading.text[t.end : start] == " "]
    owners = [t for t in orgs if whom and t.end <= whom[0].start and _owns(reading, t, whom[0].start)]
    return owners[-1:], whom if owners else []


def site_before(reading: Reading, sentence: Sentence, start: int) -> list[Thing]:
    """The site or programme that stands for its owner as a party ("The project's power agreement with …").

    A site that is only built or joined to a deal by "and" is none.
    """
    here = sentence.clause_at(start)
    sites = [t for t in sentence.things if t.type in {"cluster", "programme"} and t.end <= start]
    return [t for t in sites if sentence.clause_at(t.start) == here and not _PLUS.match(reading.text, t.end)][-1:]


def site_after(reading: Reading, sentence: Sentence, end: int) -> list[Thing]:
    """The site that is supplied under a contract told in the sentence, where its owner is not named."""
    if not word_pattern("deals", "sets", "deal").search(reading.text, sentence.start, sentence.end):
        return []
    sites = [t for t in sentence.things if t.type in {"cluster", "programme"} and t.start >= end]
    near = [t for t in sites[:1] if reading.words_between(end, t.start) <= _REACH]
    return [t for t in near if _preceded(reading, sentence, t, ("to", "for"))]


def bare(reading: Reading, sentence: Sentence, end: int, thing: Thing) -> bool:
    """Whether a party is the object of the deal's words itself: neither a preposition nor a size stands between."""
    words = reading.text[end : thing.start].lower()
    between = set(re.sub(r"\b(?:owner|maker|parent|operator|developer|provider|all) of\b", "", words).split())
    sizes = (q for q in sentence.quantities if q.kind in {"power", "accelerators"} and end <= q.start < thing.start)
    return between.isdisjoint(_PREPOSITIONS) and not any(sizes) and not of_a_product(sentence, thing)


def out_of_reach(reading: Reading, sentence: Sentence, start: int, end: int, thing: Thing) -> bool:
    """Whether a verb or a further clause stands between the preposition that closes a deal's words and the party
    ("announced with 90 halls, and Tarn said", "together with these it brings Tarn").
    """
    if not ends_in_preposition(reading, start, end) or thing.start < end:
        return False
    between = sentence.clauses[sentence.clause_at(end) + 1 : sentence.clause_at(thing.start) + 1]
    return any(c.link == "coordinate" for c in between) or _told_apart(reading, sentence, end, thing)


def _told_apart(reading: Reading, sentence: Sentence, end: int, thing: Thing) -> bool:
    """Whether a finite verb stands between the deal's words and a name, or the name begins a clause of its own."""
    behind = reading.text[thing.end : sentence.end].split(None, 1)[:1]
    begins = bool(_AND.search(reading.text, end, thing.start)) and tells(" ".join(behind))
    return begins or tells(reading.text[end : thing.start])


def fronted(
    reading: Reading, sentence: Sentence, orgs: Sequence[Thing], start: int, end: int
) -> tuple[list[Thing], list[Thing]]:
    """Who acts, and with whom, where the partners open the sentence ("Together with Tarn, Garrow will build …")."""
    partners = right_of(reading, orgs, start, end, reach=0)
    while len(partners) > 1 and not re.search(r"\band\b|&", reading.text[partners[-2].end : partners[-1].start]):
        partners.pop()
    actors = [t for t in orgs if partners and t.start > partners[-1].end and not t.aside]
    near = actors and reading.words_between(partners[-1].end, actors[0].start) <= _DESCRIBED
    acts = near and _ACTING.match(reading.text, actors[0].end)
    return (actors[:1], partners) if acts and reading.words_between(sentence.start, start) <= _HEAD else ([], partners)


def list_before(reading: Reading, orgs: Sequence[Thing], start: int, end: int) -> list[Thing]:
    """The list of names that the deal's words close ("with Tarn and Garrow as partners")."""
    closed = bool(orgs) and reading.words_between(orgs[-1].end, start) <= _LISTED
    return _list(reading, orgs, start, end, before=True, reach=_CLAUSE) if closed else []


def apposed(reading: Reading, listed: Sequence[Thing], start: int, end: int) -> bool:
    """Whether words say between commas what the names of a list are ("Tarn, Garrow and Fenn, the lenders, …")."""
    if (
        len(listed) < _SEVERAL
        or reading.text[listed[-1].end : start].strip(" ,")
        or "," not in reading.text[listed[-1].end : start]
    ):
        return False
    return bool(_APPOSED.match(reading.text, end))


def subject_of(reading: Reading, sentence: Sentence, orgs: Sequence[Thing], listed: Sequence[Thing]) -> list[Thing]:
    """Whom a list of partners or lenders joins: the first name before it, else the company spoken of before."""
    if not listed:
        return []
    first = [t for t in orgs if t.end <= listed[0].start and not t.aside and t.kind != "investor"][:1]
    lenders = [t for t in orgs if t.kind == "investor"]
    return first or earlier_company(reading, sentence, [*listed, *lenders], back=_FAR)


def somebody_between(sentence: Sentence, end: int, thing: Thing) -> bool:
    """Whether a person stands between the deal's words and the party: then the words are theirs ("led by Ana Voss")."""
    return any(t.type == "person" and end <= t.start < thing.start for t in sentence.things)


def _heads(reading: Reading, sentence: Sentence, thing: Thing) -> bool:
    """Whether a name stands at the head of a clause, or of one that ", and" opens and that is no list's last."""
    clause = sentence.clauses[sentence.clause_at(thing.start)]
    owner = _OWNER.search(reading.text, max(clause.start, thing.start - 40), thing.start)
    begins = owner.start() if owner else thing.start
    if reading.words_between(clause.start, begins) <= _HEAD:
        return True
    opened = _AND.search(reading.text, max(sentence.start, begins - 8), begins)
    return opened is not None and not any(t.end == opened.start() for t in sentence.things if t.type == "company")


def _owns(reading: Reading, thing: Thing, start: int) -> bool:
    """Whether the deal is said to be somebody's ("Tarn's pact with Garrow")."""
    possessive = reading.text[thing.end : thing.end + 2] in {"'s", "’s"} or thing.text.lower() in _POSSESSIVES
    return possessive and reading.words_between(thing.end, start) <= _DESCRIBED


def _governed(reading: Reading, sentence: Sentence, thing: Thing) -> bool:
    """Whether a preposition stands before a name, which is then no subject."""
    before = reading.text[max(sentence.start, thing.start - 40) : thing.start].lower().split()
    return bool(before) and before[-1] in _GOVERNING


def _preceded(reading: Reading, sentence: Sentence, thing: Thing, words: Sequence[str]) -> bool:
    """Whether one of the words stands before a name, with at most three words of description between, or before
    what the name is said to build or to own ("for a campus that Tarn is planning").
    """
    before = reading.text[max(sentence.start, thing.start - 120) : thing.start].lower()
    whose = _WHOSE.search(before)
    return any(word in words for word in before[-60:].split()[-4:]) or bool(whose and whose[1] in words)


def _they(reading: Reading, sentence: Sentence, chosen: list[Thing]) -> list[Thing]:
    """The list of companies that "they" means, where the sentence begins with one."""
    if len(chosen) != 1 or chosen[0].text.lower() != "they":
        return chosen
    named = [t for t in candidates(reading, sentence) if t.end <= chosen[0].start and not t.stands_in]
    several = _list(reading, named, chosen[0].start, chosen[0].end, before=True, reach=_CLAUSE)
    return several if len(several) > 1 else chosen


def _list(reading: Reading, things: Sequence[Thing], start: int, end: int, *, before: bool, reach: int) -> list[Thing]:
    """The party on one side of the deal's words, within reach, and the list that it opens."""
    ordered = list(reversed(things)) if before else list(things)
    gaps = (reading.words_between(t.end, start) if before else reading.words_between(end, t.start) for t in ordered)
    first = next((i for i, gap in enumerate(gaps) if gap <= reach), None)
    if first is None:
        return []
    chosen = [ordered[first]]
    for thing in ordered[first + 1 :]:
        low, high = sorted((thing, chosen[-1]), key=lambda t: t.start)
        between = reading.text[low.end : high.start]
        anew = (
            not before and _AND.search(between) and tells(" ".join(reading.text[high.end : high.end + 30].split()[:1]))
        )
        if not _JOINED.match(between) or tells(between) or anew:
            break
        chosen.append(thing)
    unique: dict[str, Thing] = {}
    for thing in sorted(chosen, key=lambda t: t.start):
        unique.setdefault(thing.key, thing)
    return list(unique.values())
