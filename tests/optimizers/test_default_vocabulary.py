"""With PENGUIN's ten attributes nothing moves: hashes, identities and prompts are what they always were."""

import hashlib
import json

from benchmark import build_authored
from modules import RAISE, AgentOnly, AgentSettings, ContextRich, Program, RandomPath, StaticPath, Vanilla
from optimizers.portable.build import build_export
from signatures import Conversation, Profile


def digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def test_the_authored_set_and_the_settings_are_the_same_to_the_bit() -> None:
    assert (build_authored().hash, len(build_authored())) == ("0c9d8d75258ce11d", 7000)
    settings = hashlib.sha256(AgentSettings().model_dump_json().encode()).hexdigest()
    assert settings == "1a0badfab6e798ff031a7b9cfea75e1bc29ba6f3087442a32037bdf4dac78777"


def test_programs_have_the_identities_that_they_had() -> None:
    programs: list[Program] = [
        *(RAISE(), RAISE(settings=AgentSettings(abstention="turn")), Vanilla(), ContextRich(), AgentOnly()),
        *(StaticPath(["age", "gender"]), RandomPath(3)),
    ]
    assert [program.identity() for program in programs] == [
        *("47dae1647b761c04", "16ce918cf38d27ee", "a3a48e2660a9e0b3", "3c1dfbec5a603a15", "69046b15564512d7"),
        *("877bcdc5bf6276c2", "0ca12fdff7c50398"),
    ]


def test_prompts_are_what_they_were() -> None:
    export = build_export(RAISE(), whole=False).model_dump(mode="json")
    parts = {name: digest(export[name]) for name in ("machine", "predictors", "settings")}
    assert parts == {
        "machine": "35269bec142c4249",
        "predictors": "7aef0e0d6f6d209b",
        "settings": "e2e25e47079d274d",
    }


def test_the_state_of_a_conversation_is_stored_as_it_was() -> None:
    conversation = Conversation(query="q", context=Profile(age="30", gender="woman"))
    assert conversation._state() == "e4bb109d993bac23"
    assert Profile(age="30").model_dump_json().startswith('{"age":"30","gender":null,"marital_status":null')
