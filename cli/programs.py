"""PROGRAM arguments: a compiled program's folder, or the name of a baseline."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import dspy

from benchmark.judging.panel import judge_of
from cli.options.evaluate import PROGRAMS
from lms import LanguageModels
from modules import (
    RAISE,
    AgentOnly,
    AgentSettings,
    ContextRich,
    GreedyPath,
    OraclePath,
    PathIndex,
    RandomPath,
    StaticPath,
    Vanilla,
)
from modules.abstention import VARIANTS
from modules.folder import is_elsewhere
from modules.versions import find_program
from signatures import RaiseError, current_vocabulary
from signatures.errors import meant

JUDGED: dict[str, type[GreedyPath] | type[OraclePath]] = {"greedy": GreedyPath, "oracle": OraclePath}
CHOOSING: dict[str, dict[str, bool | int]] = {"eager": {"eager": True}, "planned": {"shortlist": 1}}
"""Variants of RAISE that differ in when or how the next attribute is chosen."""
DEFAULT_K = 3
"""What ``greedy`` and ``oracle`` mean when they come without a number."""

Make = Callable[[LanguageModels], dspy.Module]
"""A program that is known by name, ready to be made once there are models: some of them need the judge."""


def program_named(
    name: str, seed: int = 0, paths: PathIndex | None = None, settings: AgentSettings | None = None
) -> Make:
    """The program that a PROGRAM argument stands for.

    Args:
        name: a folder or a baseline.
        seed: of the random baselines.
        paths: planned paths for ``raise`` and its variants; compiled programs have their own.
        settings: of the same programs.

    Raises:
        RaiseError: if it is neither a folder nor a baseline. All mistakes are found here, none when it is made.
    """
    kind, _, rest = name.partition(":")
    if kind in JUDGED:
        k = _count(name, rest) if ":" in name else DEFAULT_K
        return partial(_judged, JUDGED[kind], k)
    program = _plain(name, kind, rest, seed) if kind != "raise" else _uncompiled(name, rest, paths, settings)
    return lambda models: program


def _judged(kind: type[GreedyPath] | type[OraclePath], k: int, models: LanguageModels) -> dspy.Module:
    return kind(k, judge_of(models))


def _uncompiled(name: str, variant: str, paths: PathIndex | None, settings: AgentSettings | None) -> dspy.Module:
    """RAISE as it comes, with another way to decide whether enough is known, or another way to choose."""
    if name != "raise" and variant not in (*VARIANTS, *CHOOSING):
        hint = meant(variant, (*VARIANTS, *CHOOSING))
        raise RaiseError(f"{name!r}{hint}: write raise:VARIANT with one of {', '.join((*VARIANTS, *CHOOSING))}.")
    changes = CHOOSING.get(variant, {"abstention": variant} if variant else {})
    return RAISE(paths, AgentSettings(**{**(settings or AgentSettings()).model_dump(), **changes}))


def takes_settings(name: str) -> bool:
    """Whether a PROGRAM argument is ``raise`` or one of its variants; all others have settings of their own."""
    return name.partition(":")[0] == "raise"


def _plain(name: str, kind: str, rest: str, seed: int) -> dspy.Module:
    """A program that needs no judge."""
    plain = {"vanilla": Vanilla, "context-rich": ContextRich, "agent-only": AgentOnly}
    if name in plain:
        return plain[name]()
    if kind == "random" and rest:
        return RandomPath(_count(name, rest), seed=seed)
    if kind == "static" and rest:
        return StaticPath([part.strip() for part in rest.split(",")])
    if is_elsewhere(name) or find_program(Path(name)).is_dir():
        return RAISE.load(name)
    kinds = (*plain, "raise", "random:K", "static:a,b,c", *(f"{each}:K" for each in JUDGED))
    hint = meant(name, [*kinds, *_folders_beside(Path(name))])
    raise RaiseError(f"{name!r} is neither a program folder nor a baseline{hint}: name a folder or {PROGRAMS}.")


def _folders_beside(folder: Path) -> list[str]:
    """What ``folder`` may have been meant to be."""
    try:
        return [str(place) for place in folder.parent.iterdir() if place.is_dir()]
    except (OSError, ValueError):
        return []


def _count(name: str, digits: str) -> int:
    """The K of a baseline's name."""
    most = len(current_vocabulary().names)
    if not (digits.isascii() and digits.isdigit() and int(digits) <= most):
        kind = name.partition(":")[0]
        raise RaiseError(f"{name!r}: write {kind}:K with a number of attributes from 0 to {most}.")
    return int(digits)
