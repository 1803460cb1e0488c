"""A served program speaks with the model that it was compiled for, unless the environment names another."""

from typing import Any

import pytest

from lms import LanguageModels, Role, RoleSettings
from serving.target import models_for
from signatures import RaiseError

COMPILED = {
    "model": "openai/small",
    "api_base": "http://127.0.0.1:1/v1",
    "temperature": 0.3,
    "max_tokens": 100,
    "headers": {"x-team": "**********"},
    "extra_body": {"mode": "quick"},
    "panel": [],
}
CARD = {"roles": {"target": COMPILED}}


def target(card: dict[str, Any], **environ: str) -> RoleSettings:
    return models_for(card, environ).roles[Role.TARGET]


def test_the_model_of_the_card_is_asked_as_it_was_when_compiled() -> None:
    found = target(CARD)
    assert (found.model, found.api_base, found.temperature) == ("openai/small", COMPILED["api_base"], 0.3)
    assert found.extra_body == {"mode": "quick"}
    assert found.headers == {}  # a card has no secrets, only that there were some


def test_what_a_compile_records_is_enough() -> None:
    models = LanguageModels({Role.TARGET: RoleSettings(model="sim/llama-3.1-8b", temperature=0.1)})
    card = {"roles": {role.value: models.roles[role].described() for role in Role}}
    assert target(card) == models.roles[Role.TARGET]


def test_another_endpoint_of_the_same_model() -> None:
    found = target(CARD, RAISE_API_BASE="http://127.0.0.1:2/v1")
    assert (found.model, found.api_base, found.max_tokens) == ("openai/small", "http://127.0.0.1:2/v1", 100)


def test_another_model_keeps_nothing_but_how_it_is_sampled() -> None:
    found = target(CARD, RAISE_TARGET="sim/gpt-4o")
    assert (found.model, found.api_base, found.extra_body, found.temperature) == ("sim/gpt-4o", None, {}, 0.3)


@pytest.mark.parametrize(
    ("card", "environ", "wrong"),
    [
        ({}, {}, "set RAISE_TARGET"),
        (CARD, {"RAISE_TARGET": "sim/nobody"}, "unknown stand-in"),
        (CARD, {"RAISE_TARGET": "openai/gpt-4o-mini"}, "no key"),
        (CARD, {"RAISE_API_BASE": "http://me:secret@127.0.0.1/v1"}, "password or key"),
    ],
)
def test_a_model_that_cannot_be_asked_is_one_sentence(
    card: dict[str, Any], environ: dict[str, str], wrong: str
) -> None:
    with pytest.raises(RaiseError, match=wrong):
        target(card, **environ)
