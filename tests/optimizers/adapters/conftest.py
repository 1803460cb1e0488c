"""One small task for all of DSPy's optimizers."""

from collections.abc import Sequence

import pytest

from benchmark import Scenario, build_authored, sample, split
from lms import LanguageModels
from modules import RAISE, AgentSettings
from modules.paths import PathIndex, PlannedPath
from optimizers.task import Task


@pytest.fixture(scope="module")
def scenarios() -> dict[str, Sequence[Scenario]]:
    data = build_authored()
    return {name: sample(split(data, name), size) for name, size in (("train", 7), ("dev", 5))}


@pytest.fixture
def task(scenarios: dict[str, Sequence[Scenario]], models: LanguageModels) -> Task:
    paths = PathIndex([
        PlannedPath(query=s.query, path=("mental_health_status",), value=4.0, evaluations=1, origin=s.situation)
        for s in scenarios["train"]
    ])  # fmt: skip
    return Task(RAISE(paths, AgentSettings(budget=2)), scenarios["train"], scenarios["dev"], models, trials=3)
