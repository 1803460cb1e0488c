"""What a stand-in can see of a request: the instruction, the demonstrations, the inputs, the fields asked for."""

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from dspy.lm15 import Request

_HEADER = re.compile(r"^\[\[ ## (\w+) ## \]\][ \t]*", re.MULTILINE)
_CHAT_FIELD = re.compile(r"`\[\[ ## (\w+) ## \]\]`")
_JSON_FIELD = re.compile(r"`(\w+)`")
CHARACTERS_A_TOKEN = 4


@dataclass(frozen=True)
class Demo:
    """One demonstration: the fields of its input and of its output."""

    inputs: dict[str, str]
    outputs: dict[str, str]


@dataclass(frozen=True)
class Prompt:
    """A request, read.

    Attributes:
        instruction: the signature's objective.
        demos: demonstrations, in order.
        inputs: input field -> text.
        fields: output fields asked for, in order.
        json: whether the reply is wanted as one JSON object.
        temperature: sampling temperature, 0 if none is given.
        tokens: length of the whole prompt.
        text: the whole prompt, for seeding.
        rollout: dspy's rollout id, 0 if none.
        sample: which sample of its model this is; the same for all requests with one seed and rollout id.
    """

    instruction: str
    demos: tuple[Demo, ...]
    inputs: dict[str, str]
    fields: tuple[str, ...]
    json: bool
    temperature: float
    tokens: int
    text: str
    rollout: int
    sample: str = ""

    def input(self, name: str) -> str:
        """An input field's text, empty if it is not there."""
        return self.inputs.get(name, "")

    def reply(self, outputs: dict[str, Any]) -> str:
        """``outputs`` in the form that the prompt asks for."""
        if self.json:
            return json.dumps(outputs, ensure_ascii=False)
        parts = [f"[[ ## {name} ## ]]\n{_as_text(value)}\n" for name, value in outputs.items()]
        return "\n".join([*parts, "[[ ## completed ## ]]\n"])


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def count_tokens(text: str) -> int:
    """Tokens of ``text``, estimated at four characters each."""
    return max(1, len(text) // CHARACTERS_A_TOKEN)


@lru_cache(maxsize=4096)
def _sections(text: str) -> dict[str, str]:
    """Field -> text of a message in dspy's chat format; the tail that says how to respond is cut off."""
    found = list(_HEADER.finditer(text))
    ends = [match.start() for match in found[1:]] + [len(text)]
    sections: dict[str, str] = {}
    for match, end in zip(found, ends, strict=False):
        sections.setdefault(match[1], text[match.end() : end].strip())  # the first counts: later ones are quoted text
    sections.pop("completed", None)
    return sections


@lru_cache(maxsize=4096)
def _demo_outputs(text: str) -> dict[str, str]:
    if text.lstrip().startswith("{"):
        try:
            return {name: _as_text(value) for name, value in json.loads(text).items()}
        except ValueError:
            return {}
    return _sections(text)


@lru_cache(maxsize=1024)
def _objective(system: str) -> str:
    return re.sub(r"\s+", " ", system.rsplit("your objective is:", maxsplit=1)[-1]).strip()


def read(request: Request) -> Prompt:
    """Read a request that dspy's chat or JSON adapter wrote; other requests have no fields."""
    system = request.system if isinstance(request.system, str) else "".join(p.text for p in request.system or ())
    texts = [message.text or "" for message in request.messages]
    body, _, tail = texts[-1].rpartition("\nRespond with ")
    wants_json = tail.startswith("a JSON object")
    names = _JSON_FIELD.findall(tail) if wants_json else _CHAT_FIELD.findall(tail)
    demos = tuple(
        Demo(_sections(question), _demo_outputs(answer))
        for question, answer in zip(texts[:-1:2], texts[1:-1:2], strict=False)
    )
    whole = "\n".join([system, *texts])
    return Prompt(
        instruction=_objective(system),
        demos=demos,
        inputs=_sections(body or texts[-1]),
        fields=tuple(name for name in dict.fromkeys(names) if name != "completed"),
        json=wants_json,
        temperature=request.config.temperature or 0.0,
        tokens=count_tokens(whole),
        text=whole,
        rollout=request.config.seed or 0,
    )
