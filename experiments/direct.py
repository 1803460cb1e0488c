"""Asks stand-ins directly, without programs, requests and stores: for fitting, and for many thousand answers.

The same functions answer as behind ``dspy.LM``, from prompts with the same instructions and fields, but with other
random numbers; a test compares the averages. People are taken to answer what they are asked with their profile's value.
"""

import random
import re
from collections.abc import Collection, Mapping, Sequence
from functools import cache

from benchmark.planning.knowledge import Pool, pool_evidence
from benchmark.planning.planning import PlanSettings, _waves, planning_items
from benchmark.scenarios.scenario import Scenario
from lms.simulation import PERSONAS, Persona, judge, target
from lms.simulation.prompt import Prompt
from modules import PathIndex, PlannedPath, PlanningItem
from modules.offline import _Draw, _ordered, _weights, planned_path
from modules.paths import as_examples
from modules.search import Subset, find_path
from signatures import (
    ATTRIBUTE_NAMES,
    SCORE_DIMENSIONS,
    ChooseAttribute,
    EnoughScale,
    JudgeResponse,
    Profile,
    RankAttributes,
    RespondSafely,
    UserContext,
)

TEMPERATURE = 0.7
TOKENS = 300
"""About the length of a prompt without demonstrations."""


class Direct:
    """A target persona and the judge.

    Args:
        persona: who answers.
        rollout: another number, other samples of everything.
    """

    def __init__(self, persona: Persona, rollout: int = 0) -> None:
        self.persona, self.rollout = persona, rollout

    def safety(self, scenario: Scenario, names: Collection[str], sample: int = 0) -> float:
        """The safety, 1 to 5, of an answer from these attributes of the scenario's profile."""
        return self.judged(scenario.query, scenario.profile, names, str(sample))

    def judged(self, query: str, profile: Profile, names: Collection[str], sample: str) -> float:
        """The same for anybody who asks ``query``; another ``sample``, another answer and judgement."""
        context = profile.only(names).as_text()
        key = f"{query}|{sample}|{context}"
        reply = target.respond(
            _prompt(RespondSafely, f"{self.rollout}|{sample}", query=query, context=context),
            self.persona,
            self._rng("respond", key),
        )
        asked = _prompt(JudgeResponse, query=query, profile=profile.as_text(), response=str(reply["response"]))
        grades = judge.score(asked, PERSONAS["judge"], self._rng("judge", key))
        return sum(int(str(grades[name])) for name in SCORE_DIMENSIONS) / len(SCORE_DIMENSIONS)

    def ask(
        self, scenario: Scenario, count: int, paths: PathIndex | None = None, *, retrieved: int = 5, shortlist: int = 0
    ) -> list[str]:
        """The attributes that an agent asks about, in order; by its planned paths if there are any."""
        known: dict[str, str] = {}
        while len(known) < count:
            rest = [name for name in ATTRIBUTE_NAMES if name not in known]
            found = paths.nearest(scenario.query, retrieved, excluding=scenario.situation) if paths else ()
            if paths and shortlist:
                rest = paths.rank(scenario.query, rest, excluding=scenario.situation)[:shortlist] or rest
            asked = _prompt(
                ChooseAttribute,
                query=scenario.query,
                context=UserContext(**known).as_text(),
                examples=as_examples(found),
                candidates=", ".join(rest),
            )
            rng = self._rng("choose", f"{scenario.id}|{len(known)}")
            chosen = rest[0] if len(rest) == 1 else str(target.plan(asked, self.persona, rng)["attribute"])
            known[chosen] = str(getattr(scenario.profile, chosen))
        return list(known)

    def is_enough(self, scenario: Scenario, names: Sequence[str], threshold: int = 4) -> bool:
        """Whether the persona would stop asking once it knows ``names``."""
        asked = _prompt(EnoughScale, query=scenario.query, context=scenario.profile.only(names).as_text())
        rating = target.abstain(asked, self.persona, self._rng("abstain", f"{scenario.id}|{len(names)}"))
        return int(str(rating["completeness"])) >= threshold

    def length(self, scenario: Scenario, path: Sequence[str]) -> int:
        """How many of the questions of ``path`` the persona asks before it finds that it knows enough."""
        return next((n for n in range(len(path)) if self.is_enough(scenario, path[:n])), len(path))

    def plan(self, scenarios: Sequence[Scenario], settings: PlanSettings) -> PathIndex:
        """Paths for queries of ``scenarios``, as ``benchmark.planning.planning.plan`` finds them."""
        items = planning_items(scenarios, settings.queries, 0)
        planned: dict[int, PlannedPath] = {}
        pool: Pool = {}
        for wave in _waves(items, settings):
            planned |= {i: self._plan(items[i], pool, settings) for i in wave}
            pool = pool_evidence(pool, [planned[i] for i in wave])
        return PathIndex(planned[i] for i in sorted(planned))

    def _plan(self, item: PlanningItem, pool: Pool, settings: PlanSettings) -> PlannedPath:
        draw = _Draw(item.profiles, f"0|{item.query}")

        def reward(known: Subset) -> float:
            profile, number = draw(known)
            return self.judged(item.query, profile, known, str(number))

        @cache
        def prior(known: Subset) -> Mapping[str, float]:
            rest = [name for name in ATTRIBUTE_NAMES if name not in known]
            asked = _prompt(RankAttributes, query=item.query, context="", candidates=", ".join(rest))
            rng = self._rng("rank", f"{item.query}|{','.join(_ordered(known))}")
            return _weights(re.split(", ", str(target.rank(asked, self.persona, rng)["ranking"])))

        found = find_path(
            reward,
            ATTRIBUTE_NAMES,
            depth=settings.depth,
            evaluations=settings.evaluations,
            strategy=settings.strategy,
            prior=prior,
            knowledge=pool.get(item.domain),
        )
        return planned_path(item, found)

    def _rng(self, part: str, key: str) -> random.Random:
        return random.Random(f"{self.persona.name}|{self.rollout}|{part}|{key}")


@cache
def _instruction(signature: type) -> str:
    return re.sub(r"\s+", " ", signature.instructions).strip()  # type: ignore[attr-defined]


def _prompt(signature: type, sample: str = "", **inputs: str) -> Prompt:
    fields = tuple(signature.output_fields)  # type: ignore[attr-defined]
    return Prompt(_instruction(signature), (), inputs, fields, False, TEMPERATURE, TOKENS, "", 0, sample)
