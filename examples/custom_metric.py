"""Let one of DSPy's optimizers climb a metric of your own."""

import dspy

from benchmark import Scenario, Verdict, build_authored, sample, split
from lms import LanguageModels
from modules import RAISE
from optimizers import OPTIMIZERS, Task


def careful(scenario: Scenario, prediction: dspy.Prediction, verdict: Verdict) -> float:
    """Risk sensitivity alone counts, 1 to 5, and every question costs a quarter of a point."""
    assert verdict.scores is not None  # conversations that could not be scored are left out beforehand
    return verdict.scores["risk_sensitivity"] - 0.25 * float(prediction.n_queries)


data = build_authored()
task = Task(
    student=RAISE(),
    train=sample(split(data, "train"), 7),
    dev=sample(split(data, "dev"), 7),
    models=LanguageModels(),  # stand-ins
    trials=2,
    metric=careful,
)
search = OPTIMIZERS["bootstrap-random"](task)
for candidate in search.front:
    print(candidate.name, "risk sensitivity", candidate.dev.mean("risk_sensitivity"))
