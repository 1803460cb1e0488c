"""One turn of a conversation: from messages to the next message, within limits, whatever becomes of the model."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from dspy.utils.exceptions import ContextWindowExceededError, LMError, LMTimeoutError

from lms import LanguageModels, Role
from lms.ledger import Tally
from modules import RAISE
from modules.calls import Script, Unreadable, arun, run
from serving.limits import Limits, Places
from serving.members import Member
from serving.metrics import Metrics
from serving.replay import Exchange, Heard, Message, Reached, exchanges_in
from serving.traced import Tracing
from serving.tracing import NoTraces, Traces
from serving.wire import ApiError, Reply, Took
from signatures import RaiseError


class Occasion(Protocol):
    """What a turn is made from: all that is known of the person, in whatever form it came."""

    @property
    def said(self) -> Sequence[str]:
        """The person's words."""
        ...

    def is_acute(self) -> bool:
        """Whether they plainly tell of acute danger."""
        ...

    def reached(self, agent: RAISE) -> Script[Reached]:
        """Where the conversation stands; in acute danger the script makes no call."""
        ...


class Turns:
    """Makes turns; keeps nothing between them but replies of the model and counts.

    Args:
        members: the first is the default.
        models: the target answers.
        traces: of the turns, in the background.
    """

    def __init__(
        self,
        members: Sequence[Member],
        models: LanguageModels,
        limits: Limits,
        metrics: Metrics,
        traces: Traces | None = None,
    ) -> None:
        self.members = {member.id: member for member in members}
        self.default = members[0]
        self.models, self.limits, self.metrics = models, limits, metrics
        self.places = Places(limits.turns)
        self.traces = traces or NoTraces()

    def member(self, name: str) -> Member:
        """The member of that id; the default for no id.

        Raises:
            ApiError: if there is none.
        """
        if not name:
            return self.default
        if (found := self.members.get(name)) is None:
            raise ApiError(404, "there is no such model: GET /v1/models lists those there are.", "model_not_found")
        return found

    async def take(self, member: Member, messages: Sequence[Message], preferred: str = "", request: str = "") -> Reply:
        """The next message of a conversation.

        Args:
            preferred: code of the language in which to speak where the person's words do not tell; empty for English.
            request: id of the request, for traces.

        Raises:
            ApiError: if the messages are no conversation, too many turns are being made, or the model fails.
        """
        self.limits.check_messages(len(messages))
        return await self.make(member, Heard(tuple(_exchanges(messages)), preferred), request)

    async def make(self, member: Member, occasion: Occasion, request: str = "") -> Reply:
        """The next move; traced if its conversation is, also if it fails.

        In acute danger the person gets help without any call to a model, however many turns are being made, and however
        long their words are.

        Raises:
            ApiError: if the words are too long, too many turns are being made, or the model fails.
        """
        session = self.traces.session(occasion.said[0])
        tracing = Tracing(self.traces, session, request, member.id, self.models.roles[Role.TARGET].model, occasion.said)
        try:
            reply = await self._reply(member, occasion)
        except ApiError as error:
            tracing.failed(error)
            raise
        tracing.done(reply)
        return reply

    async def _reply(self, member: Member, occasion: Occasion) -> Reply:
        if await asyncio.to_thread(occasion.is_acute):  # long words take a while to read
            reply = Reply(member, await asyncio.to_thread(_now, occasion, member.program), Took())
        else:
            self.limits.check_words(occasion.said)
            with self.places.one():
                reply = await self._made(member, occasion)
        self.metrics.count_reply(reply)
        return reply

    async def _made(self, member: Member, occasion: Occasion) -> Reply:
        """The reply of the model, in time."""
        with self.models.ledger.scope() as tally, self.metrics.turns.track_inprogress():
            try:
                async with asyncio.timeout(self.limits.seconds):
                    reached = await self._reached(member, occasion)
            except (LMError, Unreadable, TimeoutError) as error:
                self.metrics.count_failure(type(error).__name__)
                raise upstream_error(error) from error
        return Reply(member, reached, took(tally))

    async def _reached(self, member: Member, occasion: Occasion) -> Reached:
        with self.models.context(Role.TARGET):
            return await arun(occasion.reached(member.program))


def _now(occasion: Occasion, program: RAISE) -> Reached:
    """What is reached without a call to a model."""
    return run(occasion.reached(program))


def _exchanges(messages: Sequence[Mapping[str, object]]) -> list[Exchange]:
    try:
        return exchanges_in(messages)
    except RaiseError as error:
        raise ApiError(400, str(error), "invalid_request") from error


def took(tally: Tally) -> Took:
    """What the calls of a tally took."""
    total = tally.total()
    return Took(total.calls, total.input_tokens, total.output_tokens)


def upstream_error(error: Exception) -> ApiError:
    """What a client is told of a model that failed: the kind, since messages may quote what was said, or a key."""
    if isinstance(error, ContextWindowExceededError):
        return ApiError(400, "the conversation is too long for the language model.", "context_length_exceeded")
    if isinstance(error, TimeoutError | LMTimeoutError):
        return ApiError(504, "the language model did not answer in time.", "upstream_timeout")
    wait = getattr(error, "retry_after", None)
    return ApiError(
        502,
        f"the language model cannot be had ({type(error).__name__}).",
        "upstream_error",
        retry_after=None if wait is None else max(1, round(float(wait))),
    )
