"""RAISE itself: the agent and its baselines, the abstention, the planner over stored paths, and the path search.

Knows nothing of scenario files, metrics, MLflow, or which language model answers.
"""

try:
    from signatures import RaiseError  # noqa: F401  it is there if the package is ours
except ImportError as error:
    raise ImportError(
        "another package 'signatures' stands before RAISE's own: run Python with -P, or rename that one"
    ) from error

from modules.agent import RAISE
from modules.baselines import AgentOnly, ContextRich, PartialContext, RandomPath, StaticPath, Vanilla
from modules.offline import OfflinePlanner, PlanningItem
from modules.oracle import AnswerScorer, GreedyPath, OraclePath
from modules.paths import PathIndex, PlannedPath
from modules.program import Program, prediction
from modules.search import EvaluationFailed, PathResult, find_path
from modules.settings import AgentSettings

__all__ = [
    "RAISE",
    "AgentOnly",
    "AgentSettings",
    "AnswerScorer",
    "ContextRich",
    "EvaluationFailed",
    "GreedyPath",
    "OfflinePlanner",
    "OraclePath",
    "PartialContext",
    "PathIndex",
    "PathResult",
    "PlannedPath",
    "PlanningItem",
    "Program",
    "RandomPath",
    "StaticPath",
    "Vanilla",
    "find_path",
    "prediction",
]
