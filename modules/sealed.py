"""A predictor whose prompt no optimizer can change: the crisis floor is not theirs to tune, whoever runs them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import dspy


@dataclass(frozen=True)
class _Prompt:
    """What is sealed. Text and demonstrations stand beside the signature, since a class can be changed in place."""

    signature: type[dspy.Signature]
    instructions: str
    demos: tuple[dspy.Example, ...] = ()


class SealedPredict(dspy.Predict):
    """``dspy.Predict`` that keeps its instructions and demonstrations.

    DSPy's optimizers write prompts in four ways: they assign ``signature`` or ``demos``, change either in place, and
    reset copies. None has an effect here, and none fails, so an optimizer can run over a program that holds one; what
    it proposes for this predictor comes to nothing. ``rewrite`` and ``load_state`` are for people. The language model
    can be set as ever.
    """

    def __init__(self, signature: type[dspy.Signature]) -> None:
        super().__init__(signature)
        self.rewrite(signature)

    def rewrite(self, signature: type[dspy.Signature], demos: Iterable[Any] = ()) -> None:
        """Give the predictor another prompt, on purpose."""
        text = str(signature.instructions)
        self._prompt = _Prompt(signature.with_instructions(text), text, tuple(demos))

    @property
    def signature(self) -> type[dspy.Signature]:
        """The sealed signature; one that was changed in place is put right first. Assigning has no effect."""
        if self._prompt.signature.instructions != self._prompt.instructions:
            self.rewrite(self._prompt.signature.with_instructions(self._prompt.instructions), self._prompt.demos)
        return self._prompt.signature

    @signature.setter
    def signature(self, value: object) -> None:
        """Ignored: see the class."""

    @property
    def demos(self) -> list[Any]:
        """Copies of the sealed demonstrations. Assigning has no effect."""
        return [demo.copy() for demo in self._prompt.demos]

    @demos.setter
    def demos(self, value: object) -> None:
        """Ignored: see the class."""

    @property
    def fields(self) -> dict[str, Any]:
        """No decision fields, which optimizers calibrate. Assigning has no effect."""
        return {}

    @fields.setter
    def fields(self, value: object) -> None:
        """Ignored: see the class."""

    def load_state(self, state: dict[str, Any], *, allow_unsafe_lm_state: bool = False) -> Self:
        """As of ``dspy.Predict``: whoever loads a program takes its prompts."""
        read = dspy.Predict(self.signature).load_state(state, allow_unsafe_lm_state=allow_unsafe_lm_state)
        self.rewrite(read.signature, read.demos)
        self.lm = read.lm
        return self


def put_prompt(predictor: dspy.Predict, signature: type[dspy.Signature], demos: Iterable[Any]) -> None:
    """Give ``predictor`` a prompt, sealed or not: for what people do, not optimizers."""
    if isinstance(predictor, SealedPredict):
        predictor.rewrite(signature, demos)
    else:
        predictor.signature, predictor.demos = signature, list(demos)
