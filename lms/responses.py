"""From a provider's response to a reply as we keep it, and from there to what dspy takes."""

import dspy
from dspy.clients.call_result import usage_dict
from dspy.lm15 import Message, Request, Response
from dspy.lm15 import Usage as TokenUsage

from lms.prices import cost_of
from lms.roles import Price
from lms.store import Reply
from lms.whole import NoChoiceError, has_reasoning, text_of
from signatures.usage import Spent, read_usage, usage_entry


def reply_of(response: Response, lm: dspy.LM, seconds: float, price: Price | None) -> Reply:
    """The reply in ``response``, which took so many seconds.

    Raises:
        NoChoiceError: if there is none.
    """
    if "choices" in response.provider_data and not response.provider_data["choices"]:
        raise NoChoiceError("the endpoint's reply holds no choices", model=str(lm.model), status=200)
    text = text_of(response)
    # DSPy's history counts cached tokens as input with every provider; OpenAI's dialect does so itself
    tokens = read_usage({"": lm.history[-1]["usage"] if lm.history else usage_dict(response)})
    return Reply(
        text=text,
        only_reasoning=not text and has_reasoning(response),
        finish_reason=response.finish_reason,
        model=response.model,
        input_tokens=tokens.input_tokens,
        output_tokens=tokens.output_tokens,
        cached_tokens=tokens.cached_tokens,
        seconds=round(seconds, 4),
        cost_usd=_cost(tokens, lm, price),
    )


def _cost(tokens: Spent, lm: dspy.LM, price: Price | None) -> float | None:
    """What the call cost: by the role's own price, else what DSPy says, else by the price table; None if not known."""
    sent, said = tokens.input_tokens, tokens.output_tokens
    if price is not None:
        return None if sent is None or said is None else price.of(sent, said, tokens.cached_tokens or 0)
    told = lm.history[-1].get("cost") if lm.history else None
    if told is not None or sent is None or said is None:
        return told
    return cost_of(str(lm.model), sent, said)


def as_response(request: Request, reply: Reply) -> Response:
    """``reply`` as dspy takes it; dspy's usage tracker is told what its usage has no place for."""
    if (tracker := dspy.settings.usage_tracker) is not None:
        tracker.add_usage(request.model, usage_entry(reply.spent()))
    return Response(
        id=None,
        model=reply.model or request.model,
        message=Message.assistant(reply.text),
        finish_reason=reply.finish_reason,
        usage=TokenUsage(
            input_tokens=reply.input_tokens,
            output_tokens=reply.output_tokens,
            cache_read_tokens=reply.cached_tokens,
        ),
    )
