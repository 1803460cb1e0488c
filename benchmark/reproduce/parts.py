"""The paper's way to study attributes: answers from some of them, handed over rather than asked for."""

from collections.abc import Iterable

import dspy

from modules import ContextRich, prediction
from modules.calls import Script, readable
from modules.program import answering
from signatures import ATTRIBUTE_NAMES, Conversation, RaiseError, Respond, StopReason, UserContext

AGAIN = 1000
"""The sample of answers that were chosen by other samples; no search draws one subset so often."""


class Parts(ContextRich):
    """Answers at once from those of ``names`` that the profile knows.

    Args:
        names: attributes.
        sample: another number, another sample of the answer; 0 is the one that everybody shares.

    Raises:
        RaiseError: for an attribute that does not exist.
    """

    def __init__(self, names: Iterable[str], sample: int = 0) -> None:
        super().__init__()
        wanted = set(names)
        if unknown := sorted(wanted.difference(ATTRIBUTE_NAMES)):
            raise RaiseError(f"unknown attributes {unknown}: choose out of {', '.join(ATTRIBUTE_NAMES)}.")
        self.names = tuple(name for name in ATTRIBUTE_NAMES if name in wanted)
        self.sample = sample

    def _converse(self, query: str, context: UserContext | None) -> Script[dspy.Prediction]:
        if context is None:
            raise RaiseError("Parts answers from parts of the profile: pass it as context=.")
        conversation = Conversation(query=readable(query), context=context.only(self.names))
        text = yield from answering(self.respond, conversation.query, conversation.context, self.sample)
        return prediction(conversation, Respond(text=text, reason=StopReason.SUFFICIENT))
