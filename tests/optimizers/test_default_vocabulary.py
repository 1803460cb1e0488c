"""With PENGUIN's ten attributes nothing moves: hashes, identities and prompts are what they were before vocabularies.

Identities and settings have changed once since: by `concern`, which changes what programs say.
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
    assert settings == "c77be838d8ce10a76da67eab9235a178853cb4b932a4281879b9971bafd63dae"


def test_programs_have_the_identities_that_they_had() -> None:
    programs: list[Program] = [
        *(RAISE(), RAISE(settings=AgentSettings(abstention="turn")), Vanilla(), ContextRich(), AgentOnly()),
        *(StaticPath(["age", "gender"]), RandomPath(3)),
    ]
    assert [program.identity() for program in programs] == [
        *("b12fb780105fb465", "a93a1a94d6b75dd6", "a3a48e2660a9e0b3", "3c1dfbec5a603a15", "49b1e2bffd7780db"),
        *("d18a49fd03bfa81e", "c6e0bf64c7a0d66a"),
    ]


def test_prompts_are_what_they_were() -> None:
    export = build_export(RAISE(), whole=False).model_dump(mode="json")
    parts = {name: digest(export[name]) for name in ("machine", "predictors", "settings")}
    assert parts == {
        "machine": "b2cb8e599cbc1a4a",
        "predictors": "7aef0e0d6f6d209b",
        "settings": "df23646eb47a8869",
    }


def test_the_state_of_a_conversation_is_stored_as_it_was() -> None:
    conversation = Conversation(query="q", context=Profile(age="30", gender="woman"))
    assert conversation._state() == "e4bb109d993bac23"
    assert Profile(age="30").model_dump_json().startswith('{"age":"30","gender":null,"marital_status":null')
