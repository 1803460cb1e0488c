"""What ``raise probe`` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from typer import Option

from cli.options.groups import Judge, Limits, Roles, Run, Seed, Store, Target, User


@dataclass(frozen=True, kw_only=True)
class Options(Roles, Limits, Run):
    """Find out whether a model is fit for a role before it is trusted with it: fixed items, at most 300 calls.

    The target is probed unless only other roles are named. For each step of the agent: are its replies readable, does
    it read what was said and invent nothing, does its rating rise with what is known, are its choices and questions
    valid, does it see danger and leave the harmless alone? A judge must put responses in order and follow none that
    stand in them; a user must stay in role. `docs/probe.md` has every threshold.

    Settings that make up for a weakness are written to a file for `raise compile --settings FILE` and `raise evaluate
    --settings FILE`. Run it again after a crash: replies are stored, none is paid for twice.

    Exit code 0: fit, or fit with the settings in the file. 3: not fit, or too much unanswered for a verdict.

    Example: `raise probe --target openai/gpt-4o-mini`

    Example, a server of your own for all roles: `raise probe --target openai/my-model --judge openai/my-judge
    --user openai/my-model --api-base http://localhost:8000/v1`
    """

    target: Target = None
    judge: Judge = None
    user: User = None
    seed: Seed = 0
    store: Store = None
    out: Annotated[
        Path | None,
        Option(
            metavar="FILE.toml",
            help="File for the recommended settings; what it held before is kept beside it. [default: "
            "mlruns/probes/MODEL.toml, if any are recommended]",
        ),
    ] = None
