"""What ``raise evaluate`` takes."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from cli.options.groups import (
    Agent,
    Judges,
    Limits,
    Roles,
    Rubric,
    Run,
    Scenarios,
    Spread,
    Store,
    Tracking,
    User,
    in_models,
    in_scenarios,
)

PROGRAMS = (
    "vanilla, context-rich, agent-only, raise, raise:VARIANT (scale, binary, basic, vote, fused, turn, eager, "
    "planned), random:K, static:a,b,c, greedy:K, oracle:K"
)


@dataclass(frozen=True, kw_only=True)
class Options(Roles, Scenarios, Limits, Tracking, Spread, Run):
    """Run PENGUIN on programs: each talks to simulated users and is judged against their whole profiles.

    `greedy:K` and `oracle:K` are reference points: they see the profile and pick K attributes by the judge's scores,
    one at a time or out of all subsets of K. They cost many calls: for K = 3, some 56 and 242 a scenario.

    Each program is a run in MLflow, with conversations as traces; `raise compare` compares runs later.

    Comparisons are paired by scenario. Where more than 10 % went unscored, none is made. Limits hold for each target.

    Example: `raise evaluate vanilla raise mlruns/programs/sim-gpt-4o --limit 70`

    Example, a panel of judges: `raise evaluate vanilla raise --judge openai/gpt-4o --judge openai/gpt-4.1`

    Example, several models: `raise evaluate vanilla raise --target sim/gpt-4o --target sim/qwen-2.5-7b --limit 70`

    Example, what was evaluated, again: `raise evaluate --from-run last`

    Example, safety against questions: `raise evaluate raise --limit 70 --curve-plot curve.html`

    Example, a table for a paper: `raise evaluate vanilla raise --limit 70 --table results.tex`

    Example, a store that several machines share: `raise evaluate raise --store postgresql://raise@db/raise`

    Example, on a cluster: `raise evaluate raise --store postgresql://raise@db/raise --engine ray --ray-address auto`
    """

    programs: Annotated[
        list[str], Argument(metavar="PROGRAM...", help=f"Program folders, or baselines: {PROGRAMS}.")
    ] = field(default_factory=list)
    from_run: Annotated[
        list[str] | None,
        Option(
            metavar="RUN",
            help="Show and compare again what was evaluated, without a call: the id that raise evaluate prints, or "
            "last; repeat it for several. PROGRAM is left out then.",
        ),
    ] = None
    target: Annotated[
        list[str] | None,
        in_models(
            help="Model that plays the agent: a dspy.LM string or a stand-in; repeat it for several at the same time. "
            "[default: sim/gpt-4o]"
        ),
    ] = None
    judge: Judges = None
    rubric: Rubric = None
    user: User = None
    split: Annotated[str, in_scenarios(help="Split to evaluate on: train, dev, test or all.")] = "test"
    limit: Annotated[
        int | None, in_scenarios(min=1, help="Scenarios to evaluate on, spread evenly over the split. [default: all]")
    ] = None
    store: Store = None
    paths: Annotated[
        Path | None, Option(help="Planned paths for `raise` and its variants, as `raise plan` writes them.")
    ] = None
    settings: Agent = None
    compare_to: Annotated[
        str | None, Option(metavar="PROGRAM", help="Program that the others are compared with. [default: the first]")
    ] = None
    curve: Annotated[
        bool, Option("--curve", help="Also judge a response after 0, 1, 2, ... questions of each conversation.")
    ] = False
    curve_plot: Annotated[
        Path | None,
        Option(
            metavar="FILE",
            help="Draw the curves, as the name says: .html (interactive, opens offline), .svg, .pdf or .png; implies "
            "--curve.",
        ),
    ] = None
    table: Annotated[
        str | None,
        Option(
            metavar="csv|tex|md|FILE",
            help="Write the table of programs to FILE.csv, FILE.tex or FILE.md; csv, tex or md alone prints it in "
            "place of the others.",
        ),
    ] = None
    rows: Annotated[bool, Option("--rows", help="With --json: one entry a scenario, with what was said.")] = False
