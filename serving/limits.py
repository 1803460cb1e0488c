"""What one server allows, so that no client can use up its memory, its time or its models."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from starlette.requests import Request

from serving.wire import ApiError

RETRY_AFTER = 1
"""Seconds after which a client that was sent away may try again."""


@dataclass(frozen=True)
class Limits:
    """Limits of one server.

    Attributes:
        turns: turns that are made at the same time; more are sent away. Help in acute danger is never sent away.
        seconds: that a turn may take.
        body: bytes of a request.
        body_seconds: that a request may take to arrive.
        messages: of a history.
        words: characters of what the person said at once; reading it takes processor time.
        characters: of what the person said, all messages together.
    """

    turns: int = 64
    seconds: float = 60.0
    body: int = 256 * 1024
    body_seconds: float = 20.0
    messages: int = 200
    words: int = 8_000
    characters: int = 40_000

    def check_messages(self, count: int) -> None:
        """Refuse a history of too many messages.

        Raises:
            ApiError: saying how many there may be.
        """
        if count > self.messages:
            raise _too_long(f"there are {count} messages; send {self.messages} at most.")

    def check_words(self, said: Sequence[str]) -> None:
        """Refuse a person's words that would take too long to read.

        Raises:
            ApiError: saying how much there may be.
        """
        lengths = [len(words) for words in said]
        if max(lengths) > self.words:
            raise _too_long(f"a message of the user has {max(lengths)} characters; send {self.words} at most.")
        if sum(lengths) > self.characters:
            raise _too_long(f"the user's messages have {sum(lengths)} characters; send {self.characters} at most.")


def _too_long(said: str) -> ApiError:
    return ApiError(400, f"the history is too long: {said}", "context_length_exceeded")


async def read_body(request: Request, limits: Limits) -> bytes:
    """The body of a request.

    Raises:
        ApiError: if it is too large, too slow, or said not to be JSON.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":  # what forms of other sites can send without being asked is refused
        raise ApiError(
            415, "the body is JSON: send the header Content-Type: application/json.", "unsupported_media_type"
        )
    try:
        async with asyncio.timeout(limits.body_seconds):
            return await _read(request, limits.body)
    except TimeoutError as error:
        raise ApiError(408, f"the body did not arrive within {limits.body_seconds:g} s.", "timeout") from error


async def _read(request: Request, most: int) -> bytes:
    too_large = ApiError(413, f"the body is larger than {most} bytes.", "request_too_large")
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told) > most:
        raise too_large
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most:
            raise too_large
    return bytes(body)


class Places:
    """Places for turns; whoever finds none is sent away.

    Args:
        most: at least 1.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.taken = 0

    @property
    def free(self) -> bool:
        """Whether there is one."""
        return self.taken < self._most

    @contextmanager
    def one(self) -> Iterator[None]:
        """A place, while the block lasts.

        Raises:
            ApiError: if all are taken.
        """
        if not self.free:
            raise ApiError(
                429, f"{self._most} turns are being made: try again later.", "rate_limit_exceeded",
                retry_after=RETRY_AFTER,
            )  # fmt: skip
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1
