"""Asking one stand-in one thing, the way a program does: through a dspy signature and an adapter."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import dspy

from benchmark import Scenario, build_authored, sample
from lms import Ledger, ReplyStore, Role
from lms.engine import AsyncRecordedEngine, RecordedEngine
from lms.role_lm import RoleLM
from lms.simulation import PERSONAS, Persona, StandIn
from lms.throttle import Throttle


def persona(name: str, **traits: Any) -> Persona:
    """A persona with some traits changed, and never misreading."""
    return replace(PERSONAS[name], misread=0.0, **traits)


def stand_in(who: Persona, *, seed: int = 0, temperature: float = 0.0) -> dspy.LM:
    """``who`` as a dspy LM that remembers no reply."""
    engine = RecordedEngine(Role.TARGET, StandIn(who, seed), ReplyStore(), Ledger(), Throttle(None))
    return RoleLM(
        f"sim/{who.name}",
        engine=engine,
        async_engine=AsyncRecordedEngine(engine),
        cache=False,
        temperature=temperature,
        max_tokens=2000,
    )


def predictor(
    signature: type[dspy.Signature], instructions: str | None = None, demos: Sequence[dict[str, Any]] = ()
) -> dspy.Predict:
    """A predictor with added instructions and demonstrations."""
    if instructions:
        signature = signature.with_instructions(f"{signature.instructions}\n{instructions}")
    made = dspy.Predict(signature)
    made.demos = [dspy.Example(**demo) for demo in demos]
    return made


def scenarios(count: int) -> list[Scenario]:
    """Authored scenarios, spread over domains and situations."""
    return sample(build_authored().scenarios, count, seed=11)
