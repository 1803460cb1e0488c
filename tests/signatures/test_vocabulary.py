"""Vocabularies: the shipped one is PENGUIN's to the bit, one's own is read whole or refused with a sentence."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signatures import (
    ATTRIBUTE_NAMES,
    Profile,
    RaiseError,
    UserContext,
    Vocabulary,
    adopt_vocabulary,
    current_vocabulary,
    default_burdens,
    default_vocabulary,
    parse_attribute,
    read_vocabulary,
    using_vocabulary,
)
from signatures.vocabulary import MOST, read_record

MIGRATION = """
schema = 1
name = "migration"
language = "es"

[[attribute]]
name = "residence_status"
label = "permiso de residencia"
meaning = "con qué permiso vive aquí"
delicate = true
burden = 2.0
values = ["visado de estudiante", "solicitante de asilo", "sin papeles"]
questions = { es = "¿Con qué permiso vive usted aquí? No tiene que decirlo." }

[[attribute]]
name = "age"
label = "edad"
meaning = "edad en años"
group = "demographic"
range = [16, 99]
unit = "años"

[[attribute]]
name = "work_permit"
label = "permiso de trabajo"
meaning = "si puede trabajar"
values = ["sí", "no"]
dependencies = [{ when = { residence_status = ["sin papeles"] }, values = ["no"] }]

[[field]]
name = "asylum"
label = "asilo"
areas = ["la solicitud", "el recurso"]
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "vocabulary.toml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def migration(tmp_path: Path) -> Vocabulary:
    return read_vocabulary(written(tmp_path, MIGRATION))


def test_the_shipped_vocabulary_is_the_ten_attributes() -> None:
    shipped = default_vocabulary()
    assert shipped.names == ATTRIBUTE_NAMES
    assert shipped.is_default
    assert (shipped.name, shipped.language, shipped.fields) == ("penguin", "en", ())
    assert current_vocabulary() is shipped


def test_a_file_says_all_there_is_to_an_attribute(migration: Vocabulary) -> None:
    status, age, work = migration.attributes
    assert migration.names == ("residence_status", "age", "work_permit")
    assert (status.label, status.delicate, status.burden) == ("permiso de residencia", True, 2.0)
    assert status.subject == "permiso de residencia (con qué permiso vive aquí); delicate"
    assert (age.range, age.unit) == ((16, 99), "años")
    assert work.dependencies[0].when == {"residence_status": ("sin papeles",)}
    assert [(field.name, field.areas) for field in migration.fields] == [("asylum", ("la solicitud", "el recurso"))]
    assert migration.demographic == {"age"}


def test_the_record_of_a_vocabulary_is_the_vocabulary(migration: Vocabulary) -> None:
    for vocabulary in (migration, default_vocabulary()):
        again = read_record(vocabulary.record(), "the record")
        assert again == vocabulary
        assert again.hash == vocabulary.hash
    assert migration.hash != default_vocabulary().hash


def test_all_that_is_said_of_a_person_goes_by_the_vocabulary(migration: Vocabulary) -> None:
    with using_vocabulary(migration):
        known = UserContext(work_permit="no", residence_status="sin papeles")
        assert known.as_text() == "- permiso de residencia: sin papeles\n- permiso de trabajo: no"
        assert known.model_dump() == {"residence_status": "sin papeles", "age": None, "work_permit": "no"}
        assert default_burdens() == {"residence_status": 2.0, "age": 1.0, "work_permit": 1.0}
        assert parse_attribute("Work permit!", migration.names) == "work_permit"
        assert parse_attribute("permiso de trabajo.", migration.names) == "work_permit"
        with pytest.raises(ValueError, match=r"unknown attribute 'gender'.*residence_status"):
            Profile(gender="woman")
    assert Profile(gender="woman").known() == {"gender": "woman"}


def test_another_vocabulary_is_refused_once_one_is_chosen(migration: Vocabulary) -> None:
    with using_vocabulary(None):
        adopt_vocabulary(migration, "the program a")
        adopt_vocabulary(migration, "the program b")
        assert current_vocabulary() is migration
        with pytest.raises(RaiseError, match=r"the authored set has the vocabulary 'penguin'.*the program a has"):
            adopt_vocabulary(default_vocabulary(), "the authored set")
        assert current_vocabulary() is migration
    assert current_vocabulary().is_default


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "age"', 'name = "Age 2"', "small letters"),
        ('name = "age"', 'name = "query"', "means something else"),
        ('name = "age"', 'name = "work_permit"', "the attribute 'work_permit' is there twice"),
        ('label = "edad"', 'label = "edad: años"', "is no label"),
        ('label = "edad"', 'label = "Permiso de trabajo"', "the label 'permiso de trabajo' is there twice"),
        ("range = [16, 99]", "range = [99, 16]", "begins above its end"),
        ("range = [16, 99]", 'range = [16, 99]\nvalues = ["a"]', "not both"),
        ("burden = 2.0", "burden = -1.0", "greater than or equal to 0"),
        ('values = ["no"] }]', 'values = ["quizá"] }]', "none of the values"),
        ("when = { residence_status", "when = { country", "depends on 'country'"),
        ("questions = { es", "questions = { spanish", "is no language"),
        ("delicate = true", "delicat = true", "delicat"),
        ("schema = 1", "schema = 2", "schema"),
        ("[[field]]", "[[field", "cannot be read"),
    ],
)
def test_a_mistake_in_the_file_is_told_in_a_sentence(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in MIGRATION
    with pytest.raises(RaiseError, match=said) as refused:
        read_vocabulary(written(tmp_path, MIGRATION.replace(old, new)))
    assert "vocabulary.toml" in str(refused.value)


def test_a_vocabulary_has_one_to_forty_attributes(tmp_path: Path) -> None:
    def of(count: int) -> str:
        letters = [f"{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(count)]
        entries = [f'[[attribute]]\nname = "{name}x"\nlabel = "{name}"\nmeaning = "m"\n' for name in letters]
        return 'name = "many"\n' + "".join(entries)

    assert len(read_vocabulary(written(tmp_path, of(MOST))).names) == MOST == 40
    for count in (0, MOST + 1):
        with pytest.raises(RaiseError, match="attribute"):
            read_vocabulary(written(tmp_path, of(count)))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RaiseError, match=r"cannot read the vocabulary .*vocabulary\.toml"):
        read_vocabulary(tmp_path)
    with pytest.raises(RaiseError, match=r"ends in \.toml"):
        read_vocabulary(tmp_path / "vocabulary.yaml")


@given(st.text(), st.sets(st.sampled_from(["residence_status", "age", "work_permit"])))
def test_any_reply_gives_an_allowed_attribute_or_none(reply: str, allowed: set[str]) -> None:
    names = ("residence_status", "age", "work_permit")
    entries = [{"name": name, "label": name.replace("_", " "), "meaning": "m"} for name in names]
    vocabulary = read_record({"name": "v", "attribute": entries}, "it")
    assert vocabulary.parse(reply, allowed) in {None, *allowed}
