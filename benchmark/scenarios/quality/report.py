"""All quality gates on a scenario set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from benchmark.scenarios.quality.copies import copies_gates
from benchmark.scenarios.quality.facts import fact_gates
from benchmark.scenarios.quality.gate import Gate
from benchmark.scenarios.quality.marginals import marginal_gate, marginals
from benchmark.scenarios.quality.own import language_gate, own_people_gates
from benchmark.scenarios.quality.people import people_gates
from benchmark.scenarios.quality.sizes import judge_by_size
from benchmark.scenarios.quality.style import style_gates
from benchmark.scenarios.scenario import Scenario, ScenarioSet
from benchmark.scenarios.taxonomy import Situation, situations
from signatures import Vocabulary, current_vocabulary


@dataclass(frozen=True)
class QualityReport:
    """What the gates found.

    Attributes:
        data: the set.
        known: situation key -> situation that the gates knew.
        gates: in the order shown.
        marginals: the table of :func:`benchmark.scenarios.quality.marginals.marginals`.
    """

    data: ScenarioSet
    known: Mapping[str, Situation]
    gates: tuple[Gate, ...]
    marginals: pd.DataFrame = field(repr=False)

    @property
    def green(self) -> bool:
        """Whether no gate is red."""
        return all(gate.passed is not False for gate in self.gates)

    def row(self) -> dict[str, Any]:
        """For JSON: the set's description, the gates, and whether all are green."""
        return {**self.data.describe(), "green": self.green, "gates": [gate.row() for gate in self.gates]}


def inspect(data: ScenarioSet, *, known: Mapping[str, Situation] | None = None) -> QualityReport:
    """Run every gate.

    Args:
        data: any scenario set; gates on drawn profiles do not apply to reddit and hub data, those on the
            graph of the ten attributes not to people of another vocabulary.
        known: situation key -> situation; the authored ones if not given.
    """
    known = {s.key: s for s in situations()} if known is None else known
    rows, vocabulary = data.scenarios, current_vocabulary()
    if not vocabulary.is_default:
        return QualityReport(data, {}, tuple(judge_by_size(_own_gates(rows, vocabulary), rows)), marginals((), {}))
    table = marginals(rows, known)
    gates = [
        *copies_gates(rows),
        *fact_gates(rows, known),
        *people_gates(rows, known),
        marginal_gate(table),
        *style_gates(rows),
    ]
    return QualityReport(data, known, tuple(judge_by_size(gates, rows)), table)


def _own_gates(rows: Sequence[Scenario], vocabulary: Vocabulary) -> list[Gate]:
    """The gates for people of another vocabulary than PENGUIN's: without the dependency graph of its ten attributes.

    Style is held to limits that were found on English queries, so it is looked at where the vocabulary is English.
    """
    style = style_gates(rows) if vocabulary.language == "en" else [language_gate(rows, vocabulary)]
    return [*copies_gates(rows), *fact_gates(rows, {}), *own_people_gates(rows, vocabulary), *style]
