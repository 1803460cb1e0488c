"""Which model plays a role that nobody named: none that is simulated, where the run has real ones."""

from pathlib import Path

import pytest

from cli.options.compile import Options
from cli.settings import load_settings, role_settings, warnings_for
from lms import Role


def models(**named: object) -> dict[str, str]:
    options = Options(**named)  # type: ignore[arg-type]  # fields by name, as the command line gives them
    return {role.value: entry.model for role, entry in role_settings(load_settings(), options, 0).items()}


def test_without_models_every_role_is_simulated() -> None:
    assert all(model.startswith("sim/") for model in models().values())


def test_the_user_is_like_the_target_and_the_teacher_like_the_judge() -> None:
    found = models(target=["openai/a"], judge="openai/b")
    assert found == {"target": "openai/a", "judge": "openai/b", "user": "openai/a", "teacher": "openai/b"}


def test_a_stand_in_takes_part_where_it_is_named() -> None:
    found = models(target=["openai/a"], judge="openai/b", user="sim/user", teacher="sim/teacher")
    assert (found["user"], found["teacher"]) == ("sim/user", "sim/teacher")


def test_the_endpoint_is_taken_over_with_the_model_but_never_given_to_another_model() -> None:
    Path("raise.toml").write_text(
        '[roles.judge]\nmodel = "openai/b"\napi_base = "http://127.0.0.1:9/v1"\napi_key = "k"\ntemperature = 0.3\n',
        encoding="utf-8",
    )
    taken = role_settings(load_settings(), Options(), 0)[Role.TEACHER]
    assert (taken.model, taken.api_base) == ("openai/b", "http://127.0.0.1:9/v1")
    assert taken.api_key is not None
    assert taken.temperature == 1.0  # sampling stays the teacher's own
    named = role_settings(load_settings(), Options(teacher="anthropic/c"), 0)[Role.TEACHER]
    assert (named.api_base, named.api_key) == (None, None)


@pytest.mark.parametrize("role", ["user", "teacher"])
def test_people_are_told(role: str) -> None:
    roles = role_settings(load_settings(), Options(target=["openai/a"], judge="openai/b"), 0)
    assert any(sentence.startswith(f"the {role} is openai/") for sentence in warnings_for(roles))
