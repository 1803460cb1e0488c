"""Which model plays a role that nobody named: none that is simulated, where the run has real ones."""

from pathlib import Path

import pytest

from cli.options.compile import Options
from cli.settings import load_settings, role_settings, warnings_for
from lms import Price, Role
from signatures import RaiseError
from tests.cli.conftest import Run


def models(**named: object) -> dict[str, str]:
    options = Options(**named)  # type: ignore[arg-type]  # fields by name, as the command line gives them
    return {role.value: entry.model for role, entry in role_settings(load_settings(), options, 0).items()}


def test_without_models_every_role_is_simulated() -> None:
    assert all(model.startswith("sim/") for model in models().values())


def test_the_user_is_like_the_target_and_the_teacher_like_the_judge() -> None:
    found = models(target=["openai/a"], judge="openai/b")
    assert found == {"target": "openai/a", "judge": "openai/b", "user": "openai/a", "teacher": "openai/b"}


def test_a_setting_can_be_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "raise.toml").write_text('[roles.target]\ntemperature = "off"\nmax_tokens = "off"\n')
    monkeypatch.setenv("RAISE_ROLES__JUDGE__TEMPERATURE", "off")
    roles = role_settings(load_settings(), Options(), 0)
    assert (roles[Role.TARGET].temperature, roles[Role.TARGET].top_p, roles[Role.TARGET].max_tokens) == (
        None,
        0.95,
        None,
    )
    assert roles[Role.JUDGE].temperature is None


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


@pytest.mark.parametrize(
    "words",
    [
        ["evaluate", "vanilla", "--target", "openai/a"],
        ["evaluate", "vanilla", "--judge", "openai/b"],
        ["compile", "--target", "openai/a"],
        ["compile", "--target", "sim/gpt-4o", "--target", "openai/a", "--dry-run"],
        ["plan", "--target", "openai/a", "--out", "paths.jsonl"],
        ["reproduce", "--target", "openai/a"],
    ],
    ids=" ".join,
)
def test_a_stand_in_that_nobody_named_is_refused_beside_a_real_model(run: Run, words: list[str]) -> None:
    ran = run(*words)
    role = "target" if "openai/b" in words else "judge"
    assert ran.code == 2
    assert f"the {role} would be a stand-in beside openai/" in ran.err
    assert f"--{role} sim/" in ran.err
    assert not Path("mlruns").exists()


def test_a_price_in_raise_toml_is_that_of_its_model_and_of_whoever_is_like_it() -> None:
    Path("raise.toml").write_text(
        encoding="utf-8",
        data='[roles.target]\nmodel = "openai/a"\nprice = { input = 1, output = 2, cached = 0.5 }\n'
        'headers = { X-Gateway = "open sesame" }\nextra_body = { top_k = 20 }\ntimeout = 30\n'
        '[roles.judge]\nmodel = "openai/j"\nprice = { input = 3, output = 4 }\npanel = [{ model = "openai/k" }]\n',
    )
    roles = role_settings(load_settings(), Options(), 0, panels=True)
    assert roles[Role.TARGET].price == roles[Role.USER].price == Price(input=1, output=2, cached=0.5)
    assert roles[Role.USER].extra_body == {"top_k": 20}
    assert roles[Role.USER].sent_headers() == {"X-Gateway": "open sesame"}
    assert [entry.price for entry in roles[Role.JUDGE].panel] == [None]
    other = role_settings(load_settings(), Options(target=["openai/b"]), 0)
    assert (other[Role.TARGET].price, other[Role.USER].price) == (None, None)


@pytest.mark.parametrize(
    ("line", "said"),
    [("price = { input = -1, output = 2 }", "price.input"), ("price = 3", "price"), ('headers = "x"', "headers")],
)
def test_a_wrong_price_or_header_is_named(line: str, said: str) -> None:
    Path("raise.toml").write_text(f"[roles.target]\n{line}\n", encoding="utf-8")
    with pytest.raises(RaiseError, match=f"role target: .*{said}"):
        role_settings(load_settings(), Options(), 0)
