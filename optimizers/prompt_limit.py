"""How long prompts may become: tokens of a predictor's prompt without its inputs, which every call pays for."""

from dataclasses import dataclass

import dspy

from optimizers.export import fixed_tokens
from signatures import RaiseError


@dataclass(frozen=True)
class PromptLimit:
    """A limit for every predictor of a program.

    Attributes:
        tokens: of ``model``, about; None for no limit.
        model: the target; see ``lms.tokens``.
    """

    tokens: int | None = None
    model: str = ""

    def exceeded_by(self, program: dspy.Module) -> dict[str, int]:
        """Predictor -> tokens of its prompt, of those that are over the limit."""
        if self.tokens is None:
            return {}
        return {name: count for name, count in fixed_tokens(program, self.model).items() if count > self.tokens}

    def allows(self, program: dspy.Module) -> bool:
        """Whether no predictor is over the limit."""
        return not self.exceeded_by(program)

    def refuse(self, uncompiled: dspy.Module) -> None:
        """Refuse a limit that the uncompiled program does not keep.

        Raises:
            RaiseError: naming what it takes.
        """
        if over := self.exceeded_by(uncompiled):
            name = max(over, key=lambda predictor: over[predictor])
            raise RaiseError(
                f"--max-prompt-tokens {self.tokens} is too low: the prompt of {name} takes about {over[name]:,} tokens "
                "before anything is compiled, its inputs not counted; choose more."
            )

    def reason(self, program: dspy.Module) -> str:
        """Why a program is refused; empty if it is not."""
        over = [f"{name} (about {count:,})" for name, count in self.exceeded_by(program).items()]
        return f"over the limit of {self.tokens:,} tokens a prompt: {', '.join(over)}" if over else ""


NO_LIMIT = PromptLimit()
