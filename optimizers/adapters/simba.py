"""DSPy's ``SIMBA``: rules and demonstrations from conversations that went well once and badly another time.

It plays each conversation with several rollouts. ``lms.engine.RoleLM`` makes a seed of each rollout id, so that they
differ also where replies are stored or the model is deterministic.
"""

import math

import dspy

from optimizers.adapters.bootstrap import DEMOS
from optimizers.adapters.outcome import OptimizerTraits
from optimizers.adapters.run import OptimizerRun
from optimizers.task import Search, Task

BATCH = 16
"""Train scenarios of a step."""
ROLLOUTS = 4
"""Rollouts of each; a step makes up to one candidate more."""
TEMPERATURE = 0.2
"""SIMBA's own, for scores in [0, 1]."""


def simba(task: Task) -> Search:
    """About ``trials`` candidates, in steps on batches of train; the best of them are measured on dev."""
    run = OptimizerRun(task, OptimizerTraits("simba", finalists=3))
    span = run.best - run.worst or 1.0

    def compiled() -> dspy.Module:
        optimizer = dspy.SIMBA(
            metric=run.metric,
            bsize=min(BATCH, len(run.train)),
            num_candidates=ROLLOUTS,
            max_steps=math.ceil(task.trials / (ROLLOUTS + 1)),
            max_demos=DEMOS,
            prompt_model=run.teacher,
            num_threads=task.concurrency,
            temperature_for_sampling=TEMPERATURE * span,
            temperature_for_candidates=TEMPERATURE * span,
        )
        return optimizer.compile(run.student, trainset=run.train, seed=task.seed)

    return run.search(compiled)
