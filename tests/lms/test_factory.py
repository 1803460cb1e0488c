"""From roles and model strings to LMs: what is refused before a run, what is shared in it."""

import pytest
from pydantic import ValidationError

from lms import LanguageModels, ReplyStore, Role, RoleSettings, check_model, default_models, is_simulated
from lms.simulation import PERSONAS
from signatures import RaiseError

SECRET = "sk-very-secret-0123456789"


def test_every_stand_in_can_be_asked_for() -> None:
    for name in PERSONAS:
        check_model(RoleSettings(model=f"sim/{name}"))
        assert is_simulated(f"sim/{name}")


def test_an_unknown_stand_in_is_refused_with_the_choices() -> None:
    with pytest.raises(RaiseError, match=r"unknown stand-in.*'sim/gpt-9'.*sim/gpt-4o"):
        check_model(RoleSettings(model="sim/gpt-9"))


@pytest.mark.parametrize("model", ["gpt", "nosuchprovider/gpt-4o", "", "openai", "/"])
def test_an_unknown_provider_is_refused_with_an_example(model: str) -> None:
    with pytest.raises(RaiseError, match=r"unknown model .*openai/gpt-4o-mini"):
        check_model(RoleSettings(model=model))


@pytest.mark.parametrize(
    ("model", "variable"),
    [("openai/gpt-4o", "OPENAI_API_KEY"), ("anthropic/claude-3-5-haiku-latest", "ANTHROPIC_API_KEY")],
)
def test_a_missing_key_is_named(model: str, variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RaiseError, match=f"no key for '{model}': set {variable}"):
        check_model(RoleSettings(model=model))
    monkeypatch.setenv(variable, SECRET)
    check_model(RoleSettings(model=model))  # raises nothing


@pytest.mark.parametrize("settings", [{"api_key": SECRET}, {"api_base": "http://127.0.0.1:1/v1"}])
def test_a_key_or_an_endpoint_of_one_s_own_is_enough(settings: dict[str, str]) -> None:
    check_model(RoleSettings(model="openai/some-local-model", **settings))  # raises nothing


def test_one_bad_role_fails_the_check_of_all() -> None:
    models = LanguageModels({Role.JUDGE: RoleSettings(model="sim/nobody")})
    with pytest.raises(RaiseError, match="sim/nobody"):
        models.check()


def test_nothing_given_means_stand_ins_for_all() -> None:
    models = LanguageModels()
    assert set(models.roles) == set(default_models()) == set(Role)
    assert (models.simulated(), models.all_simulated) == (True, True)
    models.check()


def test_one_stand_in_makes_the_figures_simulated() -> None:
    real = RoleSettings(model="openai/gpt-4o", api_key=SECRET)
    mixed = LanguageModels({role: real for role in Role if role is not Role.USER})
    assert (mixed.simulated(), mixed.all_simulated) == (True, False)
    all_real = LanguageModels(dict.fromkeys(Role, real))
    assert (all_real.simulated(), all_real.all_simulated) == (False, False)


def test_roles_have_one_lm_each_on_a_shared_store() -> None:
    store = ReplyStore()
    models = LanguageModels(store=store)
    lms = [models[role] for role in Role]
    assert len({id(lm) for lm in lms}) == len(Role)
    assert [models[role] for role in Role] == lms
    assert all(lm.engine.store is store and lm.engine.ledger is models.ledger for lm in lms)


def test_an_empty_store_that_is_given_is_the_one_used() -> None:
    # an empty store has length 0 and must not be taken for none
    store = ReplyStore()
    assert LanguageModels(store=store).store is store


def identity(**settings: object) -> str:
    base = {"model": "openai/gpt-4o", "api_key": SECRET, "temperature": 0.5}
    return LanguageModels({Role.TARGET: RoleSettings(**{**base, **settings})}).identity(Role.TARGET)


def test_whatever_replies_depend_on_is_in_the_identity_and_the_key_is_not() -> None:
    identities = [
        identity(),
        identity(model="openai/gpt-4o-mini"),
        identity(api_base="http://127.0.0.1:1/v1"),
        identity(seed=3),
        identity(temperature=0.6),
        identity(top_p=0.5),
        identity(max_tokens=5),
        identity(model="sim/gpt-4o"),
        identity(model="sim/gpt-4o", seed=3),
    ]
    assert len(set(identities)) == len(identities)
    assert identity(timeout=3, retries=1, requests_per_minute=9) == identity()
    assert not any(SECRET in text for text in identities)


def test_keys_are_not_shown() -> None:
    settings = RoleSettings(model="openai/gpt-4o", api_key=SECRET)
    models = LanguageModels({Role.TARGET: settings})
    shown = [repr(settings), str(settings), settings.model_dump_json(), repr(models[Role.TARGET])]
    assert not any(SECRET in text for text in [*shown, repr(vars(models[Role.TARGET]))])


def test_a_reasoning_model_takes_no_sampling_and_is_made_all_the_same() -> None:
    settings = RoleSettings(model="openai/o3-mini", temperature=0.0, max_tokens=100, api_key=SECRET)
    assert LanguageModels({Role.JUDGE: settings})[Role.JUDGE].model == "openai/o3-mini"


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": 3},
        {"top_p": 0},
        {"max_tokens": 0},
        {"timeout": 0},
        {"retries": -1},
        {"requests_per_minute": 0},
        {"temprature": 0.5},
    ],
)
def test_settings_out_of_range_or_misspelt_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        RoleSettings(model="sim/gpt-4o", **wrong)
