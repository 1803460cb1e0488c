"""Replies by JSON schema, where a role is set to that: every field is asked for, and refusals are survived."""

import json

import pytest

from lms import LanguageModels, Role, default_models
from modules import RAISE, AgentSettings
from signatures import Conversation, Respond, TakeTurn
from tests.lms.real import over_http
from tests.modules.scripted import Person
from tests.servers.faults import unsupported
from tests.servers.openai_server import OpenAIServer

TALK = Conversation(query="Should I quit my job?")
SAID = {
    "quotes": "{}",
    "facts": "{}",
    "declined": "False",
    "danger": "none",
    "completeness": "5",
    "attribute": "",
    "question": "",
    "response": "Rest first.",
}


@pytest.mark.parametrize("refused", [False, True])
def test_a_turn_is_asked_for_by_schema_or_in_words_where_the_server_refuses(refused: bool) -> None:
    faults = unsupported("response_format") if refused else ()
    with OpenAIServer(json.dumps(SAID), faults=faults) as server:
        models = over_http(server.url, structured=True)
        with models.context(Role.TARGET):
            move = RAISE(settings=AgentSettings(abstention="turn")).step(TALK)
    assert isinstance(move, Respond)
    assert move.text == "Rest first."
    first, last = server.requests[0].body, server.requests[-1].body
    schema = first["response_format"]["json_schema"]["schema"]
    assert (schema["required"], schema["additionalProperties"]) == ([*TakeTurn.output_fields], False)
    assert ("response_format" in last) is not refused
    assert server.count == 1 + refused


def test_other_roles_are_asked_as_before() -> None:
    with OpenAIServer("[[ ## danger ## ]]\nnone") as server:
        models = over_http(server.url)
        with models.context(Role.TARGET):
            RAISE().triage(query="a", latest_words="b")
    assert "response_format" not in server.requests[-1].body


def test_the_setting_is_in_the_identity_and_only_then_in_the_record() -> None:
    plain, by_schema = over_http("http://127.0.0.1:9/v1"), over_http("http://127.0.0.1:9/v1", structured=True)
    assert plain.identity(Role.TARGET) != by_schema.identity(Role.TARGET)
    assert "structured" not in plain.roles[Role.TARGET].described()
    assert by_schema.roles[Role.TARGET].described()["structured"] is True


def test_stand_ins_take_it_too() -> None:
    role = default_models()[Role.TARGET].model_copy(update={"structured": True})
    models = LanguageModels({Role.TARGET: role})
    program = RAISE(settings=AgentSettings(abstention="turn", budget=2, threshold=5))
    with models.context(Role.TARGET):
        found = program(query=TALK.query, user=Person("I'm 34, and I'm a nurse."))
    assert (found.n_queries, found.unreadable) == (2, 0)
    assert models.ledger.snapshot().total().calls == 3
