"""The dry run: its calls are those of the real run, its prices are those of the table."""

from pathlib import Path

import pytest

from benchmark import build_authored
from lms import LanguageModels, ReplyStore, Role, RoleSettings, cost_of, default_models, stand_in_for
from optimizers import CompileSettings, Workspace, compile_target, forecast_compile
from tests.servers.openai_server import OpenAIServer

SMALL = CompileSettings(train=7, dev=7, test=14, plan_queries=4, evaluations=4, trials=6)


def real(model: str, role: Role, **changes: object) -> RoleSettings:
    return RoleSettings(**{**default_models()[role].model_dump(), "model": model, **changes})


def test_forecast_calls_are_within_15_percent_of_a_run_over_http(tmp_path: Path) -> None:
    with OpenAIServer() as server:
        roles = {
            role: real(f"openai/{name}", role, api_base=server.url)
            for role, name in (
                (Role.TARGET, "gpt-4o"), (Role.JUDGE, "judge"), (Role.USER, "user"), (Role.TEACHER, "teacher"),
            )
        }  # fmt: skip
        expected = forecast_compile(SMALL, build_authored(), roles)
        assert server.count == 0
        models = LanguageModels(roles, ReplyStore(tmp_path / "replies.db"))
        compile_target(SMALL, build_authored(), models, Workspace(root=tmp_path / "mlruns", out=tmp_path / "program"))
        actual = server.count
    assert sum(entry.calls for entry in expected.values()) == pytest.approx(actual, rel=0.15)


def test_the_price_is_tokens_times_the_tables_price() -> None:
    roles = {**default_models(), Role.JUDGE: real("openai/gpt-4o", Role.JUDGE)}
    judge = forecast_compile(SMALL, build_authored(), roles, requests_per_minute=60)[Role.JUDGE]
    assert judge.usd_low == cost_of("openai/gpt-4o", judge.input_tokens, judge.output_tokens)
    assert judge.usd_high is not None
    assert judge.usd_low is not None
    assert judge.usd_high > judge.usd_low > 0
    assert judge.minutes == pytest.approx(judge.calls / 60)


def test_an_unknown_price_is_not_zero() -> None:
    assert cost_of("openai/a-model-of-my-own", 1000, 1000) is None
    assert cost_of("sim/gpt-4o", 1000, 1000) == 0.0


@pytest.mark.parametrize(
    ("model", "stand_in"),
    [
        ("sim/qwq-32b", "sim/qwq-32b"),
        ("openai/gpt-4o-mini", "sim/gpt-4o"),
        ("together_ai/Qwen-2.5-7B-Instruct", "sim/qwen-2.5-7b"),
        ("groq/llama-3.1-8b-instant", "sim/llama-3.1-8b"),
        ("anthropic/claude-sonnet", "sim/gpt-4o"),
    ],
)
def test_the_nearest_stand_in_plays_a_model(model: str, stand_in: str) -> None:
    assert stand_in_for(model) == stand_in
