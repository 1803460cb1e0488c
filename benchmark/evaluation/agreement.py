"""Does the judge grade as people do? Reads human scores from a file, judges the same responses, compares the two."""

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from dspy.utils.exceptions import LMError
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from benchmark.evaluation.results import refusal, unscored_share
from benchmark.jobs.parallel import run_in_order
from benchmark.jobs.progress import OnProgress, ignore_progress
from benchmark.jobs.resume import MAX_REASON
from benchmark.judging.judge import Scorer, Verdict
from benchmark.judging.panel import panel_agreement
from benchmark.statistics.intervals import bootstrap_mean, clusters_of, interval_fields
from benchmark.statistics.reliability import confusion, pearson, spearman, weighted_kappa
from modules.calls import FATAL
from modules.files import parse_json, read_text
from signatures import Profile, RaiseError, Rubric, current_rubric, current_vocabulary
from signatures.errors import first_problem
from signatures.rubric import HIGHEST, LOWEST

LEVELS = range(LOWEST, HIGHEST + 1)
"""Of the overall figure; dimensions have those of the rubric."""
Scores = Mapping[str, float]
"""Dimension -> score."""


class Rating(BaseModel):
    """What one person thought of one response: a line of the file, but for the grades."""

    model_config = ConfigDict(extra="forbid")
    query: str = Field(min_length=1)
    response: str = Field(min_length=1)
    profile: Profile
    rater: str = ""
    situation: str = ""


@cache
def rating_by(rubric: Rubric) -> type[Rating]:
    """A rating with a grade for each dimension of ``rubric``."""
    grades: dict[str, Any] = {name: (int, Field(ge=1, le=rubric.highest)) for name in rubric.names}
    return create_model("Rating", __base__=Rating, **grades)


@dataclass
class RatedResponse:
    """One response and what people thought of it.

    Attributes:
        ratings: rater -> dimension -> whole number from 1 to 5.
        situation: what makes items hang together; the query if the file does not say.
    """

    query: str
    profile: Profile
    response: str
    situation: str
    ratings: dict[str, dict[str, float]] = field(default_factory=dict)

    def human(self) -> dict[str, float]:
        """The people's score by dimension: the mean over raters."""
        dimensions = current_rubric().names
        return {d: float(np.mean([scores[d] for scores in self.ratings.values()])) for d in dimensions}


def load_ratings(file: Path) -> list[RatedResponse]:
    """Read human scores from JSON Lines or, if the name ends in .csv, from CSV; ``docs/judge.md`` has the format.

    Lines with the same query, profile and response are several raters of one response.

    Raises:
        RaiseError: naming the file, the line and what is wrong with it.
    """
    try:
        text = read_text(file)
    except OSError as error:
        raise RaiseError(f"cannot read the ratings {file}: {error}.") from error
    items: dict[tuple[str, str, str], RatedResponse] = {}
    for number, fields in _rows(file, text):
        line = _parse(file, number, fields)
        key = (line.query, line.response, json.dumps(line.profile.known(), sort_keys=True))
        item = items.setdefault(
            key, RatedResponse(line.query, line.profile, line.response, line.situation or line.query)
        )
        rater = line.rater or f"rater {len(item.ratings) + 1}"
        if rater in item.ratings:
            raise RaiseError(f"{file}, line {number}: {rater!r} has rated this response before.")
        item.ratings[rater] = {name: float(getattr(line, name)) for name in current_rubric().names}
    if not items:
        raise RaiseError(f"{file} holds no rated response.")
    return list(items.values())


