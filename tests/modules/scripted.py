"""A scripted language model: answers each part of the agent as the test says, and remembers what it was asked."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import dspy
from dspy.lm15 import Message, Request, Response, Usage

from lms.simulation.prompt import Prompt, read
from modules import RAISE, AgentSettings, PathIndex, PlannedPath
from signatures import Ask, Conversation, Move, Profile, Respond

Outputs = Mapping[str, Any]
UNREADABLE: Outputs = {}
"""A reply that no adapter can parse."""
NOISE = "Hm, let me think about that."
PARTS = {
    "danger": "triage",
    "completeness": "abstain",
    "enough": "abstain",
    "next_move": "abstain",
    "attribute": "plan",
    "question": "ask",
    "facts": "read",
    "response": "respond",
    "ranking": "rank",
}

TURN = {"facts", "completeness", "response"}
"""Fields of the one call that does all parts; it is made by ``abstain``."""

QUERY = "Should I quit my job without another offer?"
TALK = Conversation(query=QUERY)
STORED = PathIndex(
    [
        PlannedPath(
            query="Should I quit my job this week?",
            path=("emotional_state", "profession"),
            value=4.5,
            evaluations=9,
            origin="career-1",
        ),
        PlannedPath(
            query="Is it time to quit a job?", path=("economic_status",), value=4.0, evaluations=9, origin="career-2"
        ),
    ]
)


def facts_in(answer: str) -> Outputs:
    """Reads ``age=40; gender=woman`` as two facts and ``no`` as a refusal; anything else says nothing."""
    pairs = [part.split("=", 1) for part in answer.split(";") if "=" in part]
    return {"facts": {k.strip(): v.strip() for k, v in pairs}, "declined": answer.strip() == "no"}


@dataclass
class Scripted:
    """dspy's engine contract. Each part is outputs, or a function from the prompt to outputs."""

    triage: Outputs | Callable[[Prompt], Outputs] = field(default_factory=lambda: {"danger": "none"})
    abstain: Outputs | Callable[[Prompt], Outputs] = field(default_factory=lambda: {"missing": "x", "completeness": 0})
    plan: Outputs | Callable[[Prompt], Outputs] = lambda prompt: {"attribute": candidates(prompt)[0]}
    ask: Outputs | Callable[[Prompt], Outputs] = lambda prompt: {"question": f"About your {prompt.input('subject')}?"}
    read: Outputs | Callable[[Prompt], Outputs] = lambda prompt: facts_in(prompt.input("answer"))
    respond: Outputs | Callable[[Prompt], Outputs] = field(default_factory=lambda: {"response": "Here is my advice."})
    rank: Outputs | Callable[[Prompt], Outputs] = lambda prompt: {"ranking": prompt.input("candidates")}
    calls: list[tuple[str, Prompt]] = field(default_factory=list)

    supports_function_calling = False
    supports_reasoning = False
    supports_response_schema = False
    supported_params = ()

    def complete(self, request: Request) -> Response:
        prompt = read(request)
        part = "abstain" if {*prompt.fields} >= TURN else next(PARTS[name] for name in prompt.fields if name in PARTS)
        if not prompt.json:  # dspy asks once more, for JSON, after a reply that it cannot parse
            self.calls.append((part, prompt))
        outputs = getattr(self, part)
        outputs = outputs(prompt) if callable(outputs) else outputs
        quoted: Outputs = {"quotes": {}} if outputs and "facts" in outputs else {}
        text = prompt.reply({**quoted, **outputs}) if outputs else NOISE
        message = Message.assistant(text)
        return Response(id=None, model=request.model, message=message, finish_reason="stop", usage=Usage())

    def close(self) -> None:
        """Nothing to release."""

    def __deepcopy__(self, memo: dict[int, Any]) -> "Scripted":
        return self

    def parts(self) -> list[str]:
        """The parts called, in order."""
        return [part for part, _ in self.calls]

    def prompts(self, part: str) -> list[Prompt]:
        """What ``part`` was shown, call by call."""
        return [prompt for name, prompt in self.calls if name == part]


class _Async:
    """The async side of a ``Scripted`` engine."""

    def __init__(self, engine: Scripted) -> None:
        self.engine = engine

    async def complete(self, request: Request) -> Response:
        return self.engine.complete(request)

    async def aclose(self) -> None:
        """Nothing to release."""

    def __deepcopy__(self, memo: dict[int, Any]) -> "_Async":
        return self


def lm(engine: Scripted) -> dspy.LM:
    """``engine`` as dspy sees it."""
    return dspy.LM("scripted/model", engine=engine, async_engine=_Async(engine), cache=False)


def agent(paths: PathIndex | None = None, **settings: object) -> RAISE:
    """RAISE with these settings."""
    return RAISE(paths, AgentSettings(**settings))


def asked(move: Move) -> Ask:
    """``move``, which must be a question."""
    assert isinstance(move, Ask), move
    return move


def answered(move: Move) -> Respond:
    """``move``, which must be an answer."""
    assert isinstance(move, Respond), move
    return move


def candidates(prompt: Prompt) -> list[str]:
    """The attributes a prompt offers."""
    return prompt.input("candidates").split(", ")


class Person:
    """A user who gives the same answers each time, and remembers the questions."""

    def __init__(self, *answers: str, then: str = "hard to say") -> None:
        self._answers, self._then = answers, then
        self.questions: list[str] = []

    def __call__(self, question: str) -> str:
        self.questions.append(question)
        heard = len(self.questions) - 1
        return self._answers[heard] if heard < len(self._answers) else self._then


@dataclass
class Grading:
    """A scorer of answers that gives every one the same grade."""

    name: str = "scorer"
    grade: float = 3.0

    def identity(self) -> str:
        return self.name

    def score(self, query: str, profile: Profile, response: str, rollout: int) -> float:
        return self.grade


def rated(*facts_needed: str) -> Callable[[Prompt], Outputs]:
    """An abstention that is content once the context shows each of ``facts_needed``."""

    def rate(prompt: Prompt) -> Outputs:
        enough = all(fact in prompt.input("context") for fact in facts_needed)
        return {"missing": json.dumps(facts_needed), "completeness": 5 if enough else 0}

    return rate
