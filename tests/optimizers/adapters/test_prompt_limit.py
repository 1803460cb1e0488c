"""DSPy's optimizers get the worst score, and no call, for a candidate over the limit on prompt tokens."""

from dataclasses import replace

import pytest

from lms import Role
from optimizers.export import fixed_tokens
from optimizers.prompt_limit import PromptLimit
from optimizers.registry import OPTIMIZERS
from optimizers.task import Task
from tests.optimizers.adapters.odd import odd

LONG = "Be kind, and name the danger. " * 80
"""What the teacher proposes."""
COUNTED = "candidates over the limit on prompt tokens, which were not tried"


@pytest.mark.parametrize("name", ["bootstrap-random", "gepa", "copro"])
def test_candidates_over_the_limit_are_not_tried_and_are_counted(name: str, task: Task) -> None:
    limit = PromptLimit(max(fixed_tokens(task.student, "sim/gpt-4o").values()), "sim/gpt-4o")
    odd(task.models, Role.TEACHER, lambda prompt, number: prompt.reply(dict.fromkeys(prompt.fields, LONG * number)))
    found = OPTIMIZERS[name](replace(task, prompt_limit=limit))
    assert found.issues[COUNTED] > 0
    assert all(limit.allows(trial.program) for trial in found.trials)
    assert all(limit.allows(candidate.program) for candidate in found.front)
