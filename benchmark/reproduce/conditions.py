"""What is measured for each target: sets of conditions on the same scenarios, which several experiments draw on."""

import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import pandas as pd

from benchmark.reproduce.context import TargetContext
from benchmark.reproduce.searching import search_paths, try_subsets
from benchmark.scenarios.scenario import Scenario
from modules import RAISE, AgentOnly, AgentSettings, ContextRich, PartialContext, PathIndex, Program, Vanilla
from modules.abstention import Variant
from signatures import ATTRIBUTE_NAMES, RaiseError

FEW = 3
"""The paper's budget where it compares ways to choose attributes (Figures 7 and 13)."""
FAVOURITES = ("emotional_state", "mental_health_status", "self_harm_history")
"""The three attributes that help most in the paper's Figure 6: its static choice."""
RANDOM_SUBSETS = 10
TREE_ROLLOUTS = 50
"""Rollouts of the tree search in Figure 13."""
PREFIXES = 3
"""Longest prefix of Figure 15."""
USERS = 50
"""Users in Figures 7, 13 and 15."""

Measure = Callable[[TargetContext, Sequence[Scenario], Collection[str]], pd.DataFrame]


@dataclass(frozen=True)
class Study:
    """A set of conditions measured together.

    Attributes:
        measure: (context, scenarios, wanted conditions) -> rows of those conditions.
        spread: users are spread over the targets, since the figure is a mean over them; else all get the same.
        most: users in all when the sample is given rather than found, for studies that cost much a user.
    """

    measure: Measure
    spread: bool = False
    most: int | None = None


def _programs(context: TargetContext, scenarios: Sequence[Scenario], wanted: Collection[str]) -> pd.DataFrame:
    """Whole programs: without context, with all of it, the agent, and the agent with planned paths."""
    makers: dict[str, Callable[[], Program]] = {
        "vanilla": Vanilla,
        "context-rich": ContextRich,
        "agent": AgentOnly,
        "planner": lambda: RAISE(planned_paths(context)),
    }
    return _measure_programs(context, scenarios, {name: make for name, make in makers.items() if name in wanted})


def _abstentions(context: TargetContext, scenarios: Sequence[Scenario], wanted: Collection[str]) -> pd.DataFrame:
    """Full RAISE with each of the paper's ways to decide whether enough is known."""
    variants: tuple[Variant, ...] = ("basic", "binary", "scale")

    def maker(variant: Variant) -> Callable[[], Program]:
        return lambda: RAISE(planned_paths(context), AgentSettings(abstention=variant))

    return _measure_programs(context, scenarios, {name: maker(name) for name in variants if name in wanted})


def planned_paths(context: TargetContext) -> PathIndex:
    """The paths for RAISE.

    Raises:
        RaiseError: if none could be planned.
    """
    if isinstance(context.paths, RaiseError):
        raise context.paths
    return context.paths


def _measure_programs(
    context: TargetContext, scenarios: Sequence[Scenario], makers: dict[str, Callable[[], Program]]
) -> pd.DataFrame:
    parts = []
    for name, make in makers.items():
        try:
            program = make()
        except RaiseError as error:  # no paths: the other conditions can still be measured
            parts.append(context.without_score(name, scenarios, str(error)))
        else:
            parts.append(context.measure(name, program, scenarios))
    return pd.concat(parts, ignore_index=True)


def _attributes(context: TargetContext, scenarios: Sequence[Scenario], wanted: Collection[str]) -> pd.DataFrame:
    """Answers from no attribute, and from each alone."""
    choices = {"none": (), **{name: (name,) for name in ATTRIBUTE_NAMES}}
    parts = [
        context.measure(name, PartialContext(choice), scenarios) for name, choice in choices.items() if name in wanted
    ]
    return pd.concat(parts, ignore_index=True)


def _subsets(context: TargetContext, scenarios: Sequence[Scenario], wanted: Collection[str]) -> pd.DataFrame:
    """Answers from three attributes, chosen in different ways."""
    parts = []
    if "random" in wanted:
        for draw in range(RANDOM_SUBSETS):
            drawn = {
                s.id: tuple(random.Random(f"{context.seed}|{draw}|{s.id}").sample(ATTRIBUTE_NAMES, FEW))
                for s in scenarios
            }
            parts.append(context.answer("random", drawn, scenarios))
    if "static" in wanted:
        parts.append(context.answer("static", {s.id: FAVOURITES for s in scenarios}, scenarios))
    if {"oracle", "oracle, best score"} & set(wanted):
        best, chosen = try_subsets(context, scenarios, FEW)
        parts += [best, context.answer("oracle", chosen, scenarios)]
    if "mcts" in wanted:
        found, rows = search_paths(context, scenarios, "uct", depth=FEW, budgets=(TREE_ROLLOUTS,))
        parts += [rows, context.answer("mcts", found[TREE_ROLLOUTS], scenarios)]
    return pd.concat(parts, ignore_index=True)


def _searches(context: TargetContext, scenarios: Sequence[Scenario], wanted: Collection[str]) -> pd.DataFrame:
    """Answers from the paths that the paper's tree searches find with so many rollouts, and from their prefixes."""
    parts = []
    for strategy in ("uct", "guided"):
        budgets = context.rollouts if strategy in wanted else context.rollouts[-1:] if strategy == "guided" else ()
        if not budgets:
            continue
        found, rows = search_paths(context, scenarios, strategy, depth=5, budgets=budgets)
        parts.append(rows)
        if strategy in wanted:
            parts += [context.answer(f"{strategy} {budget}", found[budget], scenarios) for budget in budgets]
    if "prefixes" in wanted:
        path = found[context.rollouts[-1]]  # guided comes last
        for length in range(PREFIXES + 1):
            prefix = {name: way if isinstance(way, str) else way[:length] for name, way in path.items()}
            parts.append(context.answer(f"prefix {length}", prefix, scenarios))
    return pd.concat(parts, ignore_index=True)


STUDIES: dict[str, Study] = {
    "programs": Study(_programs),
    "abstentions": Study(_abstentions, spread=True),
    "attributes": Study(_attributes),
    "subsets": Study(_subsets, spread=True, most=USERS),
    "searches": Study(_searches, spread=True, most=USERS),
}
