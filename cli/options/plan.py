"""What ``raise plan`` takes."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

from typer import Option

from benchmark.defaults import PLAN_DEPTH, PLAN_EVALUATIONS, PLAN_PEOPLE, PLAN_QUERIES, PLAN_STRATEGY
from cli.options.groups import Forecast, Judge, Limits, Roles, Rubric, Run, Scenarios, Spread, Target, in_scenarios

in_planning = partial(Option, rich_help_panel="Planning")


@dataclass(frozen=True, kw_only=True)
class Options(Roles, Scenarios, Limits, Forecast, Spread, Run):
    """Plan offline which attributes are worth asking about, for the queries of a split.

    The target ranks the attributes once for each query. Then it answers the query from parts of a profile, drawn from
    those who could have asked it; the judge scores each response against the whole profile; the search turns the scores
    into a path, best question first.

    Run the same command again after a crash, Ctrl-C or a limit: it goes on where it stopped. Finished queries are in
    `OUT.journal`, and no reply is paid for twice. At a limit no further query is started.

    Example: `raise plan --out paths.jsonl --queries 20`

    Example, what it would cost: `raise plan --out paths.jsonl --target openai/gpt-4o-mini --judge openai/gpt-4o
    --dry-run`

    `--import FILE` takes in paths that were planned elsewhere instead, without any LM call.

    Example, what the paper's pipeline found: `raise plan --import MCTS_path.csv --out paths.jsonl`

    Example, for two dollars: `raise plan --out paths.jsonl --target openai/gpt-4o-mini --judge openai/gpt-4o
    --max-usd 2`
    """

    out: Annotated[Path, Option(help="File for the planned paths (JSON Lines).")]
    import_: Annotated[
        Path | None,
        Option(
            "--import",
            metavar="FILE",
            help="Take in paths planned elsewhere: a table with 'User Query' and 'Best Path' (['Age', 'Profession']).",
        ),
    ] = None
    target: Target = None
    judge: Judge = None
    rubric: Rubric = None
    split: Annotated[str, in_scenarios(help="Split whose queries are planned for: train, dev, test or all.")] = "train"
    queries: Annotated[int, in_planning(min=1, help="Queries to plan a path for, spread over domains.")] = PLAN_QUERIES
    evaluations: Annotated[
        int, in_planning(min=1, help="Rollouts for each query at most: one response and one judgement each.")
    ] = PLAN_EVALUATIONS
    depth: Annotated[int, in_planning(min=1, max=10, help="Attributes of the longest path.")] = PLAN_DEPTH
    strategy: Annotated[
        str, in_planning(help="Path search: lattice (ours), guided (the paper's), or uct (without a prior).")
    ] = PLAN_STRATEGY
    people: Annotated[
        str,
        in_planning(help="Plan for 'all' profiles that could have asked the query, or 'one' (the paper's way)."),
    ] = PLAN_PEOPLE
    pool: Annotated[
        bool, in_planning("--pool/--no-pool", help="Let queries learn from those of their domain planned before.")
    ] = True
    knowledge: Annotated[
        Path | None, in_planning(help="File of pooled knowledge (JSON): read at the start, written back at the end.")
    ] = None
    at_once: Annotated[
        int, in_planning(min=1, help="Rollouts of one query at once: quicker, but each knows less of the others.")
    ] = 1
