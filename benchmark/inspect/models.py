"""Models of inspect_ai in the roles of an evaluation, so that its log, limits and retries hold for every call.

Programs and judge run as ever, on the same prompts and settings; they are synchronous and run in a worker thread, from
which the calls go back to the event loop.
"""

from collections.abc import Mapping
from time import perf_counter

import anyio
from dspy.lm15 import Request
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    GenerateConfig,
    ModelOutput,
)
from inspect_ai.model import Model as InspectedModel

from lms import LanguageModels, Role, RoleSettings, is_simulated
from lms.engine import Model
from lms.factory import default_models
from lms.store import Reply
from signatures import RaiseError
from signatures.replies import strip_reasoning

SAID = {"user": ChatMessageUser, "assistant": ChatMessageAssistant}
ENDS = {"max_tokens": "length", "model_length": "length", "content_filter": "content_filter"}
"""Why a reply ended, in inspect_ai's words -> in dspy's; all else is an ordinary end."""


class CallThroughInspect:
    """One model of inspect_ai, as ``lms.engine`` asks models.

    Args:
        model: it waits, retries and logs by its own rules.
    """

    def __init__(self, model: InspectedModel) -> None:
        self._model = model
        self.identity = f"{model} through inspect_ai"

    def answer(self, request: Request) -> Reply:
        """Answer one request, from a worker thread of the event loop."""
        return anyio.from_thread.run(self.aanswer, request)

    async def aanswer(self, request: Request) -> Reply:
        """Answer one request."""
        began = perf_counter()
        output = await self._model.generate(messages_of(request), config=self._config(request))
        return reply_of(output, perf_counter() - began)

    def _config(self, request: Request) -> GenerateConfig:
        """The sampling settings; the seed, which carries dspy's rollout, goes to stand-ins alone."""
        config = request.config
        return GenerateConfig(
            temperature=config.temperature,
            top_p=config.top_p,
            max_tokens=config.max_tokens,
            seed=config.seed if is_simulated(str(self._model)) else None,
        )


def messages_of(request: Request) -> list[ChatMessage]:
    """A request's messages as inspect_ai takes them."""
    system: list[ChatMessage] = [ChatMessageSystem(content=str(request.system))] if request.system else []
    return [*system, *(SAID[message.role](content=message.text or "") for message in request.messages)]


def reply_of(output: ModelOutput, seconds: float) -> Reply:
    """What inspect_ai's model said, as we keep it. Prices are inspect_ai's business, so none is given."""
    text = strip_reasoning(output.completion)
    usage = output.usage
    return Reply(
        text=text,
        only_reasoning=not text and bool(output.completion),
        finish_reason=ENDS.get(output.stop_reason, "stop"),
        model=output.model,
        input_tokens=usage.input_tokens if usage else None,
        output_tokens=usage.output_tokens if usage else None,
        cached_tokens=usage.input_tokens_cache_read if usage else None,
        seconds=round(seconds, 4),
        cost_usd=None,
    )


class InspectedModels(LanguageModels):
    """The roles of an evaluation, played by models of inspect_ai, with the sampling that ``raise evaluate`` has.

    Args:
        models: target, user and judge.
    """

    def __init__(self, models: Mapping[Role, InspectedModel]) -> None:
        self._models = models
        roles = {
            role: default_models()[role].model_copy(update={"model": str(model)}) for role, model in models.items()
        }
        super().__init__(roles)

    def model_of(self, role: Role, settings: RoleSettings) -> Model:
        """The model that plays ``role``."""
        if role not in self._models:
            raise RaiseError(f"an evaluation in inspect_ai has no {role.value}.")
        return CallThroughInspect(self._models[role])
