"""Models that say what a test wants, on dspy's engine contract, and ears for what a stand-in is told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import dspy
from dspy.lm15 import Message, Request, Response, Usage

from lms import LanguageModels, Role
from lms.engine import Model
from lms.simulation.prompt import Prompt, read
from lms.store import Reply


class Scripted:
    """Gives its replies in order, the last one for ever; dspy's own second try (as JSON) gets the same one again.

    A reply is a mapping of output fields, or bare text.
    """

    supports_function_calling = False
    supports_reasoning = False
    supports_response_schema = False
    supported_params = ()

    def __init__(self, replies: Iterable[Mapping[str, Any] | str]) -> None:
        self._replies = list(replies)
        self.asked: list[Prompt] = []

    def complete(self, request: Request) -> Response:
        prompt = read(request)
        if not prompt.json:
            self.asked.append(prompt)
        reply = self._replies[min(len(self.asked), len(self._replies)) - 1]
        text = reply if isinstance(reply, str) else prompt.reply(dict(reply))
        message = Message.assistant(text)
        return Response(id=None, model=request.model, message=message, finish_reason="stop", usage=Usage())

    def close(self) -> None:
        """Nothing to release."""

    def __deepcopy__(self, memo: dict[int, Any]) -> "Scripted":
        return self

    def lm(self) -> dspy.LM:
        """This engine as dspy sees it."""
        return dspy.LM("scripted/model", engine=self, cache=False, temperature=0.0)


@dataclass
class Listener:
    """Passes requests on to a model and remembers them."""

    model: Model
    prompts: list[Prompt] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)

    @property
    def identity(self) -> str:
        return self.model.identity

    def answer(self, request: Request) -> Reply:
        self.prompts.append(read(request))
        self.replies.append(self.model.answer(request))
        return self.replies[-1]

    async def aanswer(self, request: Request) -> Reply:
        self.prompts.append(read(request))
        self.replies.append(await self.model.aanswer(request))
        return self.replies[-1]


def listen(models: LanguageModels, role: Role) -> list[Prompt]:
    """What ``role`` is told from now on."""
    engine = models[role].engine
    engine.model = listener = Listener(engine.model)
    return listener.prompts
