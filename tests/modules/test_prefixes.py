"""Prompts of one predictor begin alike for as long as they can, so that providers' prefix caches hit."""

from collections.abc import Sequence
from typing import Any

import dspy
import pytest

from lms.simulation.prompt import Prompt
from modules import RAISE, AgentSettings
from tests.modules.scripted import QUERY, STORED, Person, Scripted, lm


def prompts_of(part: str, answers: Sequence[str], settings: AgentSettings) -> list[Prompt]:
    """What ``part`` is shown in one conversation."""
    fused = {"missing": "x", "completeness": 0, "attribute": "", "question": ""}
    engine = Scripted(abstain=fused)
    with dspy.context(lm=lm(engine)):
        RAISE(STORED, settings)(query=QUERY, user=Person(*answers))
    return engine.prompts(part)


CASES: dict[str, tuple[AgentSettings, str, str]] = {
    "read": (AgentSettings(budget=2), "attributes", "question"),
    "plan": (AgentSettings(budget=2), "examples", "context"),
    "abstain": (AgentSettings(budget=2, abstention="fused"), "examples", "context"),
}


@pytest.mark.parametrize("part", CASES)
def test_what_stays_the_same_comes_before_what_changes(part: str) -> None:
    settings, steady, changing = CASES[part]
    prompts = prompts_of(part, ["age=40; then I moved away", "gender=woman; and I like it"], settings)
    shown: list[Any] = [prompt.input(changing) for prompt in prompts]
    assert len(set(shown)) > 1  # else there is nothing to see
    begin = {prompt.text.rpartition(f"[[ ## {changing} ## ]]")[0] for prompt in prompts}
    assert len(begin) == 1
    assert prompts[0].input(steady) in begin.pop()
