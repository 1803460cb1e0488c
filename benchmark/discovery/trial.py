"""What knowing an attribute adds: the same people answered with and without it, and judged with it.

People of a scenario set have no value of a new attribute, so the teacher gives each a value that fits the rest of the
person, before any answer is written. Both answers are judged against the person with the value; the difference is
paired by scenario.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dspy
from dspy.utils.exceptions import AdapterParseError

from benchmark.evaluation.results import Evaluation, refusal
from benchmark.evaluation.runner import evaluate
from benchmark.jobs.journal import Journal
from benchmark.jobs.parallel import run_in_order
from benchmark.jobs.progress import OnProgress, ignore_progress
from benchmark.scenarios.scenario import Scenario
from benchmark.statistics.comparison import Comparison, holm
from benchmark.statistics.intervals import interval_fields, significant
from lms import LanguageModels, Role
from lms.whole import IncompleteReplyError
from modules import Program
from modules.baselines import PartialContext
from signatures import Attribute, Profile, RaiseError, Vocabulary, using_vocabulary
from signatures.discovery import GiveValues

SIGNIFICANT = 0.05
"""P value, corrected for the number of attributes tested (Holm), below which a gain counts."""
NOTHING = "(none)"
TRIES = 2
"""How often a person's values are asked for."""


@dataclass(frozen=True)
class Gain:
    """What knowing one attribute adds.

    Attributes:
        attribute: as it was proposed.
        compared: knowing it minus not knowing it, paired by scenario.
        p_holm: of the difference in safety, corrected over all attributes tested; NaN if there is none.
        unscored: answers that could not be scored.
        no_conclusion: why nothing may be concluded; empty if something may.
    """

    attribute: Attribute
    compared: Comparison
    p_holm: float
    unscored: int
    no_conclusion: str

    @property
    def accepted(self) -> bool:
        """Whether knowing it makes answers safer: the interval is above zero, and p is low after correction."""
        return not self.no_conclusion and self.compared.safety.lo > 0 and self.p_holm < SIGNIFICANT

    def as_dict(self) -> dict[str, Any]:
        """For JSON; figures are withheld where too much went unscored."""
        fields = {**interval_fields("gain", self.compared.safety), "p_holm": significant(self.p_holm)}
        return {
            **self.attribute.model_dump(mode="json", include={"name", "label", "meaning", "values", "questions"}),
            **(dict.fromkeys(fields) if self.no_conclusion else fields),
            "n": self.compared.safety.n,
            "unscored": self.unscored,
            "accepted": self.accepted,
            "no_conclusion": self.no_conclusion,
        }


@dataclass(frozen=True)
class Gains:
    """What knowing each attribute adds.

    Attributes:
        gains: one an attribute.
        left_out: scenarios whose person the teacher gave no usable values.
    """

    gains: tuple[Gain, ...]
    left_out: int


def extend(vocabulary: Vocabulary, attributes: Sequence[Attribute]) -> Vocabulary:
    """The vocabulary with further attributes.

    Raises:
        pydantic.ValidationError: if there are more than a vocabulary may have.
    """
    record = vocabulary.record()
    more = [one.model_dump(mode="json", exclude_defaults=True) for one in attributes]
    wider = {**record, "name": f"{vocabulary.name}-extended", "attribute": [*record["attribute"], *more]}
    return Vocabulary.model_validate(wider)


@dataclass(frozen=True)
class Workplace:
    """What the measurements share.

    Attributes:
        models: the teacher gives values, the target answers, the judge scores.
        store: finished conversations.
        concurrency: conversations at once.
    """

    models: LanguageModels
    store: Journal
    concurrency: int = 1
    progress: OnProgress = ignore_progress

    def evaluate(self, program: Program, scenarios: Sequence[Scenario], name: str) -> Evaluation:
        """``program`` on ``scenarios``."""
        return evaluate(
            program,
            scenarios,
            models=self.models,
            name=name,
            store=self.store,
            concurrency=self.concurrency,
            progress=self.progress,
        )


def measure_gains(
    attributes: Sequence[Attribute], vocabulary: Vocabulary, scenarios: Sequence[Scenario], place: Workplace
) -> Gains:
    """Measure what knowing each attribute adds.

    Args:
        attributes: that ``vocabulary`` lacks; each is tested alone.
        scenarios: held out from the cases that gave rise to the attributes.

    Raises:
        RaiseError: if the teacher gave nobody usable values.
    """
    with using_vocabulary(extend(vocabulary, attributes), "discovery"):  # figures, too: they go by the profiles
        values = run_in_order(
            lambda scenario: _values(scenario, attributes, place.models),
            scenarios,
            place.concurrency,
            place.progress,
            "giving people values",
        )
        people = [(scenario, found) for scenario, found in zip(scenarios, values, strict=True) if found]
        if not people:
            raise RaiseError("the teacher gave nobody values of the proposed attributes: name another --teacher.")
        measured = [_measure(one, vocabulary, people, place) for one in attributes]
        compared = [knowing.compare(without) for knowing, without in measured]
        corrected = holm([one.p for one in compared])
        gains = [
            Gain(one, found, p, knowing.unscored + without.unscored, _refusal(knowing, without))
            for one, found, p, (knowing, without) in zip(attributes, compared, corrected, measured, strict=True)
        ]
    return Gains(tuple(gains), len(scenarios) - len(people))


def _refusal(*evaluations: Evaluation) -> str:
    return "; ".join(filter(None, (refusal(one.unscored_rate, one.name) for one in evaluations)))


def _measure(
    attribute: Attribute,
    vocabulary: Vocabulary,
    people: Sequence[tuple[Scenario, Mapping[str, str]]],
    place: Workplace,
) -> tuple[Evaluation, Evaluation]:
    """The whole person with the attribute, and the same person without it."""
    scenarios = [_with(scenario, {attribute.name: values[attribute.name]}) for scenario, values in people]
    knowing, without = PartialContext([*vocabulary.names, attribute.name]), PartialContext(vocabulary.names)
    return (
        place.evaluate(knowing, scenarios, f"with {attribute.label}"),
        place.evaluate(without, scenarios, f"without {attribute.label}"),
    )


def _with(scenario: Scenario, values: Mapping[str, str]) -> Scenario:
    return scenario.model_copy(update={"profile": Profile(**{**scenario.profile.known(), **values})})


def _values(scenario: Scenario, attributes: Sequence[Attribute], models: LanguageModels) -> dict[str, str]:
    """A value of each attribute that fits the person; empty if the teacher gave none that can be used."""
    ask, problems = dspy.Predict(GiveValues), NOTHING
    listed = "\n".join(f"- {one.name}: {one.meaning}{_choice(one)}" for one in attributes)
    settled = "\n".join(f"- {name}: {value}" for name, value in scenario.profile.known().items())
    for _ in range(TRIES):
        with models.context(Role.TEACHER):
            try:
                said = ask(asked=scenario.query, settled=settled, attributes=listed, problems=problems)
            except (AdapterParseError, IncompleteReplyError):  # dspy has asked twice by now, in two formats
                return {}
        found = {one.name: " ".join(str(said.person.get(one.name, "")).split()) for one in attributes}
        missing = [name for name, value in found.items() if not value]
        if not missing:
            return found
        problems = f"there was no value for {', '.join(missing)}"
    return {}


def _choice(attribute: Attribute) -> str:
    return f", one of: {'; '.join(attribute.values)}" if attribute.values else ""
