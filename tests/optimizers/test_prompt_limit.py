"""A limit on prompt tokens is kept by every candidate, and changes nothing where there is none."""

from dataclasses import replace
from pathlib import Path

import dspy
import pytest

from benchmark import build_authored
from lms import LanguageModels
from modules import RAISE, PlannedPath
from optimizers import CompileSettings, Workspace, compile_target
from optimizers.compiler import configuration
from optimizers.export import fixed_tokens
from optimizers.pareto import pareto
from optimizers.pareto.proposals import Proposer
from optimizers.pareto.racing import Race
from optimizers.pareto.search import OVER_LIMIT, ParetoSearch
from optimizers.pareto.search_space import ComponentOption, build_alone, extend_pool, start_pool, student_params
from optimizers.pareto.study import RoundPlan
from optimizers.portable.formats import export_program
from optimizers.prompt_limit import NO_LIMIT, PromptLimit
from signatures import RaiseError
from tests.optimizers.pareto.test_search import task as pareto_task

TARGET = "sim/gpt-4o"
LONGEST = max(fixed_tokens(RAISE(), TARGET).values())
"""Of the uncompiled program."""
DATA = build_authored()


def test_tokens_are_those_of_all_but_the_inputs() -> None:
    program = RAISE()
    plain = fixed_tokens(program, TARGET)
    assert set(plain) == {"triage", "abstain", "plan", "ask", "read", "respond"}
    program.respond.demos = [dspy.Example(query="Is it ok? " * 20, context="", response="Yes. " * 40)]
    more = fixed_tokens(program, TARGET)
    assert more["respond"] - plain["respond"] >= (200 + 200) // 4
    assert {name: count for name, count in more.items() if name != "respond"} == {
        name: count for name, count in plain.items() if name != "respond"
    }


def test_exports_tell_how_many() -> None:
    counted = fixed_tokens(RAISE(), TARGET)
    assert f"About {counted['respond']:,} tokens without inputs." in export_program(RAISE(), "markdown", TARGET)
    assert f'"tokens": {counted["respond"]}' in export_program(RAISE(), "json", TARGET)
    assert '"tokenizer": "characters / 4"' in export_program(RAISE(), "json", TARGET)


def test_no_limit_refuses_nothing_and_a_limit_names_who_is_over_it() -> None:
    assert NO_LIMIT.exceeded_by(RAISE()) == {}
    limit = PromptLimit(LONGEST - 1, TARGET)
    assert limit.exceeded_by(RAISE()) == {n: c for n, c in fixed_tokens(RAISE(), TARGET).items() if c == LONGEST}
    assert f"over the limit of {LONGEST - 1:,} tokens a prompt" in limit.reason(RAISE())
    assert PromptLimit(LONGEST, TARGET).allows(RAISE())


def test_a_limit_that_the_uncompiled_program_misses_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    settings = CompileSettings(max_prompt_tokens=LONGEST - 1)
    place = Workspace(root=tmp_path / "mlruns", out=tmp_path / "program")
    with pytest.raises(RaiseError, match=rf"--max-prompt-tokens {LONGEST - 1} is too low: .* about {LONGEST:,} tokens"):
        compile_target(settings, DATA, LanguageModels(), place)
    assert list(tmp_path.iterdir()) == []


def test_without_later_settings_the_configuration_is_as_it_was_before_there_were_any() -> None:
    models = LanguageModels()
    path = PlannedPath(query="q", path=("age",), value=None, evaluations=0)
    plain, limited = CompileSettings(), CompileSettings(max_prompt_tokens=2000, paths=(path,))
    assert not {"max_prompt_tokens", "paths"} & configuration(plain, DATA, models).keys()
    assert configuration(limited, DATA, models)["max_prompt_tokens"] == 2000
    for settings in (plain, limited):
        assert CompileSettings(**settings.model_dump()) == settings
        assert CompileSettings.model_validate_json(settings.model_dump_json()) == settings


class Planned(ParetoSearch):
    """A search whose options are given."""

    POOL = extend_pool(
        start_pool(),
        {
            "respond": [ComponentOption(origin="x", instruction="Answer kindly, and name the danger. " * 20)],
            "answering": [
                ComponentOption(
                    origin="x", demos={"respond": [{"query": "Is it ok? " * 80, "context": "", "response": "Yes."}]}
                )
            ],
        },
    )

    def _plan_first_round(self, proposer: Proposer, trials: int) -> RoundPlan:
        own = student_params(self.task.student)
        both = {**own, "respond": 1, "answering": 1}
        return RoundPlan(self.POOL, [own, both, {**own, "answering": 1}], trials, proposer.issues)


def test_pareto_tries_no_program_over_the_limit_and_counts_it() -> None:
    task = pareto_task(trials=3)
    alone = [build_alone(task.student, name, Planned.POOL[name][1]) for name in ("respond", "answering")]
    limit = PromptLimit(max(max(fixed_tokens(program, TARGET).values()) for program in alone), TARGET)
    found = Planned(replace(task, prompt_limit=limit), Race()).run()
    assert [trial.params["answering"] for trial in found.trials] == [0, 1]
    assert all(limit.allows(candidate.program) for candidate in (*found.trials, *found.front))
    assert found.issues[OVER_LIMIT] == 1


def test_pareto_takes_no_option_that_is_over_the_limit_by_itself() -> None:
    task, limit = pareto_task(trials=3), PromptLimit(LONGEST, TARGET)
    found = pareto(replace(task, prompt_limit=limit))
    for name, options in found.components.items():
        for option in options:
            assert limit.allows(build_alone(task.student, name, ComponentOption.model_validate(option)))
    assert found.issues["proposals over the limit on prompt tokens"] > 0
    assert found.front
