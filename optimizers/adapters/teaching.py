"""How teachers are asked: one reply at a time, within the budget, and what cannot be read or had is counted."""

from typing import Any

import dspy
from dspy.utils.exceptions import AdapterParseError, LMError

from modules.calls import FATAL
from optimizers.adapters.monitor import SearchMonitor
from signatures import AnswerAsUser, EnoughScale, current_rubric, judge_signature

PROPOSED = "proposed_instruction"
"""The field in which COPRO and MIPROv2 expect a teacher's instruction."""


class TeacherAdapter(dspy.ChatAdapter):
    """DSPy's chat format. Prompts of the program, the judge and the user pass as they are; all others are a teacher's.

    COPRO asks for ``n`` replies at once, and one that cannot be read ends it. Here they are asked for one by one, with
    rollouts of their own, and those that cannot be read are left out. If none can be, the instruction that was to be
    improved stands in, so that nothing new is tried in its place.
    """

    def __init__(self, monitor: SearchMonitor, program: dspy.Module) -> None:
        super().__init__()
        self._monitor = monitor
        ours = [predictor.signature for _, predictor in program.named_predictors()]
        ours += [
            judge_signature(current_rubric()),
            AnswerAsUser,
            EnoughScale,
        ]  # the last for turns that come without a rating
        self._ours = {frozenset(signature.output_fields) for signature in ours}

    def __deepcopy__(self, memo: dict[int, Any]) -> "TeacherAdapter":
        return self

    def __call__(self, lm: Any, lm_kwargs: dict[str, Any], signature: Any, demos: Any, inputs: Any) -> list[Any]:
        """As ``dspy.ChatAdapter``."""
        if frozenset(signature.output_fields) in self._ours:
            return list(super().__call__(lm, lm_kwargs, signature, demos, inputs))
        count = int(lm_kwargs.get("n") or 1)
        first = int(lm_kwargs.get("rollout_id") or lm.kwargs.get("rollout_id") or 0)
        replies: list[Any] = []
        failure: Exception | None = None
        for number in range(count):
            each = {**lm_kwargs, "n": 1, "rollout_id": first + number} if count > 1 else dict(lm_kwargs)
            self._monitor.admit()
            try:
                replies += super().__call__(lm, each, signature, demos, inputs)
            except AdapterParseError as error:
                self._monitor.scorer.note("replies of the teacher that could not be read")
                failure = error
            except FATAL as error:
                raise self._monitor.fail(error) from error
            except LMError as error:
                self._monitor.scorer.note("calls of the teacher that failed")
                failure = error
        if not replies and failure is not None:
            if PROPOSED not in signature.output_fields:
                raise failure
            replies = [{**dict.fromkeys(signature.output_fields, ""), PROPOSED: _present(inputs)}]
        return replies


def _present(inputs: dict[str, Any]) -> str:
    """The instruction that a teacher was to improve."""
    if basic := inputs.get("basic_instruction"):
        return str(basic)
    attempts = [str(line) for line in inputs.get("attempted_instructions") or []]  # COPRO's, worst first
    best = [line.partition(": ")[2] for line in attempts if line.startswith("Instruction #")]
    return best[-1] if best else ""
