"""PROGRAM arguments: a compiled program's folder, or the name of a baseline."""

from pathlib import Path

import dspy

from modules import RAISE, AgentOnly, ContextRich, RandomPath, StaticPath, Vanilla
from signatures import RaiseError

NAMES = "vanilla, context-rich, agent-only, raise, random:K, static:a,b,c"
LATER = ("greedy", "oracle")


def program_named(name: str, seed: int = 0) -> dspy.Module:
    """The program that a PROGRAM argument stands for.

    Raises:
        RaiseError: if it is neither a folder nor a baseline.
    """
    kind, _, rest = name.partition(":")
    plain = {"vanilla": Vanilla, "context-rich": ContextRich, "agent-only": AgentOnly, "raise": RAISE}
    if name in plain:
        return plain[name]()
    if kind == "random" and rest.isdigit():
        return RandomPath(int(rest), seed=seed)
    if kind == "static" and rest:
        return StaticPath([part.strip() for part in rest.split(",")])
    if kind in LATER:
        raise RaiseError(f"the baseline {kind!r} is not built yet: choose {NAMES}.")
    if Path(name).is_dir():
        return RAISE.load(name)
    raise RaiseError(f"{name!r} is neither a program folder nor a baseline ({NAMES}).")
