"""DSPy's ``COPRO``: instructions by coordinate ascent, one predictor after the other.

It makes no demonstrations, so its candidates are measured on dev.
"""

import dspy

from optimizers.adapters.outcome import OptimizerTraits
from optimizers.adapters.run import OptimizerRun
from optimizers.task import Search, Task

DEEP_FROM = 30
"""Candidates from which a second round, which sees how the first one scored, is worth it."""
TEMPERATURE = 1.0
"""COPRO's own is 1.4, which some providers refuse."""


def copro(task: Task) -> Search:
    """About ``trials`` candidates, as many for each predictor; at least two each."""
    run = OptimizerRun(task, OptimizerTraits("copro", shows=False))
    predictors = len(run.student.predictors())
    depth = 2 if task.trials >= DEEP_FROM else 1
    rounds = depth * (depth + 1) // 2  # with several predictors, a round tries the candidates of earlier ones again
    breadth = max(2, task.trials // (predictors * rounds))

    def compiled() -> dspy.Module:
        optimizer = dspy.COPRO(
            metric=run.metric,
            prompt_model=run.teacher,
            breadth=breadth,
            depth=depth,
            init_temperature=TEMPERATURE,
        )
        settings = {"num_threads": task.concurrency}
        return optimizer.compile(run.student, trainset=run.dev, eval_kwargs=settings)

    return run.search(compiled)
