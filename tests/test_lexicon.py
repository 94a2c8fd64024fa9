from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline import lexicon

FILES = ("companies", "sites", "programmes", "accelerators", "places", "publications")
PREFIX = {
    lexicon.Company: "org:",
    lexicon.Accelerator: "chip:",
    lexicon.Place: "place:",
    lexicon.Publication: "pub:",
}


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_read_whole(name: str) -> None:
    lines = (Path(lexicon.__file__).parent / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == [entry.id for entry in getattr(lexicon.load(), name)]


def test_ids_tell_the_kind_of_thing() -> None:
    for entry in lexicon.load().entries():
        prefix = "programme:" if entry.kind == "program" else PREFIX.get(type(entry), "site:")
        assert entry.id.startswith(prefix), entry.id


def test_rows_are_tidy() -> None:
    for entry in lexicon.load().entries():
        for form in (entry.name, *entry.aliases):
            assert form == " ".join(form.split()), entry.id
            assert form[0].isalnum(), entry.id
            assert "’" not in form, f"{entry.id}: write the straight apostrophe, the curly one is matched too"


def test_short_or_everyday_forms_are_ambiguous() -> None:
    two_letters = {"BT", "GE", "BP", "HP", "LG", "AP", "FT"}
    for entry in (*lexicon.load().companies, *lexicon.load().publications):
        for form in (entry.name, *entry.aliases):
            if form in two_letters:
                assert form in entry.ambiguous, entry.id


@pytest.mark.parametrize(
    ("surface", "row"),
    [
        ("Facebook", "org:meta"),
        ("Amazon Web Services", "org:aws"),
        ("Advanced Micro Devices", "org:amd"),
        ("Xcel", "org:xcel"),
        ("Tata Consultancy Services", "org:tata-consultancy"),
        ("Hon Hai", "org:foxconn"),
        ("WSJ", "pub:wall-street-journal"),
        ("Bangalore", "place:bengaluru"),
    ],
)
def test_known_short_forms(surface: str, row: str) -> None:
    entry = lexicon.by_id()[row]
    assert surface in (entry.name, *entry.aliases)


def _company(**fields: object) -> lexicon.Company:
    return lexicon.Company.model_validate({"id": "org:a", "name": "Aster", "kind": "developer"} | fields)


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ({"name": "Birch"}, "org:a stands twice"),
        ({"id": "org:b"}, "'Aster' means both org:a and org:b"),
        ({"id": "org:b", "name": "Birch", "aliases": ["Birch"]}, "org:b lists an alias twice"),
        ({"id": "org:b", "name": "Birch", "ambiguous": ["Beech"]}, "'Beech' ambiguous"),
    ],
)
def test_contradictions_name_the_row(second: dict[str, object], message: str) -> None:
    with pytest.raises(lexicon.LexiconError, match=message):
        lexicon._check_surfaces((_company(), _company(**second)))


@pytest.mark.parametrize("fields", [{"kind": "devloper"}, {"alias": ["A"]}, {"name": None}])
def test_unknown_kinds_and_keys_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(fields))):
        _company(**fields)


def test_digest_depends_on_the_data_alone() -> None:
    assert lexicon.digest() == lexicon.digest()
    assert len(lexicon.digest()) == 64
