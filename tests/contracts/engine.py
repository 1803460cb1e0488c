"""A model for contract tests: it gives one answer, and keeps the requests that dspy made of the calls."""

from dataclasses import dataclass, field
from typing import Any

import dspy
from dspy.lm15 import Message, Request, Response, Usage


@dataclass
class Answering:
    """dspy's engine contract."""

    text: str
    requests: list[Request] = field(default_factory=list)

    supports_function_calling = False
    supports_reasoning = False
    supports_response_schema = False
    supported_params = ()

    def complete(self, request: Request) -> Response:
        self.requests.append(request)
        usage = Usage(input_tokens=7, output_tokens=3)
        message = Message.assistant(self.text)
        return Response(id=None, model=request.model, message=message, finish_reason="stop", usage=usage)

    def close(self) -> None:
        """Nothing to release."""

    def __deepcopy__(self, memo: dict[int, Any]) -> "Answering":
        return self

    def lm(self, **settings: Any) -> dspy.LM:
        """This engine as dspy sees it."""
        return dspy.LM("contract/model", engine=self, cache=False, **settings)
