"""One turn of a conversation: from messages to the next message, within limits, whatever becomes of the model."""

import asyncio
from collections.abc import Mapping, Sequence

from dspy.utils.exceptions import ContextWindowExceededError, LMError, LMTimeoutError

from lms import LanguageModels, Role
from lms.ledger import Tally
from modules.calls import Unreadable
from serving.limits import Limits, Places
from serving.members import Member
from serving.metrics import Metrics
from serving.replay import Exchange, Message, Reached, areach, exchanges_in, is_acute, reach
from serving.wire import ApiError, Reply, Took
from signatures import RaiseError


class Turns:
    """Makes turns; keeps nothing between them but replies of the model and counts.

    Args:
        members: the first is the default.
        models: the target answers.
    """

    def __init__(self, members: Sequence[Member], models: LanguageModels, limits: Limits, metrics: Metrics) -> None:
        self.members = {member.id: member for member in members}
        self.default = members[0]
        self.models, self.limits, self.metrics = models, limits, metrics
        self.places = Places(limits.turns)

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

    async def take(self, member: Member, messages: Sequence[Message], preferred: str = "") -> Reply:
        """The next message of a conversation.

        In acute danger the person gets help without any call to a model, however many turns are being made, and however
        long their words are.

        Args:
            preferred: code of the language in which to speak where the person's words do not tell; empty for English.

        Raises:
            ApiError: if the messages are no conversation, too many turns are being made, or the model fails.
        """
        self.limits.check_messages(len(messages))
        exchanges = _exchanges(messages)
        if await asyncio.to_thread(is_acute, exchanges):  # long words take up to a second to read
            reply = Reply(member, await asyncio.to_thread(reach, member.program, exchanges, preferred), Took())
        else:
            self.limits.check_words(exchanges)
            with self.places.one():
                reply = await self._made(member, exchanges, preferred)
        self.metrics.count_reply(reply)
        return reply

    async def _made(self, member: Member, exchanges: Sequence[Exchange], preferred: str) -> Reply:
        """The reply of the model, in time."""
        with self.models.ledger.scope() as tally, self.metrics.turns.track_inprogress():
            try:
                async with asyncio.timeout(self.limits.seconds):
                    reached = await self._reached(member, exchanges, preferred)
            except (LMError, Unreadable, TimeoutError) as error:
                self.metrics.count_failure(type(error).__name__)
                raise upstream_error(error) from error
        return Reply(member, reached, took(tally))

    async def _reached(self, member: Member, exchanges: Sequence[Exchange], preferred: str) -> Reached:
        with self.models.context(Role.TARGET):
            return await areach(member.program, exchanges, preferred)


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
