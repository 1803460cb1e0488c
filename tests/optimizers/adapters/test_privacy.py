"""What DSPy's optimizers show teachers, and what their programs tell, of the people in train."""

from dataclasses import replace

import pytest

from lms import Role
from lms.simulation.prompt import Prompt
from optimizers.registry import OPTIMIZERS
from optimizers.task import Search, Task
from signatures import RaiseError
from tests.benchmark.scripted import listen
from tests.optimizers.adapters.odd import SHOWING, TAUGHT, again, odd


@pytest.mark.parametrize("name", TAUGHT)
def test_instructions_that_tell_of_a_person_are_left_out(name: str, task: Task) -> None:
    secret = task.train[0].query

    def indiscreet(prompt: Prompt, number: int) -> str | None:
        field = next((name for name in prompt.fields if name.endswith("_instruction")), "")
        texts = dict.fromkeys(prompt.fields, "Name the risk.")
        return prompt.reply({**texts, field: f"Name the risk and be kind. Remember: {secret}"}) if field else None

    odd(task.models, Role.TEACHER, indiscreet)
    search = OPTIMIZERS[name](task)
    assert search.issues["candidates left out for personal details"] > 0
    assert any(secret in p.signature.instructions for t in search.trials for p in t.program.predictors())
    assert not any(secret in p.signature.instructions for p in search.front[0].program.predictors())


def private(task: Task) -> Task:
    return replace(task, train=[s.model_copy(update={"source": "reddit"}) for s in task.train])


@pytest.mark.parametrize("name", SHOWING)
def test_conversations_of_real_people_are_refused_before_the_first_call(name: str, task: Task) -> None:
    with pytest.raises(RaiseError, match="--allow-private-demos"):
        OPTIMIZERS[name](private(task))
    assert task.models.ledger.snapshot().total().calls == 0


def demonstrated(search: Search) -> set[str]:
    predictors = [predictor for trial in search.trials for predictor in trial.program.predictors()]
    return {demo.query for predictor in predictors for demo in predictor.demos if "query" in demo}


def test_they_are_taken_if_that_is_allowed_and_left_out_of_a_mixture(task: Task) -> None:
    allowed = OPTIMIZERS["bootstrap"](replace(private(task), allow_private_demos=True))
    assert "private scenarios left out" not in allowed.issues
    taken = min(demonstrated(allowed))
    mixed = [
        after if before.query == taken else before
        for before, after in zip(task.train, private(task).train, strict=True)
    ]
    search = OPTIMIZERS["bootstrap"](again(task, train=mixed))
    assert search.issues["private scenarios left out"] == 1
    assert taken not in demonstrated(search)


def test_mipro_shows_teachers_the_agents_code_and_nothing_of_who_people_are(task: Task) -> None:
    prompts = listen(task.models, Role.TEACHER)
    OPTIMIZERS["mipro"](task)
    described = [prompt for prompt in prompts if "observations" in prompt.fields]
    assert described
    for prompt in described:
        assert task.train[0].query in prompt.text or task.train[-1].query in prompt.text
        assert "a person who answers questions" in prompt.text
        for scenario in task.train:
            assert str(scenario.profile.emotional_state) not in prompt.text
    assert any("class RAISE(dspy.Module)" in prompt.text for prompt in prompts)
