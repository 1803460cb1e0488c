"""DSPy's ``GEPA``: instructions rewritten by reflection on single conversations, kept if they help somewhere."""

from typing import Any

import dspy
from dspy.teleprompt.gepa import InstructionProposer

from optimizers.adapters.outcome import OptimizerTraits
from optimizers.adapters.run import OptimizerRun
from optimizers.task import Search, Task

REFLECTED = 3
"""Conversations that one reflection looks at."""
FOR_EVERYBODY = (
    "The instruction will be used with people who are not in the examples. State general rules; never mention names, "
    "ages, jobs, words or other details of the people in the examples."
)


def gepa(task: Task) -> Search:
    """``trials`` reflections; what helps on the few conversations that were looked at is measured on all of dev.

    GEPA's counting of metric calls overruns by up to one dev set, so it is stopped by the number of reflections. No
    folder for its state is given: it would resume from it without asking whether anything has changed.
    """
    run = OptimizerRun(task, OptimizerTraits("gepa", shows=False))

    def enough(state: Any) -> bool:
        return bool(state.i + 1 >= task.trials or task.budget.reason())

    def compiled() -> dspy.Module:
        optimizer = dspy.GEPA(
            metric=run.explain,
            max_metric_calls=(1 + task.trials) * (len(task.dev) + 2 * REFLECTED),  # more than it can come to
            reflection_minibatch_size=min(REFLECTED, len(task.train)),
            reflection_lm=run.teacher,
            instruction_proposer=InstructionProposer(additional_instructions=FOR_EVERYBODY, adapter=run.adapter),
            num_threads=task.concurrency,
            failure_score=run.worst,
            perfect_score=run.best,  # of our scale: its default, 1.0, would skip every conversation as perfect
            warn_on_score_mismatch=False,
            seed=task.seed,
            gepa_kwargs={"stop_callbacks": [enough]},
        )
        return optimizer.compile(run.student, trainset=run.train, valset=run.dev)

    return run.search(compiled)
