"""One call a turn, as a stand-in takes it: each part as in its own call, each with what the parts before it found."""

import random
from dataclasses import replace

from lms.simulation import target
from lms.simulation.lexicon import parse_context
from lms.simulation.own import ask_about
from lms.simulation.personas import Persona
from lms.simulation.prompt import Prompt
from signatures import UserContext

_NONE = "(none)"


def take(prompt: Prompt, persona: Persona, rng: random.Random) -> dict[str, object]:
    """Read the reply, look for danger, rate, and ask or answer.

    It believes what it read, inventions included: its rating, choice and answer go by that.
    """
    reply = _input(prompt, "reply")
    asked = replace(prompt, inputs={"question": _input(prompt, "last_question"), "answer": reply})
    found = target.read(asked, persona, rng) if reply else {"quotes": {}, "facts": {}, "declined": False}
    words = replace(prompt, inputs={"latest_words": reply or prompt.input("query")})
    found |= target.triage(words, persona, rng)
    knowing = _learn(prompt, found["facts"])
    found |= target.abstain(replace(knowing, fields=("completeness",)), persona, rng)
    if int(str(found["completeness"])) >= _threshold(prompt) or not _input(knowing, "candidates"):
        shown = tuple(demo for demo in prompt.demos if demo.outputs.get("response"))
        return {**found, **target.respond(replace(knowing, demos=shown), persona, rng)}
    chosen = str(target.plan(knowing, persona, rng)["attribute"])
    return {**found, "attribute": chosen, "question": ask_about(chosen, rng)}


def _input(prompt: Prompt, name: str) -> str:
    text = prompt.input(name).strip()
    return "" if text == _NONE else text


def _threshold(prompt: Prompt) -> int:
    """The rating from which it answers; the prompt says."""
    text = prompt.input("threshold").strip()
    return int(text) if text.isdecimal() else 5


def _learn(prompt: Prompt, facts: object) -> Prompt:
    """The prompt once ``facts`` are known, too; what was known before stays, and nothing known is asked about."""
    known = {**(facts if isinstance(facts, dict) else {}), **parse_context(prompt.input("context"))}
    candidates = [name.strip() for name in prompt.input("candidates").split(",") if name.strip() not in known]
    learned = {"context": UserContext(**known).as_text(), "candidates": ", ".join(candidates)}
    return replace(prompt, inputs={**prompt.inputs, **learned})
