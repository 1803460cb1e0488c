"""What an endpoint will not take: settings that it refuses are left out from then on, and that is said once.

Newer models refuse ``temperature`` beside ``top_p`` or take only its default, some servers know no system message or no
seed. A refused request costs nothing, so the first one finds out.
"""

import logging
import re
import threading
from collections.abc import Mapping
from dataclasses import replace

from dspy.lm15 import Message, Request
from dspy.utils.exceptions import LMError, LMInvalidRequestError, LMUnsupportedFeatureError

logger = logging.getLogger(__name__)
REFUSED = (LMInvalidRequestError, LMUnsupportedFeatureError)
"""Errors that may name a setting."""
SYSTEM = "system message"
SETTINGS: Mapping[str, re.Pattern[str]] = {
    "top_p": re.compile(r"\btop_?p\b", re.IGNORECASE),  # the first to go where a server objects to a pair
    "temperature": re.compile(r"\btemperature\b", re.IGNORECASE),
    "seed": re.compile(r"\bseed\b", re.IGNORECASE),
    "max_tokens": re.compile(r"\bmax_(?:completion_|output_)?tokens\b", re.IGNORECASE),
    "response_format": re.compile(r"\bresponse_?format\b|\bjson_(?:schema|object)\b", re.IGNORECASE),
    SYSTEM: re.compile(r"\bsystem(?: |_)?(?:role|message|prompt|instruction)|\brole\W+system\b", re.IGNORECASE),
}
"""Setting -> how it is named in an error."""
UNKNOWN = re.compile(
    r"unsupported|not support|unknown|unrecogni[sz]ed|unexpected|extra (?:field|input)|not (?:permitted|allowed)|"
    r"cannot (?:both )?be (?:specified|used|set)|only (?:the default|one of)|not both|"
    r"does not (?:take|accept)|deprecated",
    re.IGNORECASE,
)
"""What a server says of a setting that it does not take, whatever its value; others are too large or mistyped."""


class Demands:
    """The settings that one endpoint refuses. Safe for threads and tasks.

    Args:
        model: as messages name it.
    """

    def __init__(self, model: str) -> None:
        self._model = model
        self._lock = threading.Lock()
        self._left_out: list[str] = []

    @property
    def left_out(self) -> tuple[str, ...]:
        """Settings that are not sent, in the order in which they were refused."""
        return tuple(self._left_out)

    def fit(self, request: Request) -> Request:
        """``request`` without what the endpoint refuses."""
        for name in self.left_out:
            request = _without(request, name)
        return request

    def learn(self, error: LMError, sent: Request) -> bool:
        """Whether ``error`` refuses a setting of ``sent`` that can be left out; it is from now on.

        Args:
            sent: the request as it was sent; another thread may have learned from it, too.
        """
        words = str(error)
        if not UNKNOWN.search(words):
            return False
        named = [name for name, pattern in SETTINGS.items() if pattern.search(words) and _without(sent, name) != sent]
        if not named:
            return False
        with self._lock:
            if named[0] not in self._left_out:
                self._left_out.append(named[0])
                logger.warning(
                    "%s refuses the %s (%s): left out from now on", self._model, named[0], " ".join(words.split())[:200]
                )
        return True


def _without(request: Request, name: str) -> Request:
    """``request`` without one setting; a system message goes to the head of the first message."""
    if name != SYSTEM:
        return replace(request, config=replace(request.config, **{name: None}))
    if not request.system:
        return request
    first, *others = request.messages
    if first.role != "user":
        return replace(request, system=None, messages=(Message.user(str(request.system)), *request.messages))
    return replace(request, system=None, messages=(Message.user(f"{request.system}\n\n{first.text}"), *others))
