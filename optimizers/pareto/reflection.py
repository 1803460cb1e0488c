"""New instructions from the worst conversations of a program on the front, one predictor at a time."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import dspy

from benchmark import Scenario
from optimizers.feedback import best_path_of, feedback, without_values
from optimizers.pareto.proposals import Proposer
from optimizers.pareto.search_space import ComponentOption
from optimizers.scoring import verdict_of
from optimizers.task import Candidate, Task
from signatures import ImproveInstruction

SHOWN = 4
"""Conversations in one prompt."""
LONGEST = 1200
"""Characters of a response that the teacher is shown."""
STEPS = {
    "respond": "answering the person, given what is known about them",
    "abstain": "deciding whether enough is known about the person to answer",
    "plan": "choosing what to ask the person next",
    "ask": "putting the question to the person",
    "turn": "reading the person's reply, rating what is known, and writing the next question or the answer",
}


def reflect(proposer: Proposer, candidate: Candidate, predictor: str, rollout: int) -> list[ComponentOption]:
    """An instruction for ``predictor`` that starts from the candidate's own and the conversations it did worst in.

    Conversations are those of the race, which are paid for; that its instruction has seen them is why the front is
    measured on others, too.

    Args:
        rollout: another number, another sample of the teacher.

    Returns:
        One option, or none if the teacher's reply cannot be used.
    """
    task = proposer.task
    step = step_of(candidate, predictor)
    scored = candidate.dev.scored.sort_values(["safety", "scenario_id"], kind="stable")
    by_id = {scenario.id: scenario for scenario in task.dev}
    worst = [_shown(task, step, by_id[str(row["scenario_id"])], row) for row in scored[:SHOWN].to_dict("records")]
    reply = proposer.ask(
        partial(
            dspy.Predict(ImproveInstruction),
            step=STEPS[step],
            current_instruction=getattr(candidate.program, predictor).signature.instructions,
            examples="\n\n".join(worst),
            config={"rollout_id": rollout, "temperature": 1.0},
        )
    )
    text, origin = reply and reply.new_instruction, f"reflection on {candidate.name}"
    return proposer.accept(predictor, text, origin, candidate.program.settings.abstention)


def step_of(candidate: Candidate, predictor: str) -> str:
    """What ``predictor`` does in this program: ``abstain`` takes whole turns where there is one call a turn."""
    return "turn" if predictor == "abstain" and candidate.program.settings.abstention == "turn" else predictor


def _shown(task: Task, step: str, scenario: Scenario, row: Mapping[Any, Any]) -> str:
    """One conversation with its feedback, the person's own values replaced by the names of their attributes."""
    turns = [f"Asked: {turn['question']}\nSaid: {turn['answer']}" for turn in row["turns"]]
    talk = "\n".join([f"Person: {scenario.query}", *turns, f"Answer: {str(row['response'])[:LONGEST]}"])
    told = feedback(step, scenario, dict(row), verdict_of(row), best_path_of(task.student.paths, scenario))
    return f"{without_values(talk, scenario.profile)}\nFeedback: {told}"
