"""What stand-ins were asked and said, and an endpoint that gives the same replies after a fixed time."""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dspy.lm15 import Request

from experiments.throughput.endpoint import key_of
from lms.store import Reply

LATENCY = 0.2
"""Seconds that the endpoint takes for a reply."""
Messages = list[dict[str, str]]
Said = list[tuple[Messages, str]]
"""Requests with their replies."""


class Recorder:
    """A model that notes what it is asked and says."""

    def __init__(self, model: Any, said: Said) -> None:
        self._model, self._said, self.identity = model, said, model.identity

    def answer(self, request: Request) -> Reply:
        """Answer, and note it."""
        reply: Reply = self._model.answer(request)
        system = [{"role": "system", "content": str(request.system)}] if request.system else []
        messages = [{"role": message.role, "content": str(message.text)} for message in request.messages]
        self._said.append(([*system, *messages], reply.text))
        return reply

    async def aanswer(self, request: Request) -> Reply:
        """The async twin."""
        return self.answer(request)


@contextmanager
def serving(said: Iterable[tuple[Messages, str]], latency: float = LATENCY) -> Iterator[str]:
    """The endpoint in a process of its own, which answers after so many seconds; its address."""
    with TemporaryDirectory() as folder:
        table = Path(folder) / "replies.json"
        table.write_text(json.dumps({key_of(messages): text for messages, text in said}), encoding="utf-8")
        command = [sys.executable, "-m", "experiments.throughput.endpoint", str(table), str(latency)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin
            assert process.stdout
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
            process.stdin.close()
