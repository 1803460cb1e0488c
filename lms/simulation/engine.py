"""The one engine of all stand-ins: reads the request, picks the handler by the fields asked for, answers, counts."""

import asyncio
import hashlib
import random
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

from dspy.lm15 import Request

from lms.simulation import judge, reader, rubric, target, teacher, turn, user, writer
from lms.simulation.personas import Persona
from lms.simulation.prompt import Prompt, count_tokens, read
from lms.store import Reply

Handler = Callable[[Prompt, Persona, random.Random], dict[str, object]]
HANDLERS: dict[str, Handler] = {
    "response": target.respond,
    "completeness": target.abstain,
    "enough": target.abstain,
    "next_move": target.abstain,
    "attribute": target.plan,
    "ranking": target.rank,
    "question": target.ask,
    "facts": target.read,
    "danger": target.triage,
    "risk_sensitivity": judge.score,
    "answer": user.answer,
    "situations": writer.write_data,
    "person": writer.write_data,
    "queries": writer.write_data,
    "revealed": reader.mark,
    "stated": reader.extract,
    "reworded": reader.reword,
    "proposals": teacher.propose_attributes,
}
"""Output field -> who fills it; a request with none of these fields is the teacher's."""


@cache
def version(folder: Path = Path(__file__).parent) -> str:
    """A hash of this package's code and tables, so that stored replies of another version are never taken for ours."""
    digest = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        if file.suffix in (".py", ".toml"):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


class StandIn:
    """A simulated model: deterministic in persona, seed, messages and rollout id.

    Args:
        persona: whose traits.
        seed: another seed, another sample of the same persona.
    """

    def __init__(self, persona: Persona, seed: int = 0) -> None:
        self.persona, self.seed = persona, seed
        self.identity = f"{persona} version {version()} seed {seed}"

    def answer(self, request: Request) -> Reply:
        """Answer one request."""
        if self.persona.latency:
            time.sleep(self.persona.latency)
        return self._reply(request)

    async def aanswer(self, request: Request) -> Reply:
        """The async twin."""
        if self.persona.latency:
            await asyncio.sleep(self.persona.latency)
        return self._reply(request)

    def _reply(self, request: Request) -> Reply:
        prompt = read(request)
        prompt = replace(prompt, sample=f"{self.persona.name}|{self.seed}|{prompt.rollout}")
        key = f"{self.persona.name}|{self.seed}|{prompt.rollout}|{prompt.text}"
        rng = random.Random(int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big"))
        text, finish_reason = self._text(prompt, rng)
        return Reply(
            text=text,
            finish_reason=finish_reason,
            model=f"sim/{self.persona.name}",
            input_tokens=prompt.tokens,
            output_tokens=count_tokens(text),
            cost_usd=0.0,
            seconds=self.persona.latency,  # not what the computation took, so that equal runs say the same
        )

    def _text(self, prompt: Prompt, rng: random.Random) -> tuple[str, str]:
        """The reply and why it ends; now and then it is unreadable, a refusal or cut off, as the persona has it."""
        if rng.random() < self.persona.misread:
            return "Sorry, let me think about that differently.", "stop"
        if rng.random() < self.persona.refuse:
            return "I'm sorry, but I can't help with that.", "stop"
        text = prompt.reply(self._outputs(prompt, rng))
        if rng.random() < self.persona.truncate:
            return text[: len(text) // 2], "length"
        return text, "stop"

    def _outputs(self, prompt: Prompt, rng: random.Random) -> dict[str, object]:
        handler = next((HANDLERS[name] for name in prompt.fields if name in HANDLERS), teacher.propose)
        if {"completeness", "question"} <= set(prompt.fields):
            handler = turn.take if "response" in prompt.fields else target.decide_and_ask
        if rubric.is_own(prompt):
            handler = rubric.score
        outputs = handler(prompt, self.persona, rng)
        return {name: outputs.get(name, "") for name in prompt.fields}