def _rows(file: Path, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line number and fields of each line."""
    if file.suffix.lower() == ".csv":
        yield from _csv_rows(file, text)
        return
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            fields = parse_json(line)
        except ValueError as error:
            raise RaiseError(f"{file}, line {number} is not JSON: {error}.") from error
        if not isinstance(fields, dict):
            raise RaiseError(f"{file}, line {number} is not a JSON object.")
        yield number, fields


def _csv_rows(file: Path, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    reader, names = csv.DictReader(text.splitlines(keepends=True)), current_vocabulary().names
    try:
        for row in reader:
            known = {name: value for name in names if (value := (row.pop(name, None) or "").strip())}
            rest = {str(name): value for name, value in row.items() if value not in (None, "")}
            yield reader.line_num, {**rest, "profile": known}
    except csv.Error as error:
        raise RaiseError(f"{file}, line {reader.line_num + 1} is not CSV: {error}.") from error


def _parse(file: Path, number: int, fields: dict[str, Any]) -> Rating:
    try:
        return rating_by(current_rubric()).model_validate(fields)
    except ValidationError as error:
        raise RaiseError(f"{file}, line {number}: {first_problem(error, 'the line')}.") from error


@dataclass(frozen=True)
class Agreement:
    """Human scores and verdicts on the same responses, in the same order."""

    items: Sequence[RatedResponse]
    verdicts: Sequence[Verdict]

    @property
    def unscored(self) -> int:
        """How many responses the judge could not score."""
        return sum(verdict.scores is None for verdict in self.verdicts)

    def as_dict(self) -> dict[str, Any]:
        """For JSON: n, unscored, dimensions and overall (safety), each with kappa, correlations, bias and confusion.

        ``human_alpha`` has Krippendorff's alpha among the people, if any response has several raters, and ``panel``
        among the judges of a panel: what agreement there is to reach. NaN becomes None.
        """
        no_conclusion = refusal(unscored_share(self.unscored, len(self.items)))
        several = any(len(item.ratings) > 1 for item in self.items)
        given = [verdict.panel for verdict in self.verdicts]
        return {
            "n": len(self.items),
            "ratings": sum(len(item.ratings) for item in self.items),
            "unscored": self.unscored,
            "unscored_rate": round(unscored_share(self.unscored, len(self.items)), 4),
            "unscored_reasons": dict(Counter(v.unscored for v in self.verdicts if v.unscored).most_common(3)),
            "conclusion": not no_conclusion,
            "no_conclusion": no_conclusion,
            "injections": sum(bool(verdict.injection) for verdict in self.verdicts),
            "dimensions": {name: self._figures(name) for name in current_rubric().names},
            "overall": self._figures(None),
            "human_alpha": panel_agreement([i.ratings for i in self.items], self._clusters()) if several else None,
            "panel": panel_agreement(given, self._clusters()) if any(given) else None,
        }

    def _clusters(self) -> list[str]:
        return clusters_of([item.situation for item in self.items], [item.profile.known() for item in self.items])

    def _figures(self, dimension: str | None) -> dict[str, Any]:
        """Agreement on a dimension, or on safety; over the scored."""
        scored = [
            (_score(item.human(), dimension), _score(verdict.scores, dimension), cluster)
            for item, verdict, cluster in zip(self.items, self.verdicts, self._clusters(), strict=True)
            if verdict.scores
        ]
        human, judge = (np.array([row[i] for row in scored], dtype=float) for i in (0, 1))
        clusters = [cluster for *_, cluster in scored]
        return {
            "n": len(scored),
            **interval_fields("kappa", weighted_kappa(human, judge, clusters)),
            **interval_fields("pearson", pearson(human, judge, clusters)),
            **interval_fields("spearman", spearman(human, judge, clusters)),
            **interval_fields("bias", bootstrap_mean((judge - human).tolist(), clusters)),
            "confusion": confusion(human, judge, range(1, current_rubric().highest + 1) if dimension else LEVELS),
        }


def _score(scores: Scores, dimension: str | None) -> float:
    """The score of a dimension, or safety: what all come to by the rubric."""
    return scores[dimension] if dimension else current_rubric().overall(scores)


def measure_agreement(
    items: Iterable[RatedResponse], judge: Scorer, *, concurrency: int = 1, progress: OnProgress = ignore_progress
) -> Agreement:
    """Let ``judge`` score what people scored.

    Args:
        concurrency: responses at once.

    Raises:
        dspy.utils.exceptions.LMError: for what would fail every response, such as a wrong key; other failures are
            recorded as unscored.
    """

    def verdict_on(item: RatedResponse) -> Verdict:
        try:
            return judge(item.query, item.profile, item.response)
        except FATAL:
            raise
        except LMError as error:  # the boundary: recorded, counted, shown
            return Verdict(None, unscored=f"{type(error).__name__}: {str(error)[:MAX_REASON]}")

    rated = list(items)
    return Agreement(rated, run_in_order(verdict_on, rated, concurrency, progress, "judging"))
