"""With PENGUIN's ten attributes nothing moves: hashes, identities and prompts are what they were before vocabularies.

Identities and settings have changed since: by the settings `concern` and `triage_from`.
"""

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
    assert settings == "01e12fb11b85e53d315185a4728dc4d9a2e7e6734d98974944348991cd73bafb"


def test_programs_have_the_identities_that_they_had() -> None:
    programs: list[Program] = [
        *(RAISE(), RAISE(settings=AgentSettings(abstention="turn")), Vanilla(), ContextRich(), AgentOnly()),
        *(StaticPath(["age", "gender"]), RandomPath(3)),
    ]
    assert [program.identity() for program in programs] == [
        *("bc21da8eb3184432", "7d5d5d56aa597775", "a3a48e2660a9e0b3", "3c1dfbec5a603a15", "ae29ba50d0962021"),
        *("d962e93bf35d6273", "3a53fc962b12bfa3"),
    ]


def test_prompts_are_what_they_were() -> None:
    export = build_export(RAISE(), whole=False).model_dump(mode="json")
    parts = {name: digest(export[name]) for name in ("machine", "predictors", "settings")}
    assert parts == {
        "machine": "b2cb8e599cbc1a4a",
        "predictors": "7aef0e0d6f6d209b",
        "settings": "7801a78bf6c72bed",
    }


def test_the_state_of_a_conversation_is_stored_as_it_was() -> None:
    conversation = Conversation(query="q", context=Profile(age="30", gender="woman"))
    assert conversation._state() == "e4bb109d993bac23"
    assert Profile(age="30").model_dump_json().startswith('{"age":"30","gender":null,"marital_status":null')
