"""Everything that a compile found out, before any of it is written down."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmark import Evaluation, ScenarioSet
from lms import LanguageModels
from modules import Program
from optimizers.task import Search
from optimizers.tracking.conversations import DEFAULT, Logged


@dataclass(frozen=True)
class Compiled:
    """Everything a compile found out.

    Attributes:
        job: what its calls are charged to.
        tests: evaluations on held-out test by name: ``BASELINES`` and the members of the front.
        programs: what was evaluated, by the same names.
        chosen: index of the default program in ``search.front``.
        resumable: whether a limit ended the search, so that the same command carries it on.
        issues: what went wrong on the way and was lived with, by kind.
        search_replies: replies that planning and search took, paid for or reused.
        limits: what was spent of each limit; see ``Budget.account``.
        logged: what of it is for MLflow.
    """

    config: str
    params: Mapping[str, Any]
    tags: Mapping[str, str]
    job: str
    data: ScenarioSet
    models: LanguageModels
    search: Search
    tests: Mapping[str, Evaluation]
    programs: Mapping[str, Program]
    chosen: int
    resumable: bool = False
    issues: Mapping[str, int] = field(default_factory=dict)
    search_replies: int = 0
    limits: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    logged: Logged = DEFAULT
