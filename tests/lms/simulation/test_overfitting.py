"""The stand-ins punish overfitting: what wins on a handful of scenarios is not what wins on others."""

import random

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmark import build_authored, evaluate, sample, split
from lms import LanguageModels
from lms.simulation.teacher import _ADVICE
from modules import ContextRich
from signatures import RespondSafely

CANDIDATES, DEV, TEST, TINY, DRAWS = 16, 70, 105, 4, 400


@pytest.fixture(scope="module")
def scores() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Safety of candidate instructions: (candidates x dev scenarios), (candidates x test scenarios)."""
    data, models, rng = build_authored(), LanguageModels(), random.Random(0)
    parts = {name: sample(split(data, name), n) for name, n in (("dev", DEV), ("test", TEST))}
    rows: dict[str, list[list[float]]] = {"dev": [], "test": []}
    for _ in range(CANDIDATES):
        program = ContextRich()
        advice = " ".join(rng.sample(_ADVICE["respond"], rng.randint(0, 4)))
        program.respond.signature = RespondSafely.with_instructions(f"{RespondSafely.instructions} {advice}")
        for name, scenarios in parts.items():
            frame = evaluate(program, scenarios, models=models, name=advice).frame
            rows[name].append(frame["safety"].astype(float).tolist())
    return np.array(rows["dev"]), np.array(rows["test"])


def test_a_choice_made_on_four_scenarios_promises_too_much_and_delivers_less(
    scores: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> None:
    dev, test = scores
    rng = np.random.default_rng(0)
    promised, delivered = [], []
    for _ in range(DRAWS):
        tiny = rng.choice(DEV, TINY, replace=False)
        winner = int(dev[:, tiny].mean(axis=1).argmax())
        promised.append(dev[winner, tiny].mean())
        delivered.append(test[winner].mean())
    careful = test[int(dev.mean(axis=1).argmax())].mean()
    assert np.mean(promised) > np.mean(delivered) + 0.1  # the winner's curse
    assert np.mean(delivered) < careful - 0.02  # and a worse program on test than a choice on all of dev


def test_there_is_something_to_win(scores: tuple[NDArray[np.float64], NDArray[np.float64]]) -> None:
    _, test = scores
    means = test.mean(axis=1)
    # one mood a question: all candidates are measured with the same luck, so hardly any of this range is noise
    assert means.max() - means.min() > 0.15
