"""Instruction candidates from the teacher, asked with DSPy's own proposal signature (the one COPRO starts from)."""

import dspy
from dspy.teleprompt.copro_optimizer import BasicGenerateInstruction
from dspy.utils.exceptions import AdapterParseError

from lms import Role
from optimizers.base import Task


def propose_instructions(task: Task, predictor: str, count: int) -> list[str]:
    """The predictor's present instruction, then at most ``count`` others; replies that cannot be read are left out."""
    present = str(getattr(task.student, predictor).signature.instructions)
    propose = dspy.Predict(BasicGenerateInstruction)
    proposals = [present]
    with dspy.context(lm=task.models[Role.TEACHER], trace=[], disable_history=True):
        for number in range(count):
            rollout = 1 + task.seed * 1000 + number
            try:
                reply = propose(basic_instruction=present, config={"rollout_id": rollout, "temperature": 1.0})
            except AdapterParseError:
                continue
            proposals.append(str(reply.proposed_instruction).strip())
    return [text for text in dict.fromkeys(proposals) if text]
