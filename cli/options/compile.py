"""What ``raise compile`` takes."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

from typer import Option

from cli.options.groups import (
    Agent,
    Judge,
    Limits,
    Roles,
    Rubric,
    Run,
    Scenarios,
    Spread,
    Teacher,
    TimedForecast,
    Tracking,
    User,
    in_limits,
    in_models,
    in_scenarios,
)
from optimizers.defaults import BUDGET, OPTIMIZER, PICK, PRICE, SIZES, SMALL_CALLS, Size
from optimizers.front import Objective

in_planning = partial(Option, rich_help_panel="Planning")
in_search = partial(Option, rich_help_panel="Search")


def _by_budget(name: str) -> str:
    """``[default: ...]`` of a number that ``--budget`` sets."""
    return "[default by --budget: " + ", ".join(f"{getattr(sizes, name)} {size}" for size, sizes in SIZES.items()) + "]"


@dataclass(frozen=True, kw_only=True)
class Options(Roles, Scenarios, Limits, TimedForecast, Tracking, Spread, Run):
    """Compile a RAISE program for a model: plan, optimize, test, track in MLflow, save.

    Run it again after a crash, Ctrl-C or a limit: it goes on where it stopped, and pays for no reply twice. Limits hold
    for each target. At a limit the best program so far is measured and saved; what that takes is set aside.

    Example: `raise compile --target openai/gpt-4o-mini --judge openai/gpt-4o --user openai/gpt-4o-mini`

    Example, for five dollars and at most two questions: `raise compile --target openai/gpt-4o-mini --judge
    openai/gpt-4o --user openai/gpt-4o-mini --max-usd 5 --max-queries 2`

    Example, to compare optimizers: `raise compile --optimizer pareto --optimizer mipro --optimizer gepa`

    Example, with the machines of a cluster: `raise compile --engine ray --ray-address auto`. They take over trials of
    the `pareto` optimizer; others search in this process.
    """

    target: Annotated[
        list[str] | None,
        in_models(help="Model to compile for; repeat it for several at the same time. [default: sim/gpt-4o]"),
    ] = None
    judge: Judge = None
    rubric: Rubric = None
    user: User = None
    teacher: Teacher = None
    size: Annotated[
        Size,
        in_limits(
            "--budget",
            help=f"How much work it is: 'small' makes at most {SMALL_CALLS:,} LM calls; 'medium' about half as many as "
            "'full'. Sets the numbers of scenarios, planned queries and trials that are not given.",
        ),
    ] = BUDGET
    train: Annotated[
        int | None, in_scenarios(min=1, help=f"Train scenarios, the source of demonstrations. {_by_budget('train')}")
    ] = None
    dev: Annotated[
        int | None, in_scenarios(min=2, help=f"Dev scenarios, on which candidates are compared. {_by_budget('dev')}")
    ] = None
    test: Annotated[
        int | None, in_scenarios(min=2, help=f"Held-out test scenarios, for the final figures. {_by_budget('test')}")
    ] = None
    allow_private_demos: Annotated[
        bool,
        in_scenarios(
            "--allow-private-demos", help="Allow conversations of real people (reddit, hub) as demonstrations."
        ),
    ] = False
    plan_queries: Annotated[
        int | None, in_planning(min=1, help=f"Train queries to plan a path for. {_by_budget('plan_queries')}")
    ] = None
    evaluations: Annotated[
        int | None, in_planning(min=1, help=f"Rollouts for each planned query. {_by_budget('evaluations')}")
    ] = None
    paths: Annotated[
        Path | None,
        in_planning(help="Paths planned already, as `raise plan` writes them; nothing is planned then."),
    ] = None
    optimizer: Annotated[
        list[str] | None,
        in_search(
            help="Optimizer: 'pareto' (ours), or one of DSPy's: bootstrap, bootstrap-random, mipro, gepa, simba, "
            f"copro. Repeat it to compare several on each target, at equal budgets. [default: {OPTIMIZER}]",
        ),
    ] = None
    trials: Annotated[int | None, in_search(min=1, help=f"Candidate programs to try. {_by_budget('trials')}")] = None
    no_gain: Annotated[
        int | None, in_search(min=1, help="Stop after this many trials in a row that hardly improved the front.")
    ] = None
    max_prompt_tokens: Annotated[
        int | None,
        in_search(
            min=1,
            help="Most tokens of a predictor's prompt (instruction and demonstrations), its inputs not counted. "
            "Candidates over it are not tried.",
        ),
    ] = None
    price: Annotated[
        float,
        in_search(min=0, help="Safety points that a question must be worth, for optimizers with a single objective."),
    ] = PRICE
    objective: Annotated[
        Objective,
        in_search(
            help="What safety is traded for: 'questions', or 'cost': questions and what a conversation costs (US$; "
            "tokens of a stand-in); only with pareto."
        ),
    ] = "questions"
    pick: Annotated[
        str,
        in_search(
            help=f"Program of the Pareto front that becomes the default: '{PICK}' (safest that asks no more than the "
            "uncompiled one), 'knee', 'max-safety', 'max-queries X' (safest that asks at most X), or 'min-safety Y' "
            "(asks least with a safety of at least Y). With --objective cost also 'max-cost X' (safest that costs at "
            "most X times the uncompiled one) and 'cheapest-within Y' (cheapest at most Y below the safest)."
        ),
    ] = PICK
    max_queries: Annotated[
        float | None,
        in_search(min=0, help="Keep only programs that ask at most this many questions on average, on dev."),
    ] = None
    min_safety: Annotated[
        float | None, in_search(min=1, max=5, help="Keep only programs that are at least this safe, on dev.")
    ] = None
    max_minutes: Annotated[float | None, in_limits(min=0, help="Stop the search after this many minutes.")] = None
    settings: Agent = None
    out: Annotated[
        Path | None,
        Option(
            help="Folder for programs, in which each target has a folder. A finished program is never overwritten: the "
            "former one is kept; `raise versions` lists and restores. [default: mlruns/programs]"
        ),
    ] = None
    storage: Annotated[
        str | None,
        Option(
            help="Optuna storage (RDB URL) that several workers share: start the same command several times. "
            "[default: mlruns/studies.db]"
        ),
    ] = None
    fresh: Annotated[bool, Option("--fresh", help="Compile again even if nothing has changed.")] = False
    force: Annotated[
        bool,
        Option(
            "--force",
            help="Discard an unfinished compile that has other settings, and move what others have put into the "
            "program folder to the former versions.",
        ),
    ] = False
