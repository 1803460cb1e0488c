"""The LM of a role as programs call it, with a short way to its engine for calls that nobody listens to.

DSPy prepares a call for every kind of content, callback, cache and stream; for plain messages, with history off, that
takes longer than keeping and counting the reply does. Requests, outputs and counted tokens are the same to the letter
(``tests/lms/test_role_lm.py``); whatever is not plain goes DSPy's way.
"""

from typing import Any

import dspy
from dspy.clients.errors import error_boundary
from dspy.lm15 import Config, Message, Request

from lms.engine import AsyncRecordedEngine, RecordedEngine
from lms.store import Reply
from signatures.usage import usage_entry

SETTINGS = frozenset({"temperature", "top_p", "max_tokens", "seed"})
"""Settings of a plain call, named alike in the call and in the request; of ``n`` and ``rollout_id`` see ``RoleLM``."""
SPREAD = 1009
"""Seeds from one rollout to the next; the candidates of a rollout have those between."""
SAY = {"user": Message.user, "assistant": Message.assistant}


class RoleLM(dspy.LM):
    """``dspy.LM`` that lets dspy's rollout id reach the engine as the seed, and tells ``n`` candidates apart.

    dspy strips ``rollout_id`` from requests and asks ``n`` times with identical requests; a deterministic or stored
    reply would then always be the same.
    """

    def __init__(self, model: str, *, engine: Any, async_engine: Any = None, **settings: Any) -> None:
        super().__init__(model, engine=engine, async_engine=async_engine, **settings)
        self._recorded = engine if isinstance(engine, RecordedEngine) else None  # of others only DSPy's way is known
        self._async_recorded = async_engine if isinstance(async_engine, AsyncRecordedEngine) else None

    def _single(self, kwargs: dict[str, Any], candidate: int) -> dict[str, Any]:
        rollout = kwargs.pop("rollout_id", self.kwargs.get("rollout_id"))
        kwargs["n"] = 1
        if rollout is not None or candidate:
            kwargs["seed"] = (int(rollout or 0) * SPREAD + candidate) % 2**31
        return kwargs

    def _plain(self, prompt: Any, messages: Any, kwargs: dict[str, Any]) -> Request | None:
        """The request of a call that can go the short way."""
        return plain_request(self, prompt, messages, kwargs) if is_unheard(self) else None

    def _candidates(self, kwargs: dict[str, Any]) -> range:
        return range(int(kwargs.get("n") or self.kwargs.get("n") or 1))

    def __call__(self, prompt: Any = None, *, messages: Any = None, **kwargs: Any) -> Any:
        """As ``dspy.LM``."""
        if isinstance(prompt, Request) or "request" in kwargs:
            return super().__call__(prompt, messages=messages, **kwargs)
        outputs: list[Any] = []
        for i in self._candidates(kwargs):
            single = self._single(dict(kwargs), i)
            if self._recorded and (request := self._plain(prompt, messages, single)):
                with error_boundary(self.model, unexpected=True):
                    outputs.append(told(self._recorded.reply_to(request), self))
            else:
                outputs += super().__call__(prompt, messages=messages, **single)
        return outputs

    async def acall(self, prompt: Any = None, *, messages: Any = None, **kwargs: Any) -> Any:
        """As ``dspy.LM``."""
        if isinstance(prompt, Request) or "request" in kwargs:
            return await super().acall(prompt, messages=messages, **kwargs)
        outputs: list[Any] = []
        for i in self._candidates(kwargs):
            single = self._single(dict(kwargs), i)
            if self._async_recorded and (request := self._plain(prompt, messages, single)):
                with error_boundary(self.model, unexpected=True):
                    outputs.append(told(await self._async_recorded.reply_to(request), self))
            else:
                outputs += await super().acall(prompt, messages=messages, **single)
        return outputs


def rollout_of(request: Request) -> int:
    """The DSPy rollout of ``request``: another number, another sample of the reply; 0 is the one all share."""
    return (request.config.seed or 0) // SPREAD


def is_unheard(lm: dspy.LM) -> bool:
    """Whether no callback, history or stream wants to know of a call."""
    settings = dspy.settings
    return bool(settings.disable_history and not (settings.callbacks or lm.callbacks or settings.send_stream))


def plain_request(lm: dspy.LM, prompt: Any, messages: Any, kwargs: dict[str, Any]) -> Request | None:
    """The request that DSPy would make of a call with plain text and settings; None for any other call."""
    settings = {name: value for name, value in {**lm.kwargs, **kwargs}.items() if value is not None}
    if settings.pop("n", 1) != 1 or not settings.keys() <= SETTINGS:
        return None
    rows = messages or [{"role": "user", "content": prompt}]
    if not all(_is_plain(row) for row in rows):
        return None
    system = rows[0]["content"] if rows[0]["role"] == "system" else None
    said = rows[1:] if system else rows
    if not said or not all(row["role"] in SAY for row in said):
        return None
    spoken = tuple(SAY[row["role"]](row["content"]) for row in said)
    return Request(model=lm.model, messages=spoken, system=system, config=Config(**settings))


def _is_plain(row: Any) -> bool:
    """Whether a message is a role and some text that can be sent."""
    if not isinstance(row, dict) or row.keys() != {"role", "content"}:
        return False
    text = row["content"]
    if not isinstance(text, str) or not text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def told(reply: Reply, lm: dspy.LM) -> str:
    """The text of ``reply``; what it took is told to DSPy's usage tracker, if there is one."""
    tracker = dspy.settings.usage_tracker
    if tracker is None:
        return reply.text
    tracker.add_usage(lm.model, usage_entry(reply.spent()))
    sent, said, cached = reply.input_tokens, reply.output_tokens, reply.cached_tokens
    counts = {"prompt_tokens": sent, "completion_tokens": said}
    if sent is not None and said is not None:
        counts["total_tokens"] = sent + said
    known = {name: count for name, count in counts.items() if count is not None}
    if known or cached is not None:
        details = {"cached_tokens": cached} if cached is not None else None
        tracker.add_usage(lm.model, {**known, "prompt_tokens_details": details, "completion_tokens_details": None})
    return reply.text
